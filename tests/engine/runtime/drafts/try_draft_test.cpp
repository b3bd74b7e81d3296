// A draft is tried with the event of an earlier run, and runs keep the flows that they call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/drafts/muted_effect.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string books(std::string_view value) {
    return "local ledger = connection 'ledger'\n"
           "return flow { title = 'Books', trigger = trigger.manual {}, run = function(event)\n"
           "  ledger.set('Set', { name = event.name, value = { amount = " +
           std::string(value) + " } })\nend }";
}

runtime::CheckedPack draft_of(RuntimeWorld& world, const std::string& flow, std::string text) {
    auto pack = world.catalog().pack("test");
    EXPECT_TRUE(pack);
    pack->files[flow + ".lua"] = std::move(text);
    return world.catalog().check(std::move(*pack));
}

Result<runtime::Admitted> try_out(
    RuntimeWorld& world, const model::RunRecord& run, const runtime::CheckedPack& draft
) {
    TIDEWAY_TRY_ASSIGN(
        auto flow, world.catalog().keep_draft(draft, "books", {"ada", "", world.clock().now()})
    );
    std::promise<Result<runtime::Admitted>> promise;
    world.runtime().try_out(run, std::move(flow), "ada", [&promise](auto admitted) {
        promise.set_value(std::move(admitted));
    });
    return promise.get_future().get();
}

TEST(TriedDraft, RunsWithTheEventOfAnEarlierRunAndChangesNothing) {
    RuntimeWorld world({{"books", books("1")}});
    const auto before = world.run("books", R"({"name":"n-1"})");
    ASSERT_THAT(world.service().done(), SizeIs(1));
    const auto admitted = try_out(world, before, draft_of(world, "books", books("2")));
    ASSERT_TRUE(admitted) << admitted.error().text();
    const auto run = world.ended(admitted->runs.front());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.view();
    EXPECT_EQ(run.effects, model::Effects::kMuted);
    EXPECT_EQ(run.person, "ada");
    EXPECT_TRUE(run.root_uid == run.uid) << "it is of no lineage";
    EXPECT_THAT(world.service().done(), SizeIs(1)) << "what the first run did";
    const auto rows = world.journal(run);
    const auto muted = std::ranges::find(rows, runtime::kMutedCode, &model::JournalRow::code);
    ASSERT_NE(muted, rows.end());
    EXPECT_EQ(muted->input.view(), R"({"name":"n-1","value":{"amount":2}})");
}

TEST(TriedDraft, IsNotWhatOtherRunsAreMadeWith) {
    RuntimeWorld world({{"books", books("1")}});
    const auto before = world.run("books", R"({"name":"n-1"})");
    ASSERT_TRUE(try_out(world, before, draft_of(world, "books", books("2"))));
    EXPECT_EQ(world.run("books", R"({"name":"n-1"})").version_id, before.version_id);
}

TEST(TriedDraft, OfAFlowThatIsOffRunsToo) {
    RuntimeWorld world({{"books", books("1")}});
    const auto before = world.run("books", R"({"name":"n-1"})");
    const auto flow = world.catalog().flow("books");
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, ""));
    const auto admitted = try_out(world, before, draft_of(world, "books", books("2")));
    ASSERT_TRUE(admitted) << admitted.error().text();
    EXPECT_EQ(world.ended(admitted->runs.front()).status, model::Status::kSucceeded);
}

TEST(TriedDraft, WithErrorsDoesNotRun) {
    RuntimeWorld world({{"books", books("1")}});
    const auto before = world.run("books", R"({"name":"n-1"})");
    const auto refused = try_out(world, before, draft_of(world, "books", "return flow {"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "PackHasErrors");
}

TEST(TriedDraft, CallsTheChildFlowsOfTheDraft) {
    constexpr const char* kCalls = R"(
return flow { title = "Books", trigger = trigger.manual {}, run = function()
  return run_child_flow("Call", "says", {})
end })";
    const auto says = [](std::string_view word) {
        return "return flow { title = 'Says', trigger = trigger.child {},\n"
               "  run = function() return { word = '" +
               std::string(word) + "' } end }";
    };
    RuntimeWorld world({{"books", kCalls}, {"says", says("old")}});
    const auto before = world.run("books");
    auto draft = draft_of(world, "says", says("new"));
    const auto admitted = try_out(world, before, draft);
    ASSERT_TRUE(admitted) << admitted.error().text();
    EXPECT_THAT(world.ended(admitted->runs.front()).output.str(), ::testing::HasSubstr("new"));
}

// ------------------------------------------------------------------ runs under way

constexpr const char* kCallsLater = R"(
return flow { title = "Parent", trigger = trigger.manual {}, run = function()
  delay("Wait", 3600)
  return run_child_flow("Call", "says", {})
end })";

std::string says(std::string_view word) {
    return "return flow { title = 'Says', trigger = trigger.child {},\n  run = function() return "
           "'" +
           std::string(word) + "' end }";
}

model::RunRecord waiting(RuntimeWorld& world, const Uid& run) {
    return world.when(run, [](const model::RunRecord& at) {
        return at.status == model::Status::kWaiting;
    });
}

TEST(APublication, LeavesTheFlowsThatARunUnderWayCallsAsTheyWere) {
    RuntimeWorld world({{"parent", kCallsLater}, {"says", says("old")}});
    const auto admitted = world.admit("parent");
    ASSERT_TRUE(admitted);
    const auto run = waiting(world, admitted->runs.front());
    world.edit("says", says("new"));
    world.restart([&world] { world.clock().advance(std::chrono::hours(2)); });
    EXPECT_EQ(world.ended(run.uid).output.view(), R"("old")");
    const auto children = world.reader().runs({.parent_uid = run.uid});
    ASSERT_TRUE(children);
    ASSERT_THAT(children->runs, SizeIs(1));
    EXPECT_NE(children->runs[0].version_id, world.catalog().flow("says")->row.published);
}

TEST(APublication, IsWhatTheNextRunsCall) {
    RuntimeWorld world(
        {{"parent", R"(
return flow { title = "Parent", trigger = trigger.manual {}, run = function()
  return run_child_flow("Call", "says", {})
end })"},
         {"says", says("old")}}
    );
    const auto before = world.run("parent");
    EXPECT_EQ(before.output.view(), R"("old")");
    world.edit("says", says("new"));
    EXPECT_EQ(world.run("parent").output.view(), R"("new")");
    const auto original = world.resubmit(before, runtime::CodeChoice::kOriginal);
    ASSERT_TRUE(original);
    EXPECT_EQ(world.ended(original->runs.front()).output.view(), R"("old")");
    const auto current = world.resubmit(before, runtime::CodeChoice::kCurrent);
    ASSERT_TRUE(current);
    EXPECT_EQ(world.ended(current->runs.front()).output.view(), R"("new")");
}

}  // namespace
}  // namespace tideway::testing
