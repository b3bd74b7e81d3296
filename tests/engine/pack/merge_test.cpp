// Three-way merges against independent ones: diff3 for lines, a merge of flat maps for keys.
#include "engine/pack/merge.h"

#include <cstdio>
#include <fstream>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "engine/base/json.h"
#include "engine/pack/line_diff.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::pack {
namespace {

using tests::must;

constexpr int kPairs = 500;

TextMerge merged(const std::string& base, const std::string& local, const std::string& vendor) {
    return merge_text(base, local, vendor, no_preference());
}

TEST(TextMerges, TakeWhatOnlyOneSideChanged) {
    const std::string base = "a\nb\nc\nd\ne\n";
    const auto both = merged(base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n");
    EXPECT_TRUE(both.conflicts.empty());
    EXPECT_EQ(both.text, "A\nb\nc\nd\nE\nf\n");
    EXPECT_EQ(merged(base, "b\nc\nd\ne\n", base).text, "b\nc\nd\ne\n");
}

TEST(TextMerges, TakeTheSameChangeOnce) {
    const auto same = merged("a\nb\n", "a\nx\n", "a\nx\n");
    EXPECT_TRUE(same.conflicts.empty());
    EXPECT_EQ(same.text, "a\nx\n");
}

TEST(TextMerges, ShowBothSidesWhereTheyConflict) {
    const auto conflict = merged("a\nb\nc\n", "a\nours\nc\n", "a\ntheirs\nc\n");
    ASSERT_EQ(conflict.conflicts.size(), 1U);
    EXPECT_EQ(conflict.conflicts[0].place, "line 2");
    EXPECT_EQ(conflict.conflicts[0].base, "b\n");
    EXPECT_EQ(conflict.conflicts[0].local, "ours\n");
    EXPECT_EQ(conflict.conflicts[0].vendor, "theirs\n");
    EXPECT_EQ(
        conflict.text,
        "a\n<<<<<<< local\nours\n||||||| installed version\nb\n=======\ntheirs\n>>>>>>> vendor\nc\n"
    );
}

TEST(TextMerges, FollowAPreferenceAndStillMergeTheRest) {
    const auto vendor =
        merge_text("a\nb\nc\nd\n", "a\nours\nc\nD\n", "a\ntheirs\nc\nd\n", [](std::string_view) {
            return std::optional(Side::kVendor);
        });
    EXPECT_TRUE(vendor.conflicts.empty());
    EXPECT_EQ(vendor.text, "a\ntheirs\nc\nD\n");
}

// Lines with names of their own, so that there is one best way to align two texts.
class TextEdits {
  public:
    explicit TextEdits(unsigned seed)
        : random_(seed) {
        const int lines = below(30) + 3;
        for (int i = 0; i < lines; ++i) {
            base_.push_back("line " + std::to_string(i));
        }
        shared_ = below(3) == 0 ? below(lines) : -1;
    }

    std::string base() const { return text_of(base_); }

    // Some lines changed, removed or added; now and then as the other side does it.
    std::string edited(const std::string& who) {
        std::vector<std::string> out;
        for (int i = 0; i < static_cast<int>(base_.size()); ++i) {
            const std::string& line = base_[static_cast<std::size_t>(i)];
            const std::string own = who + " at " + std::to_string(i);
            const int what = i == shared_ ? -1 : below(20);
            if (what == -1) {
                out.push_back("both at " + std::to_string(i));
            } else if (what == 0) {
                out.push_back(own);
            } else if (what == 1) {
                out.insert(out.end(), {line, own + " (new)"});
            } else if (what != 2) {
                out.push_back(line);
            }
        }
        return text_of(out);
    }

  private:
    static std::string text_of(const std::vector<std::string>& lines) {
        std::string out;
        for (const std::string& line : lines) {
            out += line + "\n";
        }
        return out;
    }

    int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

    std::mt19937 random_;
    std::vector<std::string> base_;
    int shared_ = -1;
};

// GNU diff3, which every Debian has.
class Diff3 {
  public:
    // The merged text; nothing: it says that the sides conflict.
    std::optional<std::string> merge(
        const std::string& base, const std::string& local, const std::string& vendor
    ) const {
        write("base", base);
        write("local", local);
        write("vendor", vendor);
        const std::string command = "diff3 -m -E " + folder_.file("local") + " " +
                                    folder_.file("base") + " " + folder_.file("vendor");
        FILE* pipe = ::popen(command.c_str(), "r");
        std::string out;
        char piece[4096];
        std::size_t count = 0;
        while ((count = std::fread(piece, 1, sizeof(piece), pipe)) > 0) {
            out.append(piece, count);
        }
        const int status = ::pclose(pipe);
        return status == 0 ? std::optional(out) : std::nullopt;
    }

  private:
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_.file(name), std::ios::binary) << text;
    }

    tests::TempFolder folder_;
};

TEST(TextMerges, AgreeWithDiff3OnFiveHundredPairsOfEdits) {
    const Diff3 diff3;
    int conflicting = 0;
    for (unsigned seed = 1; seed <= kPairs; ++seed) {
        TextEdits edits(seed);
        const std::string base = edits.base();
        const std::string local = edits.edited("local");
        const std::string vendor = edits.edited("vendor");
        const TextMerge ours = merged(base, local, vendor);
        const auto theirs = diff3.merge(base, local, vendor);
        ASSERT_EQ(ours.conflicts.empty(), theirs.has_value()) << "seed " << seed << "\n--- base\n"
                                                              << base << "--- local\n"
                                                              << local << "--- vendor\n"
                                                              << vendor << "--- merged\n"
                                                              << ours.text;
        if (theirs) {
            ASSERT_EQ(ours.text, *theirs) << "seed " << seed;
        } else {
            ++conflicting;
        }
    }
    // Else the generator shows nothing.
    EXPECT_GT(conflicting, 50);
    EXPECT_LT(conflicting, kPairs - 50);
}

std::set<std::string> lines_in(const std::string& text) {
    std::set<std::string> out;
    for (const std::string_view line : lines_of(text)) {
        out.emplace(line);
    }
    return out;
}

TEST(TextMerges, LoseNoLineThatEitherSideWrote) {
    for (unsigned seed = 1; seed <= kPairs; ++seed) {
        TextEdits edits(seed);
        const std::string base = edits.base();
        const std::string local = edits.edited("local");
        const std::string vendor = edits.edited("vendor");
        const auto there = lines_in(merged(base, local, vendor).text);
        const auto old = lines_in(base);
        for (const std::string& side : {local, vendor}) {
            for (const std::string& line : lines_in(side)) {
                ASSERT_TRUE(old.contains(line) || there.contains(line))
                    << "seed " << seed << ": " << line;
            }
        }
    }
}

// A mapping: rows that have names, and settings two levels deep. What is the same in all three is
// found by name, so that a flat map of places stands for the whole.
using Flat = std::map<std::string, std::string>;

class JsonEdits {
  public:
    explicit JsonEdits(unsigned seed)
        : random_(seed) {
        for (int i = 0; i < 6; ++i) {
            base_["/settings/s" + std::to_string(i)] = word();
            base_["/settings/deep/d" + std::to_string(i)] = word();
            base_["/rows/row" + std::to_string(i) + "/column"] = word();
            base_["/rows/row" + std::to_string(i) + "/direction"] = word();
        }
    }

    const Flat& base() const { return base_; }

    Flat edited(const std::string& who) {
        Flat out = base_;
        for (const auto& [place, value] : base_) {
            const int what = below(10);
            if (what == 0) {
                out[place] = who + word();
            } else if (what == 1) {
                out[place] = "both";
            } else if (what == 2) {
                out.erase(place);
            } else if (what == 3) {
                out[place + "_of_" + (below(2) == 0 ? who : "both")] = word();
            }
        }
        return out;
    }

    int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  private:
    std::string word() { return "w" + std::to_string(below(1000)); }

    std::mt19937 random_;
    Flat base_;
};

Json tree_of(const Flat& flat) {
    Json out = {{"settings", {{"deep", Json::object()}}}, {"rows", Json::array()}};
    for (int i = 0; i < 6; ++i) {
        out["rows"].push_back({{"field", "row" + std::to_string(i)}});
    }
    for (const auto& [place, value] : flat) {
        if (place.starts_with("/rows/row")) {
            out["rows"][static_cast<std::size_t>(place[9] - '0')][place.substr(11)] = value;
        } else {
            out[Json::json_pointer(place)] = value;
        }
    }
    return out;
}

// The same merge, written for maps.
std::pair<Flat, std::set<std::string>> merge_flat(
    const Flat& base, const Flat& local, const Flat& vendor
) {
    const auto at = [](const Flat& flat, const std::string& place) {
        const auto it = flat.find(place);
        return it == flat.end() ? std::string() : it->second;
    };
    std::set<std::string> places;
    for (const Flat* flat : {&base, &local, &vendor}) {
        for (const auto& [place, value] : *flat) {
            places.insert(place);
        }
    }
    std::pair<Flat, std::set<std::string>> out;
    for (const std::string& place : places) {
        const std::string old = at(base, place);
        const std::string here = at(local, place);
        const std::string there = at(vendor, place);
        if (here != there && here != old && there != old) {
            out.second.insert(place);
        }
        const std::string& value = here == old ? there : here;
        if (!value.empty()) {
            out.first[place] = value;
        }
    }
    return out;
}

TEST(JsonMerges, AgreeWithAMergeOfFlatMapsOnFiveHundredPairsOfEdits) {
    int conflicting = 0;
    for (unsigned seed = 1; seed <= kPairs; ++seed) {
        JsonEdits edits(seed);
        const Flat local = edits.edited("local");
        const Flat vendor = edits.edited("vendor");
        const auto [expected, conflicts] = merge_flat(edits.base(), local, vendor);
        const auto ours = merge_json(
            tree_of(edits.base()).dump(2),
            tree_of(local).dump(2),
            tree_of(vendor).dump(static_cast<int>(seed % 3)),
            no_preference()
        );
        ASSERT_TRUE(ours);
        std::set<std::string> places;
        for (const Conflict& conflict : ours->conflicts) {
            places.insert(conflict.place);
        }
        ASSERT_EQ(places, conflicts) << "seed " << seed;
        ASSERT_EQ(must(parse_json(ours->text, "merged")), tree_of(expected)) << "seed " << seed;
        conflicting += conflicts.empty() ? 0 : 1;
    }
    EXPECT_GT(conflicting, 50);
}

TEST(JsonMerges, KeepTheFormOfTheTextWhereTheyCan) {
    const std::string base =
        "{\n  \"rows\": [\n    {\"field\": \"Name\", \"row\": \"name\"},\n"
        "    {\"field\": \"Notes\", \"row\": \"description\"}\n  ]\n}\n";
    std::string local = base;
    local.replace(local.find("description"), 11, "new_notes");
    std::string vendor = base;
    vendor.replace(vendor.find("{\n"), 2, "{\n  \"version\": 2,\n");
    std::string both = vendor;
    both.replace(both.find("description"), 11, "new_notes");
    const auto merge = merge_json(base, local, vendor, no_preference());
    ASSERT_TRUE(merge);
    EXPECT_EQ(merge->text, both);
}

TEST(JsonMerges, MergeNeighbouringRowsThatLinesCannot) {
    const auto merge = merge_json(
        R"({"rows": [{"field": "Name", "row": "a"}, {"field": "Notes", "row": "b"}]})",
        R"({"rows": [{"field": "Name", "row": "local"}, {"field": "Notes", "row": "b"}]})",
        R"({"rows": [{"field": "Name", "row": "a"}, {"field": "Notes", "row": "vendor"},
                     {"field": "Owner", "row": "c"}]})",
        no_preference()
    );
    ASSERT_TRUE(merge);
    EXPECT_TRUE(merge->conflicts.empty());
    EXPECT_EQ(
        must(parse_json(merge->text, "merged")),
        Json::parse(R"({"rows": [{"field": "Name", "row": "local"},
            {"field": "Notes", "row": "vendor"}, {"field": "Owner", "row": "c"}]})")
    );
}

TEST(JsonMerges, NameThePlaceOfAConflictAndKeepTheLocalValue) {
    const auto merge = merge_json(
        R"({"rows": [{"field": "Name", "row": "a"}]})",
        R"({"rows": [{"field": "Name", "row": "local"}]})",
        R"({"rows": [{"field": "Name", "row": "vendor"}]})",
        no_preference()
    );
    ASSERT_TRUE(merge);
    ASSERT_EQ(merge->conflicts.size(), 1U);
    EXPECT_EQ(merge->conflicts[0].place, "/rows/Name/row");
    EXPECT_EQ(merge->conflicts[0].vendor, "\"vendor\"");
    EXPECT_NE(merge->text.find("local"), std::string::npos);
}

TEST(JsonMerges, TakeListsWithoutNamesAsAWhole) {
    const auto merge = merge_json(
        R"({"order": ["a"]})", R"({"order": ["a", "b"]})", R"({"order": ["c"]})", no_preference()
    );
    ASSERT_TRUE(merge);
    EXPECT_EQ(merge->conflicts.at(0).place, "/order");
}

Files pack_files(const std::string& version, const std::string& flow) {
    return {
        {"pack.json",
         R"({"name": "deals", "version": ")" + version + R"(", "publisher": "Contoso"})"},
        {"deal.lua", flow}};
}

TEST(PackMerges, SayWhatBecomesOfEachFile) {
    const Files base = pack_files("1.0.0", "a\nb\nc\n");
    Files local = pack_files("1.0.0", "A\nb\nc\n");
    local["mine.lua"] = "x\n";
    Files vendor = pack_files("1.1.0", "a\nb\nC\n");
    vendor["new.lua"] = "y\n";
    const PackMerge merge = merge_packs(base, local, vendor, {});
    EXPECT_TRUE(merge.conflicts.empty());
    EXPECT_EQ(merge.files.at("deal.lua"), "A\nb\nC\n");
    EXPECT_EQ(merge.files.at("mine.lua"), "x\n");
    EXPECT_EQ(merge.files.at("new.lua"), "y\n");
    std::map<std::string, FileChange::Kind> kinds;
    for (const FileChange& change : merge.changes) {
        kinds[change.file] = change.kind;
    }
    EXPECT_EQ(kinds.at("deal.lua"), FileChange::Kind::kMerged);
    EXPECT_EQ(kinds.at("mine.lua"), FileChange::Kind::kLocal);
    EXPECT_EQ(kinds.at("new.lua"), FileChange::Kind::kVendor);
}

TEST(PackMerges, TakeTheVendorsVersionWhateverItWasSetToHere) {
    Files local = pack_files("1.0.0", "a\n");
    local["pack.json"] = R"({"name": "deals", "version": "1.0.7", "publisher": "Contoso"})";
    const auto merge =
        merge_packs(pack_files("1.0.0", "a\n"), local, pack_files("1.1.0", "a\n"), {});
    EXPECT_TRUE(merge.conflicts.empty());
    EXPECT_NE(merge.files.at("pack.json").find("1.1.0"), std::string::npos);
}

TEST(PackMerges, KeepAFileThatOneSideRemovedAndTheOtherChanged) {
    const Files base = pack_files("1.0.0", "a\n");
    Files vendor = pack_files("1.1.0", "a\n");
    vendor.erase("deal.lua");
    const Files local = pack_files("1.0.0", "changed\n");
    const PackMerge merge = merge_packs(base, local, vendor, {});
    ASSERT_EQ(merge.conflicts.size(), 1U);
    EXPECT_EQ(merge.conflicts[0].vendor, std::nullopt);
    EXPECT_EQ(merge.files.at("deal.lua"), "changed\n");
    Resolutions resolutions;
    resolutions.sides["deal.lua"] = Side::kVendor;
    const PackMerge decided = merge_packs(base, local, vendor, resolutions);
    EXPECT_TRUE(decided.conflicts.empty());
    EXPECT_FALSE(decided.files.contains("deal.lua"));
}

TEST(PackMerges, TakeAFileAsAPersonHasWrittenIt) {
    Resolutions resolutions;
    resolutions.files["deal.lua"] = "both\n";
    const PackMerge merge = merge_packs(
        pack_files("1.0.0", "a\n"),
        pack_files("1.0.0", "l\n"),
        pack_files("1.1.0", "v\n"),
        resolutions
    );
    EXPECT_TRUE(merge.conflicts.empty());
    EXPECT_EQ(merge.files.at("deal.lua"), "both\n");
}

}  // namespace
}  // namespace tideway::pack
