// A run whose effects are muted: reads are done, effects are recorded and do not take place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/drafts/muted_effect.h"
#include "engine/runtime/step_tree.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kBooks = R"(
local ledger = connection "ledger"
return flow { title = "Books", trigger = trigger.manual {}, run = function()
  local before = ledger.read("Look", {})
  local made = ledger.post("Book", { key = "n-1", value = 7 })
  exclusive("One at a time", "n-1", function()
    ledger.set("Set", { name = "n-1", value = { amount = 8 } })
  end)
  run_child_flow("Call", "shouts", {})
  return made.id
end })";

constexpr const char* kShouts = R"(
local ledger = connection "ledger"
return flow { title = "Shouts", trigger = trigger.child {}, run = function()
  ledger.shout("Shout", { value = "loud" })
end })";

constexpr const char* kHolds = R"(
return flow { title = "Holds", trigger = trigger.manual {}, run = function()
  exclusive("One at a time", "n-1", function() delay("Hold", 3600) end)
end })";

constexpr const char* kFails = R"(
return flow { title = "Fails", trigger = trigger.manual {}, run = function() fail("Wrong", "It is wrong.") end })";

Result<runtime::Admitted> admit_muted(RuntimeWorld& world, const std::string& flow) {
    runtime::Delivery delivery;
    TIDEWAY_TRY_ASSIGN(delivery.flow, world.catalog().flow(flow));
    delivery.source = "manual";
    delivery.event = Payload("{}");
    delivery.effects = model::Effects::kMuted;
    std::promise<Result<runtime::Admitted>> promise;
    world.runtime().admit(std::move(delivery), [&promise](auto admitted) {
        promise.set_value(std::move(admitted));
    });
    return promise.get_future().get();
}

model::RunRecord run_muted(RuntimeWorld& world, const std::string& flow) {
    const auto admitted = admit_muted(world, flow);
    EXPECT_TRUE(admitted) << (admitted ? "" : admitted.error().text());
    return admitted ? world.ended(admitted->runs.front()) : model::RunRecord();
}

std::vector<model::JournalRow> rows_with_code(
    RuntimeWorld& world, const model::RunRecord& run, const std::string& code
) {
    std::vector<model::JournalRow> out;
    for (const model::JournalRow& row : world.journal(run)) {
        if (row.code == code) {
            out.push_back(row);
        }
    }
    return out;
}

std::vector<model::JournalRow> muted_rows(RuntimeWorld& world, const model::RunRecord& run) {
    return rows_with_code(world, run, runtime::kMutedCode);
}

TEST(MutedRun, ReadsAndSendsNoEffect) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto run = run_muted(world, "books");
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.effects, model::Effects::kMuted);
    EXPECT_EQ(world.service().requests(), 1U) << "the read";
    EXPECT_THAT(world.service().done(), IsEmpty());
}

TEST(MutedRun, RecordsWhatEachEffectWouldHaveSent) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto rows = muted_rows(world, run_muted(world, "books"));
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].operation, "ledger.post");
    EXPECT_EQ(rows[0].input.view(), R"({"key":"n-1","value":7})");
    EXPECT_EQ(rows[0].status, model::Status::kSucceeded);
    EXPECT_EQ(rows[1].operation, "ledger.set");
    EXPECT_EQ(rows[1].input.view(), R"({"name":"n-1","value":{"amount":8}})");
}

TEST(MutedRun, GoesOnWithAStandInForTheRecordThatItDidNotMake) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto run = run_muted(world, "books");
    EXPECT_EQ(run.output.size(), std::string(R"("00000000-0000-0000-0000-000000000000")").size())
        << run.output.view();
}

constexpr const char* kPuts = R"(
local ledger = connection "ledger"
return flow { title = "Puts", trigger = trigger.manual {}, run = function()
  ledger.put("Put", { name = "n-1", value = { amount = 8, place = { city = "Oslo", zip = "0150" }, note = "new" } })
end })";

TEST(MutedRun, ReadsWhatAnEffectWouldChangeAndSaysWhatDiffers) {
    RuntimeWorld world({{"puts", kPuts}});
    world.service().set_there(R"({"amount":7,"place":{"city":"Oslo","zip":"0151"},"other":1})");
    const auto run = run_muted(world, "puts");
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(world.service().done(), IsEmpty());
    const auto rows = rows_with_code(world, run, runtime::kBeforeCode);
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(
        Json::parse(rows[0].output.view()).at("changes"),
        Json::parse(R"([{"field":"/amount","before":7,"after":8},{"field":"/note","after":"new"},
                        {"field":"/place/zip","before":"0151","after":"0150"}])")
    );
}

TEST(MutedRun, ShowsInItsStepsWhatWouldHaveBeenSentAndWhatItWouldChange) {
    RuntimeWorld world({{"puts", kPuts}});
    world.service().set_there(R"({"amount":7,"place":{"city":"Oslo","zip":"0150"},"note":"new"})");
    const auto run = run_muted(world, "puts");
    const auto steps = runtime::build_step_tree(world.journal(run), {}, run);
    ASSERT_THAT(steps, SizeIs(1));
    const Json shown = runtime::to_json(steps[0], runtime::Contents::kWith);
    EXPECT_EQ(shown.at("code"), "Muted");
    EXPECT_EQ(shown.at("input").at("name"), "n-1");
    EXPECT_EQ(shown.at("changes"), Json::parse(R"([{"field":"/amount","before":7,"after":8}])"));
}

TEST(MutedRun, GoesOnWhereWhatItWouldChangeIsNotThere) {
    RuntimeWorld world({{"puts", kPuts}});
    world.service().plan("/look", {Treatment::kRefuse});
    const auto run = run_muted(world, "puts");
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(rows_with_code(world, run, runtime::kBeforeCode), IsEmpty());
    EXPECT_THAT(muted_rows(world, run), SizeIs(1));
}

TEST(MutedRun, IsWhatEveryRunIsWhileTheEnvironmentObserves) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    runtime::EnvironmentSettings settings;
    settings.mode = runtime::Mode::kObserve;
    ASSERT_TRUE(world.environment().set(settings));
    EXPECT_EQ(world.run("books").effects, model::Effects::kMuted);
    EXPECT_THAT(world.service().done(), IsEmpty());
    settings.mode = runtime::Mode::kLive;
    ASSERT_TRUE(world.environment().set(settings));
    EXPECT_EQ(world.run("books").effects, model::Effects::kLive);
}

TEST(MutedRun, LeavesNothingInTheLedgerOfEffects) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto effects = world.reader().effects(run_muted(world, "books").id);
    ASSERT_TRUE(effects);
    EXPECT_THAT(*effects, IsEmpty());
}

TEST(MutedRun, MutesTheFlowsThatItCalls) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto run = run_muted(world, "books");
    store::RunFilter filter;
    filter.parent_uid = run.uid;
    const auto children = world.reader().runs(filter);
    ASSERT_TRUE(children);
    ASSERT_THAT(children->runs, SizeIs(1));
    EXPECT_EQ(children->runs[0].effects, model::Effects::kMuted);
    EXPECT_THAT(muted_rows(world, children->runs[0]), SizeIs(1));
}

TEST(MutedRun, NeitherTakesALockNorWaitsForOne) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}, {"holds", kHolds}});
    const auto holder = world.admit("holds");
    ASSERT_TRUE(holder);
    ASSERT_TRUE(world.becomes([&] { return world.reader().locks()->size() == 1; }));
    EXPECT_EQ(run_muted(world, "books").status, model::Status::kSucceeded);
    EXPECT_THAT(*world.reader().locks(), SizeIs(1));
}

TEST(MutedRun, StaysMutedWhenItIsResubmitted) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto again = world.resubmit(run_muted(world, "books"), runtime::CodeChoice::kCurrent);
    ASSERT_TRUE(again);
    EXPECT_EQ(world.ended(again->runs.front()).effects, model::Effects::kMuted);
    EXPECT_THAT(world.service().done(), IsEmpty());
}

TEST(MutedRun, IsReplayedWithWhatItRecorded) {
    constexpr const char* kWaits = R"(
local ledger = connection "ledger"
return flow { title = "Waits", trigger = trigger.manual {}, run = function()
  local made = ledger.post("Book", { key = "n-1", value = 7 })
  delay("Pause", 600)
  ledger.set("Set", { name = made.id, value = 8 })
end })";
    RuntimeWorld world({{"waits", kWaits}});
    const auto admitted = admit_muted(world, "waits");
    ASSERT_TRUE(admitted);
    const auto waiting = world.when(admitted->runs.front(), [](const model::RunRecord& run) {
        return run.status == model::Status::kWaiting;
    });
    world.restart([&world] { world.clock().advance(std::chrono::hours(1)); });
    const auto run = world.ended(waiting.uid);
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_THAT(muted_rows(world, run), SizeIs(2));
    EXPECT_THAT(world.service().done(), IsEmpty());
}

TEST(MutedRun, IsNoFailureThatPeopleAreToldOf) {
    RuntimeWorld world({{"fails", kFails}});
    EXPECT_EQ(run_muted(world, "fails").status, model::Status::kFailed);
    EXPECT_THAT(*world.reader().notices().failure_groups(Timestamp()), IsEmpty());
    EXPECT_EQ(world.run("fails").status, model::Status::kFailed);
    EXPECT_THAT(*world.reader().notices().failure_groups(Timestamp()), SizeIs(1));
}

TEST(MutedRun, StartsWhileItsFlowIsOff) {
    RuntimeWorld world({{"books", kBooks}, {"shouts", kShouts}});
    const auto flow = world.catalog().flow("books");
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, {}));
    EXPECT_EQ(run_muted(world, "books").status, model::Status::kSucceeded);
    EXPECT_THAT(world.service().done(), IsEmpty());
}

TEST(MutedRun, StandsInNoLine) {
    RuntimeWorld world({{"line", R"(
return flow { title = "Line", trigger = trigger.manual { concurrency = { runs = 1 } }, run = function(event)
  if event.holds then delay("Hold", 3600) end
end })"}});
    ASSERT_TRUE(world.admit("line", R"({"holds":true})"));
    EXPECT_EQ(run_muted(world, "line").status, model::Status::kSucceeded);
}

// ------------------------------------------------------------------ the stand-in

model::OperationSpec operation(const char* output_schema) {
    model::OperationSpec spec;
    spec.output_schema = Json::parse(output_schema);
    return spec;
}

TEST(MutedOutput, HasTheFieldsThatWouldHaveBeenWrittenAndAnIdOfItsOwn) {
    auto spec = operation(R"({"type":"object","properties":{"id":{},"table":{}}})");
    spec.fields = "/row";
    spec.record_id = "output:/id";
    spec.version = "output:/etag";
    const Json input = {{"table", "opportunity"}, {"row", {{"name", "Contoso"}}}, {"key", 1}};
    const Uid uid = Uid::random();
    EXPECT_EQ(
        runtime::muted_output(spec, input, uid),
        Json({{"table", "opportunity"}, {"name", "Contoso"}, {"id", uid.guid()}, {"etag", "muted"}})
    );
}

TEST(MutedOutput, HasAnIdThatIsNoLongerThanTheServicesOwn) {
    auto spec = operation(R"({"type":"object","properties":{"id":{"maxLength":18}}})");
    spec.record_id = "output:/id";
    const Uid uid = Uid::random();
    const Json output = runtime::muted_output(spec, Json::object(), uid);
    EXPECT_EQ(output.at("id"), uid.hex().substr(0, 18));
}

TEST(MutedOutput, KeepsTheIdOfARecordThatIsThere) {
    auto spec = operation(R"({"type":"object","properties":{"id":{}}})");
    spec.record_id = "/id";
    EXPECT_EQ(runtime::muted_output(spec, {{"id", "r-1"}}, Uid::random()), Json({{"id", "r-1"}}));
}

TEST(MutedOutput, IsNullWhereTheServiceAnswersNothing) {
    EXPECT_TRUE(runtime::muted_output(operation(R"({"type":"null"})"), {}, Uid()).is_null());
}

}  // namespace
}  // namespace tideway::testing
