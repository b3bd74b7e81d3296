// A case that is made out of a run, as the API shows it.
#include "engine/runtime/cases/case_recording.h"

#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

Json row(const char* kind, const char* path, const char* operation, Json input, Json output) {
    return {
        {"kind", kind},
        {"path", path},
        {"operation", operation},
        {"status", "Succeeded"},
        {"code", "OK"},
        {"input", std::move(input)},
        {"output", std::move(output)},
        {"at", "2026-02-03T10:00:01Z"}};
}

RecordedRun run_of(Json rows) {
    RecordedRun out;
    out.run = {
        {"id", "00112233445566778899aabbccddeeff"},
        {"flow", "deals/greets"},
        {"status", "Succeeded"},
        {"outcome", "updated"},
        {"event",
         {{"received", "2026-02-03T10:00:00Z"},
          {"payload", {{"id", 7}, {"mail", "ada@contoso.com"}}}}},
        {"steps", Json::array()}};
    out.rows = std::move(rows);
    return out;
}

Json case_of(const RecordedRun& run) {
    return record_case(run, Json::object(), EarlierAttempts::kLeftOut).test;
}

TEST(CaseRecording, HasTheEventAndItsTimeWithPersonalDataReplaced) {
    const CaseRecording recording =
        record_case(run_of(Json::array()), {{"ratio", 2}}, EarlierAttempts::kLeftOut);
    EXPECT_EQ(recording.test.at("flow"), "greets");
    EXPECT_EQ(recording.test.at("at"), "2026-02-03T10:00:00Z");
    EXPECT_EQ(recording.test.at("event"), Json({{"id", 7}, {"mail", "person1@example.com"}}));
    EXPECT_EQ(recording.test.at("variables"), Json({{"ratio", 2}}));
    EXPECT_EQ(recording.test.at("expect").at("outcome"), "updated");
    EXPECT_EQ(recording.replaced, 1U);
}

TEST(CaseRecording, AnswersEachCallAsItsServiceDid) {
    Json refused = row("result", "Write", "", nullptr, nullptr);
    refused["status"] = "Failed";
    refused["output"] = {
        {"code", "Duplicate"}, {"message", "There is one."}, {"details", R"({"status":409})"}};
    const Json test = case_of(run_of(Json::array(
        {row("result", "Read", "crm.get_row", {{"id", "a"}}, {{"name", "A"}}),
         row("intent", "Write", "crm.create_row", {{"row", {{"name", "A"}}}}, nullptr),
         refused}
    )));
    EXPECT_EQ(
        test.at("answers"),
        Json::parse(R"([{"call":"crm.get_row","output":{"name":"A"}},
            {"call":"crm.create_row","refuse":{"status":409,"code":"Duplicate","message":"There is one."}}])"
        )
    );
    EXPECT_EQ(test.at("expect").at("effects"), Json::array()) << "it did not take place";
}

Json attempt(const char* path, Json note) {
    Json out = row("attempt", path, "crm.get_row", nullptr, std::move(note));
    out["status"] = "Running";
    return out;
}

Json busy() {
    return {
        {"code", "Busy"},
        {"message", "Later."},
        {"next", "retry"},
        {"answer", {{"status", 503}, {"details", ""}}}};
}

// Tried three times: refused, not reached, then `last`.
Json tried(Json last) {
    return Json::array(
        {attempt("Read", busy()),
         attempt("Read", {{"code", "ConnectionFailed"}, {"message", "Broken."}, {"next", "retry"}}),
         std::move(last)}
    );
}

TEST(CaseRecording, LeavesRetriesOut) {
    const Json test = case_of(run_of(tried(row("result", "Read", "crm.get_row", nullptr, 1))));
    EXPECT_EQ(test.at("answers"), Json::parse(R"([{"call":"crm.get_row","output":1}])"));
}

TEST(CaseRecording, RefusesAsOftenAsThePolicyTriesWhatWasRefusedForGood) {
    Json refused = row("result", "Read", "crm.get_row", nullptr, nullptr);
    refused["status"] = "Failed";
    refused["output"] = {{"code", "Busy"}, {"message", "Later."}, {"details", R"({"status":503})"}};
    const Json test = case_of(run_of(tried(refused)));
    EXPECT_EQ(
        test.at("answers"),
        Json::parse(
            R"([{"call":"crm.get_row","refuse":{"status":503,"code":"Busy","message":"Later."},"times":3}])"
        )
    );
}

TEST(CaseRecording, KeepsRetriesWhenTheyAreAskedFor) {
    const RecordedRun run = run_of(tried(row("result", "Read", "crm.get_row", nullptr, 1)));
    EXPECT_EQ(
        record_case(run, Json::object(), EarlierAttempts::kKept).test.at("answers"),
        Json::parse(
            R"([{"call":"crm.get_row","refuse":{"status":503,"code":"Busy","message":"Later."}},
            {"call":"crm.get_row","lost":"before"},{"call":"crm.get_row","output":1}])"
        )
    );
}

TEST(CaseRecording, HasNoAttemptsOfATimeWithoutAConnection) {
    Json waiting = attempt("Read", {{"code", "ConnectionUnavailable"}, {"next", "wait"}});
    waiting["status"] = "Waiting";
    const RecordedRun run = run_of(Json::array(
        {attempt("Read", busy()), waiting, row("result", "Read", "crm.get_row", nullptr, 1)}
    ));
    EXPECT_EQ(
        record_case(run, Json::object(), EarlierAttempts::kKept).test.at("answers"),
        Json::parse(R"([{"call":"crm.get_row","output":1}])")
    );
}

TEST(CaseRecording, TellsTheCallsOfOneOperationApartByWhatDiffers) {
    const Json test = case_of(run_of(Json::array(
        {row("result", "One", "crm.get_row", {{"table", "lead"}, {"id", "a"}}, 1),
         row("result", "Two", "crm.get_row", {{"table", "lead"}, {"id", "b"}}, 2),
         row("result", "Two again", "crm.get_row", {{"table", "lead"}, {"id", "b"}}, 2)}
    )));
    EXPECT_EQ(
        test.at("answers"), Json::parse(R"([{"call":"crm.get_row","input":{"id":"a"},"output":1},
            {"call":"crm.get_row","input":{"id":"b"},"output":2,"times":2}])")
    );
}

TEST(CaseRecording, ExpectsTheEffectsWithoutWhatIsAnotherEachTime) {
    const Json test = case_of(run_of(Json::array(
        {row("value", "@uuid", "uuid", nullptr, "c0ffee00-1111-4222-8333-444455556666"),
         row("value", "@now", "now", nullptr, "2026-02-03T10:00:01Z"),
         row("intent",
             "Write",
             "crm.update_row",
             {{"id", "a"},
              {"changes",
               {{"name", "A"},
                {"at", "2026-02-03T10:00:01Z"},
                {"note", "by c0ffee00-1111-4222-8333-444455556666"}}}},
             nullptr),
         row("result", "Write", "", nullptr, {{"id", "a"}})}
    )));
    EXPECT_EQ(
        test.at("expect").at("effects"),
        Json::parse(R"([{"call":"crm.update_row","input":{"id":"a","changes":{"name":"A"}}}])")
    );
}

TEST(CaseRecording, ExpectsTheDecisionsAndTheStepsThatRan) {
    RecordedRun run = run_of(Json::array());
    run.run["steps"] = Json::parse(R"([
        {"name":"Is it new?","kind":"condition","path":"Scope/Is it new?","status":"Succeeded","value":true,
         "children":[{"name":"branch","kind":"branch","status":"Succeeded","children":[
            {"name":"Create","path":"Scope/Create","kind":"step","status":"Failed","operation":"crm.create_row"}]}]},
        {"name":"Never","kind":"step","status":"Skipped","operation":"crm.delete_row"}])");
    run.run["status"] = "Failed";
    run.run["error"] = {
        {"code", "Duplicate"}, {"message", "There is one."}, {"step", "Scope/Create"}};
    const Json expect = case_of(run).at("expect");
    EXPECT_EQ(
        expect.at("steps"),
        Json::parse(R"({"Scope/Is it new?":{"value":true},"Scope/Create":"Failed"})")
    );
    EXPECT_EQ(expect.at("status"), "Failed");
    EXPECT_EQ(expect.at("error"), Json({{"code", "Duplicate"}, {"step", "Scope/Create"}}));
}

TEST(CaseRecording, HasTheCallsThatCameToItsAddresses) {
    Json wait = row("wait", "Ask/@callback", "callback", nullptr, nullptr);
    wait["at"] = "2026-02-03T10:00:00Z";
    Json wake =
        row("wake",
            "Ask/@callback",
            "",
            nullptr,
            {{"queries", {{"decision", "approve"}}}, {"body", nullptr}});
    wake["at"] = "2026-02-03T10:30:00Z";
    EXPECT_EQ(
        case_of(run_of(Json::array({wait, wake}))).at("callbacks"),
        Json::parse(R"([{"step":"Ask","after":"PT1800S","queries":{"decision":"approve"}}])")
    );
}

TEST(CaseRecording, HasWhatPersonsWereAskedAndHaveAnswered) {
    const Json wait = row("wait", "Ask/@callback", "callback", nullptr, nullptr);
    const Json wake =
        row("wake", "Ask/@callback", "", nullptr, {{"answer", "crm"}, {"person", "clerk"}});
    const Json callback = case_of(run_of(Json::array({wait, wake}))).at("callbacks").at(0);
    EXPECT_EQ(callback.at("step"), "Ask");
    EXPECT_EQ(callback.at("answer"), "crm");
}

TEST(CaseRecording, TakesTheFlowsThatWereCalledWithIt) {
    RecordedRun run = run_of(Json::array());
    RecordedRun child =
        run_of(Json::array({row("result", "Read", "crm.get_row", {{"id", "a"}}, 1)}));
    child.run["parent_step"] = "Call";
    child.run["outcome"] = "ignored";
    run.children.push_back(std::move(child));
    const Json test = case_of(run);
    EXPECT_EQ(test.at("answers").size(), 1U);
    EXPECT_EQ(test.at("expect").at("children").at("Call").at("outcome"), "ignored");
}

TEST(CaseRecording, SaysHowManyValuesHistoryKeepsBack) {
    Json secured = row("result", "Read", "crm.get_row", {{"id", "a"}}, nullptr);
    secured["secured"] = {"output"};
    const RecordedRun run = run_of(Json::array({secured}));
    EXPECT_EQ(record_case(run, Json::object(), EarlierAttempts::kLeftOut).secured, 1U);
}

}  // namespace
}  // namespace tideway::runtime
