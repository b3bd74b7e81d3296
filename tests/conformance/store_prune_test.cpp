#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::Prune;

TEST_P(StoreConformance, PrunesEndedRunsWithEverythingOfTheirs) {
    store::Admit admit = sample_admit();
    admit.event.payload = large_payload('e');
    const store::Outcome made = done(admit);
    store::AppendJournal append = sample_append(made.run_id, 1, 3);
    append.rows[0].output = large_payload('o');
    model::EffectRecord effect;
    effect.key = "k1";
    effect.record_id = "rec-1";
    effect.fields = Payload(R"({"name":"h1"})");
    effect.output = large_payload('f');
    append.effects.push_back(effect);
    append.run = ended_run(model::Status::kSucceeded, at_second(10));
    done(append);

    EXPECT_EQ(done(Prune{at_second(11), 100}).count, 1);
    EXPECT_FALSE(*reader().run(made.run_id));
    EXPECT_FALSE(*reader().event(made.id));
    EXPECT_TRUE(journal(made.run_id).empty());
    const auto effects = reader().effects_by_key("k1");
    ASSERT_TRUE(effects);
    ASSERT_EQ(effects->size(), 1U);
    EXPECT_EQ(effects->front().fields.view(), R"({"name":"h1"})");
    EXPECT_TRUE(effects->front().output.empty());
}

TEST_P(StoreConformance, PrunesNeitherOpenNorYoungRuns) {
    const store::RunId open = new_run();
    const store::RunId young = new_run();
    const store::RunId paused = new_run();
    done(store::SetRunStatus{paused, model::Status::kPaused, "", at_second(1)});
    end_run(young, model::Status::kFailed, at_second(10));
    EXPECT_EQ(done(Prune{at_second(10), 100}).count, 0);
    EXPECT_TRUE(*reader().run(open));
    EXPECT_TRUE(*reader().run(young));
    EXPECT_TRUE(*reader().run(paused));
}

TEST_P(StoreConformance, PrunesAtMostTheLimitOldestFirst) {
    const store::RunId newer = new_run();
    const store::RunId older = new_run();
    end_run(newer, model::Status::kFailed, at_second(10));
    end_run(older, model::Status::kFailed, at_second(5));
    EXPECT_EQ(done(Prune{at_second(100), 1}).count, 1);
    EXPECT_FALSE(*reader().run(older));
    EXPECT_TRUE(*reader().run(newer));
}

TEST_P(StoreConformance, KeepsAPayloadThatAnotherRunUses) {
    store::Admit first = sample_admit();
    first.event.payload = large_payload('s');
    store::Admit second = sample_admit();
    second.event.payload = large_payload('s');
    const store::Outcome gone = done(first);
    const store::Outcome kept = done(second);
    end_run(gone.run_id, model::Status::kSucceeded, at_second(5));
    EXPECT_EQ(done(Prune{at_second(100), 100}).count, 1);
    EXPECT_EQ((*reader().event(kept.id))->payload, large_payload('s'));
}

TEST_P(StoreConformance, NeverGivesTheIdOfAPrunedRunAgain) {
    const store::RunId pruned = new_run();
    end_run(pruned, model::Status::kSucceeded, at_second(5));
    done(Prune{at_second(100), 100});
    EXPECT_GT(new_run(), pruned);
}

TEST_P(StoreConformance, PrunesEventsWithoutARunAndExpiredKeys) {
    store::Admit refused{sample_event(), std::nullopt, std::nullopt};
    refused.event.status = model::EventStatus::kRefused;
    const store::Outcome old = done(refused);
    refused.event.received = at_second(50);
    const store::Outcome young = done(refused);
    store::Admit first = sample_admit();
    first.event.dedupe_key = "k";
    first.dedupe_expires = at_second(100);
    const store::Outcome made = done(first);
    end_run(made.run_id, model::Status::kSucceeded, at_second(5));
    done(Prune{at_second(10), 100});
    EXPECT_FALSE(*reader().event(old.id));
    EXPECT_TRUE(*reader().event(young.id));
    // The key outlives its run: the event is still a duplicate.
    store::Admit repeated = sample_admit();
    repeated.event.dedupe_key = "k";
    repeated.dedupe_expires = at_second(100);
    const store::Outcome again = done(repeated);
    EXPECT_TRUE(again.is_duplicate);
    EXPECT_EQ(again.run_uid, first.run->uid);
}

TEST_P(StoreConformance, KeepsVersionsThatHistoryOrAFlowNames) {
    const auto put = [this](const std::string& hash) {
        model::FlowVersion version;
        version.hash = hash;
        version.files = {{"flow.lua", "-- " + hash}, {"lib.lua", "shared"}};
        version.created = at_second(1);
        return done(store::PutVersion{version}).id;
    };
    const store::VersionId used = put("used");
    const store::VersionId published = put("published");
    const store::VersionId unnamed = put("unnamed");
    store::Admit admit = sample_admit();
    admit.run->version_id = used;
    const store::RunId id = done(admit).run_id;
    done(store::PutFlow{"pack", "flow", "", published});
    done(Prune{at_second(100), 100});
    EXPECT_TRUE(*reader().version(used));
    EXPECT_TRUE(*reader().version(published));
    EXPECT_FALSE(*reader().version(unnamed));
    EXPECT_EQ((*reader().version(used))->files.at("lib.lua"), "shared");

    end_run(id, model::Status::kSucceeded, at_second(5));
    done(Prune{at_second(100), 100});
    EXPECT_FALSE(*reader().version(used));
    EXPECT_EQ((*reader().version(published))->files.at("lib.lua"), "shared");
}

}  // namespace
}  // namespace tideway::tests
