// What a flow keeps secured: the store has it, so that replay and resubmit work; history does not
// show it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/step_tree.h"
#include "tests/support/callback_calls.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

using model::Secured;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kCard = "4000-1234-5678-9010";
constexpr const char* kEvent = R"({"card":"4000-1234-5678-9010"})";

constexpr const char* kPays = R"(
local ledger = connection "ledger"
return flow { title = "Pays", trigger = trigger.manual { secure = true }, run = function(event)
  local card = compose("Take the card", event.card, { secure = true })
  ledger.post("Book", { value = card }, { secure = "inputs" })
  wait_for_callback("Hold", { secure = "outputs" }, function() end)
  delay("Settle", 0, { secure = true })
  local child = run_child_flow("Call", "child", { card = card }, { secure = true })
  return { card = card, child = child }
end })";

constexpr const char* kChild = R"(
return flow { title = "Child", trigger = trigger.child {}, run = function(input)
  return { seen = input.card }
end })";

std::string shown_steps(RuntimeWorld& world, const model::RunRecord& run) {
    Json out = Json::array();
    for (const auto& node : runtime::build_step_tree(world.journal(run), {}, run)) {
        out.push_back(runtime::to_json(node, runtime::Contents::kWith));
    }
    return dump(out);
}

model::JournalRow row_of(
    RuntimeWorld& world, const model::RunRecord& run, const std::string& path
) {
    for (const model::JournalRow& row : world.journal(run)) {
        if (row.path == path) {
            return row;
        }
    }
    ADD_FAILURE() << "no row of " << path;
    return {};
}

class SecureRun : public ::testing::Test {
  protected:
    Uid start() {
        const auto admitted = world_.admit("pays", kEvent);
        EXPECT_TRUE(admitted) << admitted.error().text();
        const Uid run = admitted->runs.front();
        is_held(run);
        return run;
    }

    void is_held(const Uid& run) {
        world_.when(run, [](const model::RunRecord& record) {
            return record.status == model::Status::kWaiting;
        });
    }

    model::RunRecord go_on(const Uid& run) {
        EXPECT_EQ(call_back(world_, run, "Hold", kEvent), store::CallbackFate::kTaken);
        return world_.ended(run);
    }

    RuntimeWorld world_{{"pays", kPays}, {"child", kChild}};
};

TEST_F(SecureRun, KeepsItsValuesInTheJournalAndOutOfItsSteps) {
    const model::RunRecord run = go_on(start());
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.str();
    EXPECT_THAT(run.output.str(), HasSubstr(kCard));
    EXPECT_TRUE(run.is_secured);
    EXPECT_EQ(row_of(world_, run, "Take the card").input.str(), quote_json(kCard));
    const std::string shown = shown_steps(world_, run);
    EXPECT_THAT(shown, Not(HasSubstr(kCard)));
    EXPECT_THAT(
        shown,
        HasSubstr(R"("input":null,"kind":"compose","line":4,"name":"Take the card","output")"
                  R"(:null,"path":"Take the card","secured":["input","output"])")
    );
    // Only its inputs are secured.
    EXPECT_THAT(shown, HasSubstr(R"("output":{"id":"1"},"path":"Book","secured":["input"])"));
}

TEST_F(SecureRun, MarksEveryRowOfItsSteps) {
    const model::RunRecord run = go_on(start());
    for (const model::JournalRow& row : world_.journal(run)) {
        if (row.kind == model::RowKind::kScopeEnd) {
            continue;  // holds no value
        }
        const bool is_of_callback = row.path.starts_with("Hold");
        const Secured expected = row.path == "Book" ? Secured::kInputs
                                 : is_of_callback   ? Secured::kOutputs
                                 : row.path.empty() ? Secured::kOutputs  // the end of the run
                                                    : Secured::kBoth;
        EXPECT_EQ(row.secured, expected) << row.path << " " << row.seq;
    }
}

TEST_F(SecureRun, ReplaysWithItsRealValues) {
    const Uid held = start();
    world_.restart();
    is_held(held);
    const model::RunRecord run = go_on(held);
    EXPECT_EQ(run.status, model::Status::kSucceeded) << run.error.str();
    EXPECT_EQ(parse_json(run.output.view(), "output")->at("card"), kCard);
    EXPECT_EQ(world_.service().requests(), 1U);
    EXPECT_TRUE(run.is_secured);
}

TEST_F(SecureRun, IsResubmittedWithItsRealEventAndStaysSecured) {
    const model::RunRecord first = go_on(start());
    // What was secured when it came stays so, whatever the flow says now.
    world_.edit("pays", R"(
return flow { title = "Pays", trigger = trigger.manual {}, run = function(event)
  return event.card
end })");
    const auto again = world_.resubmit(first, runtime::CodeChoice::kCurrent);
    ASSERT_TRUE(again) << again.error().text();
    const model::RunRecord run = world_.ended(again->runs.front());
    EXPECT_EQ(run.output.str(), quote_json(kCard));
    EXPECT_TRUE(run.is_secured);
    for (const model::EventRecord& event : world_.events("pays")) {
        EXPECT_TRUE(event.is_secured);
        EXPECT_EQ(event.payload.str(), kEvent);
    }
}

TEST_F(SecureRun, KeepsWhatItGaveToAndGotFromItsChild) {
    const model::RunRecord run = go_on(start());
    const auto child = world_.reader().run_by_uid(Uid::derive(run.uid, "Call"));
    ASSERT_TRUE(child && *child);
    EXPECT_THAT((*child)->output.str(), HasSubstr(kCard));
    EXPECT_TRUE((*child)->is_secured);
    const auto events = world_.events("child");
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_TRUE(events.front().is_secured);
}

constexpr const char* kCalls = R"(
return flow { title = "Calls", trigger = trigger.manual {}, run = function()
  return #run_child_flow("Call", "tells", {}).card
end })";

TEST(SecureChild, KeepsItsResultFromReadersOfItsCaller) {
    RuntimeWorld world({{"calls", kCalls}, {"tells", R"(
return flow { title = "Tells", trigger = trigger.child {}, run = function()
  respond("Tell", { body = { card = "4000-1234-5678-9010" } }, { secure = true })
end })"}});
    const model::RunRecord run = world.run("calls");
    EXPECT_EQ(run.output.str(), "19") << run.error.str();
    EXPECT_FALSE(run.is_secured);
    EXPECT_THAT(shown_steps(world, run), Not(HasSubstr(kCard)));
    const auto child = world.reader().run_by_uid(Uid::derive(run.uid, "Call"));
    ASSERT_TRUE(child && *child);
    EXPECT_TRUE((*child)->is_secured);
    EXPECT_THAT((*child)->response.str(), HasSubstr(kCard));
}

constexpr const char* kRefuses = R"(
return flow { title = "Refuses", trigger = trigger.child {}, run = function(input)
  respond { status = 422, body = { card = input.card } }
end })";

TEST(SecureFailure, IsRepeatedByScopesAndTheRunWithoutItsDetails) {
    RuntimeWorld world({{"refuses", kRefuses}, {"calls", R"(
return flow { title = "Calls", trigger = trigger.manual { secure = "inputs" }, run = function(event)
  scope("Pay", function()
    run_child_flow("Call", "refuses", event, { secure = "outputs" })
  end)
end })"}});
    const model::RunRecord run = world.run("calls", kEvent);
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_THAT(run.error.str(), HasSubstr("answered with status 422"));
    EXPECT_THAT(run.error.str(), Not(HasSubstr(kCard)));
    int with_details = 0;
    for (const model::JournalRow& row : world.journal(run)) {
        if (row.output.view().find(kCard) != std::string_view::npos) {
            ++with_details;
            EXPECT_EQ(row.path, "Pay/Call");
            EXPECT_EQ(row.secured, Secured::kOutputs);
        }
    }
    EXPECT_EQ(with_details, 1);
    const std::string shown = shown_steps(world, run);
    EXPECT_THAT(shown, HasSubstr(R"("details":null)"));
    EXPECT_THAT(shown, HasSubstr(R"("secured":["details"])"));
}

TEST(SecureFailure, IsWholeForTheScript) {
    RuntimeWorld world({{"refuses", kRefuses}, {"calls", R"(
return flow { title = "Calls", trigger = trigger.manual {}, run = function(event)
  local result = try("Pay", function()
    run_child_flow("Call", "refuses", event, { secure = true })
  end)
  return result.error.details.body.card
end })"}});
    EXPECT_EQ(world.run("calls", kEvent).output.str(), quote_json(kCard));
}

TEST(SecureFailure, OfAnInputThatDoesNotFitQuotesNoValue) {
    model::OperationSpec operation;
    operation.id = "pay";
    operation.input_schema = Json::parse(
        R"({"properties":{"card":{"pattern":"^[0-9]+$"},"kind":{"enum":["a"]},"n":{"maximum":3}}})"
    );
    const Json input = {{"card", kCard}, {"kind", kCard}, {"n", 4711}};
    const auto quoted = runtime::check_input(operation, input, Secured::kOutputs);
    ASSERT_FALSE(quoted);
    EXPECT_THAT(quoted.error().message, HasSubstr(kCard));
    EXPECT_THAT(quoted.error().message, HasSubstr("4711"));
    const auto secured = runtime::check_input(operation, input, Secured::kInputs);
    ASSERT_FALSE(secured);
    for (const std::string& text : {secured.error().message, secured.error().details}) {
        EXPECT_THAT(text, HasSubstr("/card"));
        EXPECT_THAT(text, Not(HasSubstr(kCard)));
        EXPECT_THAT(text, Not(HasSubstr("4711")));
    }
}

constexpr const char* kSplits = R"(
return flow {
  title = "Splits",
  trigger = trigger.manual {
    secure = "inputs",
    condition = function(event) return event.items ~= nil end,
    split_on = function(event) return event.items end,
  },
  run = function(item) return item end,
})";

std::vector<bool> secured_events(RuntimeWorld& world) {
    std::vector<bool> out;
    for (const model::EventRecord& event : world.events("splits")) {
        out.push_back(event.is_secured);
    }
    return out;
}

TEST(SecureTriggerEvents, AreSecuredHoweverTheyWereTaken) {
    RuntimeWorld world({{"splits", kSplits}});
    ASSERT_TRUE(world.admit("splits", R"({"none":1})"));
    ASSERT_TRUE(world.admit("splits", R"({"items":[1,2]})"));
    const auto flow = world.catalog().flow("splits");
    ASSERT_TRUE(world.catalog().set_state(flow->row.id, model::FlowState::kOff, {}));
    EXPECT_FALSE(world.admit("splits", kEvent));
    // The refusal is answered before it is written.
    EXPECT_TRUE(RuntimeWorld::becomes([&world] { return secured_events(world).size() == 4; }));
    EXPECT_THAT(secured_events(world), Each(true));
}

TEST(SecureTriggerEvents, AreSecuredWhenTheyAreTooManyForOneCommit) {
    RuntimeWorld world({{"splits", kSplits}});
    Json items = Json::array();
    for (int i = 0; i <= limits::kFanOutChunk; ++i) {
        items.push_back(i);
    }
    ASSERT_TRUE(world.admit("splits", dump(Json{{"items", items}})));
    const auto flow_id = world.catalog().flow("splits")->row.id;
    // The event itself and those of its items, in pages.
    const auto all = [&world, flow_id] {
        std::vector<model::EventRecord> out;
        while (true) {
            const auto page = world.reader().events(
                {.flow_id = flow_id, .before_id = out.empty() ? 0 : out.back().id, .limit = 400}
            );
            EXPECT_TRUE(page);
            if (!page || page->events.empty()) {
                return out;
            }
            for (const store::FoundEvent& found : page->events) {
                out.push_back(found.event);
            }
        }
    };
    EXPECT_TRUE(RuntimeWorld::becomes([&] { return all().size() == items.size() + 1; }));
    for (const model::EventRecord& event : all()) {
        EXPECT_TRUE(event.is_secured) << event.payload.str();
    }
}

}  // namespace
}  // namespace tideway::testing
