#include "engine/runtime/triggers/polling_trigger.h"

#include "engine/base/limits.h"
#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::RuntimeWorld;
using testing::Treatment;

const Timestamp kMorning = parse_utc("2030-03-01T08:30:00Z").value();

std::string flow_with(const std::string& config = "") {
    return "return flow { title = 'P', trigger = trigger.ledger_entries { " + config +
           " }, run = function(event) return event.entry end }";
}

std::vector<std::string> entries(RuntimeWorld& world) {
    std::vector<std::string> out;
    for (const model::EventRecord& event : world.events("poller")) {
        if (event.status == model::EventStatus::kAccepted) {
            out.push_back(string_or(Json::parse(event.payload.view()), "entry"));
        }
    }
    return out;
}

// A poll at the time that the clock shows has come to an end.
bool has_polled(RuntimeWorld& world) {
    return world.becomes([&] {
        const auto status = world.trigger_status("poller");
        return status && status->last == world.clock().now() && status->next &&
               *status->next > world.clock().now();
    });
}

bool polls_after(RuntimeWorld& world, Duration pause) {
    world.clock().advance(pause);
    world.look();
    return has_polled(world);
}

using Texts = std::vector<std::string>;

TEST(PollingTrigger, TakesWhatIsThereAsKnownAndDeliversWhatComesAfter) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().add_entry("one");
    world.service().add_entry("two");
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(entries(world), (Texts{"one", "two"}));
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(entries(world).size(), 2U);
    const auto run = world.reader().run(world.events("poller").front().run_id);
    ASSERT_TRUE(run && *run);
    EXPECT_EQ(world.ended((*run)->uid).output.view(), "\"one\"");
}

TEST(PollingTrigger, StartsNothingForWhatItsEnvironmentWroteItself) {
    RuntimeWorld world(
        {{"poller", flow_with()}, {"write", R"(
local ledger = connection "ledger"
return flow { title = "Write", trigger = trigger.manual {}, run = function()
  ledger.set("Set", { name = "Northwind", value = { amount = 5 } })
end })"}},
        kMorning
    );
    ASSERT_TRUE(has_polled(world));
    const model::RunRecord writer = world.run("write");
    world.service().add_entry("Northwind=5");
    world.service().add_entry("Northwind=6");
    world.service().add_entry("Contoso=5");
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(entries(world), (Texts{"Northwind=6", "Contoso=5"}));
    const model::EventRecord echo = world.events("poller").front();
    EXPECT_EQ(echo.status, model::EventStatus::kDropped);
    EXPECT_EQ(echo.reason, "echo: written by run " + writer.uid.hex() + ", step Set");
}

TEST(PollingTrigger, DeliversNothingThatWasThereBeforeTheFlowWasOn) {
    RuntimeWorld world({}, kMorning);
    world.service().add_entry("old");
    world.edit("poller", flow_with());
    ASSERT_TRUE(has_polled(world));
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_TRUE(entries(world).empty());
}

TEST(PollingTrigger, GoesOnFromItsCursorAfterARestart) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.restart([&] { world.service().add_entry("meanwhile"); });
    ASSERT_TRUE(has_polled(world));
    EXPECT_EQ(entries(world), Texts{"meanwhile"});
    world.restart();
    ASSERT_TRUE(has_polled(world));
    EXPECT_EQ(entries(world).size(), 1U);
}

TEST(PollingTrigger, DeliversWhatCameWhileTheFlowWasOff) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    ASSERT_TRUE(world.activation().turn_off_blocking(*world.catalog().flow("poller")));
    world.service().add_entry("while off");
    ASSERT_TRUE(world.becomes([&] { return !world.trigger_status("poller"); }));
    world.clock().advance(minutes(5));
    ASSERT_TRUE(world.activation().turn_on_blocking(*world.catalog().flow("poller")));
    ASSERT_TRUE(has_polled(world));
    EXPECT_EQ(entries(world), Texts{"while off"});
}

TEST(PollingTrigger, TakesWhatIsThereAsKnownAgainWhenItsConfigurationChanges) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().add_entry("one");
    world.clock().advance(minutes(1));
    world.edit("poller", flow_with("prefix = 'x'"));
    ASSERT_TRUE(has_polled(world));
    EXPECT_TRUE(entries(world).empty());
    world.service().add_entry("two");
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(entries(world), Texts{"two"});
}

TEST(PollingTrigger, AsksAgainAtOnceWhileThereIsMore) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    constexpr int kEntries = 1100;
    for (int i = 0; i < kEntries; ++i) {
        world.service().add_entry("entry " + std::to_string(i));
    }
    world.clock().advance(minutes(1));
    world.look();
    ASSERT_TRUE(has_polled(world));
    const auto state = world.reader().trigger_state(world.catalog().flow("poller")->row.id);
    ASSERT_TRUE(state && *state);
    EXPECT_EQ(Json::parse((*state)->cursor.view())["cursor"], kEntries);
}

TEST(PollingTrigger, WaitsLongerWithEachFailureAndTellsTheFirst) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().add_entry("one");
    world.service().plan("/entries", {Treatment::kRefuse, Treatment::kRefuse});
    ASSERT_TRUE(polls_after(world, minutes(1)));
    auto status = world.trigger_status("poller");
    EXPECT_EQ(status->failures, 1);
    EXPECT_EQ(status->error->message, "The ledger says no.");
    EXPECT_EQ(*status->next, world.clock().now() + minutes(1));
    ASSERT_TRUE(polls_after(world, minutes(1)));
    status = world.trigger_status("poller");
    EXPECT_EQ(status->failures, 2);
    EXPECT_EQ(*status->next, world.clock().now() + minutes(2));
    // One entry of the trigger's history for both.
    ASSERT_TRUE(world.becomes([&] { return !world.events("poller").empty(); }));
    EXPECT_EQ(world.events("poller").size(), 1U);
    EXPECT_EQ(world.events("poller").front().status, model::EventStatus::kFailed);
    EXPECT_EQ(world.events("poller").front().reason, "The ledger says no.");

    ASSERT_TRUE(polls_after(world, minutes(2)));
    status = world.trigger_status("poller");
    EXPECT_EQ(status->failures, 0);
    EXPECT_FALSE(status->error);
    EXPECT_EQ(entries(world), Texts{"one"});
}

// The store knows since when the trigger of "poller" fails, or that it does not.
bool is_noted(RuntimeWorld& world, std::optional<Timestamp> failing_since) {
    const model::FlowId flow = world.catalog().flow("poller")->row.id;
    return world.becomes([&] {
        const auto state = world.reader().trigger_state(flow);
        return state && *state && (*state)->failing_since == failing_since;
    });
}

model::FlowState state_of_poller(RuntimeWorld& world) {
    return world.catalog().flow("poller")->row.state;
}

TEST(PollingTrigger, SuspendsItsFlowWhenItHasFailedForFourteenDays) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().add_entry("one");
    world.service().plan("/entries", {Treatment::kRefuse, Treatment::kRefuse, Treatment::kRefuse});
    ASSERT_TRUE(polls_after(world, minutes(1)));
    const Timestamp first = world.clock().now();
    ASSERT_TRUE(is_noted(world, first));

    // The process that fails on is another one.
    world.restart([&] { world.clock().advance(limits::kTriggerFailingMax - minutes(2)); });
    ASSERT_TRUE(has_polled(world));
    EXPECT_EQ(world.trigger_status("poller")->failures, 1);
    EXPECT_EQ(state_of_poller(world), model::FlowState::kOn);
    world.clock().advance(minutes(2));
    world.look();
    ASSERT_TRUE(world.becomes([&] { return state_of_poller(world) == model::FlowState::kSuspended; }
    ));
    EXPECT_EQ(
        world.catalog().flow("poller")->row.state_reason,
        "AlwaysFailingDetected: Its trigger has failed since " + format_utc(first) +
            ": The ledger says no."
    );
    EXPECT_TRUE(world.becomes([&] { return !world.trigger_status("poller"); }));

    // On again, it goes on from where it was.
    ASSERT_TRUE(world.activation().turn_on_blocking(*world.catalog().flow("poller")));
    ASSERT_TRUE(has_polled(world));
    EXPECT_EQ(entries(world), Texts{"one"});
    EXPECT_TRUE(is_noted(world, std::nullopt));
}

TEST(PollingTrigger, CountsTheFourteenDaysFromTheLastSuccess) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().plan("/entries", {Treatment::kRefuse});
    ASSERT_TRUE(polls_after(world, minutes(1)));
    ASSERT_TRUE(is_noted(world, world.clock().now()));
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_TRUE(is_noted(world, std::nullopt));
}

TEST(PollingTrigger, PollsAgainWhenTheServiceSaysInsteadOfAtItsRecurrence) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().let_polls_say({{"next_in_s", 10}});
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(*world.trigger_status("poller")->next, world.clock().now() + seconds(10));
    world.service().let_polls_say({{"next_in_s", 0}});
    ASSERT_TRUE(polls_after(world, seconds(10)));
    EXPECT_EQ(*world.trigger_status("poller")->next, world.clock().now() + seconds(1));
    world.service().let_polls_say(Json::object());
    ASSERT_TRUE(polls_after(world, seconds(1)));
    EXPECT_EQ(*world.trigger_status("poller")->next, kMorning + minutes(2));
}

TEST(PollingTrigger, WaitsBeyondItsRecurrenceWhereTheServiceWantsThat) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().let_polls_say({{"not_before_s", 150}});
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(*world.trigger_status("poller")->next, world.clock().now() + seconds(150));
    world.service().let_polls_say({{"not_before_s", 5}});
    ASSERT_TRUE(polls_after(world, seconds(150)));
    EXPECT_EQ(*world.trigger_status("poller")->next, kMorning + minutes(4));
}

constexpr const char* kOneAtATime = R"(
return flow { title = "P",
  trigger = trigger.ledger_entries { concurrency = { runs = 1, waiting = 0 } },
  run = function(event) wait_for_callback("Gate", function() end) return event.entry end })";

TEST(PollingTrigger, WaitsAtItsPlaceWhileTheFlowMayTakeNoMoreRuns) {
    RuntimeWorld world({{"poller", kOneAtATime}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().add_entry("one");
    ASSERT_TRUE(polls_after(world, minutes(1)));
    world.service().add_entry("two");
    for (int poll = 0; poll < 3; ++poll) {
        ASSERT_TRUE(polls_after(world, minutes(1)));
        const auto status = world.trigger_status("poller");
        EXPECT_EQ(status->error->code, kLineIsFull);
        EXPECT_EQ(*status->next, world.clock().now() + minutes(1));
    }
    EXPECT_EQ(entries(world), Texts{"one"});
    const auto first = world.reader().run(world.events("poller").front().run_id);
    ASSERT_TRUE(first && *first);
    world.runtime().cancel((*first)->id, "Enough.");
    world.ended((*first)->uid);
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(entries(world), (Texts{"one", "two"}));
    EXPECT_FALSE(world.trigger_status("poller")->error);
}

TEST(PollingTrigger, KeepsItsPlaceWhenOnlyTheConcurrencyChanges) {
    RuntimeWorld world({{"poller", flow_with()}}, kMorning);
    ASSERT_TRUE(has_polled(world));
    world.service().add_entry("one");
    world.edit("poller", flow_with("concurrency = { runs = 5 }"));
    ASSERT_TRUE(polls_after(world, minutes(1)));
    EXPECT_EQ(entries(world), Texts{"one"});
}

TEST(PollingTrigger, PollsAsOftenAsTheFlowSays) {
    RuntimeWorld world(
        {{"poller", flow_with("recurrence = { frequency = 'Minute', interval = 5 }")}}, kMorning
    );
    ASSERT_TRUE(has_polled(world));
    EXPECT_EQ(*world.trigger_status("poller")->next, kMorning + minutes(5));
}

}  // namespace
}  // namespace tideway::runtime
