// What is edited in the folder of a pack, beside what is published of it.
#include "engine/runtime/drafts/drafts.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ledger_connector.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_folder.h"

namespace tideway::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kManifest =
    R"({"name":"deals","version":"1.0.0","title":"Deals","connections":{"ledger":{"connector":"ledger"}}})";

std::string greets(std::string_view word) {
    return "return flow { title = 'Greets', trigger = trigger.manual {},\n"
           "  run = function() return '" +
           std::string(word) + "' end }\n";
}

// A server's drafts over one folder, without the server. Thread: the test's.
class DraftWorld {
  public:
    explicit DraftWorld(OnSave on_save = OnSave::kDraft)
        : on_save_(on_save) {
        write("pack.json", kManifest);
        write("greets.lua", greets("hello"));
        start();
    }

    void write(const std::string& file, const std::string& text) {
        const std::filesystem::path path = path_of(file);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }

    std::string read(const std::string& file) {
        std::ifstream in(path_of(file), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void remove(const std::string& file) { std::filesystem::remove(path_of(file)); }

    bool has(const std::string& file) { return std::filesystem::exists(path_of(file)); }

    void restart() {
        drafts_.reset();
        catalog_.reset();
        store_.reset();
        start();
    }

    Drafts& drafts() { return *drafts_; }

    FlowCatalog& catalog() { return *catalog_; }

    store::Store& store() { return *store_; }

    std::string live_text() {
        const auto flow = catalog_->flow("deals/greets");
        return flow && flow->published ? flow->published->version.files.at("greets.lua") : "";
    }

    DraftStatus status() { return *drafts_->status("deals"); }

    Result<model::PackRevision> publish(std::string note = "") {
        return drafts_->publish("deals", {"ada", std::move(note), {}});
    }

  private:
    std::filesystem::path path_of(const std::string& file) {
        return std::filesystem::path(folder_.file("pack")) / file;
    }

    void start() {
        std::vector<connector::Registry::Source> sources;
        sources.push_back(
            {"ledger",
             tideway::testing::kLedgerSpec,
             std::make_unique<tideway::testing::LedgerConnector>("http://127.0.0.1:1")}
        );
        auto registry = connector::Registry::create(std::move(sources));
        ASSERT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
        auto opened = store::open_sqlite({.path = folder_.file("test.db")});
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
        catalog_ = std::make_unique<FlowCatalog>(*store_, *registry_);
        ASSERT_TRUE(catalog_->load());
        DraftServices services;
        services.catalog = catalog_.get();
        services.store = store_.get();
        services.clock = &clock_;
        services.log = &log_;
        services.on_save = on_save_;
        services.folders = [this] { return std::vector{folder_.file("pack")}; };
        drafts_ = std::make_unique<Drafts>(std::move(services));
        ASSERT_TRUE(drafts_->start());
    }

    const OnSave on_save_;
    tests::TempFolder folder_;
    testing_support::SettableClock clock_;
    NullLog log_;
    std::unique_ptr<connector::Registry> registry_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<FlowCatalog> catalog_;
    std::unique_ptr<Drafts> drafts_;
};

std::vector<std::string> changed_files(const DraftStatus& status) {
    std::vector<std::string> out;
    for (const FileDiff& change : status.changes) {
        out.push_back(std::string(to_string(change.change)) + " " + change.path);
    }
    return out;
}

std::vector<std::string> codes(const std::vector<script::Finding>& findings) {
    std::vector<std::string> out;
    for (const script::Finding& finding : findings) {
        out.push_back(finding.code);
    }
    return out;
}

// ------------------------------------------------------------------ draft and published

TEST(Drafts, APackThatWasNeverPublishedIsPublishedAtOnce) {
    DraftWorld world;
    ASSERT_TRUE(world.status().live);
    EXPECT_EQ(world.status().live->number, 1);
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
}

TEST(Drafts, ASavedFileBecomesADraftAndNotWhatRuns) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    ASSERT_TRUE(world.drafts().look());
    EXPECT_THAT(changed_files(world.status()), ElementsAre("changed greets.lua"));
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
    EXPECT_TRUE(world.catalog().flow("greets")->has_draft);
}

TEST(Drafts, ASavedFileIsPublishedWhereTheEnvironmentSaysSo) {
    DraftWorld world(OnSave::kPublish);
    world.write("greets.lua", greets("good day"));
    ASSERT_TRUE(world.drafts().look());
    EXPECT_THAT(world.live_text(), HasSubstr("good day"));
    EXPECT_THAT(world.status().changes, IsEmpty());
    EXPECT_FALSE(world.catalog().flow("greets")->has_draft);
}

TEST(Drafts, WhatIsWrongIsNotPublishedByASaveEither) {
    DraftWorld world(OnSave::kPublish);
    world.write("greets.lua", "return flow {");
    ASSERT_TRUE(world.drafts().look());
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
    EXPECT_THAT(codes(world.status().findings), Contains("syntax"));
}

TEST(Drafts, ADraftIsThereAfterARestartAndIsStillOne) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    world.restart();
    EXPECT_THAT(changed_files(world.status()), ElementsAre("changed greets.lua"));
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
    EXPECT_EQ(world.status().live->number, 1) << "nothing was published by the restart";
}

TEST(Drafts, AMappingASchemaAndALibraryAreDraftsAsScriptsAre) {
    DraftWorld world;
    for (const char* file : {"mapping.json", "schemas/deal.json"}) {
        world.write(file, R"({"a":1})");
    }
    world.write("lib/words.lua", "return { word = 'hi' }\n");
    ASSERT_TRUE(world.drafts().look());
    EXPECT_THAT(
        changed_files(world.status()),
        ElementsAre("added lib/words.lua", "added mapping.json", "added schemas/deal.json")
    );
    ASSERT_TRUE(world.publish());
    EXPECT_EQ(
        world.catalog().flow("greets")->published->version.files.count("schemas/deal.json"), 1U
    );
}

TEST(Drafts, CasesAreNoPartOfWhatIsPublished) {
    DraftWorld world;
    world.write("cases/greets.json", "{}");
    ASSERT_TRUE(world.drafts().look());
    EXPECT_THAT(world.status().changes, IsEmpty());
}

// ------------------------------------------------------------------ publishing

TEST(Publishing, MakesTheDraftLiveAndSaysWhoWhenAndWhy) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    const auto revision = world.publish("Friendlier");
    ASSERT_TRUE(revision) << revision.error().text();
    EXPECT_EQ(revision->number, 2);
    EXPECT_THAT(world.live_text(), HasSubstr("good day"));
    const auto history = world.drafts().history("deals");
    ASSERT_TRUE(history);
    ASSERT_THAT(*history, SizeIs(2));
    EXPECT_EQ(history->front().person, "ada");
    EXPECT_EQ(history->front().note, "Friendlier");
    EXPECT_NE(history->front().at, Timestamp());
    EXPECT_EQ(history->back().person, "") << "the program itself";
}

TEST(Publishing, TakesThePackWholeOrNotAtAllAndNamesEveryProblem) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    world.write(
        "first.lua",
        "return flow { title = 'First', trigger = trigger.manual {}, run = function() nonsense() "
        "end }"
    );
    world.write("second.lua", "return flow {");
    world.write("mapping.json", "{\n  \"a\": ,\n}");
    const auto refused = world.publish();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "PackHasErrors");
    EXPECT_THAT(world.live_text(), HasSubstr("hello")) << "although greets.lua is right";
    const Json findings = Json::parse(refused.error().details).at("findings");
    std::vector<std::string> named;
    for (const Json& finding : findings) {
        named.push_back(
            string_or(finding, "file") + ":" + std::to_string(int_or(finding, "line", 0)) + " " +
            string_or(finding, "code")
        );
    }
    EXPECT_THAT(named, Contains("first.lua:1 unknown-name"));
    EXPECT_THAT(named, Contains("second.lua:1 syntax"));
    EXPECT_THAT(named, Contains("mapping.json:2 InvalidJSON"));
}

TEST(Publishing, WhatIsPublishedAlreadyIsRefused) {
    DraftWorld world;
    const auto refused = world.publish();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "NothingToPublish");
}

TEST(Publishing, ReadsTheFolderAsItIsNow) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    ASSERT_TRUE(world.publish()) << "nobody looked at the folder before";
    EXPECT_THAT(world.live_text(), HasSubstr("good day"));
}

TEST(Publishing, AFlowThatIsOnIsNotTakenAway) {
    DraftWorld world;
    world.write("other.lua", greets("other"));
    ASSERT_TRUE(world.publish());
    const auto flow = world.catalog().flow("greets");
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOn, ""));
    world.remove("greets.lua");
    const auto refused = world.publish();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().details, HasSubstr("flow-is-on"));
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, ""));
    EXPECT_TRUE(world.publish());
}

TEST(Publishing, APackThatChangesItsNameIsNotTakenForAnother) {
    DraftWorld world;
    world.write("pack.json", R"({"name":"other","version":"1.0.0"})");
    ASSERT_TRUE(world.drafts().look());
    ASSERT_TRUE(world.status().unreadable);
    EXPECT_EQ(world.status().unreadable->code, "PackRenamed");
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
}

// ------------------------------------------------------------------ comparing

TEST(Comparing, TheDraftWithWhatIsPublishedIsAUnifiedDiff) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    const auto diff = world.drafts().diff("deals", "published", "draft");
    ASSERT_TRUE(diff) << diff.error().text();
    ASSERT_THAT(diff->files, SizeIs(1));
    EXPECT_EQ(diff->from, "revision 1");
    EXPECT_EQ(diff->to, "draft");
    EXPECT_THAT(diff->files[0].text, HasSubstr("--- a/greets.lua\n+++ b/greets.lua\n"));
    EXPECT_THAT(diff->files[0].text, HasSubstr("-  run = function() return 'hello' end }\n"));
    EXPECT_THAT(diff->files[0].text, HasSubstr("+  run = function() return 'good day' end }\n"));
}

TEST(Comparing, TwoRevisionsOfAMappingGoesKeyByKey) {
    DraftWorld world;
    world.write("mapping.json", R"({"name":"topic","value":{"from":"a"}})");
    ASSERT_TRUE(world.publish());
    world.write("mapping.json", R"({"name":"topic","value":{"from":"b"}})");
    ASSERT_TRUE(world.publish());
    const auto diff = world.drafts().diff("deals", "2", "3");
    ASSERT_TRUE(diff) << diff.error().text();
    ASSERT_THAT(diff->files, SizeIs(1));
    ASSERT_THAT(diff->files[0].keys, SizeIs(1));
    EXPECT_EQ(diff->files[0].keys[0].key, "/value/from");
    EXPECT_EQ(diff->files[0].keys[0].after, Json("b"));
}

TEST(Comparing, ARevisionThatThereIsNotIsNamed) {
    DraftWorld world;
    EXPECT_EQ(world.drafts().diff("deals", "7", "draft").error().code, "RevisionNotFound");
    EXPECT_EQ(world.drafts().diff("deals", "last", "draft").error().code, "InvalidRevision");
    EXPECT_EQ(world.drafts().diff("other", "draft", "draft").error().code, "PackNotFound");
}

// ------------------------------------------------------------------ restoring

TEST(Restoring, MakesAnOldRevisionTheDraft) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    world.write("mapping.json", "{}");
    ASSERT_TRUE(world.publish());
    const auto restored = world.drafts().restore("deals", 1, {"ada", "", {}}, Then::kStay);
    ASSERT_TRUE(restored) << restored.error().text();
    EXPECT_FALSE(restored->kept) << "the draft was revision 2";
    EXPECT_THAT(world.read("greets.lua"), HasSubstr("hello"));
    EXPECT_FALSE(world.has("mapping.json"));
    EXPECT_THAT(world.live_text(), HasSubstr("good day")) << "a draft is not live";
}

TEST(Restoring, PublishesItWhenAsked) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    ASSERT_TRUE(world.publish());
    const auto restored = world.drafts().restore("deals", 1, {"ada", "", {}}, Then::kPublish);
    ASSERT_TRUE(restored) << restored.error().text();
    ASSERT_TRUE(restored->published);
    EXPECT_EQ(restored->published->number, 3);
    EXPECT_EQ(restored->published->note, "As revision 1 was.");
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
}

TEST(Restoring, KeepsADraftThatWasNeverPublished) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    const auto restored = world.drafts().restore("deals", 1, {"ada", "", {}}, Then::kStay);
    ASSERT_TRUE(restored) << restored.error().text();
    ASSERT_TRUE(restored->kept);
    EXPECT_EQ(restored->kept->kind, model::RevisionKind::kKept);
    const auto back =
        world.drafts().restore("deals", restored->kept->number, {"ada", "", {}}, Then::kStay);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_THAT(world.read("greets.lua"), HasSubstr("good day"));
}

TEST(Restoring, KeepsADraftThatHasErrors) {
    DraftWorld world;
    world.write("greets.lua", "return flow {");
    const auto restored = world.drafts().restore("deals", 1, {"ada", "", {}}, Then::kStay);
    ASSERT_TRUE(restored) << restored.error().text();
    EXPECT_TRUE(restored->kept);
    EXPECT_THAT(world.read("greets.lua"), HasSubstr("hello"));
}

TEST(Restoring, LeavesCasesAlone) {
    DraftWorld world;
    world.write("cases/greets.json", "{}");
    ASSERT_TRUE(world.drafts().restore("deals", 1, {"ada", "", {}}, Then::kStay));
    EXPECT_TRUE(world.has("cases/greets.json"));
}

// ------------------------------------------------------------------ files, one by one

TEST(PackFiles, AreListedWithTheirETagsAndCases) {
    DraftWorld world;
    world.write("cases/greets.json", "{}");
    world.write("README.md", "Deals");
    const auto files = world.drafts().files("deals");
    ASSERT_TRUE(files);
    ASSERT_THAT(*files, SizeIs(3));
    EXPECT_EQ((*files)[0].path, "cases/greets.json");
    EXPECT_EQ((*files)[1].path, "greets.lua");
    EXPECT_EQ((*files)[1].etag, etag_of(greets("hello")));
    EXPECT_EQ((*files)[1].bytes, greets("hello").size());
}

TEST(PackFiles, AreSavedByTheVersionThatWasRead) {
    DraftWorld world;
    const auto saved = world.drafts().save(
        "deals", "greets.lua", greets("good day"), {etag_of(greets("hello")), false}, "ada"
    );
    ASSERT_TRUE(saved) << saved.error().text();
    EXPECT_EQ(saved->file.etag, etag_of(greets("good day")));
    EXPECT_EQ(world.read("greets.lua"), greets("good day"));
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
}

TEST(PackFiles, ThatSomebodyElseSavedAreNotOverwritten) {
    DraftWorld world;
    const std::string read = etag_of(greets("hello"));
    ASSERT_TRUE(world.drafts().save("deals", "greets.lua", greets("good day"), {read, false}, "ada")
    );
    const auto refused =
        world.drafts().save("deals", "greets.lua", greets("hi"), {read, false}, "bob");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "FileChanged");
    const Json details = Json::parse(refused.error().details);
    EXPECT_EQ(details.at("expected"), read);
    EXPECT_EQ(details.at("current").at("etag"), etag_of(greets("good day")));
    EXPECT_EQ(details.at("current").at("saved_by"), "ada");
    EXPECT_EQ(world.read("greets.lua"), greets("good day"));
}

TEST(PackFiles, ThatWereSavedInTheFolderAreNotOverwrittenEither) {
    DraftWorld world;
    world.write("greets.lua", greets("good day"));
    const auto refused = world.drafts().save(
        "deals", "greets.lua", greets("hi"), {etag_of(greets("hello")), false}, "bob"
    );
    ASSERT_FALSE(refused);
    EXPECT_FALSE(Json::parse(refused.error().details).at("current").contains("saved_by"));
}

TEST(PackFiles, AreNewOnlyWhereThereIsNone) {
    DraftWorld world;
    EXPECT_TRUE(world.drafts().save("deals", "lib/a.lua", "return {}\n", {"", true}, "ada"));
    EXPECT_EQ(world.read("lib/a.lua"), "return {}\n");
    const auto again = world.drafts().save("deals", "lib/a.lua", "return 1\n", {"", true}, "bob");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "FileChanged");
}

TEST(PackFiles, AreCheckedWhenTheyAreSaved) {
    DraftWorld world;
    const std::string wrong =
        "return flow { title = 'Greets', trigger = trigger.manual {},\n"
        "  run = function() tostrin(1) end }\n";
    const auto saved =
        world.drafts().save("deals", "greets.lua", wrong, {etag_of(greets("hello")), false}, "ada");
    ASSERT_TRUE(saved) << saved.error().text();
    ASSERT_THAT(saved->findings, SizeIs(1));
    EXPECT_EQ(saved->findings[0].code, "unknown-name");
    EXPECT_EQ(saved->findings[0].line, 2);
    EXPECT_EQ(saved->findings[0].column, 20);
    EXPECT_THAT(saved->findings[0].suggestion, HasSubstr("tostring"));
}

TEST(PackFiles, AManifestThatIsNoJsonIsAFindingWithItsPlace) {
    DraftWorld world;
    const auto saved = world.drafts().save(
        "deals", "pack.json", "{\n \"name\" }", {etag_of(kManifest), false}, "ada"
    );
    ASSERT_TRUE(saved) << saved.error().text();
    ASSERT_THAT(saved->findings, SizeIs(1));
    EXPECT_EQ(saved->findings[0].file, "pack.json");
    EXPECT_EQ(saved->findings[0].line, 2);
    EXPECT_THAT(world.live_text(), HasSubstr("hello"));
}

TEST(PackFiles, ArePublishedBySavingThemWhereTheEnvironmentSaysSo) {
    DraftWorld world(OnSave::kPublish);
    const auto saved = world.drafts().save(
        "deals", "greets.lua", greets("good day"), {etag_of(greets("hello")), false}, "ada"
    );
    ASSERT_TRUE(saved) << saved.error().text();
    ASSERT_TRUE(saved->published);
    EXPECT_EQ(saved->published->person, "ada");
    EXPECT_THAT(world.live_text(), HasSubstr("good day"));
}

TEST(PackFiles, AreRemovedByTheVersionThatWasRead) {
    DraftWorld world;
    world.write("mapping.json", "{}");
    EXPECT_FALSE(world.drafts().remove("deals", "mapping.json", {"other", false}, "ada"));
    EXPECT_TRUE(world.drafts().remove("deals", "mapping.json", {etag_of("{}"), false}, "ada"));
    EXPECT_FALSE(world.has("mapping.json"));
}

TEST(PackFiles, OutsideOfThePackAreOutOfReach) {
    DraftWorld world;
    for (const char* name :
         {"../test.db", "/etc/passwd", ".git/config.json", "lib/../../x.lua", "notes.txt", ""}) {
        const auto saved = world.drafts().save("deals", name, "x", {"", true}, "ada");
        ASSERT_FALSE(saved) << name;
        EXPECT_EQ(saved.error().code, "InvalidPackPath") << name;
        EXPECT_FALSE(world.drafts().text("deals", name)) << name;
    }
    std::filesystem::create_directory_symlink(
        std::filesystem::temp_directory_path(), std::filesystem::path(world.status().folder) / "lib"
    );
    EXPECT_FALSE(world.drafts().save("deals", "lib/a.lua", "x", {"", true}, "ada"));
}

// ------------------------------------------------------------------ what a program brings

TEST(Renewing, PublishesAnewWhatHasTheConnectorsOfAnOlderProgram) {
    DraftWorld world;
    const std::string before = world.catalog().flow("greets")->row.version_hash;
    world.restart();
    EXPECT_EQ(world.catalog().flow("greets")->row.version_hash, before);
    EXPECT_EQ(world.status().live->number, 1) << "the same program has nothing to renew";
}

}  // namespace
}  // namespace tideway::runtime
