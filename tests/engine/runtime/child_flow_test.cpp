// What the caller of a child flow says about it: input and time limit.
#include <gmock/gmock.h>

#include "engine/runtime/step_tree.h"
#include "engine/store/sqlite_driver.h"
#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using std::chrono::hours;
using testing::FlowText;
using ::testing::HasSubstr;
using testing::RuntimeWorld;

constexpr const char* kApproval = R"(
return flow { title = "Approval", trigger = trigger.child {},
  run = function() return wait_for_callback("Decision", function() end) end })";

constexpr const char* kOrder = R"(
return flow { title = "Order",
  trigger = trigger.manual { inputs = {
    { name = "amount", type = "number", required = true },
    { name = "currency", type = "text", default = "EUR" } } },
  run = function(event) return event end })";

FlowText caller(const std::string& call) {
    return {
        "caller",
        "return flow { title = 'Caller', trigger = trigger.manual {}, run = function()\n"
        "  local call = try('Ask', function() return " +
            call + " end)\n  return call.error or call.value\nend }"};
}

const Timestamp kMorning = parse_utc("2030-03-01T08:00:00Z").value();

bool is_waiting(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting && run.wake_at.has_value();
}

TEST(ChildFlow, IsCancelledWhenTheTimeOfItsCallIsUp) {
    RuntimeWorld world(
        {{"approval", kApproval},
         caller("run_child_flow('Call', 'approval', {}, { timeout = 0.05 })")}
    );
    const auto run = world.run("caller");
    const Json error = parse_json(run.output.view(), "output").value();
    EXPECT_EQ(string_or(error, "code"), "ActionTimedOut");
    EXPECT_EQ(string_or(error, "status"), "TimedOut");
    EXPECT_EQ(
        string_or(error, "message"), "The child flow has not ended within the step's time limit."
    );
    const auto child = world.ended(Uid::derive(run.uid, "Ask/Call"));
    EXPECT_EQ(child.status, model::Status::kCancelled);
}

TEST(ChildFlow, IsNotAwaitedWhenItsTimeIsUpBeforeItIsThere) {
    RuntimeWorld world(
        {{"approval", kApproval},
         caller("run_child_flow('Call', 'approval', {}, { timeout = 0.000001 })")}
    );
    const auto run = world.run("caller");
    EXPECT_THAT(run.output.str(), HasSubstr("ActionTimedOut"));
    EXPECT_TRUE(RuntimeWorld::becomes([&] {
        const auto child = world.reader().run_by_uid(Uid::derive(run.uid, "Ask/Call"));
        return child && (!*child || (*child)->status == model::Status::kCancelled);
    }));
}

TEST(ChildFlow, KeepsTheTimeOfItsCallOverARestart) {
    RuntimeWorld world(
        {{"approval", kApproval},
         caller("run_child_flow('Call', 'approval', {}, { timeout = 'P2D' })")},
        kMorning
    );
    const auto admitted = world.admit("caller");
    ASSERT_TRUE(admitted);
    const auto waiting = world.when(admitted->runs.front(), is_waiting);
    EXPECT_EQ(waiting.wake_at, kMorning + hours(48));
    world.restart([&] { world.clock().advance(hours(49)); });
    const auto run = world.ended(admitted->runs.front());
    EXPECT_THAT(run.output.str(), HasSubstr("ActionTimedOut"));
    EXPECT_EQ(world.ended(Uid::derive(run.uid, "Ask/Call")).status, model::Status::kCancelled);
}

// As if the process had died before the cancellation of the child was durable.
void forget_cancellation(const std::string& store_file) {
    const auto driver = store::open_sqlite_writer(store_file);
    ASSERT_TRUE(driver);
    const std::string last_rows = std::to_string(static_cast<int>(model::RowKind::kControl)) + "," +
                                  std::to_string(static_cast<int>(model::RowKind::kEnd));
    const std::string of_children = " (SELECT id FROM run WHERE parent_uid IS NOT NULL)";
    for (const std::string& statement :
         {"DELETE FROM journal WHERE kind IN (" + last_rows + ") AND run_id IN" + of_children,
          "UPDATE run SET status = 'Waiting', ended = NULL, code = '', error = '' WHERE id IN" +
              of_children}) {
        const auto done = (*driver)->execute(statement.c_str());
        ASSERT_TRUE(done) << done.error().text();
    }
}

TEST(ChildFlow, ThatWasGivenUpIsCancelledAlsoByTheNextProcess) {
    RuntimeWorld world(
        {{"approval", kApproval},
         caller("run_child_flow('Call', 'approval', {}, { timeout = 0.05 }) end) "
                "delay('Go on', 3600) try('Nothing', function()")}
    );
    const auto admitted = world.admit("caller");
    ASSERT_TRUE(admitted);
    const Uid child = Uid::derive(admitted->runs.front(), "Ask/Call");
    ASSERT_TRUE(RuntimeWorld::becomes([&] {
        const auto found = world.reader().run_by_uid(child);
        return found && *found && (*found)->status == model::Status::kCancelled;
    }));
    world.restart([&] { forget_cancellation(world.store_file()); });
    EXPECT_EQ(world.ended(child).status, model::Status::kCancelled);
}

TEST(ChildFlow, ThatEndsInTimeGivesItsResult) {
    RuntimeWorld world(
        {{"order", kOrder},
         caller("run_child_flow('Call', 'order', { amount = 3 }, { timeout = 'PT1H' })")}
    );
    EXPECT_EQ(world.run("caller").output.view(), R"({"amount":3,"currency":"EUR"})");
}

TEST(ChildFlow, IsNotStartedWithWhatItsInputsRefuse) {
    RuntimeWorld world(
        {{"order", kOrder}, caller("run_child_flow('Call', 'order', { amount = 'much' })")}
    );
    const auto run = world.run("caller");
    EXPECT_THAT(run.output.str(), HasSubstr("amount"));
    EXPECT_THAT(run.output.str(), HasSubstr("TriggerInputSchemaMismatch"));
    EXPECT_TRUE(world.events("order").empty());
}

TEST(ChildFlow, HasATimeLimitThatIsOne) {
    RuntimeWorld world(
        {{"approval", kApproval},
         caller("run_child_flow('Call', 'approval', {}, { timeout = env 'greeting' })")}
    );
    EXPECT_THAT(
        world.run("caller").output.str(),
        HasSubstr("run_child_flow: the timeout must be a duration such as PT5M")
    );
}

}  // namespace
}  // namespace tideway::runtime
