// Turns: concurrency, one_at_a_time_by and coalesce_by of a trigger.
#include <set>

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/runtime/step_tree.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using Texts = std::vector<std::string>;

// A run holds its place until its gate is opened, or does not wait at all.
constexpr const char* kBody = R"(
  run = function(event)
    if event.gate then wait_for_callback("Gate", function() end) end
    if event.fail then fail("Broken", "The thing is broken.") end
    ledger.set("Write", { name = "n", value = event.n })
    return event.n
  end })";

std::string flow_with(const std::string& trigger) {
    return "local ledger = connection \"ledger\"\nreturn flow { title = \"T\", trigger = "
           "trigger.manual { " +
           trigger + " }," + kBody;
}

const std::string kByKey = flow_with("one_at_a_time_by = function(event) return event.key end");
const std::string kLatest = flow_with(
    "one_at_a_time_by = function(event) return event.key end,"
    "coalesce_by = function(event) return event.key end"
);
const std::string kOneRun = flow_with("concurrency = { runs = 1, waiting = 2 }");

std::string event_of(int n, const std::string& more = R"("key":"a")") {
    return R"({"n":)" + std::to_string(n) + (more.empty() ? "" : "," + more) + "}";
}

const char* const kHeld = R"("key":"a","gate":true)";

bool is_waiting(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

class TurnTest : public ::testing::Test {
  protected:
    static Uid start(RuntimeWorld& world, const std::string& event) {
        const auto admitted = world.admit("line", event);
        EXPECT_TRUE(admitted) << (admitted ? "" : admitted.error().text());
        const bool has_run = admitted && !admitted->runs.empty();
        return has_run ? admitted->runs.front() : Uid();
    }

    // A run that is under way and waits at its gate.
    static Uid start_held(RuntimeWorld& world, int n, const std::string& more = kHeld) {
        const Uid uid = start(world, event_of(n, more));
        world.when(uid, [](const model::RunRecord& run) {
            return is_waiting(run) && run.wait_reason.find("its turn") == std::string::npos &&
                   !run.wait_reason.empty();
        });
        return uid;
    }

    static void open_gate(RuntimeWorld& world, const Uid& uid) {
        EXPECT_EQ(call_back(world, uid, "Gate", "{}"), store::CallbackFate::kTaken);
    }

    static model::RunRecord run(RuntimeWorld& world, const Uid& uid) {
        const auto found = world.reader().run_by_uid(uid);
        EXPECT_TRUE(found && *found);
        return found && *found ? **found : model::RunRecord();
    }

    static Texts statuses(RuntimeWorld& world) {
        Texts out;
        for (const model::EventRecord& event : world.events("line")) {
            out.emplace_back(to_string(event.status));
        }
        return out;
    }

    static std::string behind(const Uid& first) {
        return "its turn: the run " + first.hex() + " with the same key comes first";
    }
};

// ------------------------------------------------------------------ one_at_a_time_by

TEST_F(TurnTest, RunsOfOneKeyFollowEachOtherInTheOrderOfTheirEvents) {
    RuntimeWorld world({{"line", kByKey}});
    const Uid first = start_held(world, 0);
    Texts expected{"set 0"};
    std::vector<Uid> runs{first};
    for (int n = 1; n < 20; ++n) {
        runs.push_back(start(world, event_of(n)));
        expected.push_back("set " + std::to_string(n));
    }
    const auto last = run(world, runs.back());
    EXPECT_EQ(last.status, model::Status::kWaiting);
    EXPECT_EQ(last.wait_reason, behind(runs[runs.size() - 2]));
    EXPECT_NE(runtime::headline(last).find(runs[runs.size() - 2].hex()), std::string::npos);
    EXPECT_FALSE(last.started);
    EXPECT_TRUE(world.service().done().empty());
    open_gate(world, first);
    for (const Uid& uid : runs) {
        EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded);
    }
    EXPECT_EQ(world.service().done(), expected);
}

TEST_F(TurnTest, KeepsTheOrderOfEachKeyWhenManyComeAtOnce) {
    constexpr int kKeys = 7;
    constexpr int kEvents = 210;
    RuntimeWorld world({{"line", kByKey}});
    std::vector<std::future<Uid>> runs;
    for (int n = 0; n < kEvents; ++n) {
        auto delivery = runtime::Delivery();
        delivery.flow = *world.catalog().flow("line");
        delivery.source = "manual";
        delivery.event = Payload(event_of(n, R"("key":)" + std::to_string(n % kKeys)));
        auto promise = std::make_shared<std::promise<Uid>>();
        runs.push_back(promise->get_future());
        world.runtime().admit(std::move(delivery), [promise](Result<runtime::Admitted> admitted) {
            promise->set_value(admitted ? admitted->runs.front() : Uid());
        });
    }
    for (auto& uid : runs) {
        EXPECT_EQ(world.ended(uid.get()).status, model::Status::kSucceeded);
    }
    std::map<int, int> latest;
    for (const std::string& done : world.service().done()) {
        const int n = std::stoi(done.substr(4));
        EXPECT_GE(n, latest[n % kKeys]) << "the order within a key";
        latest[n % kKeys] = n;
    }
    EXPECT_EQ(world.service().done().size(), static_cast<std::size_t>(kEvents));
}

TEST_F(TurnTest, OtherKeysAndEventsWithoutOneDoNotWait) {
    RuntimeWorld world({{"line", kByKey}});
    const Uid first = start_held(world, 1);
    EXPECT_EQ(world.ended(start(world, event_of(2, R"("key":"b")"))).output.view(), "2");
    EXPECT_EQ(world.ended(start(world, event_of(3, ""))).output.view(), "3");
    EXPECT_EQ(run(world, first).status, model::Status::kWaiting);
}

TEST_F(TurnTest, TheLineSurvivesRestartsAndIsTakenUpInOrder) {
    RuntimeWorld world({{"line", kByKey}});
    const Uid first = start_held(world, 1);
    const Uid second = start(world, event_of(2, kHeld));
    const Uid third = start(world, event_of(3));
    world.restart();
    world.restart();
    EXPECT_EQ(run(world, second).wait_reason, behind(first));
    EXPECT_EQ(run(world, third).wait_reason, behind(second));
    open_gate(world, first);
    EXPECT_EQ(world.ended(first).status, model::Status::kSucceeded);
    world.restart();
    EXPECT_EQ(run(world, third).status, model::Status::kWaiting);
    world.when(second, [](const model::RunRecord& run) { return !run.wait_reason.empty(); });
    open_gate(world, second);
    EXPECT_EQ(world.ended(third).status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done(), (Texts{"set 1", "set 2", "set 3"}));
}

TEST_F(TurnTest, AFailedRunLetsTheNextStart) {
    RuntimeWorld world({{"line", kByKey}});
    const Uid first = start_held(world, 1, R"("key":"a","gate":true,"fail":true)");
    const Uid second = start(world, event_of(2));
    open_gate(world, first);
    EXPECT_EQ(world.ended(first).status, model::Status::kFailed);
    EXPECT_EQ(world.ended(second).status, model::Status::kSucceeded);
}

TEST_F(TurnTest, ACancelledRunLetsTheNextStartWhetherItHadStartedOrNot) {
    RuntimeWorld world({{"line", kByKey}});
    const Uid first = start_held(world, 1);
    const Uid second = start(world, event_of(2));
    const Uid third = start(world, event_of(3));
    world.runtime().cancel(run(world, second).id, "No longer wanted.");
    EXPECT_EQ(world.ended(second).status, model::Status::kCancelled);
    EXPECT_EQ(run(world, third).wait_reason, behind(first));
    world.runtime().cancel(run(world, first).id, "No longer wanted.");
    EXPECT_EQ(world.ended(third).status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done(), Texts{"set 3"});
}

TEST_F(TurnTest, APausedRunHoldsItsKeyUntilAPersonCancelsIt) {
    RuntimeWorld world({{"line", R"(
local ledger = connection "ledger"
return flow { title = "T",
  trigger = trigger.manual { one_at_a_time_by = function(event) return event.key end },
  run = function(event) ledger.shout("Shout", { value = event.n }) end })"}});
    world.service().plan("/shout", {Treatment::kCutAfter});
    const Uid first = start(world, event_of(1));
    world.paused(first);
    const Uid second = start(world, event_of(2));
    world.restart();
    world.paused(first);
    EXPECT_EQ(run(world, second).wait_reason, behind(first));
    world.runtime().cancel(run(world, first).id, "It was not made.");
    EXPECT_EQ(world.ended(second).status, model::Status::kSucceeded);
}

TEST_F(TurnTest, AResubmittedRunGoesToTheEndOfTheLine) {
    RuntimeWorld world({{"line", kByKey}});
    const auto done = world.ended(start(world, event_of(1)));
    const Uid second = start_held(world, 2);
    const Uid third = start(world, event_of(3));
    const auto again = world.resubmit(done, runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(again && again->runs.size() == 1);
    EXPECT_EQ(run(world, again->runs.front()).wait_reason, behind(third));
    open_gate(world, second);
    const auto run = world.ended(again->runs.front());
    EXPECT_EQ(run.status, model::Status::kSucceeded);
    EXPECT_EQ(run.resubmit_of, done.uid);
}

TEST_F(TurnTest, AVersionThatIsPublishedMeanwhileStandsInTheSameLine) {
    RuntimeWorld world({{"line", kByKey}});
    const Uid first = start_held(world, 1);
    world.edit("line", kByKey + "\n-- edited");
    const Uid second = start(world, event_of(2));
    EXPECT_NE(run(world, first).version_id, run(world, second).version_id);
    EXPECT_EQ(run(world, second).wait_reason, behind(first));
}

TEST_F(TurnTest, AFunctionThatFailsLeavesAFailedRunThatCanBeResubmitted) {
    RuntimeWorld world(
        {{"line", flow_with("one_at_a_time_by = function(event) return event.key.id end")}}
    );
    const auto failed = world.ended(start(world, event_of(1, "")));
    EXPECT_EQ(failed.status, model::Status::kFailed);
    EXPECT_NE(failed.error.view().find("A function of the trigger failed"), std::string::npos);
    world.edit("line", kByKey);
    const auto again = world.resubmit(failed, runtime::CodeChoice::kCurrent);
    ASSERT_TRUE(again);
    EXPECT_EQ(world.ended(again->runs.front()).status, model::Status::kSucceeded);
}

// ------------------------------------------------------------------ split_on

const std::string kSplit = flow_with(
    "split_on = function(event) return event.items end,"
    "one_at_a_time_by = function(item) return item.key end"
);

std::string items(int count) {
    std::string out = R"({"items":[)";
    for (int n = 0; n < count; ++n) {
        out += (n == 0 ? "" : ",") + event_of(n, R"("key":)" + std::to_string(n % 3));
    }
    return out + "]}";
}

void expect_order_by_thirds(const Texts& done) {
    std::map<int, int> latest;
    for (const std::string& text : done) {
        const int n = std::stoi(text.substr(4));
        EXPECT_GE(n, latest[n % 3]);
        latest[n % 3] = n;
    }
}

TEST_F(TurnTest, ItemsOfASplitEventHaveKeysOfTheirOwn) {
    RuntimeWorld world({{"line", kSplit}});
    const auto admitted = world.admit("line", items(30));
    ASSERT_TRUE(admitted && admitted->runs.size() == 30);
    for (const Uid& uid : admitted->runs) {
        EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded);
    }
    expect_order_by_thirds(world.service().done());
}

TEST_F(TurnTest, ALaterEventWaitsForTheItemsOfALargeSplitEventAlsoAfterARestart) {
    const int count = static_cast<int>(limits::kFanOutChunk) + 100;
    RuntimeWorld world({{"line", kSplit}});
    ASSERT_TRUE(world.admit("line", items(count)));
    const auto later = world.admit("line", R"({"items":[{"n":99999,"key":0}]})");
    ASSERT_TRUE(later && later->runs.size() == 1);
    world.restart();
    EXPECT_EQ(world.ended(later->runs.front()).status, model::Status::kSucceeded);
    ASSERT_TRUE(world.becomes([&] {
        return world.service().done().size() == static_cast<std::size_t>(count) + 1;
    }));
    expect_order_by_thirds(world.service().done());
}

// ------------------------------------------------------------------ concurrency

TEST_F(TurnTest, NoMoreRunsAreUnderWayThanTheConcurrencyAllows) {
    RuntimeWorld world({{"line", flow_with("concurrency = { runs = 2 }")}});
    const Uid first = start_held(world, 1);
    const Uid second = start_held(world, 2);
    const Uid third = start(world, event_of(3));
    EXPECT_EQ(
        run(world, third).wait_reason,
        "its turn: as many runs of the flow are under way as its concurrency allows"
    );
    open_gate(world, second);
    EXPECT_EQ(world.ended(third).status, model::Status::kSucceeded);
    EXPECT_EQ(run(world, first).status, model::Status::kWaiting);
}

TEST_F(TurnTest, RefusesEventsWhenAsManyWaitAsMayAndTakesThemAgainLater) {
    RuntimeWorld world({{"line", kOneRun}});
    const Uid first = start_held(world, 1);
    start(world, event_of(2));
    const Uid third = start(world, event_of(3));
    const auto refused = world.admit("line", event_of(4));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "TooManyWaitingRuns");
    EXPECT_EQ(http_status_of(refused.error().kind), 429);
    EXPECT_TRUE(refused.error().retry_after);
    ASSERT_TRUE(world.becomes([&] { return world.events("line").size() == 4; }));
    EXPECT_EQ(statuses(world), (Texts{"Accepted", "Accepted", "Accepted", "Refused"}));
    EXPECT_EQ(world.events("line").back().reason, refused.error().message);
    open_gate(world, first);
    world.ended(third);
    EXPECT_EQ(world.ended(start(world, event_of(4))).output.view(), "4");
}

TEST_F(TurnTest, SkipsEventsWhenFullWhereTheFlowSaysSo) {
    RuntimeWorld world(
        {{"line", flow_with("concurrency = { runs = 1, waiting = 0, when_full = 'skip' }")}}
    );
    start_held(world, 1);
    const auto skipped = world.admit("line", event_of(2));
    ASSERT_TRUE(skipped);
    EXPECT_EQ(skipped->status, model::EventStatus::kRefused);
    EXPECT_TRUE(skipped->runs.empty());
    EXPECT_EQ(statuses(world), (Texts{"Accepted", "Refused"}));
    EXPECT_NE(world.events("line").back().reason.find("may be under way"), std::string::npos);
}

TEST_F(TurnTest, ASplitEventIsTakenWholeOrNotAtAll) {
    RuntimeWorld world(
        {{"line",
          flow_with("concurrency = { runs = 1, waiting = 1 }, split_on = function(event) return "
                    "event.items end")}}
    );
    const auto taken = world.admit("line", R"({"items":[{"n":1,"gate":true},{"n":2},{"n":3}]})");
    ASSERT_TRUE(taken && taken->runs.size() == 3);
    EXPECT_FALSE(world.admit("line", R"({"items":[{"n":4},{"n":5}]})"));
    world.when(taken->runs.front(), [](const model::RunRecord& run) {
        return !run.wait_reason.empty();
    });
    open_gate(world, taken->runs.front());
    EXPECT_EQ(world.ended(taken->runs.back()).status, model::Status::kSucceeded);
    EXPECT_EQ(world.service().done(), (Texts{"set 1", "set 2", "set 3"}));
}

TEST_F(TurnTest, AResubmittedRunIsNeverRefused) {
    RuntimeWorld world({{"line", flow_with("concurrency = { runs = 1, waiting = 0 }")}});
    const auto done = world.ended(start(world, event_of(1)));
    const Uid held = start_held(world, 2);
    const auto again = world.resubmit(done, runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(run(world, again->runs.front()).status, model::Status::kWaiting);
    open_gate(world, held);
    EXPECT_EQ(world.ended(again->runs.front()).status, model::Status::kSucceeded);
}

// ------------------------------------------------------------------ coalesce_by

TEST_F(TurnTest, TheLatestOfTheWaitingEventsOfAKeyWins) {
    RuntimeWorld world({{"line", kLatest}});
    const Uid first = start_held(world, 1);
    const Uid waiting = start(world, event_of(2));
    EXPECT_EQ(start(world, event_of(3)), waiting);
    world.restart();
    EXPECT_EQ(start(world, event_of(4)), waiting);
    EXPECT_EQ(statuses(world), (Texts{"Accepted", "Coalesced", "Coalesced", "Accepted"}));
    for (const model::EventRecord& event : world.events("line")) {
        if (event.status == model::EventStatus::kCoalesced) {
            EXPECT_EQ(event.run_id, run(world, waiting).id);
            EXPECT_NE(event.reason.find(waiting.hex()), std::string::npos);
        }
    }
    open_gate(world, first);
    EXPECT_EQ(world.ended(waiting).output.view(), "4");
    EXPECT_EQ(world.service().done(), (Texts{"set 1", "set 4"}));
}

TEST_F(TurnTest, AResubmittedRunIsNotCoalesced) {
    RuntimeWorld world({{"line", kLatest}});
    const auto done = world.ended(start(world, event_of(1)));
    const Uid held = start_held(world, 2);
    const Uid waiting = start(world, event_of(3));
    const auto again = world.resubmit(done, runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(again);
    EXPECT_NE(again->runs.front(), waiting);
    open_gate(world, held);
    EXPECT_EQ(world.ended(again->runs.front()).output.view(), "1");
    EXPECT_EQ(world.ended(waiting).output.view(), "3");
}

TEST_F(TurnTest, AnOutageLeavesAtMostTwoRunsForEachRecord) {
    constexpr int kRecords = 5;
    WorldOptions options;
    options.speed = 3600.0;
    RuntimeWorld world({{"line", kLatest}}, options);
    world.service().always(Treatment::kDown);
    std::set<Uid> runs;
    for (int n = 0; n < 20 * kRecords; ++n) {
        runs.insert(start(world, event_of(n, R"("key":)" + std::to_string(n % kRecords))));
    }
    EXPECT_EQ(runs.size(), 2U * kRecords);
    world.service().always(Treatment::kDo);
    for (const Uid& uid : runs) {
        EXPECT_EQ(world.ended(uid).status, model::Status::kSucceeded);
    }
    const Texts done = world.service().done();
    EXPECT_EQ(done.size(), 2U * kRecords);
    for (int n = 19 * kRecords; n < 20 * kRecords; ++n) {
        EXPECT_NE(std::ranges::find(done, "set " + std::to_string(n)), done.end());
    }
}

}  // namespace
}  // namespace tideway::testing
