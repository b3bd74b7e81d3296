// Pack cases: what they accept, what they find, and that their time is not the tester's.
#include "engine/runtime/cases/case.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "engine/runtime/cases/case_runner.h"
#include "tests/support/ledger_connector.h"

namespace tideway::runtime {
namespace {

constexpr const char* kManifest =
    R"({"name":"test","version":"1.0.0","connections":{"ledger":{"connector":"ledger"}},
       "variables":{"greeting":{"type":"String","default":"hello"}}})";

class PackCase : public ::testing::Test {
  protected:
    PackCase() {
        auto runner = CaseRunner::create({{"ledger", std::string(tideway::testing::kLedgerSpec)}});
        EXPECT_TRUE(runner) << runner.error().text();
        runner_ = std::move(*runner);
    }

    void flow(
        const std::string& name, const std::string& body, const std::string& trigger = "manual"
    ) {
        files_[name + ".lua"] = "local ledger = connection \"ledger\"\nreturn flow { title = \"" +
                                name + "\", trigger = trigger." + trigger +
                                " {},\nrun = function(input)\n" + body + "\nend }";
    }

    Result<Case> parse(const std::string& text) {
        files_["pack.json"] = kManifest;
        auto pack = parse_pack(files_);
        EXPECT_TRUE(pack) << pack.error().text();
        pack_ = std::move(*pack);
        const CaseData data = [this](const std::string& name) -> Result<Json> {
            const auto it = data_.find(name);
            if (it == data_.end()) {
                return fail(ErrorKind::kNotFound, "CaseNotFound", "no " + name, "make it");
            }
            return it->second;
        };
        return parse_case("cases/it.json", text, {pack_, runner_->specs(), data});
    }

    std::vector<CaseDifference> differences(const std::string& text) {
        auto read = parse(text);
        EXPECT_TRUE(read) << read.error().text();
        if (!read) {
            return {{"case", "", read.error().text()}};
        }
        auto result = runner_->run(pack_, *read);
        EXPECT_TRUE(result) << result.error().text();
        return result ? result->differences
                      : std::vector<CaseDifference>{{"run", "", result.error().text()}};
    }

    std::string found(const std::string& text) {
        std::string out;
        for (const CaseDifference& each : differences(text)) {
            out += each.where + " | " + each.expected + " | " + each.actual + "\n";
        }
        return out;
    }

    std::string refusal(const std::string& text) {
        const auto read = parse(text);
        return read ? "accepted" : read.error().message;
    }

    std::map<std::string, std::string> files_;
    std::map<std::string, Json> data_;
    Pack pack_;
    std::unique_ptr<CaseRunner> runner_;
};

TEST_F(PackCase, PassesWhenStepsEffectsAndOutcomeAreAsItSays) {
    flow("main", R"(
        local seen = ledger.read("Look", {})
        if condition("If empty", seen.entries == 0) then
          ledger.post("Write", { key = { "a", input.id }, value = input.value })
          outcome("written", "it was empty")
        else
          ledger.set("Overwrite", { name = "x", value = 1 })
        end
        return { id = input.id })");
    EXPECT_EQ(
        found(R"({"flow":"main","event":{"id":7,"value":"v"},
          "answers":[{"call":"ledger.read","output":{"entries":0}},
                     {"call":"ledger.post","input":{"value":"v"},"output":{"id":"1"}}],
          "expect":{"outcome":"written","reason":"it was empty","output":{"id":7},
            "steps":{"If empty":{"value":true},"Write":{"status":"Succeeded","attempts":1,
                     "input":{"key":["a",7]},"output":{"id":"1"}},"Overwrite":"Skipped"},
            "effects":[{"call":"ledger.post","input":{"value":"v"}}]}})"),
        ""
    );
}

TEST_F(PackCase, OfAMutedRunHasStandInsForWhatItWouldChange) {
    flow("main", R"(
        local seen = ledger.read("Look", {})
        local made = ledger.post("Write", { key = { "a" }, value = "v" })
        return { entries = seen.entries, is_made = made.id ~= nil })");
    EXPECT_EQ(
        found(R"({"flow":"main","effects":"muted",
          "answers":[{"call":"ledger.read","output":{"entries":0}}],
          "expect":{"output":{"entries":0,"is_made":true},
            "steps":{"Write":{"status":"Succeeded","input":{"value":"v"}}},"effects":[]}})"),
        ""
    );
}

TEST_F(PackCase, SaysWhatDiffersByStepAndPlace) {
    flow("main", R"(
        ledger.post("Write", { key = { "a" }, value = { name = "A", size = 3 } })
        outcome("written"))");
    const std::string out = found(R"({"flow":"main",
      "answers":[{"call":"ledger.post","output":{"id":"1"}}],
      "expect":{"status":"Failed","outcome":"kept",
        "steps":{"Write":{"status":"Failed","input":{"value":{"name":"B"}}},"Nowhere":"Skipped"},
        "effects":[]}})");
    EXPECT_NE(out.find("status | Failed | Succeeded"), std::string::npos) << out;
    EXPECT_NE(out.find("outcome | \"kept\" | \"written\""), std::string::npos) << out;
    EXPECT_NE(out.find("step Write | Failed | Succeeded"), std::string::npos) << out;
    EXPECT_NE(out.find("step Write input /value/name | \"B\" | \"A\""), std::string::npos) << out;
    EXPECT_NE(out.find("step Nowhere | one step | no step ends so"), std::string::npos) << out;
    EXPECT_NE(out.find("effect 1 | none | ledger.post"), std::string::npos) << out;
}

TEST_F(PackCase, FailsForACallWithoutAnswerEvenIfTheFlowCatchesIt) {
    flow("main", R"(try("Try", function() ledger.set("Set", { name = "b", value = 2 }) end))");
    const std::string out = found(R"({"flow":"main",
      "answers":[{"call":"ledger.set","input":{"name":"a"},"output":null,"times":"any"}],
      "expect":{}})");
    EXPECT_NE(out.find(R"(ledger.set was called with {"name":"b","value":2})"), std::string::npos)
        << out;
    EXPECT_NE(out.find(R"(line 2: {"name":"a"})"), std::string::npos) << out;
}

TEST_F(PackCase, FailsForAnAnswerThatNobodyAskedFor) {
    flow("main", "return 1");
    const std::string out = found(R"({"flow":"main",
      "answers":[{"call":"ledger.read","output":{"entries":0}},
                 {"call":"ledger.read","input":{"a":1},"output":{},"times":"any"}],
      "expect":{"output":1}})");
    EXPECT_NE(out.find("answers, line 2 | ledger.read"), std::string::npos) << out;
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
}

TEST_F(PackCase, TakesNoTimeForDelaysAndRetriesButTheClockGoesOn) {
    flow("main", R"(
        local before = now()
        delay("A week", 7 * 24 * 3600)
        ledger.read("Look", {})
        return { seconds = time.difference(before, now()) })");
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(
        found(R"({"flow":"main","time_limit":"P8D",
          "answers":[{"call":"ledger.read","refuse":{"status":429,"headers":{"Retry-After":"3600"}},"times":2},
                     {"call":"ledger.read","output":{}}],
          "expect":{"output":{"seconds":612000},"steps":{"Look":{"attempts":3}}}})"),
        ""
    );
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST_F(PackCase, CallsTheAddressesThatAFlowWaitsAt) {
    flow("main", R"(
        local said = {}
        for i = 1, 2 do
            local before = now()
            local call = wait_for_callback("Ask", function(address)
                ledger.post("Send", { key = i, value = address })
            end)
            said[i] = { body = call.body, word = call.queries.word, after = time.difference(before, now()) }
        end
        return said)");
    EXPECT_EQ(
        found(R"({"flow":"main","answers":[{"call":"ledger.post","output":{},"times":2}],
          "callbacks":[{"step":"Ask","after":"PT3H","body":{"ok":true}},
                       {"step":"Ask#2","queries":{"word":"two"}}],
          "expect":{"output":[{"body":{"ok":true},"after":10800},{"word":"two","after":0}],
                    "steps":{"Ask#2":{"status":"Succeeded","output":{"queries":{"word":"two"}}}}}})"
        ),
        ""
    );
}

TEST_F(PackCase, FailsForACallbackThatNoRunTakes) {
    flow("main", R"(
        local asked = try("Try", function()
            wait_for_callback("Ask", { timeout = 60 }, function() end)
        end)
        delay("Go on", 3600)
        return asked.status)");
    const std::string out = found(R"({"flow":"main",
      "callbacks":[{"step":"Ask","after":"PT2M"},
      {"step":"Elsewhere"}],
      "expect":{"output":"TimedOut"}})");
    EXPECT_EQ(
        out,
        "callbacks, line 2 | a call to the address of Ask | no run waited for it\n"
        "callbacks, line 3 | a call to the address of Elsewhere | no run waited for it\n"
    );
}

TEST_F(PackCase, RunsLocksBranchesAndChildrenForReal) {
    flow(
        "child",
        R"(
        exclusive("One at a time", "k", function()
          delay("Work", 60)
          ledger.post("Post", { key = { input.n }, value = input.n })
        end)
        return { n = input.n })",
        "child"
    );
    flow("main", R"(
        local out = parallel("Both", {
          function() return run_child_flow("First", "child", { n = 1 }) end,
          function() return run_child_flow("Second", "child", { n = 2 }) end,
        })
        outcome("done"))");
    EXPECT_EQ(
        found(R"({"flow":"main",
          "answers":[{"call":"ledger.post","output":{"id":"1"},"times":2}],
          "expect":{"outcome":"done",
            "children":{"First":{"output":{"n":1},"steps":{"Post":{"input":{"value":1}}}},
                        "Second":{"output":{"n":2}}},
            "effects":[{"call":"ledger.post","input":{"value":1}},
                       {"call":"ledger.post","input":{"value":2}}]}})"),
        ""
    );
}

TEST_F(PackCase, SettlesAnEffectWhoseAnswerWasLostThroughTheProbe) {
    flow("main", R"(return ledger.post("Post", { key = { 1 }, value = 1 }))");
    EXPECT_EQ(
        found(R"({"flow":"main",
          "answers":[{"call":"ledger.post","lost":"after"},
                     {"call":"ledger.post","probe":{"found":true,"output":{"id":"9"}}}],
          "expect":{"output":{"id":"9"},"effects":[{"call":"ledger.post"}]}})"),
        ""
    );
}

TEST_F(PackCase, EndsWithARunThatWaitsForAPerson) {
    flow("main", R"(ledger.shout("Shout", { value = 1 }))");
    EXPECT_EQ(
        found(R"({"flow":"main","answers":[{"call":"ledger.shout","lost":"after"}],
          "expect":{"status":"Paused","steps":{"Shout":"Paused"}}})"),
        ""
    );
}

TEST_F(PackCase, EndsWhenItsTimeLimitIsOver) {
    flow("main", R"(delay("Ten days", 10 * 24 * 3600))");
    const std::string out = found(R"({"flow":"main","expect":{}})");
    EXPECT_NE(out.find("status | Succeeded | Waiting"), std::string::npos) << out;
}

TEST_F(PackCase, CanExpectThatTheTriggersConditionRefusesTheEvent) {
    files_["main.lua"] = R"(return flow { title = "main", trigger = trigger.manual {
        condition = function(input) return input.size > 5 end },
      run = function(input) return input.size end })";
    EXPECT_EQ(
        found(R"({"flow":"main","event":{"size":1},"expect":{"event":"ConditionUnmet"}})"), ""
    );
    EXPECT_EQ(found(R"({"flow":"main","event":{"size":6},"expect":{"output":6}})"), "");
    const std::string out =
        found(R"({"flow":"main","event":{"size":6},"expect":{"event":"ConditionUnmet"}})");
    EXPECT_NE(out.find("event | ConditionUnmet | Accepted"), std::string::npos) << out;
}

TEST_F(PackCase, FailsForAnEventThatTheTriggerWouldRefuseAndFillsDefaultsIn) {
    files_["main.lua"] = R"(return flow { title = "main", trigger = trigger.manual { inputs = {
        { name = "size", type = "number", required = true },
        { name = "colour", type = "text", default = "red" } } },
      run = function(input) return input end })";
    EXPECT_EQ(
        found(R"({"flow":"main","event":{"size":1},"expect":{"output":{"colour":"red"}}})"), ""
    );
    const std::string wrong =
        found(R"({"flow":"main","event":{"size":"big","shape":"round"},"expect":{}})");
    EXPECT_NE(wrong.find("event | what the trigger takes"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("/size"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("/shape"), std::string::npos) << wrong;
    files_["main.lua"] = R"(return flow { title = "main",
      trigger = trigger.http_request { schema = { type = "object", required = { "id" } } },
      run = function(event) return event.body.id end })";
    EXPECT_EQ(found(R"({"flow":"main","event":{"body":{"id":7}},"expect":{"output":7}})"), "");
    const std::string missing = found(R"({"flow":"main","event":{"body":{}},"expect":{}})");
    EXPECT_NE(missing.find("/id"), std::string::npos) << missing;
}

TEST_F(PackCase, SetsVariablesAndTheTimeOfTheEvent) {
    flow("main", R"(return { said = env("greeting"), at = now() })");
    EXPECT_EQ(
        found(R"({"flow":"main","at":"2026-02-03T10:00:00Z","variables":{"greeting":"moin"},
          "expect":{"output":{"said":"moin","at":"2026-02-03T10:00:00Z"}}})"),
        ""
    );
}

TEST_F(PackCase, MergesSharedDataWithWhatItSaysItself) {
    flow("main", R"(return ledger.read("Look", {}))");
    data_["base"] = Json::parse(R"({"a":1,"b":{"c":2,"d":3},"gone":4})");
    EXPECT_EQ(
        found(R"({"flow":"main",
          "answers":[{"call":"ledger.read","output":{"$data":"base","b":{"d":5},"gone":null}}],
          "expect":{"output":{"a":1,"b":{"c":2,"d":5},"gone":null}}})"),
        ""
    );
    EXPECT_NE(
        refusal(R"({"flow":"main","event":{"$data":"none"},"expect":{}})").find("no none"),
        std::string::npos
    );
}

TEST_F(PackCase, ThatIsMalformedIsRefusedWithFileLineAndWhatIsWrong) {
    flow("main", "return 1");
    const std::vector<std::pair<std::string, std::string>> texts = {
        {"{\n\"flow\": \"main\",\n}", "cases/it.json:3: The case is not valid JSON"},
        {"{\"flow\": \"main\"}", "cases/it.json:1: /expect is missing"},
        {"{\"flow\": \"main\", \"expect\": {},\n \"answer\": []}",
         "cases/it.json:2: /answer is not known"},
        {"{\"flow\": \"other\", \"expect\": {}}",
         "cases/it.json:1: the pack test has no flow 'other'"},
        {"{\"flow\": \"main\", \"expect\": {},\n \"variables\": {\n\"greting\": 1}}",
         "cases/it.json:3: the pack test has no variable 'greting'"},
        {"{\"flow\": \"main\", \"expect\": {}, \"answers\": [\n{\"call\": \"book.read\", "
         "\"output\": {}}]}",
         "cases/it.json:2: the pack test has no connection reference 'book'"},
        {"{\"flow\": \"main\", \"expect\": {}, \"answers\": [\n{\"call\": \"ledger.gaze\", "
         "\"output\": {}}]}",
         "cases/it.json:2: the connector ledger has no operation 'gaze'"},
        {"{\"flow\": \"main\", \"expect\": {}, \"answers\": [{\"call\": \"ledger.read\", "
         "\"output\": {}},\n"
         "{\"call\": \"ledger.read\"}]}",
         "cases/it.json:2: an answer says exactly one of"},
        {"{\"flow\": \"main\", \"expect\": {\n\"effects\": [\n{\"call\": \"ledger.read\"}]}}",
         "cases/it.json:3: ledger.read only reads"},
        {"{\"flow\": \"main\", \"expect\": {\n\"steps\": {\n\"A long name\": \"Done\"}}}",
         "cases/it.json:3: /expect/steps/A long name"},
        {"{\"flow\": \"main\", \"expect\": {},\n \"time_limit\": \"1 day\"}",
         "cases/it.json:2: 'time_limit' is not a duration"},
        {"{\"flow\": \"main\", \"expect\": {},\n \"callbacks\": [\n{\"step\": \"Ask\", \"after\": "
         "\"later\"}]}",
         "cases/it.json:3: 'after' is not a duration"},
    };
    for (const auto& [text, message] : texts) {
        const auto read = parse(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, "InvalidCase");
        EXPECT_EQ(read.error().message.find(message), 0U) << read.error().message;
        EXPECT_NE(read.error().remedy, "");
    }
}

TEST_F(PackCase, OfAFlowWithErrorsNamesThem) {
    files_["main.lua"] = "return flow { title = 1";
    auto read = parse(R"({"flow":"main","expect":{}})");
    ASSERT_TRUE(read) << read.error().text();
    const auto result = runner_->run(pack_, *read);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("main.lua:1"), std::string::npos)
        << result.error().message;
}

}  // namespace
}  // namespace tideway::runtime
