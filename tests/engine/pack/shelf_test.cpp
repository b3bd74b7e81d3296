// Installed packs on disk: whole or not at all, whoever dies when.
#include "engine/pack/shelf.h"

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/engine/pack/packs.h"
#include "tests/support/temp_folder.h"

namespace tideway::pack {
namespace {

using tests::must;

class ShelfTest : public ::testing::Test {
  protected:
    void put(Shelf& shelf, const PackFile& pack, const Files& files) {
        const auto use = must(shelf.use());
        must(shelf.go_live(use, must(shelf.stage(use, pack, files, {}))));
    }

    void put(Shelf& shelf, const PackFile& pack) { put(shelf, pack, pack.files); }

    std::string live_version() {
        const auto found = shelf_.find("deals");
        return found ? to_string(found->version) : found.error().code;
    }

    void edit(const std::string& name, const std::string& text) const {
        std::ofstream(shelf_.live_folder("deals") / name) << text;
    }

    tests::TempFolder folder_;
    Shelf shelf_{folder_.path() / "packs"};
};

TEST_F(ShelfTest, HasWhatWasPutThere) {
    const PackFile pack = pack_of("deals", "1.0.0");
    put(shelf_, pack);
    const auto list = must(shelf_.list());
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].publisher, "Contoso");
    EXPECT_EQ(must(shelf_.live("deals")).files, pack.files);
    EXPECT_EQ(must(shelf_.vendor(list[0])).files, pack.files);
}

TEST_F(ShelfTest, KeepsTheVendorsFilesApartFromEdits) {
    put(shelf_, pack_of("deals", "1.0.0"));
    edit("hello.lua", "edited\n");
    EXPECT_EQ(must(shelf_.live("deals")).files.at("hello.lua"), "edited\n");
    const auto vendor = must(shelf_.vendor(must(shelf_.find("deals"))));
    EXPECT_EQ(vendor.files.at("hello.lua"), "return flow {}\n");
}

TEST_F(ShelfTest, CarriesWhatIsKeptBesideThePackIntoTheNextVersion) {
    put(shelf_, pack_of("deals", "1.0.0"));
    edit(".luarc.json", "{}");
    std::filesystem::create_directories(shelf_.live_folder("deals") / ".git/refs");
    edit("notes.docx", "mine");
    put(shelf_, pack_of("deals", "1.1.0"));
    const auto beside = must(shelf_.live("deals")).beside;
    EXPECT_EQ(
        std::set<std::string>(beside.begin(), beside.end()),
        (std::set<std::string>{".git", ".luarc.json", "notes.docx"})
    );
}

TEST_F(ShelfTest, GoesBackToTheVersionBefore) {
    put(shelf_, pack_of("deals", "1.0.0"));
    EXPECT_EQ(shelf_.previous("deals").error().code, "NoEarlierPack");
    put(shelf_, pack_of("deals", "1.1.0"));
    must(shelf_.roll_back(must(shelf_.use()), "deals"));
    EXPECT_EQ(live_version(), "1.0.0");
    put(shelf_, pack_of("deals", "1.2.0"));
    EXPECT_EQ(live_version(), "1.2.0");
}

TEST_F(ShelfTest, KeepsABoundedNumberOfGenerations) {
    for (int i = 0; i < 15; ++i) {
        put(shelf_, pack_of("deals", "1." + std::to_string(i) + ".0"));
    }
    EXPECT_EQ(live_version(), "1.14.0");
    const auto kept = std::distance(
        std::filesystem::directory_iterator(folder_.path() / "packs/.generations/deals"), {}
    );
    EXPECT_EQ(kept, 10);
}

TEST_F(ShelfTest, RemovesAPackWithEverythingOfIt) {
    put(shelf_, pack_of("deals", "1.0.0"));
    must(shelf_.remove(must(shelf_.use()), "deals"));
    EXPECT_EQ(live_version(), "PackNotInstalled");
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "packs/.generations/deals"));
}

TEST_F(ShelfTest, LeavesNoTraceOfWhatNeverWentLive) {
    {
        const auto use = must(shelf_.use());
        const auto staged =
            must(shelf_.stage(use, pack_of("deals", "1.0.0"), files_of("deals", "1.0.0"), {}));
        EXPECT_TRUE(std::filesystem::exists(staged.files_folder() / "hello.lua"));
    }
    EXPECT_EQ(live_version(), "PackNotInstalled");
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "packs/.generations"));
}

TEST_F(ShelfTest, IsHeldByOneAtATime) {
    const auto use = must(shelf_.use());
    Shelf other(folder_.path() / "packs");
    EXPECT_EQ(other.use().error().code, "PackShelfBusy");
}

// The child does `work` and dies at the n-th crash point. False: it got to the end.
bool dies_at(
    int point, const std::filesystem::path& folder, const std::function<void(Shelf&)>& work
) {
    const pid_t child = ::fork();
    if (child == 0) {
        CrashPoints points(point);
        Shelf shelf(folder, &points);
        work(shelf);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST_F(ShelfTest, HasTheOldVersionOrTheNewOneWhereverAnUpgradeDies) {
    put(shelf_, pack_of("deals", "1.0.0"));
    edit("hello.lua", "edited\n");
    const PackFile next = pack_of("deals", "1.1.0");
    const std::filesystem::path folder = folder_.path() / "packs";
    const auto upgrade = [this, &next](Shelf& shelf) { put(shelf, next); };
    int deaths = 0;
    while (dies_at(deaths + 1, folder, upgrade)) {
        ++deaths;
        EXPECT_EQ(must(shelf_.list()).size(), 1U) << deaths;
        const std::string version = live_version();
        const auto files = must(shelf_.live("deals")).files;
        if (version == "1.0.0") {
            EXPECT_EQ(files.at("hello.lua"), "edited\n") << deaths;
        } else {
            EXPECT_EQ(version, "1.1.0") << deaths;
            EXPECT_EQ(files, next.files) << deaths;
            must(shelf_.roll_back(must(shelf_.use()), "deals"));
        }
        EXPECT_EQ(must(shelf_.live("deals")).files.at("hello.lua"), "edited\n");
    }
    EXPECT_EQ(deaths, 5);
    EXPECT_EQ(live_version(), "1.1.0");
}

TEST_F(ShelfTest, HasNothingOrThePackWhereverAFirstInstallationDies) {
    const PackFile pack = pack_of("deals", "1.0.0");
    for (int point = 1; point <= 5; ++point) {
        const std::filesystem::path folder = folder_.path() / std::to_string(point);
        const auto install = [this, &pack](Shelf& shelf) { put(shelf, pack); };
        ASSERT_TRUE(dies_at(point, folder, install));
        Shelf after(folder);
        must(after.use());
        const auto found = after.find("deals");
        if (found) {
            EXPECT_EQ(must(after.live("deals")).files, pack.files);
        } else {
            EXPECT_TRUE(std::filesystem::is_empty(folder / ".generations")) << point;
        }
    }
}

TEST_F(ShelfTest, IsGoneOrWholeWhereverARemovalDies) {
    put(shelf_, pack_of("deals", "1.0.0"));
    const auto remove = [](Shelf& shelf) { must(shelf.remove(must(shelf.use()), "deals")); };
    ASSERT_TRUE(dies_at(1, folder_.path() / "packs", remove));
    EXPECT_EQ(live_version(), "PackNotInstalled");
    must(shelf_.use());
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "packs/.generations"));
}

}  // namespace
}  // namespace tideway::pack
