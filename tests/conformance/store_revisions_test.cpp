#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using model::RevisionKind;
using store::PutRevision;

model::FlowVersion version_of(const std::string& flow, const std::string& text) {
    model::FlowVersion version;
    version.pack = "deals";
    version.pack_version = "1.0.0";
    version.flow = flow;
    version.files = {{flow + ".lua", text}};
    version.created = at_second(1);
    version.hash = model::content_hash(version);
    return version;
}

// Of the pack "deals" with one flow.
PutRevision revision_with(RevisionKind kind, const std::string& text, int second = 1) {
    PutRevision put;
    put.revision.pack = "deals";
    put.revision.kind = kind;
    put.files = {{"pack.json", "{}"}, {"greets.lua", text}};
    put.revision.hash = model::files_hash(put.files);
    put.revision.pack_version = "1.0.0";
    put.revision.person = "ada";
    put.revision.note = "because";
    put.revision.at = at_second(second);
    put.flows.push_back({version_of("greets", text), "Greets"});
    return put;
}

TEST_P(StoreConformance, KeepsARevisionWithItsFilesAndTheVersionsOfItsFlows) {
    const store::Outcome put = done(revision_with(RevisionKind::kPublished, "one", 5));
    EXPECT_EQ(put.count, 1);
    const auto found = reader().revisions().revision("deals", 1);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->id, put.id);
    EXPECT_EQ((*found)->kind, RevisionKind::kPublished);
    EXPECT_EQ((*found)->pack_version, "1.0.0");
    EXPECT_EQ((*found)->person, "ada");
    EXPECT_EQ((*found)->note, "because");
    EXPECT_EQ((*found)->at, at_second(5));
    const auto files = reader().revisions().files(put.id);
    ASSERT_TRUE(files);
    EXPECT_EQ(*files, (model::PackFiles{{"pack.json", "{}"}, {"greets.lua", "one"}}));
    const auto version = reader().revisions().version_of(put.id, "greets");
    ASSERT_TRUE(version && *version);
    const auto stored = reader().version(**version);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ((*stored)->revision_id, put.id);
    EXPECT_FALSE(*reader().revisions().version_of(put.id, "other"));
}

TEST_P(StoreConformance, PublishesAllFlowsOfARevisionAtOnce) {
    PutRevision put = revision_with(RevisionKind::kPublished, "one");
    put.flows.push_back({version_of("parts", "two"), "Parts"});
    done(put);
    const auto flows = reader().flows();
    ASSERT_TRUE(flows);
    ASSERT_EQ(flows->size(), 2U);
    EXPECT_EQ(flows->at(0).title, "Greets");
    EXPECT_EQ(flows->at(0).version_hash, put.flows[0].version.hash);
    EXPECT_EQ(flows->at(1).version_hash, put.flows[1].version.hash);
}

TEST_P(StoreConformance, PublishesNothingOfARevisionThatIsRefused) {
    PutRevision put = revision_with(RevisionKind::kPublished, "one");
    put.flows.push_back({version_of("parts", "two"), "Parts"});
    put.flows.back().version.hash.clear();
    EXPECT_EQ(code_of(apply(put)), "VersionHashMissing");
    EXPECT_TRUE(reader().flows()->empty());
    EXPECT_TRUE(reader().revisions().live()->empty());
}

TEST_P(StoreConformance, CountsRevisionsInTheirPack) {
    done(revision_with(RevisionKind::kPublished, "one"));
    PutRevision other = revision_with(RevisionKind::kPublished, "one");
    other.revision.pack = "other";
    EXPECT_EQ(done(other).count, 1);
    EXPECT_EQ(done(revision_with(RevisionKind::kKept, "two")).count, 2);
}

TEST_P(StoreConformance, OnlyAPublishedRevisionIsLive) {
    const auto first = done(revision_with(RevisionKind::kPublished, "one"));
    done(revision_with(RevisionKind::kKept, "two"));
    done(revision_with(RevisionKind::kTried, "three"));
    auto live = reader().revisions().live();
    ASSERT_TRUE(live);
    ASSERT_EQ(live->size(), 1U);
    EXPECT_EQ(live->front().id, first.id);
    EXPECT_EQ(reader().flows()->front().version_hash, version_of("greets", "one").hash);
    const auto history = reader().revisions().history("deals");
    ASSERT_TRUE(history);
    ASSERT_EQ(history->size(), 2U) << "one that was tried is no history";
    EXPECT_EQ(history->front().kind, RevisionKind::kKept);
}

TEST_P(StoreConformance, PrunesADraftThatNoRunWasMadeWithAndNoOtherRevision) {
    const auto kept = done(revision_with(RevisionKind::kPublished, "one"));
    done(revision_with(RevisionKind::kPublished, "two"));
    const auto tried = done(revision_with(RevisionKind::kTried, "three"));
    const auto used = done(revision_with(RevisionKind::kTried, "four"));
    store::Admit admit = sample_admit(7);
    admit.run->version_id = **reader().revisions().version_of(used.id, "greets");
    done(admit);
    store::Prune prune;
    prune.before = at_second(100);
    done(prune);
    EXPECT_TRUE(reader().revisions().version_of(kept.id, "greets")->has_value());
    EXPECT_FALSE(reader().revisions().files(kept.id)->empty());
    EXPECT_FALSE(reader().revisions().version_of(tried.id, "greets")->has_value());
    EXPECT_TRUE(reader().revisions().files(tried.id)->empty());
    EXPECT_TRUE(reader().revisions().version_of(used.id, "greets")->has_value());
}

TEST_P(StoreConformance, AVersionThatWasTriedComesFromTheRevisionThatPublishesIt) {
    done(revision_with(RevisionKind::kTried, "one"));
    const auto published = done(revision_with(RevisionKind::kPublished, "one"));
    done(revision_with(RevisionKind::kPublished, "one"));
    const auto id = reader().revisions().version_of(published.id, "greets");
    ASSERT_TRUE(id && *id);
    EXPECT_EQ((*reader().version(**id))->revision_id, published.id);
}

TEST_P(StoreConformance, RemembersWhetherTheEffectsOfARunTakePlace) {
    store::Admit admit = sample_admit(7);
    admit.run->effects = model::Effects::kMuted;
    EXPECT_EQ((*reader().run(done(admit).run_id))->effects, model::Effects::kMuted);
    EXPECT_EQ((*reader().run(new_run()))->effects, model::Effects::kLive);
}

}  // namespace
}  // namespace tideway::tests
