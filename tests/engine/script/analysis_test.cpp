#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/script/language.h"
#include "engine/script/outline.h"

namespace tideway::script {
namespace {

using Files = std::map<std::string, std::string>;
using Connections = std::map<std::string, const model::ConnectorSpec*>;

model::OperationSpec make_operation(std::string id, const std::string& input, bool creates) {
    model::OperationSpec operation;
    operation.id = std::move(id);
    operation.input_schema = Json::parse(input);
    operation.creates = creates;
    return operation;
}

class Analyse : public testing::Test {
  protected:
    Analyse() {
        crm_.id = "dataverse";
        crm_.operations.push_back(make_operation(
            "create_row",
            R"({"type":"object","required":["table","row"],"properties":{
                "table":{"type":"string"},"row":{"type":"object"}}})",
            true
        ));
        crm_.operations.push_back(make_operation(
            "update_row",
            R"({"type":"object","required":["id","changes"],"properties":{
                "id":{"type":"string"},"etag":{"type":"string"},"changes":{"type":"object"},
                "mode":{"type":"string","enum":["strict","lenient"]},
                "parts":{"type":"array","items":{"type":"object","required":["name"],
                    "properties":{"name":{"type":"string"}}}}}})",
            false
        ));
        crm_.operations.push_back(make_operation(
            "get_row",
            R"({"type":"object","required":["id"],"properties":{"id":{"type":"string"}}})",
            false
        ));
        referrals_.id = "partner_center";
        referrals_.operations.push_back(make_operation(
            "get_referral",
            R"({"type":"object","required":["id"],"properties":{"id":{"type":"string"}}})",
            false
        ));
        referrals_.operations.push_back(make_operation(
            "patch_referral",
            R"({"type":"object","required":["id","changes"],"properties":{
                "id":{},"etag":{},"changes":{"type":"object"}}})",
            false
        ));
        model::TriggerSpec trigger;
        trigger.id = "referral_event";
        trigger.config_schema =
            Json::parse(R"({"type":"object","properties":{"events":{"type":"array"}}})");
        referrals_.triggers.push_back(trigger);
        connections_ = {{"dynamics365", &crm_}, {"partner_center_referrals", &referrals_}};
    }

    Analysis analyse_files(const Files& files) const {
        return analyse("flow.lua", files, &connections_);
    }

    // A flow whose run has this body.
    Analysis analyse_run(const std::string& body, Files files = {}) const {
        files["flow.lua"] =
            "local crm = connection \"dynamics365\"\n"
            "return flow { title = \"T\", trigger = trigger.manual {}, run = function(event)\n" +
            body + "\nreturn crm, event end }";
        return analyse_files(files);
    }

    model::ConnectorSpec crm_;
    model::ConnectorSpec referrals_;
    Connections connections_;
};

// One line per node, two blanks per level: "kind name -> operation".
void print(
    const std::vector<model::OutlineNode>& nodes, const std::string& indent, std::string& out
) {
    for (const model::OutlineNode& node : nodes) {
        out += indent + node.kind + " " + node.name;
        out += node.operation.empty() ? "\n" : " -> " + node.operation + "\n";
        print(node.children, indent + "  ", out);
    }
}

std::string outline_text(const Analysis& analysis) {
    std::string out = "\n";
    print(analysis.outline, "", out);
    return out;
}

std::string findings_text(const Analysis& analysis) {
    std::string out;
    for (const Finding& finding : analysis.findings) {
        out += finding.file + ":" + std::to_string(finding.line) + ":" +
               std::to_string(finding.column) + " " + finding.code + ": " + finding.message;
        out += finding.suggestion.empty() ? "\n" : " [" + finding.suggestion + "]\n";
    }
    return out;
}

const char* const kSample =
    R"lua(--- Partner Center to Dynamics 365: brings a referral into the CRM.
local pair = require "lib.referral_pair"       -- the two halves of a deal
local map  = require "lib.mapping"             -- reads mapping.json

local referrals = connection "partner_center_referrals"
local crm       = connection "dynamics365"

return flow {
  title   = "Partner Center to Dynamics 365",
  trigger = trigger.partner_center_referral_event {          -- schema, signature, duplicates: the connector's business
    title = "When a HTTP request is received",
  },

  run = function(event)
    local referral = referrals.get_referral("Get the referral", { id = event.referral_id })

    exclusive("One run per deal", referral.engagementId, function()
      scope("(Scope) Synchronize the lead or opportunity", function()
        local own = pair.own_half("Find our half", referral)              -- read again, under the lock
        local row = pair.find_row("Find the CRM record", own)             -- by CRM ID, then by Referral Identifier

        if condition("If it's new Shared opportunity, then", row == nil and pair.is_new_shared(own)) then
          row = crm.create_row("Creating a new opportunity in the CRM",
            { table = "opportunity", key = { "engagement", own.engagementId }, row = map.to_crm(own) })
          outcome("created")
        elseif condition("If it's an update to an opportunity, then", row ~= nil) then
          local diff = map.difference(own, row)                           -- canonical: decimals, dates, line ends
          if condition("If difference between the opportunity objects in Partner Center and CRM, then", diff.any) then
            crm.update_row("Update existing opportunity", { id = row.id, etag = row.etag, changes = diff.to_crm })
            outcome("updated", diff.summary)
          else
            outcome("no change")
          end
        else
          return outcome("ignored", pair.why_ignored(own))
        end

        if own.externalReferenceId ~= row.id then                         -- also heals a half-done earlier run
          referrals.patch_referral("Write the CRM ID back",
            { id = own.id, etag = own.eTag, changes = { externalReferenceId = row.id } })
        end
      end)
    end)
  end,
}
)lua";

const char* const kPairLibrary = R"lua(
local M = {}
local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

function M.own_half(name, referral)
  return referrals.get_referral(name, { id = referral.id })
end

local function by_id(name, id)
  return crm.get_row(name .. ": by CRM ID", { id = id })
end

M.find_row = function(name, own)
  local row
  scope(name, function()
    row = by_id(name, own.externalReferenceId)
  end)
  return row
end

function M.is_new_shared(own) return own.type == "Shared" end
function M.why_ignored(own) return "status " .. own.status end

return M
)lua";

const char* const kMappingLibrary = R"lua(
local mapping = require "mapping"
local function to_crm(own) return list.map(mapping.fields, function(field) return own[field] end) end
return {
  to_crm = to_crm,
  difference = function(own, row) return { any = not list.deep_equal(to_crm(own), row) } end,
}
)lua";

Files sample_files() {
    return {
        {"flow.lua", kSample},
        {"lib/referral_pair.lua", kPairLibrary},
        {"lib/mapping.lua", kMappingLibrary},
        {"mapping.json", "{}"},
    };
}

TEST_F(Analyse, OutlinesTheFlowOfTheDesignWithItsLibraries) {
    const Analysis analysis = analyse_files(sample_files());
    EXPECT_EQ(findings_text(analysis), "");
    EXPECT_EQ(outline_text(analysis), R"(
step Get the referral -> partner_center_referrals.get_referral
exclusive One run per deal
  scope (Scope) Synchronize the lead or opportunity
    step Find our half -> partner_center_referrals.get_referral
    scope Find the CRM record
      step Find the CRM record: by CRM ID -> dynamics365.get_row
    condition If it's new Shared opportunity, then
      branch yes
        step Creating a new opportunity in the CRM -> dynamics365.create_row
      branch no
        condition If it's an update to an opportunity, then
          branch yes
            condition If difference between the opportunity objects in Partner Center and CRM, then
              branch yes
                step Update existing opportunity -> dynamics365.update_row
              branch no
          branch no
    step Write the CRM ID back -> partner_center_referrals.patch_referral
)");
    EXPECT_EQ(
        analysis.connections, (std::vector<std::string>{"dynamics365", "partner_center_referrals"})
    );
    const model::OutlineNode& scope = analysis.outline.at(1).children.at(0);
    EXPECT_EQ(scope.file, "flow.lua");
    EXPECT_EQ(scope.line, 18);
    EXPECT_EQ(scope.children.at(0).file, "lib/referral_pair.lua");
    EXPECT_EQ(scope.children.at(0).line, 7);
}

TEST_F(Analyse, OutlinesEveryStructureAndStep) {
    const Analysis analysis = analyse_run(R"(
      local caught = try("Try it", function() crm.get_row("Read", { id = "1" }) end)
      switch("By status", event.status, {
        New = function() compose("Note", 1) end,
        [3] = function() delay("Pause", 5) end,
        default = function() delay_until("Wait", event.at) end,
      })
      foreach("Lines", event.lines, function(line) crm.get_row("Read line", { id = line }) end, { concurrency = 4 })
      parallel("Both", {
        left = function() respond { status = 202 } end,
        right = function() respond("Answer", { status = 200 }) end,
      })
      repeat_until("Until done", { limit = 3 }, function()
        return wait_for_callback("Approval", { timeout = "P1D" }, function(address)
          compose("Ask", address)
        end).body
      end)
      run_child_flow("Child", "write_audit", { a = env "site" })
      if caught.status ~= "Succeeded" then terminate("Failed", "x", "y") end
    )");
    EXPECT_EQ(findings_text(analysis), "");
    EXPECT_EQ(outline_text(analysis), R"(
try Try it
  step Read -> dynamics365.get_row
switch By status
  case New
    compose Note
  case 3
    delay Pause
  case default
    delay_until Wait
foreach Lines
  step Read line -> dynamics365.get_row
parallel Both
  branch left
    respond Response
  branch right
    respond Answer
repeat_until Until done
  wait_for_callback Approval
    compose Ask
run_child_flow Child -> write_audit
terminate Terminate
)");
    EXPECT_EQ(analysis.children, std::vector<std::string>{"write_audit"});
    EXPECT_EQ(analysis.variables, std::vector<std::string>{"site"});
}

TEST_F(Analyse, ChecksTheBodyAndTheOptionsOfACallback) {
    const Analysis analysis = analyse_run(R"(
      wait_for_callback("No body", { timeout = "P1D" })
      wait_for_callback("Not a function", {}, event.body)
      wait_for_callback("Field", { subscribe = {} }, function() end)
      wait_for_callback("Timeout", { timeout = "a day" }, function() end)
      wait_for_callback(event.name, { timeout = 60 }, function() end)
    )");
    std::vector<std::string> codes;
    for (const Finding& finding : analysis.findings) {
        codes.push_back(finding.code);
    }
    EXPECT_EQ(
        codes,
        (std::vector<std::string>{
            "body-not-function",
            "body-not-function",
            "unknown-field",
            "wrong-value",
            "name-not-literal"})
    ) << findings_text(analysis);
}

TEST_F(Analyse, FollowsFunctionsThroughParametersMethodsAndCallbacks) {
    const Analysis analysis = analyse_run(R"(
      local tool = {}
      function tool:read(name) return self.get(name) end
      function tool.get(name) return crm.get_row(name, { id = "1" }) end
      local function twice(service, body) body(service, "first") body(service, "second") end
      tool:read("By method")
      twice(crm, function(service, name) service.get_row("Read " .. name, { id = "1" }) end)
      pcall(function() compose("Inside pcall", 1) end)
      list.map(event, function(x) return compose("Each", x) end)
    )");
    EXPECT_EQ(findings_text(analysis), "");
    EXPECT_EQ(outline_text(analysis), R"(
step By method -> dynamics365.get_row
step Read first -> dynamics365.get_row
step Read second -> dynamics365.get_row
compose Inside pcall
compose Each
)");
}

TEST_F(Analyse, GivesBothBranchesOfANegatedOrCombinedCondition) {
    const Analysis analysis = analyse_run(R"(
      if not condition("A", event.a) then compose("not a", 1) else compose("a", 1) end
      if event.x and condition("B", event.b) then compose("b", 1) end
      local c = condition("C", event.c)
      if c then compose("c", 1) end
    )");
    EXPECT_EQ(outline_text(analysis), R"(
condition A
  branch yes
    compose a
  branch no
    compose not a
condition B
  branch yes
    compose b
  branch no
condition C
compose c
)");
}

TEST_F(Analyse, ComesToAnEndWithRecursionAndExplodingCalls) {
    std::string body = "local f0 = function() compose(\"Leaf\", 1) end\n";
    for (int i = 1; i < 40; ++i) {
        const std::string before = "f" + std::to_string(i - 1) + "()";
        body += "local function f" + std::to_string(i) + "() " + before + " " + before + " end\n";
    }
    const Analysis large = analyse_run(body + "f39()");
    EXPECT_EQ(large.findings.size(), 1U) << findings_text(large);
    EXPECT_EQ(large.findings.at(0).code, "outline-cut");
    const Analysis recursive =
        analyse_run("local function f(n) compose(\"Once\", n) if n > 0 then f(n - 1) end end f(3)");
    EXPECT_EQ(outline_text(recursive), "\ncompose Once\n");
}

TEST_F(Analyse, ReportsASyntaxErrorInAnyFile) {
    EXPECT_EQ(
        findings_text(analyse_files({{"flow.lua", "return flow {\n  title = = 1 }"}})),
        "flow.lua:2:11 syntax: a value or a name expected, found '='\n"
    );
    const Analysis library = analyse_run("", {{"lib/a.lua", "local x = "}});
    EXPECT_EQ(
        findings_text(library),
        "lib/a.lua:1:11 syntax: a value or a name expected, found the end of the file\n"
    );
    EXPECT_EQ(analyse_files({}).findings.at(0).code, "no-file");
}

TEST_F(Analyse, SuggestsTheNameThatWasMeant) {
    const std::string text =
        findings_text(analyse_run("compse(\"A\", evnt)\ntime.formt(event.at, \"yyyy\")"));
    EXPECT_EQ(
        text,
        "flow.lua:3:1 unknown-name: 'compse' is neither a local variable nor a word of the "
        "language "
        "[compose]\n"
        "flow.lua:3:13 unknown-name: 'evnt' is neither a local variable nor a word of the language "
        "[event]\n"
        "flow.lua:4:1 unknown-name: 'time' has no 'formt' [time.format]\n"
    );
}

TEST_F(Analyse, NamesTheCounterpartOfWhatFlowsDoNotHave) {
    EXPECT_EQ(
        findings_text(analyse_run("print(os.time())\nlocal f = io.open(\"x\") f()")),
        "flow.lua:3:1 unavailable: 'print' does not exist in flows; use log(message, fields) "
        "[log(message, fields)]\n"
        "flow.lua:3:7 unavailable: 'os.time' does not exist in flows; use now() or "
        "time.to_seconds(value) [now() or time.to_seconds(value)]\n"
        "flow.lua:4:11 unavailable: 'io' does not exist in flows; use an operation of a "
        "connection, or "
        "require \"name\" for a JSON file of the pack [an operation of a connection, or require "
        "\"name\" for a JSON file of the pack]\n"
    );
}

TEST_F(Analyse, ChecksTheTimeLimitsOfScopes) {
    EXPECT_EQ(
        findings_text(analyse_run("scope(\"S\", { timeout = \"PT5M\" }, function() end)\n"
                                  "try(\"T\", { timeout = \"soon\" }, function() end)\n"
                                  "scope(\"S\", { timeuot = 5 }, function() end)")),
        "flow.lua:4:22 wrong-value: try: 'soon' is not a duration [PT1H, PT30M or P1D]\n"
        "flow.lua:5:14 unknown-field: scope has no field 'timeuot'; it has timeout [timeout]\n"
    );
}

TEST_F(Analyse, ChecksTheNumberOfArguments) {
    EXPECT_EQ(
        findings_text(analyse_run("compose(\"A\")\nuuid(1)\nscope(\"S\", {}, event, 1)\n"
                                  "money.add(table.unpack(event))\ncrm.get_row()")),
        "flow.lua:3:1 arity: compose takes 2 to 3 arguments, here it gets 1\n"
        "flow.lua:4:1 arity: uuid takes no arguments, here it gets 1\n"
        "flow.lua:5:1 arity: scope takes 2 to 3 arguments, here it gets 4\n"
        "flow.lua:7:1 arity: dynamics365.get_row takes 1 to 3 arguments, here it gets 0\n"
        "flow.lua:7:1 missing-field: get_row needs an input: a table after the step's name\n"
    );
}

TEST_F(Analyse, InsistsOnLiteralNames) {
    const Analysis direct = analyse_run("for i = 1, 2 do compose(\"Step \" .. i, 1) end");
    ASSERT_EQ(direct.findings.size(), 1U);
    EXPECT_EQ(direct.findings[0].code, "name-not-literal");
    EXPECT_EQ(direct.findings[0].line, 3);
    EXPECT_EQ(direct.findings[0].column, 25);
    const Analysis passed = analyse_run(
        "local function step(name) compose(name, 1) end\nstep(\"fine\") step(event.name)"
    );
    ASSERT_EQ(passed.findings.size(), 1U) << findings_text(passed);
    EXPECT_EQ(passed.findings[0].line, 3);
    EXPECT_EQ(outline_text(passed), "\ncompose fine\ncompose ?\n");
    EXPECT_EQ(
        analyse_run("local x = connection(event.name) x.y()").findings[0].code, "name-not-literal"
    );
}

TEST_F(Analyse, ChecksConnectionsOperationsAndModules) {
    EXPECT_EQ(
        findings_text(analyse_run("local other = connection \"dynamics356\"\n"
                                  "other.anything(\"A\", {})\n"
                                  "crm.creat_row(\"B\", { tabel = \"x\" })\n"
                                  "crm:get_row(\"C\", { id = \"1\" })\n"
                                  "local lib = require \"lib.missing\" lib.f()")),
        "flow.lua:3:26 unknown-connection: the pack has no connection reference 'dynamics356'; add "
        "it "
        "to pack.json [dynamics365]\n"
        "flow.lua:5:1 unknown-operation: connection 'dynamics365' (dataverse) has no operation "
        "'creat_row' [create_row]\n"
        "flow.lua:6:1 method-call: an operation is called with a dot, not with a colon "
        "[crm.get_row]\n"
        "flow.lua:7:21 unknown-module: the pack has no file for require \"lib.missing\"\n"
    );
}

TEST_F(Analyse, ChecksInputTablesAgainstTheSchema) {
    EXPECT_EQ(
        findings_text(analyse_run(
            "crm.create_row(\"A\", { tabel = \"x\", row = {} })\n"
            "crm.update_row(\"B\", { id = 5, changes = {}, mode = \"strct\", key = 1 })\n"
            "crm.update_row(\"C\", { id = event.id, changes = event.c, parts = { { nme = \"\" } } "
            "})\n"
            "crm.update_row(\"D\", event)\n"
            "crm.create_row(\"E\", { table = \"x\", row = {}, key = { event.id } })"
        )),
        "flow.lua:3:1 create-without-key: create_row has no business key: another run for the same "
        "thing could make a second record [key = { \"what it is\", id }]\n"
        "flow.lua:3:21 missing-field: create_row needs the field 'table' [table = ...]\n"
        "flow.lua:3:23 unknown-field: create_row has no field 'tabel'; it has row, table and key "
        "[table]\n"
        "flow.lua:4:28 wrong-type: update_row: id must be string, not integer\n"
        "flow.lua:4:52 wrong-value: update_row: mode is one of strict and lenient, not 'strct' "
        "[strict]\n"
        "flow.lua:4:61 unknown-field: update_row has no field 'key'; it has changes, etag, id, "
        "mode and "
        "parts\n"
        "flow.lua:5:67 missing-field: update_row: parts needs the field 'name' [name = ...]\n"
        "flow.lua:5:69 unknown-field: update_row: parts has no field 'nme'; it has name [name]\n"
    );
}

TEST_F(Analyse, WarnsOfSettingsOfATriggerThatDoNothing) {
    const auto findings = [this](const std::string& trigger) {
        const std::string text = "return flow { title = \"a\", trigger = trigger." + trigger +
                                 ", run = function() end }";
        return findings_text(analyse_files({{"flow.lua", text}}));
    };
    const std::string key = "function(event) return event.id end";
    EXPECT_EQ(
        findings("manual { coalesce_by = " + key + " }"),
        "flow.lua:1:55 idle-setting: coalesce_by does nothing alone: without concurrency or "
        "one_at_a_time_by no run waits\n"
    );
    EXPECT_EQ(findings("manual { coalesce_by = " + key + ", concurrency = { runs = 1 } }"), "");
    EXPECT_EQ(findings("manual { coalesce_by = " + key + ", one_at_a_time_by = " + key + " }"), "");
    EXPECT_EQ(
        findings("child { concurrency = { runs = 1 } }"),
        "flow.lua:1:54 idle-setting: concurrency does nothing in trigger.child: a run that is "
        "called starts at once; use exclusive in the flow\n"
    );
}

TEST_F(Analyse, ChecksTheFlowTableAndItsTrigger) {
    const std::string text =
        "return flow { title = \"a\", title = \"b\", tigger = 1,\n"
        "trigger = trigger.partner_center_referral_event { evnts = {} } }";
    EXPECT_EQ(
        findings_text(analyse_files({{"flow.lua", text}})),
        "flow.lua:1:13 missing-field: flow needs the field 'run' [run = ...]\n"
        "flow.lua:1:28 duplicate-field: the field 'title' stands twice in this table; only the "
        "last one "
        "counts\n"
        "flow.lua:1:41 unknown-field: flow has no field 'tigger'; it has title, description, "
        "trigger, "
        "run, retry and timeout [trigger]\n"
        "flow.lua:2:51 unknown-field: trigger.partner_center_referral_event has no field 'evnts'; "
        "it "
        "has events, title, connection, condition, dedupe_by, split_on, concurrency, "
        "one_at_a_time_by, coalesce_by and secure [events]\n"
    );
    EXPECT_EQ(analyse_files({{"flow.lua", "return 1"}}).findings.at(0).code, "no-flow");
    EXPECT_EQ(analyse_files({{"flow.lua", ""}}).findings.at(0).code, "no-flow");
}

TEST_F(Analyse, WarnsOfUnusedLocalsAndGlobals) {
    const Analysis analysis = analyse_run(
        "local used, unused, _ignored = 1, 2, 3\nlocal late\nlate = used\nlocal function never() "
        "end\n"
        "total = 1"
    );
    EXPECT_EQ(
        findings_text(analysis),
        "flow.lua:3:13 unused-local: 'unused' is never used\n"
        "flow.lua:4:7 unused-local: 'late' is assigned but never read\n"
        "flow.lua:6:16 unused-local: 'never' is never used\n"
        "flow.lua:7:1 global-assignment: 'total' becomes a global of the whole run; write 'local' "
        "in "
        "front of it where it is declared [local total]\n"
    );
    for (const Finding& finding : analysis.findings) {
        EXPECT_EQ(finding.severity, Finding::Severity::kWarning);
    }
}

TEST_F(Analyse, LeavesSpecsAloneWhenThereAreNone) {
    const Files files = sample_files();
    const Analysis analysis = analyse("flow.lua", files, nullptr);
    EXPECT_EQ(findings_text(analysis), "");
    EXPECT_EQ(analysis.outline.size(), 2U);
}

TEST_F(Analyse, SurvivesAnyMutationOfItsFiles) {
    std::mt19937 random(7);
    const std::string all = std::string(kSample) + kPairLibrary + kMappingLibrary;
    int outlined = 0;
    for (int round = 0; round < 400; ++round) {
        Files files = sample_files();
        for (auto& [path, text] : files) {
            if (random() % 2 == 0) {
                continue;
            }
            const std::size_t at = random() % text.size();
            const std::size_t line = all.find('\n', random() % (all.size() / 2));
            if (random() % 2 == 0) {
                text.erase(at, 1 + random() % 12);
            } else {
                text.insert(text.find('\n', at) + 1, all.substr(line, 1 + random() % 60));
            }
        }
        const Analysis analysis = analyse_files(files);
        outlined += analysis.outline.empty() ? 0 : 1;
        for (const Finding& finding : analysis.findings) {
            EXPECT_FALSE(finding.code.empty());
            EXPECT_FALSE(finding.message.empty());
        }
    }
    EXPECT_GT(outlined, 20);
}

TEST(NearestName, FindsSmallSlipsOnly) {
    const std::vector<std::string> names = {"compose", "condition", "connection"};
    EXPECT_EQ(nearest_name("compsoe", names), "compose");
    EXPECT_EQ(nearest_name("conection", names), "connection");
    EXPECT_EQ(nearest_name("parallel", names), "");
}

}  // namespace
}  // namespace tideway::script
