// wait_for_callback: calls that come early, twice, late or never, and over restarts.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/step_tree.h"
#include "engine/store/sqlite_driver.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using store::CallbackFate;
using ::testing::StartsWith;

// Asks outside, then waits for a day; then waits for somebody else.
constexpr const char* kApproval = R"(
local ledger = connection "ledger"
return flow { title = "Approval", trigger = trigger.manual {}, run = function()
  local asked = try("Ask", function()
    return wait_for_callback("Decision", { timeout = "P1D" }, function(address)
      ledger.post("Send", { value = address })
    end)
  end)
  ledger.post("Note", { value = asked.value and asked.value.body or asked.error.code })
  wait_for_callback("Hold", function() end)
  return { status = asked.status, code = asked.error and asked.error.code, step = asked.error and asked.error.step }
end })";

constexpr const char* kPlain = R"(
return flow { title = "Plain", trigger = trigger.manual {}, run = function()
  return wait_for_callback("Decision", { timeout = "PT1H" }, function() end)
end })";

constexpr const char* kNested = R"(
return flow { title = "Nested", trigger = trigger.manual {}, run = function()
  local inner
  local outer = wait_for_callback("Outer", function()
    inner = wait_for_callback("Inner", function() end)
  end)
  return { outer = outer.body, inner = inner.body }
end })";

bool is_waiting(const model::RunRecord& run) {
    return run.status == model::Status::kWaiting;
}

class Callbacks : public ::testing::Test {
  protected:
    Uid start(const std::string& flow) {
        const auto admitted = world_.admit(flow);
        EXPECT_TRUE(admitted) << admitted.error().text();
        return admitted->runs.front();
    }

    Uid start_and_wait(const std::string& flow) {
        const Uid uid = start(flow);
        world_.when(uid, is_waiting);
        return uid;
    }

    // The run waits at "Hold": what it was told before is noted outside.
    std::string noted(const Uid& uid) {
        EXPECT_TRUE(RuntimeWorld::becomes([this] { return world_.service().done().size() == 2; }));
        world_.when(uid, is_waiting);
        return world_.service().done().back();
    }

    std::vector<runtime::StepNode> steps(const model::RunRecord& run) {
        const auto version = world_.catalog().version(run.version_id);
        return runtime::build_step_tree(world_.journal(run), (*version)->analysis.outline, run);
    }

    void execute(const std::string& sql) {
        const auto driver = store::open_sqlite_writer(world_.store_file());
        ASSERT_TRUE(driver) << driver.error().text();
        ASSERT_TRUE((*driver)->execute(sql));
        ASSERT_GT((*driver)->changes(), 0) << sql;
    }

    RuntimeWorld world_{{"approval", kApproval}, {"plain", kPlain}, {"nested", kNested}};
};

constexpr const char* kStepAddress = "Ask/Decision";

TEST_F(Callbacks, GoToAnAddressBelowThePublicUrlThatOnlyTheRunAndItsBodyKnow) {
    const Uid uid = start_and_wait("approval");
    const std::string address = callback_address(world_, uid, kStepAddress);
    EXPECT_THAT(address, StartsWith("https://contoso.example/callbacks/"));
    EXPECT_GE(address.size() - address.rfind('/'), 40U) << address;
    EXPECT_EQ(address.find(uid.hex()), std::string::npos);
    EXPECT_EQ(world_.service().done(), std::vector<std::string>{"post \"" + address + "\""});
    EXPECT_EQ(world_.when(uid, is_waiting).wait_reason, "the callback of 'Decision'");
}

TEST_F(Callbacks, AreDeliveredOnceAndLaterOnesChangeNothing) {
    const Uid uid = start_and_wait("approval");
    const std::string address = callback_address(world_, uid, kStepAddress);
    EXPECT_EQ(call_back(world_, address, R"({"body":"yes"})"), CallbackFate::kTaken);
    EXPECT_EQ(call_back(world_, address, R"({"body":"no"})"), CallbackFate::kRepeated);
    EXPECT_EQ(noted(uid), R"(post "yes")");
    EXPECT_EQ(call_back(world_, address, R"({"body":"no"})"), CallbackFate::kRepeated);
    EXPECT_EQ(call_back(world_, uid, "Hold", "{}"), CallbackFate::kTaken);
    EXPECT_EQ(world_.ended(uid).output.view(), R"({"status":"Succeeded"})");
    EXPECT_EQ(call_back(world_, address), CallbackFate::kUnknown);
    EXPECT_EQ(call_back(world_, "https://contoso.example/callbacks/guess"), CallbackFate::kUnknown);
}

TEST_F(Callbacks, ThatComeWhileTheBodyStillRunsAreKept) {
    const Uid uid = start_and_wait("nested");
    EXPECT_EQ(call_back(world_, uid, "Outer", R"({"body":"early"})"), CallbackFate::kTaken);
    world_.restart();
    EXPECT_EQ(call_back(world_, uid, "Outer", R"({"body":"again"})"), CallbackFate::kRepeated);
    EXPECT_EQ(call_back(world_, uid, "Outer/Inner", R"({"body":"inner"})"), CallbackFate::kTaken);
    EXPECT_EQ(world_.ended(uid).output.view(), R"({"inner":"inner","outer":"early"})");
}

TEST_F(Callbacks, KeepTheirAddressOverARestartAndANewPublicUrl) {
    const Uid uid = start_and_wait("approval");
    const std::string address = callback_address(world_, uid, kStepAddress);
    world_.set_public_url("https://fabrikam.example");
    world_.restart();
    world_.restart();
    EXPECT_EQ(callback_address(world_, uid, kStepAddress), address);
    EXPECT_EQ(call_back(world_, address, R"({"body":"yes"})"), CallbackFate::kTaken);
    EXPECT_EQ(noted(uid), R"(post "yes")");
    EXPECT_THAT(callback_address(world_, uid, "Hold"), StartsWith("https://fabrikam.example/"));
}

// The address is out, and the journal does not know yet that the run waits.
TEST_F(Callbacks, AreHeardAfterACrashBetweenTheBodyAndTheWait) {
    const Uid uid = start_and_wait("approval");
    const std::string address = callback_address(world_, uid, kStepAddress);
    world_.restart([this] {
        execute("DELETE FROM journal WHERE path = 'Ask/Decision/@answer'");
        execute("UPDATE run SET status = 'Running'");
    });
    EXPECT_EQ(call_back(world_, address, R"({"body":"yes"})"), CallbackFate::kTaken);
    EXPECT_EQ(noted(uid), R"(post "yes")");
    EXPECT_EQ(world_.service().done().front(), "post \"" + address + "\"");
}

TEST_F(Callbacks, ThatCameBeforeACrashAreDeliveredAfterIt) {
    const Uid uid = start_and_wait("plain");
    const std::string address = callback_address(world_, uid, "Decision");
    world_.restart([&] {
        execute(
            "UPDATE callback SET received = 1, payload = '{\"body\":\"kept\"}' WHERE token = '" +
            address.substr(address.rfind('/') + 1) + "'"
        );
    });
    EXPECT_EQ(world_.ended(uid).output.view(), R"({"body":"kept"})");
}

TEST_F(Callbacks, OfACancelledRunAreRefused) {
    const Uid uid = start_and_wait("approval");
    const std::string address = callback_address(world_, uid, kStepAddress);
    world_.runtime().cancel(world_.when(uid, is_waiting).id, "Cancelled by Ana.");
    const auto run = world_.ended(uid);
    EXPECT_EQ(run.status, model::Status::kCancelled);
    EXPECT_EQ(call_back(world_, address), CallbackFate::kUnknown);
    EXPECT_EQ(steps(run).at(0).children.at(0).status, model::Status::kCancelled);
}

TEST_F(Callbacks, OfAResubmittedRunHaveAnAddressOfTheirOwn) {
    const Uid first = start_and_wait("plain");
    const std::string address = callback_address(world_, first, "Decision");
    call_back(world_, address);
    const auto again = world_.resubmit(world_.ended(first), runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(again) << again.error().text();
    const Uid second = again->runs.front();
    world_.when(second, is_waiting);
    EXPECT_NE(callback_address(world_, second, "Decision"), address);
    EXPECT_EQ(call_back(world_, address), CallbackFate::kUnknown);
    EXPECT_EQ(call_back(world_, second, "Decision", R"({"body":1})"), CallbackFate::kTaken);
    EXPECT_EQ(world_.ended(second).output.view(), R"({"body":1})");
}

TEST_F(Callbacks, AreRefusedWhenTheBodyHasFailed) {
    world_.service().plan("/post", {Treatment::kRefuse});
    const Uid uid = start("approval");
    world_.when(uid, is_waiting);  // at "Hold"
    EXPECT_EQ(world_.service().done(), std::vector<std::string>{R"(post "BadRequest")"});
    const std::string address = callback_address(world_, uid, kStepAddress);
    EXPECT_EQ(call_back(world_, address), CallbackFate::kClosed);
    EXPECT_EQ(call_back(world_, uid, "Hold", "{}"), CallbackFate::kTaken);
    EXPECT_EQ(
        world_.ended(uid).output.view(),
        R"({"code":"BadRequest","status":"Failed","step":"Ask/Decision/Send"})"
    );
}

TEST_F(Callbacks, AreAScopeInHistoryWithTheCallAsItsOutput) {
    const Uid uid = start_and_wait("approval");
    const auto waiting = steps(world_.when(uid, is_waiting)).at(0).children.at(0);
    EXPECT_EQ(waiting.kind, "wait_for_callback");
    EXPECT_EQ(waiting.status, model::Status::kWaiting);
    EXPECT_FALSE(waiting.ended);
    EXPECT_EQ(waiting.input.view(), R"({"timeout":86400})");
    EXPECT_TRUE(waiting.output.empty());
    EXPECT_EQ(waiting.children.at(0).name, "Send");
    EXPECT_EQ(waiting.children.at(0).status, model::Status::kSucceeded);
    call_back(world_, uid, kStepAddress, R"({"body":"yes"})");
    noted(uid);
    call_back(world_, uid, "Hold", "{}");
    const auto done = steps(world_.ended(uid)).at(0).children.at(0);
    EXPECT_EQ(done.status, model::Status::kSucceeded);
    EXPECT_EQ(done.output.view(), R"({"body":"yes"})");
    EXPECT_TRUE(done.ended);
    EXPECT_EQ(runtime::to_json(done, runtime::Contents::kWith)["children"].size(), 1U);
}

TEST(CallbackLimits, ThatNobodyKeepsEndTheStepTimedOut) {
    RuntimeWorld world({{"plain", kPlain}}, WorldOptions{.speed = 2000.0});
    const auto run = world.run("plain");
    EXPECT_EQ(run.status, model::Status::kTimedOut);
    EXPECT_EQ(run.failed_step, "Decision");
    EXPECT_EQ(model::parse_step_error(run.error.view()).code, "ActionTimedOut");
    EXPECT_GE(*run.ended - *run.started, std::chrono::hours(1));
}

// The limit passes while the server is down; the call that came before counts, a later one does
// not.
TEST(CallbackLimits, AreCountedFromTheBeginOfTheStepByTheClock) {
    constexpr const char* kTwo = R"(
return flow { title = "Two", trigger = trigger.manual {}, run = function()
  local late = try("Late", function()
    return wait_for_callback("Decision", { timeout = 60 }, function() end)
  end)
  wait_for_callback("Hold", function() end)
  return late.status
end })";
    const Timestamp now = *parse_utc("2026-02-03T10:00:00Z");
    RuntimeWorld world({{"two", kTwo}}, now);
    const Uid uid = world.admit("two")->runs.front();
    world.when(uid, is_waiting);
    const std::string address = callback_address(world, uid, "Late/Decision");
    world.restart([&] { world.clock().set(now + std::chrono::seconds(60)); });
    EXPECT_EQ(call_back(world, address), CallbackFate::kClosed);
    ASSERT_TRUE(RuntimeWorld::becomes([&] { return !callback_address(world, uid, "Hold").empty(); })
    );
    EXPECT_EQ(call_back(world, address), CallbackFate::kClosed);
    EXPECT_EQ(call_back(world, uid, "Hold", "{}"), CallbackFate::kTaken);
    EXPECT_EQ(world.ended(uid).output.view(), R"("TimedOut")");
}

// The address is asked for in the batch that ends the run.
TEST(CallbackLimits, DoNotKeepARunFromEnding) {
    RuntimeWorld world({{"both", R"(
return flow { title = "Both", trigger = trigger.manual {}, run = function()
  parallel("Both", {
    a = function() wait_for_callback("Decision", function() end) end,
    b = function() exclusive("Lock", "key", function() end) end,
    c = function() terminate("Cancelled") end,
  })
end })"}});
    EXPECT_EQ(world.run("both").status, model::Status::kCancelled);
    EXPECT_EQ(world.run("both").status, model::Status::kCancelled);
}

TEST(CallbackLimits, LeaveNothingInMemoryWhileARunWaits) {
    RuntimeWorld world({{"plain", kPlain}}, WorldOptions{.limits = {.in_memory_per_shard = 1}});
    std::vector<Uid> runs;
    for (int i = 0; i < 3; ++i) {
        runs.push_back(world.admit("plain")->runs.front());
    }
    for (const Uid& uid : runs) {
        ASSERT_TRUE(RuntimeWorld::becomes([&] {
            return !callback_address(world, uid, "Decision").empty();
        }));
    }
    for (const Uid& uid : runs) {
        EXPECT_EQ(call_back(world, uid, "Decision", R"({"body":1})"), CallbackFate::kTaken);
    }
    for (const Uid& uid : runs) {
        EXPECT_EQ(world.ended(uid).output.view(), R"({"body":1})");
    }
}

}  // namespace
}  // namespace tideway::testing
