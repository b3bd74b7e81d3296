// Time limits of scopes: what ends, what is awaited, who catches it, and that a replay sees the
// same.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/step_tree.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;

std::string flow_of(const std::string& body) {
    return "local ledger = connection 'ledger'\n"
           "return flow { title = 'F', trigger = trigger.manual {}, run = function(event)\n" +
           body + "\nend }";
}

bool is_waiting(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

class ScopeLimits : public ::testing::Test {
  protected:
    // Runs the body to its end.
    model::RunRecord run(const std::string& body) {
        world_.edit("f", flow_of(body));
        return world_.run("f");
    }

    std::string output(const std::string& body) { return run(body).output.str(); }

    bool has_callback(const Uid& run, const std::string& step) {
        return !callback_address(world_, run, step).empty();
    }

    std::vector<runtime::StepNode> steps(const model::RunRecord& run) {
        const auto version = world_.catalog().version(run.version_id);
        return runtime::build_step_tree(world_.journal(run), (*version)->analysis.outline, run);
    }

    RuntimeWorld world_{{"f", flow_of("return 1")}, {"child", kChild}};

    static constexpr const char* kChild = R"(
return flow { title = "Child", trigger = trigger.child {}, run = function()
  wait_for_callback("Hold", function() end)
end })";
};

TEST_F(ScopeLimits, EndTheRunTimedOutWithTheStepThatItWaitedFor) {
    const auto run =
        this->run("scope('Outer', { timeout = 0.05 }, function() delay('Wait', 3600) end)");
    EXPECT_EQ(run.status, model::Status::kTimedOut);
    EXPECT_EQ(run.failed_step, "Outer/Wait");
    EXPECT_THAT(run.error.str(), HasSubstr(R"("code":"ActionTimedOut")"));
    EXPECT_THAT(run.error.str(), HasSubstr("'Outer' has not ended within its time limit"));
    const auto tree = steps(run);
    ASSERT_EQ(tree.size(), 1U);
    EXPECT_EQ(tree[0].status, model::Status::kTimedOut);
    EXPECT_EQ(tree[0].children.at(0).status, model::Status::kTimedOut);
}

TEST_F(ScopeLimits, AreAValueForTheTryThatHasThem) {
    EXPECT_EQ(
        output("local r = try('T', { timeout = 0.05 }, function() delay('Wait', 3600) end)\n"
               "return { status = r.status, code = r.error.code }"),
        R"({"code":"ActionTimedOut","status":"TimedOut"})"
    );
}

TEST_F(ScopeLimits, AreCaughtOnlyAroundTheirScope) {
    EXPECT_EQ(
        output("local seen = array {}\n"
               "local r = try('Around', function()\n"
               "  scope('Late', { timeout = 0.05 }, function()\n"
               "    try('Inside', function()\n"
               "      pcall(function() delay('Wait', 3600) end)\n"
               "      seen[#seen + 1] = 'after pcall'\n"
               "    end)\n"
               "    seen[#seen + 1] = 'after try'\n"
               "  end)\n"
               "  seen[#seen + 1] = 'after scope'\n"
               "end)\n"
               "return { status = r.status, seen = seen }"),
        R"({"seen":[],"status":"TimedOut"})"
    );
    EXPECT_EQ(
        output("local ok = xpcall(function()\n"
               "  scope('Late', { timeout = 0.05 }, function()\n"
               "    xpcall(function() delay('Wait', 3600) end, function() ledger.post('Never', {}) "
               "end)\n"
               "  end)\n"
               "end, function(e) return e end)\n"
               "return ok"),
        "false"
    );
    EXPECT_TRUE(world_.service().done().empty());
}

TEST_F(ScopeLimits, LetAnEffectUnderWayEndAndBeginNoOther) {
    world_.service().plan("/post", {Treatment::kHold});
    world_.edit(
        "f",
        flow_of("local r = try('T', { timeout = 0.05 }, function()\n"
                "  ledger.post('First', { value = 1 })\n"
                "  ledger.post('Second', { value = 2 })\n"
                "end)\n"
                "return { status = r.status, step = r.error.step }")
    );
    const auto admitted = world_.admit("f");
    ASSERT_TRUE(admitted);
    ASSERT_TRUE(RuntimeWorld::becomes([this] { return world_.service().held() == 1; }));
    const auto run = world_.when(admitted->runs.front(), [](const auto& found) {
        return found.wake_at.has_value();
    });
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return world_.clock().now() > *run.wake_at; }));
    world_.service().release();
    EXPECT_EQ(
        world_.ended(admitted->runs.front()).output.view(),
        R"({"status":"TimedOut","step":"T/Second"})"
    );
    EXPECT_EQ(world_.service().done().size(), 1U);
}

TEST_F(ScopeLimits, GiveUpEveryBranchAndBeginNoFurtherItem) {
    const auto run = this->run(
        "local begun = 0\n"
        "local r = try('T', { timeout = 0.1 }, function()\n"
        "  foreach('Items', { 1, 2, 3, 4, 5, 6 }, function(item)\n"
        "    begun = begun + 1\n"
        "    delay('Wait', 3600)\n"
        "  end, { concurrency = 2 })\n"
        "end)\n"
        "return { begun = begun, status = r.status }"
    );
    EXPECT_EQ(run.output.view(), R"({"begun":2,"status":"TimedOut"})");
}

TEST_F(ScopeLimits, LetGoOfALockAndOfThePlaceInItsQueue) {
    world_.edit(
        "f",
        flow_of(
            "if event.hold then\n"
            "  exclusive('Lock', 'one', function() wait_for_callback('Hold', function() end) end)\n"
            "  return 'held'\n"
            "end\n"
            "local queued = try('Q', { timeout = 0.05 }, function()\n"
            "  exclusive('Lock', 'one', function() end)\n"
            "end)\n"
            "local held = try('H', { timeout = 0.05 }, function()\n"
            "  exclusive('Other', 'two', function() delay('Wait', 3600) end)\n"
            "end)\n"
            "exclusive('Again', 'two', function() end)\n"
            "wait_for_callback('End', function() end)\n"
            "return { queued = queued.status, held = held.status }"
        )
    );
    const auto holder = world_.admit("f", R"({"hold":true})");
    ASSERT_TRUE(holder);
    world_.when(holder->runs.front(), is_waiting);
    const auto queued = world_.admit("f");
    ASSERT_TRUE(queued);
    EXPECT_TRUE(RuntimeWorld::becomes([&] { return has_callback(queued->runs.front(), "End"); }));
    EXPECT_EQ(
        call_back(world_, holder->runs.front(), "Lock/Hold", "{}"), store::CallbackFate::kTaken
    );
    EXPECT_EQ(world_.ended(holder->runs.front()).output.view(), R"("held")");
    // The place in the queue is given up: the lock is free, though that run goes on.
    const auto next = world_.admit("f", R"({"hold":true})");
    ASSERT_TRUE(next);
    EXPECT_TRUE(RuntimeWorld::becomes([&] { return has_callback(next->runs.front(), "Lock/Hold"); })
    );
    call_back(world_, queued->runs.front(), "End", "{}");
    EXPECT_EQ(
        world_.ended(queued->runs.front()).output.view(),
        R"({"held":"TimedOut","queued":"TimedOut"})"
    );
}

TEST_F(ScopeLimits, HoldOverARestartFromTheBeginOfTheScope) {
    world_.edit(
        "f",
        flow_of("local r = try('T', { timeout = 'PT1H' }, function()\n"
                "  wait_for_callback('Ask', function() end)\n"
                "end)\n"
                "wait_for_callback('Then', function() end)\n"
                "return r.status")
    );
    world_.clock().set(*parse_utc("2026-03-01T10:00:00Z"));
    const auto admitted = world_.admit("f");
    ASSERT_TRUE(admitted);
    const Uid uid = admitted->runs.front();
    const auto waiting = world_.when(uid, is_waiting);
    EXPECT_EQ(waiting.wake_at, parse_utc("2026-03-01T11:00:00Z"));
    world_.clock().set(*parse_utc("2026-03-01T12:00:00Z"));
    world_.restart();
    EXPECT_TRUE(RuntimeWorld::becomes([&] { return has_callback(uid, "Then"); }));
    world_.restart();
    call_back(world_, uid, "Then", "{}");
    EXPECT_EQ(world_.ended(uid).output.view(), R"("TimedOut")");
}

TEST_F(ScopeLimits, CancelTheChildFlowThatTheyWaitedFor) {
    world_.edit(
        "f",
        flow_of("local r = try('T', { timeout = 0.2 }, function()\n"
                "  run_child_flow('Call', 'child', {})\n"
                "end)\n"
                "return r.status")
    );
    const auto run = world_.run("f");
    EXPECT_EQ(run.output.view(), R"("TimedOut")");
    const auto child = world_.ended(Uid::derive(run.uid, "T/Call"));
    EXPECT_EQ(child.status, model::Status::kCancelled);
}

TEST_F(ScopeLimits, OfTheOuterScopeCountWhereBothAreOver) {
    EXPECT_EQ(
        output("local seen = array {}\n"
               "local r = try('Outer', { timeout = 0.02 }, function()\n"
               "  try('Inner', { timeout = 3600 }, function() delay('Wait', 3600) end)\n"
               "  seen[#seen + 1] = 'between'\n"
               "end)\n"
               "return { status = r.status, seen = seen }"),
        R"({"seen":[],"status":"TimedOut"})"
    );
}

TEST_F(ScopeLimits, ThatAreNotMetChangeNothing) {
    EXPECT_EQ(
        output("local r = try('T', { timeout = 'PT1H' }, function()\n"
               "  return scope('S', { timeout = 60 }, function() return 7 end)\n"
               "end)\n"
               "return r.value"),
        "7"
    );
}

}  // namespace
}  // namespace tideway::testing
