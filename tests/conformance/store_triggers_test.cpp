// Cursors of triggers, and events that many runs are made of.
#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::AdvanceFanOut;
using store::MoveCursor;

MoveCursor move_cursor(const char* from, const char* to, store::FlowId flow = 7) {
    return {flow, Payload(from), Payload(to)};
}

store::Admit split_admit(const Payload& items, std::int64_t count) {
    store::Admit admit = sample_admit(7);
    admit.run.reset();
    admit.split = store::Admit::Split{items, count, 3};
    return admit;
}

TEST_P(StoreConformance, MovesACursorFromWhereItIsOnly) {
    EXPECT_EQ(code_of(apply(move_cursor("1", "2"))), "TriggerMoved");
    done(move_cursor("", "1"));
    EXPECT_EQ(code_of(apply(move_cursor("", "2"))), "TriggerMoved");
    EXPECT_EQ(code_of(apply(move_cursor("3", "4"))), "TriggerMoved");
    done(move_cursor("1", "2"));
    EXPECT_EQ((*reader().trigger_state(7))->cursor.view(), "2");
}

TEST_P(StoreConformance, CommitsEventsWithTheCursorBehindThemOrNotAtAll) {
    done(move_cursor("", "1"));
    ASSERT_TRUE(apply(sample_admit(7), move_cursor("1", "2")));
    EXPECT_EQ(code_of(apply(sample_admit(7), move_cursor("1", "2"))), "TriggerMoved");
    EXPECT_EQ(reader().events({.flow_id = 7})->events.size(), 1U);
}

store::Admit change_admit(model::EventOrigin origin, const char* version, const char* state = "") {
    store::Admit admit = sample_admit(7);
    admit.event.origin = origin;
    admit.event.change = {"deal", version, state};
    return admit;
}

TEST_P(StoreConformance, TakesAChangeThatWasFoundAndNothingHasBrought) {
    const store::Outcome found = done(change_admit(model::EventOrigin::kCatchUp, "1"));
    EXPECT_FALSE(found.is_duplicate);
    EXPECT_EQ(event(found.id).origin, model::EventOrigin::kCatchUp);
    EXPECT_EQ(event(found.id).change.record, "deal");
    EXPECT_EQ(event(found.id).change.version, "1");
}

TEST_P(StoreConformance, LeavesNothingOfAChangeThatWasFoundAfterItWasBrought) {
    const store::Outcome brought = done(change_admit(model::EventOrigin::kBrought, "1"));
    const store::Outcome found = done(change_admit(model::EventOrigin::kCatchUp, "1"));
    EXPECT_TRUE(found.is_duplicate);
    EXPECT_EQ(found.run_id, brought.run_id);
    EXPECT_EQ(found.run_uid, brought.run_uid);
    EXPECT_EQ(reader().events({.flow_id = 7})->events.size(), 1U);
}

TEST_P(StoreConformance, KnowsAChangeAlsoByAnEventThatStartedNothing) {
    store::Admit echo = change_admit(model::EventOrigin::kBrought, "1");
    echo.run.reset();
    echo.event.status = model::EventStatus::kDropped;
    done(echo);
    EXPECT_TRUE(done(change_admit(model::EventOrigin::kPolled, "1")).is_duplicate);
}

TEST_P(StoreConformance, LeavesNothingOfAVersionThatLeftWhatIsWatchedAsTheLastEventDid) {
    done(change_admit(model::EventOrigin::kBrought, "1", "value 5"));
    EXPECT_TRUE(done(change_admit(model::EventOrigin::kCatchUp, "2", "value 5")).is_duplicate);
    EXPECT_FALSE(done(change_admit(model::EventOrigin::kCatchUp, "3", "value 6")).is_duplicate);
}

TEST_P(StoreConformance, TakesAChangeBackToWhatIsWatchedWasBefore) {
    done(change_admit(model::EventOrigin::kBrought, "1", "value 5"));
    done(change_admit(model::EventOrigin::kBrought, "2", "value 6"));
    EXPECT_FALSE(done(change_admit(model::EventOrigin::kCatchUp, "3", "value 5")).is_duplicate);
}

TEST_P(StoreConformance, TakesACallForADuplicateThatTellsOfWhatWasFoundBefore) {
    const store::Outcome found = done(change_admit(model::EventOrigin::kCatchUp, "1"));
    const store::Outcome late = done(change_admit(model::EventOrigin::kBrought, "1"));
    EXPECT_TRUE(late.is_duplicate);
    EXPECT_EQ(late.run_uid, found.run_uid);
    EXPECT_EQ(event(late.id).status, model::EventStatus::kDuplicate);
}

TEST_P(StoreConformance, TellsChangesOfOtherFlowsAndVersionsApart) {
    done(change_admit(model::EventOrigin::kBrought, "1"));
    EXPECT_FALSE(done(change_admit(model::EventOrigin::kCatchUp, "2")).is_duplicate);
    store::Admit other = change_admit(model::EventOrigin::kCatchUp, "1");
    other.event.flow_id = 8;
    EXPECT_FALSE(done(other).is_duplicate);
    EXPECT_FALSE(done(change_admit(model::EventOrigin::kBrought, "1")).is_duplicate);
}

TEST_P(StoreConformance, KeepsTheCursorWhenTheKeysOfATriggerChange) {
    done(move_cursor("", "1"));
    store::TriggerState state;
    state.flow_id = 7;
    state.primary_key = "key";
    done(store::PutTriggerState{state});
    const auto stored = reader().trigger_state(7);
    EXPECT_EQ((*stored)->primary_key, "key");
    EXPECT_EQ((*stored)->cursor.view(), "1");
}

TEST_P(StoreConformance, KeepsWhenARowOfFailuresOfATriggerBegan) {
    const auto failing_since = [&] { return (*reader().trigger_state(7))->failing_since; };
    done(move_cursor("", "1"));
    EXPECT_EQ(failing_since(), std::nullopt);
    done(store::NoteTriggerFailing{7, at_second(5)});
    done(store::NoteTriggerFailing{7, at_second(60)});
    EXPECT_EQ(failing_since(), at_second(5));
    store::TriggerState state;
    state.flow_id = 7;
    done(store::PutTriggerState{state});
    EXPECT_EQ(failing_since(), at_second(5));
    done(store::NoteTriggerFailing{7, std::nullopt});
    EXPECT_EQ(failing_since(), std::nullopt);
}

TEST_P(StoreConformance, KeepsASplitEventUntilAllItsItemsHaveRuns) {
    const Payload items = large_payload('s');
    const store::Outcome event = done(split_admit(items, 3));
    EXPECT_EQ(event.run_id, 0);
    auto open = reader().fan_outs();
    ASSERT_TRUE(open && open->size() == 1U);
    EXPECT_EQ(open->front().event_id, event.id);
    EXPECT_EQ(open->front().flow_id, 7);
    EXPECT_EQ(open->front().version_id, 3);
    EXPECT_EQ(open->front().count, 3);
    EXPECT_EQ(reader().fan_out_items(event.id)->view(), items.view());

    ASSERT_TRUE(apply(sample_admit(7), sample_admit(7), AdvanceFanOut{event.id, 0, 2}));
    EXPECT_EQ(reader().fan_outs()->front().next, 2);
    EXPECT_EQ(code_of(apply(sample_admit(7), AdvanceFanOut{event.id, 0, 2})), "FanOutMoved");
    EXPECT_EQ(reader().events({.flow_id = 7})->events.size(), 3U);

    done(AdvanceFanOut{event.id, 2, 3});
    EXPECT_TRUE(reader().fan_outs()->empty());
    EXPECT_EQ(reader().fan_out_items(event.id).error().code, "FanOutNotFound");
}

TEST_P(StoreConformance, SplitsTheSameEventOnce) {
    store::Admit admit = split_admit(Payload("[1,2]"), 2);
    admit.event.dedupe_key = "batch 1";
    admit.dedupe_expires = at_second(1000);
    EXPECT_FALSE(done(admit).is_duplicate);
    EXPECT_TRUE(done(admit).is_duplicate);
    EXPECT_EQ(reader().fan_outs()->size(), 1U);
}

}  // namespace
}  // namespace tideway::tests
