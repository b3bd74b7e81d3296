// The lines of flows: who may start, who waits, and what takes whose place.
#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::AdvanceFanOut;
using store::Outcome;
using store::RunId;
using store::SetRunStatus;
using store::Turn;

store::Admit in_line(Turn turn, store::FlowId flow = 7) {
    store::Admit admit = sample_admit(flow);
    admit.run->status = model::Status::kRunning;
    admit.run->started = admit.run->created;
    admit.run->lease_epoch = 1;
    admit.turn = std::move(turn);
    return admit;
}

Turn with_key(const std::string& key) {
    Turn turn;
    turn.key = key;
    return turn;
}

Turn coalescing(const std::string& key, const std::string& coalesce_key) {
    Turn turn = with_key(key);
    turn.coalesce_key = coalesce_key;
    return turn;
}

Turn item_of(const Outcome& split, const std::string& key) {
    Turn turn = with_key(key);
    turn.split_event = split.id;
    return turn;
}

Turn at_most(int runs, std::optional<int> waiting = std::nullopt) {
    Turn turn;
    turn.runs_max = runs;
    turn.waiting_max = waiting;
    return turn;
}

store::Admit split_event(store::FlowId flow = 7) {
    store::Admit admit = sample_admit(flow);
    admit.run.reset();
    admit.split = store::Admit::Split{Payload("[1,2]"), 2, 3};
    return admit;
}

using Runs = std::vector<RunId>;

// ------------------------------------------------------------------ one at a time

TEST_P(StoreConformance, LetsRunsOfOneKeyFollowEachOtherInOrder) {
    const Outcome first = done(in_line(with_key("deal 1")));
    const Outcome second = done(in_line(with_key("deal 1")));
    const Outcome third = done(in_line(with_key("deal 1")));
    EXPECT_FALSE(first.waits);
    EXPECT_EQ(run(first.run_id).status, model::Status::kRunning);
    EXPECT_TRUE(second.waits);
    EXPECT_TRUE(third.waits);
    EXPECT_EQ(run(third.run_id).status, model::Status::kWaiting);
    EXPECT_FALSE(run(third.run_id).started);
    EXPECT_EQ(in_line_now(), (Runs{second.run_id, third.run_id}));
    EXPECT_EQ(ends(first.run_id), Runs{second.run_id});
    EXPECT_EQ(run(second.run_id).wait_reason, "");
    EXPECT_EQ(ends(second.run_id, model::Status::kFailed), Runs{third.run_id});
    EXPECT_EQ(ends(third.run_id), Runs{});
    EXPECT_EQ(in_line_now(), Runs{});
    EXPECT_FALSE(done(in_line(with_key("deal 1"))).waits);
}

TEST_P(StoreConformance, NamesTheRunThatComesFirst) {
    const Outcome first = done(in_line(with_key("deal 1")));
    const Outcome second = done(in_line(with_key("deal 1")));
    const Outcome third = done(in_line(with_key("deal 1")));
    const auto after = [](const Outcome& run) {
        return "its turn: the run " + run.run_uid.hex() + " with the same key comes first";
    };
    EXPECT_EQ(run(second.run_id).wait_reason, after(first));
    EXPECT_EQ(run(third.run_id).wait_reason, after(second));
    done(SetRunStatus{second.run_id, model::Status::kCancelled, "No longer wanted.", std::nullopt});
    EXPECT_EQ(run(third.run_id).wait_reason, after(first));
    EXPECT_EQ(ends(first.run_id), Runs{third.run_id});
}

TEST_P(StoreConformance, KeepsKeysAndFlowsApart) {
    EXPECT_FALSE(done(in_line(with_key("deal 1"))).waits);
    EXPECT_FALSE(done(in_line(with_key("deal 2"))).waits);
    EXPECT_FALSE(done(in_line(with_key("deal 1"), 8)).waits);
    EXPECT_FALSE(done(sample_admit(7)).waits);
}

TEST_P(StoreConformance, APausedRunHoldsItsKeyUntilItIsCancelled) {
    const Outcome first = done(in_line(with_key("deal 1")));
    const Outcome second = done(in_line(with_key("deal 1")));
    EXPECT_EQ(
        done(SetRunStatus{first.run_id, model::Status::kPaused, "Look.", std::nullopt}).turns,
        Runs{}
    );
    EXPECT_TRUE(done(in_line(with_key("deal 1"))).waits);
    const SetRunStatus cancel{first.run_id, model::Status::kCancelled, "Gave up.", std::nullopt};
    EXPECT_EQ(done(cancel).turns, Runs{second.run_id});
}

TEST_P(StoreConformance, KeepsTheLineAcrossARestart) {
    const Outcome first = done(in_line(with_key("deal 1")));
    const Outcome second = done(in_line(with_key("deal 1")));
    const Outcome third = done(in_line(with_key("deal 1")));
    reopen();
    EXPECT_EQ(in_line_now(), (Runs{second.run_id, third.run_id}));
    EXPECT_EQ(ends(first.run_id), Runs{second.run_id});
    reopen();
    EXPECT_EQ(in_line_now(), Runs{third.run_id});
    EXPECT_EQ(ends(second.run_id), Runs{third.run_id});
}

TEST_P(StoreConformance, ABatchThatFailsLeavesTheLineAsItWas) {
    const Outcome first = done(in_line(with_key("deal 1")));
    const Outcome second = done(in_line(with_key("deal 1")));
    store::AppendJournal end;
    end.run_id = first.run_id;
    end.lease_epoch = 1;
    end.run = ended_run(model::Status::kSucceeded);
    EXPECT_EQ(code_of(apply(end, AdvanceFanOut{4711, 0, 1})), "FanOutMoved");
    EXPECT_EQ(in_line_now(), Runs{second.run_id});
    EXPECT_EQ(ends(first.run_id), Runs{second.run_id});
}

// ------------------------------------------------------------------ concurrency

TEST_P(StoreConformance, LetsNoMoreRunsStartThanTheConcurrencyAllows) {
    const Outcome first = done(in_line(at_most(2)));
    const Outcome second = done(in_line(at_most(2)));
    const Outcome third = done(in_line(at_most(2)));
    const Outcome fourth = done(in_line(at_most(2)));
    EXPECT_FALSE(first.waits || second.waits);
    EXPECT_TRUE(third.waits && fourth.waits);
    EXPECT_EQ(
        run(third.run_id).wait_reason,
        "its turn: as many runs of the flow are under way as its concurrency allows"
    );
    EXPECT_EQ(ends(second.run_id), Runs{third.run_id});
    EXPECT_EQ(ends(first.run_id), Runs{fourth.run_id});
}

TEST_P(StoreConformance, ANewLimitHoldsForThoseThatWaitAlready) {
    done(in_line(at_most(1)));
    const Outcome second = done(in_line(at_most(1)));
    const Outcome third = done(in_line(at_most(1)));
    const Outcome fourth = done(in_line(at_most(3)));
    EXPECT_EQ(fourth.turns, (Runs{second.run_id, third.run_id}));
    EXPECT_TRUE(fourth.waits);
    EXPECT_EQ(in_line_now(), Runs{fourth.run_id});
}

TEST_P(StoreConformance, ARunThatWaitsForItsKeyDoesNotHoldUpOthers) {
    Turn turn = at_most(2);
    turn.key = "deal 1";
    const Outcome first = done(in_line(turn));
    const Outcome second = done(in_line(turn));
    turn.key = "deal 2";
    const Outcome third = done(in_line(turn));
    turn.key = "deal 3";
    const Outcome fourth = done(in_line(turn));
    EXPECT_TRUE(second.waits);
    EXPECT_FALSE(third.waits);
    EXPECT_TRUE(fourth.waits);
    EXPECT_EQ(ends(third.run_id), Runs{fourth.run_id});
    EXPECT_EQ(ends(first.run_id), Runs{second.run_id});
}

TEST_P(StoreConformance, RefusesAnEventThatWouldHaveToWaitInAFullLine) {
    done(in_line(at_most(1, 1)));
    const Outcome second = done(in_line(at_most(1, 1)));
    EXPECT_EQ(code_of(apply(in_line(at_most(1, 1)))), "TooManyWaitingRuns");
    store::Admit split = split_event();
    split.turn = at_most(1, 1);
    EXPECT_EQ(code_of(apply(std::move(split))), "TooManyWaitingRuns");
    EXPECT_EQ(reader().events({.flow_id = 7})->events.size(), 2U);
    EXPECT_TRUE(done(in_line(at_most(1))).waits) << "a resubmitted run is never refused";
    EXPECT_EQ(in_line_now().front(), second.run_id);
}

TEST_P(StoreConformance, TakesWhatComesTogetherOrNothingOfIt) {
    ASSERT_TRUE(apply(in_line(at_most(1, 0)), in_line(at_most(1)), in_line(at_most(1))));
    EXPECT_EQ(in_line_now().size(), 2U);
    EXPECT_EQ(code_of(apply(in_line(at_most(1, 1)), in_line(at_most(1)))), "TooManyWaitingRuns");
    EXPECT_EQ(reader().events({.flow_id = 7})->events.size(), 3U);
}

// ------------------------------------------------------------------ coalescing

TEST_P(StoreConformance, TheLatestEventTakesThePlaceOfOneThatWaits) {
    done(in_line(coalescing("deal 1", "deal 1")));
    const Outcome waiting = done(in_line(coalescing("deal 1", "deal 1")));
    store::Admit later = in_line(coalescing("deal 1", "deal 1"));
    later.event.person = "ada";
    later.event.payload = Payload(R"({"newest":true})");
    later.run->version_id = 4;
    const Outcome newest = done(later);
    EXPECT_EQ(newest.run_id, waiting.run_id);
    EXPECT_EQ(newest.run_uid, waiting.run_uid);
    EXPECT_TRUE(newest.waits);
    EXPECT_FALSE(newest.is_duplicate);
    EXPECT_EQ(run(waiting.run_id).event_id, newest.id);
    EXPECT_EQ(run(waiting.run_id).version_id, 4);
    EXPECT_EQ(event(newest.id).status, model::EventStatus::kAccepted);
    EXPECT_EQ(event(newest.id).run_id, waiting.run_id);
    EXPECT_EQ(run(waiting.run_id).person, "ada");
    EXPECT_EQ(event(waiting.id).status, model::EventStatus::kCoalesced);
    EXPECT_EQ(event(waiting.id).run_id, waiting.run_id);
    EXPECT_EQ(
        event(waiting.id).reason,
        "The run " + waiting.run_uid.hex() + " stands for it, with a later event of the same key."
    );
    EXPECT_FALSE(reader().run_by_uid(later.run->uid)->has_value());
}

TEST_P(StoreConformance, ARunThatStandsForALaterEventIsSecuredAsThatOneIs) {
    done(in_line(coalescing("deal 1", "deal 1")));
    const Outcome waiting = done(in_line(coalescing("deal 1", "deal 1")));
    EXPECT_FALSE(run(waiting.run_id).is_secured);
    store::Admit later = in_line(coalescing("deal 1", "deal 1"));
    later.event.is_secured = true;
    later.run->is_secured = true;
    const Outcome newest = done(later);
    EXPECT_TRUE(run(waiting.run_id).is_secured);
    EXPECT_TRUE(event(newest.id).is_secured);
    EXPECT_FALSE(event(waiting.id).is_secured);
}

TEST_P(StoreConformance, ARunThatHasStartedKeepsItsEvent) {
    const Outcome running = done(in_line(coalescing("deal 1", "deal 1")));
    const Outcome second = done(in_line(coalescing("deal 1", "deal 1")));
    EXPECT_NE(second.run_id, running.run_id);
    EXPECT_EQ(event(running.id).status, model::EventStatus::kAccepted);
    ends(running.run_id);
    EXPECT_NE(done(in_line(coalescing("deal 1", "deal 1"))).run_id, second.run_id);
}

TEST_P(StoreConformance, CoalescesOnlyWhereBothKeysAreEqual) {
    done(in_line(coalescing("north", "record 1")));
    const Outcome waiting = done(in_line(coalescing("north", "record 1")));
    EXPECT_NE(done(in_line(coalescing("north", "record 2"))).run_id, waiting.run_id);
    EXPECT_NE(done(in_line(coalescing("south", "record 1"))).run_id, waiting.run_id);
}

TEST_P(StoreConformance, CoalescingKeepsThePlaceUnlessOthersOfTheKeyStandBehindIt) {
    const Outcome first = done(in_line(coalescing("north", "record 1")));
    const Outcome second = done(in_line(coalescing("north", "record 1")));
    const Outcome third = done(in_line(coalescing("north", "record 2")));
    EXPECT_EQ(done(in_line(coalescing("north", "record 2"))).run_id, third.run_id);
    // The event of record 2 is older than the one that comes now.
    EXPECT_EQ(done(in_line(coalescing("north", "record 1"))).run_id, second.run_id);
    EXPECT_EQ(ends(first.run_id), Runs{third.run_id});
    EXPECT_EQ(ends(third.run_id), Runs{second.run_id});
}

TEST_P(StoreConformance, AnEventThatCoalescesNeedsNoRoom) {
    Turn turn = at_most(1, 1);
    turn.coalesce_key = "record 1";
    done(in_line(turn));
    const Outcome waiting = done(in_line(turn));
    EXPECT_EQ(done(in_line(turn)).run_id, waiting.run_id);
    turn.coalesce_key = "record 2";
    EXPECT_EQ(code_of(apply(in_line(turn))), "TooManyWaitingRuns");
}

// ------------------------------------------------------------------ split events

TEST_P(StoreConformance, RunsOfAKeyWaitForTheItemsOfAnOlderSplitEvent) {
    const Outcome split = done(split_event());
    const Outcome later = done(in_line(with_key("deal 1")));
    EXPECT_TRUE(later.waits);
    EXPECT_EQ(
        run(later.run_id).wait_reason,
        "its turn: the items of the split event " + event(split.id).uid.hex() + " come first"
    );
    EXPECT_FALSE(done(in_line(at_most(5))).waits) << "without a key there is no order";
    EXPECT_FALSE(done(in_line(with_key("deal 1"), 8)).waits);

    const Turn item = item_of(split, "deal 1");
    auto items = apply(in_line(item), in_line(item), AdvanceFanOut{split.id, 0, 2});
    ASSERT_TRUE(items) << items.error().text();
    EXPECT_FALSE((*items)[0].waits);
    EXPECT_TRUE((*items)[1].waits);
    EXPECT_EQ((*items)[2].turns, Runs{});
    EXPECT_EQ(ends((*items)[0].run_id), Runs{(*items)[1].run_id});
    EXPECT_EQ(ends((*items)[1].run_id), Runs{later.run_id});
}

TEST_P(StoreConformance, TheLastItemOfASplitEventLetsOtherKeysStart) {
    const Outcome split = done(split_event());
    const Outcome later = done(in_line(with_key("deal 2")));
    const Outcome last = done(in_line(with_key("deal 2")));
    const Turn item = item_of(split, "deal 1");
    auto items = apply(in_line(item), in_line(item), AdvanceFanOut{split.id, 0, 2});
    ASSERT_TRUE(items) << items.error().text();
    EXPECT_EQ((*items)[2].turns, Runs{later.run_id});
    EXPECT_EQ(ends(later.run_id), Runs{last.run_id});
}

}  // namespace
}  // namespace tideway::tests
