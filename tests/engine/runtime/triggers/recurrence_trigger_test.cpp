#include "engine/runtime/triggers/recurrence_trigger.h"

#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::RuntimeWorld;

Timestamp at(std::string_view text) {
    return parse_utc(text).value();
}

const Timestamp kMorning = at("2030-03-01T08:30:00Z");

std::string flow_with(const std::string& rule) {
    return "return flow { title = 'R', trigger = trigger.recurrence { " + rule +
           " }, run = function(event) return event.scheduledTime end }";
}

std::string hourly(const std::string& more = "") {
    return flow_with("frequency = 'Hour', start_time = '2030-03-01T00:00:00Z'" + more);
}

// The times for which the flow fired, as "09:00".
std::vector<std::string> fired(RuntimeWorld& world) {
    std::vector<std::string> out;
    for (const model::EventRecord& event : world.events("clock")) {
        out.push_back(string_or(Json::parse(event.payload.view()), "scheduledTime").substr(11, 5));
    }
    return out;
}

bool waits_for(RuntimeWorld& world, std::string_view next) {
    return world.becomes([&] {
        const auto status = world.trigger_status("clock");
        return status && status->next == at(next);
    });
}

using Texts = std::vector<std::string>;

TEST(RecurrenceTrigger, FiresWhenItsTimeHasComeAndRunsTheFlow) {
    RuntimeWorld world({{"clock", hourly()}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    EXPECT_TRUE(fired(world).empty());
    world.clock().set(at("2030-03-01T09:00:00Z"));
    world.look();
    ASSERT_TRUE(waits_for(world, "2030-03-01T10:00:00Z"));
    EXPECT_EQ(fired(world), Texts{"09:00"});
    const model::EventRecord event = world.events("clock").front();
    EXPECT_EQ(event.source, "recurrence");
    const auto run = world.reader().run(event.run_id);
    ASSERT_TRUE(run && *run);
    const model::RunRecord ended = world.ended((*run)->uid);
    EXPECT_EQ(ended.status, model::Status::kSucceeded);
    EXPECT_EQ(ended.output.view(), "\"2030-03-01T09:00:00Z\"");
}

TEST(RecurrenceTrigger, FiresAtOnceWithoutAStart) {
    RuntimeWorld world({{"clock", flow_with("frequency = 'Hour'")}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:30:00Z"));
    EXPECT_EQ(fired(world), Texts{"08:30"});
}

TEST(RecurrenceTrigger, KeepsItsAnchorOverARestart) {
    RuntimeWorld world({{"clock", flow_with("frequency = 'Hour'")}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:30:00Z"));
    world.clock().advance(minutes(10));
    world.restart();
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:30:00Z"));
    EXPECT_EQ(fired(world), Texts{"08:30"});
}

TEST(RecurrenceTrigger, DropsWhatWasDueWhileTheProcessWasDown) {
    RuntimeWorld world({{"clock", hourly()}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    world.restart([&] { world.clock().set(at("2030-03-01T12:30:00Z")); });
    ASSERT_TRUE(waits_for(world, "2030-03-01T13:00:00Z"));
    EXPECT_TRUE(fired(world).empty());
}

TEST(RecurrenceTrigger, CatchesUpOnceOrWithEachFiringWhereItIsToldTo) {
    RuntimeWorld world(
        {{"clock", hourly(", after_downtime = 'once'")},
         {"each", hourly(", after_downtime = 'all'")}},
        kMorning
    );
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    world.restart([&] { world.clock().set(at("2030-03-01T12:30:00Z")); });
    ASSERT_TRUE(waits_for(world, "2030-03-01T13:00:00Z"));
    EXPECT_EQ(fired(world), Texts{"12:00"});
    EXPECT_EQ(Json::parse(world.events("clock").front().payload.view())["missed"], 3);
    EXPECT_TRUE(world.becomes([&] { return world.events("each").size() == 4; }));
}

TEST(RecurrenceTrigger, FiresOncePerTimeOverManyRestarts) {
    // What a restart comes before, it makes up for.
    RuntimeWorld world({{"clock", hourly(", after_downtime = 'all'")}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    for (int hour = 9; hour < 14; ++hour) {
        world.clock().set(at("2030-03-01T00:00:10Z") + hours(hour));
        world.look();
        world.restart();
    }
    ASSERT_TRUE(waits_for(world, "2030-03-01T14:00:00Z"));
    EXPECT_EQ(fired(world), (Texts{"09:00", "10:00", "11:00", "12:00", "13:00"}));
}

TEST(RecurrenceTrigger, FiresNothingWhileTheFlowIsOffAndBeginsAnewWhenItIsOn) {
    RuntimeWorld world({{"clock", hourly(", after_downtime = 'all'")}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    ASSERT_TRUE(world.activation().turn_off_blocking(*world.catalog().flow("clock")));
    ASSERT_TRUE(world.becomes([&] { return !world.trigger_status("clock"); }));
    world.clock().set(at("2030-03-01T12:30:00Z"));
    world.look();
    ASSERT_TRUE(world.activation().turn_on_blocking(*world.catalog().flow("clock")));
    ASSERT_TRUE(waits_for(world, "2030-03-01T13:00:00Z"));
    EXPECT_TRUE(fired(world).empty());
}

TEST(RecurrenceTrigger, FollowsANewRule) {
    RuntimeWorld world({{"clock", hourly()}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    world.edit("clock", flow_with("frequency = 'Day', start_time = '2030-03-01T00:00:00Z'"));
    ASSERT_TRUE(waits_for(world, "2030-03-02T00:00:00Z"));
}

TEST(RecurrenceTrigger, KeepsItsPlaceWhenOnlyTheRestOfTheFlowChanges) {
    RuntimeWorld world({{"clock", flow_with("frequency = 'Hour'")}}, kMorning);
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:30:00Z"));
    world.clock().advance(minutes(5));
    world.edit(
        "clock",
        "return flow { title = 'Other', trigger = trigger.recurrence { frequency = 'Hour' },"
        " run = function() end }"
    );
    world.clock().set(at("2030-03-01T09:30:00Z"));
    world.look();
    ASSERT_TRUE(waits_for(world, "2030-03-01T10:30:00Z"));
    EXPECT_EQ(fired(world), (Texts{"08:30", "09:30"}));
}

TEST(RecurrenceTrigger, AsksTheConditionOfTheTrigger) {
    RuntimeWorld world(
        {{"clock", hourly(", condition = function(e) return e.localTime:sub(12, 13) ~= '09' end")}},
        kMorning
    );
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    world.clock().set(at("2030-03-01T09:00:00Z"));
    world.look();
    ASSERT_TRUE(waits_for(world, "2030-03-01T10:00:00Z"));
    EXPECT_EQ(world.events("clock").front().status, model::EventStatus::kConditionUnmet);
}

TEST(RecurrenceTrigger, RecordsAFiringThatFindsTheFlowFullAndGoesOn) {
    RuntimeWorld world(
        {{"clock",
          "return flow { title = 'R', trigger = trigger.recurrence { frequency = 'Hour', "
          "start_time = '2030-03-01T00:00:00Z', concurrency = { runs = 1, waiting = 0 } }, "
          "run = function() wait_for_callback('Gate', function() end) end }"}},
        kMorning
    );
    ASSERT_TRUE(waits_for(world, "2030-03-01T09:00:00Z"));
    world.clock().set(at("2030-03-01T09:00:00Z"));
    world.look();
    ASSERT_TRUE(waits_for(world, "2030-03-01T10:00:00Z"));
    world.clock().set(at("2030-03-01T10:00:00Z"));
    world.look();
    ASSERT_TRUE(waits_for(world, "2030-03-01T11:00:00Z"));
    const auto events = world.events("clock");
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].status, model::EventStatus::kAccepted);
    EXPECT_EQ(events[1].status, model::EventStatus::kRefused);
    EXPECT_EQ(events[1].run_id, 0);
}

TEST(RecurrenceTrigger, AFlowThatWouldNeverFireIsNotTurnedOn) {
    RuntimeWorld world(
        {{"clock",
          flow_with("frequency = 'Month', interval = 12, start_time = '2030-02-01T00:00:00Z',"
                    " schedule = { month_days = 31 }")}},
        kMorning
    );
    const auto on = world.activation().turn_on_blocking(*world.catalog().flow("clock"));
    ASSERT_FALSE(on);
    EXPECT_EQ(on.error().code, "InvalidRecurrence");
}

TEST(RecurrenceTrigger, AFlowWithAWrongRuleIsNotPublished) {
    RuntimeWorld world({{"clock", hourly()}}, kMorning);
    const auto pack = parse_pack(
        {{"pack.json", R"({"name":"wrong","version":"1.0.0"})"},
         {"clock.lua", flow_with("frequency = 'Fortnight'")}}
    );
    ASSERT_TRUE(pack);
    const CheckedPack checked = world.catalog().check(*pack);
    ASSERT_TRUE(world.catalog().put_draft(checked));
    const auto published = world.catalog().publish(checked, {});
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().code, "PackHasErrors");
    const auto flow = world.catalog().flow("wrong/clock");
    ASSERT_TRUE(flow);
    EXPECT_FALSE(flow->published);
    ASSERT_EQ(flow->problems.size(), 1U);
    EXPECT_EQ(flow->problems.front().code, "InvalidRecurrence");
}

}  // namespace
}  // namespace tideway::runtime
