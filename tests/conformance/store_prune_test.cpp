#include "engine/base/limits.h"
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
    const store::RunId older = new_run();
    const store::RunId newer = new_run();
    end_run(newer, model::Status::kFailed, at_second(5));
    end_run(older, model::Status::kFailed, at_second(10));
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

TEST_P(StoreConformance, PrunesEachFlowByItsOwnRetention) {
    const store::RunId kept_short = new_run(7);
    const store::RunId kept_long = new_run(8);
    const store::RunId as_all = new_run(9);
    for (const store::RunId id : {kept_short, kept_long, as_all}) {
        end_run(id, model::Status::kSucceeded, at_second(50));
    }
    done(Prune{at_second(40), 100, {{7, at_second(60)}, {8, at_second(20)}}});
    EXPECT_FALSE(*reader().run(kept_short));
    EXPECT_TRUE(*reader().run(kept_long));
    EXPECT_TRUE(*reader().run(as_all));
    done(Prune{at_second(60), 100, {{8, at_second(20)}}});
    EXPECT_TRUE(*reader().run(kept_long));
    EXPECT_FALSE(*reader().run(as_all));
}

TEST_P(StoreConformance, KeepsWhatAnOpenRunOfTheLineageGoesBackTo) {
    store::Admit first = sample_admit();
    const store::RunId root = done(first).run_id;
    store::Admit again = sample_admit();
    again.run->root_uid = first.run->uid;
    again.run->resubmit_of = first.run->uid;
    const store::RunId second = done(again).run_id;
    end_run(root, model::Status::kFailed, at_second(5));
    done(Prune{at_second(100), 100});
    EXPECT_TRUE(*reader().run(root));
    end_run(second, model::Status::kSucceeded, at_second(6));
    EXPECT_EQ(done(Prune{at_second(100), 100}).count, 2);
}

TEST_P(StoreConformance, KeepsRunsThatAnOpenRunCalled) {
    store::Admit caller = sample_admit();
    const store::RunId parent = done(caller).run_id;
    store::Admit called = sample_admit(8);
    called.run->parent_uid = caller.run->uid;
    const store::RunId child = done(called).run_id;
    end_run(child, model::Status::kSucceeded, at_second(5));
    EXPECT_EQ(done(Prune{at_second(100), 100}).count, 0);
    end_run(parent, model::Status::kSucceeded, at_second(6));
    EXPECT_EQ(done(Prune{at_second(100), 100}).count, 2);
}

TEST_P(StoreConformance, PrunesALargeJournalInPieces) {
    const store::RunId large = new_run();
    const std::int64_t rows = 2 * limits::kPrunedRowsMax + 10;
    done(sample_append(large, 1, rows));
    end_run(large, model::Status::kSucceeded, at_second(5));
    const Prune prune{at_second(100), 100};
    store::Outcome piece = done(prune);
    EXPECT_TRUE(piece.has_more);
    EXPECT_TRUE(*reader().run(large));
    EXPECT_EQ(static_cast<std::int64_t>(journal(large).size()), rows - limits::kPrunedRowsMax);
    done(prune);
    piece = done(prune);
    EXPECT_FALSE(piece.has_more);
    EXPECT_FALSE(*reader().run(large));
    EXPECT_TRUE(journal(large).empty());
}

TEST_P(StoreConformance, LooksAtOnlySomeRunsForEachPieceAndComesToTheEnd) {
    std::vector<store::RunId> open;
    for (std::int64_t i = 0; i < limits::kPruneLookedMax; ++i) {
        open.push_back(new_run());
    }
    const store::RunId ended = new_run();
    end_run(ended, model::Status::kSucceeded, at_second(5));
    const Prune prune{at_second(100), 100};
    EXPECT_TRUE(done(prune).has_more);
    EXPECT_TRUE(*reader().run(ended));
    EXPECT_FALSE(done(prune).has_more);
    EXPECT_FALSE(*reader().run(ended));
    EXPECT_TRUE(*reader().run(open.front()));
}

TEST_P(StoreConformance, PrunesTrackedValuesWithTheirRun) {
    const store::RunId id = new_run();
    store::AppendJournal append = sample_append(id, 1, 1);
    append.tracked = {{"deal", "A"}};
    append.run = ended_run(model::Status::kSucceeded, at_second(5));
    done(append);
    done(Prune{at_second(100), 100});
    EXPECT_TRUE(reader().tracked(id)->empty());
}

TEST_P(StoreConformance, KeepsTheLedgerForItsOwnRetentionAndAsLongAsItsRuns) {
    const auto run_with_effect = [this](const std::string& key, int second) {
        const store::RunId id = new_run();
        store::AppendJournal append = sample_append(id, 1, 1);
        model::EffectRecord effect;
        effect.key = key;
        effect.created = at_second(second);
        append.effects.push_back(effect);
        done(append);
        return id;
    };
    end_run(run_with_effect("old", 10), model::Status::kSucceeded, at_second(20));
    run_with_effect("of an open run", 11);
    end_run(run_with_effect("young", 30), model::Status::kSucceeded, at_second(40));
    const Prune prune{at_second(100), 100, {}, at_second(25)};
    done(prune);
    EXPECT_TRUE(reader().effects_by_key("old")->empty());
    EXPECT_EQ(reader().effects_by_key("of an open run")->size(), 1U);
    EXPECT_EQ(reader().effects_by_key("young")->size(), 1U);
}

TEST_P(StoreConformance, RemembersHowLongHistoryIsKept) {
    using Of = store::SetRetention::Of;
    done(store::SetRetention{Of::kEnvironment, 0, 90});
    done(store::SetRetention{Of::kLedger, 0, 400});
    done(store::SetRetention{Of::kFlow, 7, 7});
    done(store::SetRetention{Of::kFlow, 8, 8});
    done(store::SetRetention{Of::kFlow, 8, std::nullopt});
    reopen();
    const auto kept = reader().retention();
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->environment_days, 90);
    EXPECT_EQ(kept->ledger_days, 400);
    EXPECT_EQ(kept->flow_days, (std::map<store::FlowId, int>{{7, 7}}));
}

TEST_P(StoreConformance, SaysHowLargeHistoryIsAndGivesSpaceBack) {
    const store::RunId large = new_run(8);
    new_run(7);
    store::AppendJournal append = sample_append(large, 1, 1000);
    append.run = ended_run(model::Status::kSucceeded, at_second(5));
    done(append);
    const auto before = reader().history_size();
    ASSERT_TRUE(before);
    ASSERT_EQ(before->flows.size(), 2U);
    EXPECT_EQ(before->flows[1].flow_id, 8);
    EXPECT_EQ(before->flows[1].runs, 1);
    EXPECT_EQ(before->flows[1].oldest, at_second(1));
    done(Prune{at_second(100), 100});
    const auto after = reader().history_size();
    EXPECT_LT(after->bytes, before->bytes);
    EXPECT_EQ(after->flows.size(), 1U);
}

}  // namespace
}  // namespace tideway::tests
