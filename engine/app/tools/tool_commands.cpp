// crm plan|apply, preflight, verify-tenant: flows of packs with a well-known purpose.
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/tools/findings.h"
#include "engine/app/tools/tool_run.h"

namespace tideway::app {

namespace {

struct ToolOptions {
    std::string pack;
    int timeout_s = 300;
};

// "made" of a run that made nothing.
std::string word_of(const std::string& state, model::Effects effects) {
    return state == "made" && effects == model::Effects::kMuted ? "would be made" : state;
}

void print_rows(const Json& rows, model::Effects effects) {
    Table table({"WHAT", "WHERE", "NAME", "IS", "REMARK"});
    for (const Json& row : rows) {
        table.add(
            {string_or(row, "what"),
             string_or(row, "where"),
             string_or(row, "name"),
             word_of(string_or(row, "state"), effects),
             string_or(row, "remark")}
        );
    }
    table.print();
}

Status run_crm(const Globals& globals, const ToolOptions& options, model::Effects effects) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Tool tool, tool_named(*client, kCrm, options.pack));
    TIDEWAY_TRY_ASSIGN(
        const Json run,
        run_tool(*client, tool, {.effects = effects, .timeout_s = options.timeout_s})
    );
    if (string_or(run, "outcome") == "refused") {
        return fail(
            ErrorKind::kForbidden,
            "CrmRefused",
            string_or(run, "outcome_reason"),
            "Give the user of the CRM's connection that role, then run this again."
        );
    }
    const Json rows = output_list(run, "rows");
    if (globals.json) {
        print_json(
            {{"pack", tool.pack},
             {"run", string_or(run, "id")},
             {"effects", to_string(effects)},
             {"rows", rows}}
        );
        return {};
    }
    print_rows(rows, effects);
    std::cout
        << (effects == model::Effects::kMuted
                ? "Nothing was changed. Make it: tideway crm apply " + tool.pack + "\n"
                : "run " + string_or(run, "id") + "\n");
    return {};
}

// Findings of one tool, muted: whatever the pack's flow says, nothing is changed outside.
Status run_findings(const Globals& globals, const ToolOptions& options, const char* name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Tool tool, tool_named(*client, name, options.pack));
    TIDEWAY_TRY_ASSIGN(const Json run, run_tool(*client, tool, {.timeout_s = options.timeout_s}));
    const Json findings = findings_of(run);
    const int problems = problems_in(findings);
    if (globals.json) {
        print_json({{"pack", tool.pack}, {"run", string_or(run, "id")}, {"findings", findings}});
        return problems == 0 ? Status() : failed_as_shown();
    }
    print_tool_findings(std::cout, findings, FindingsShown::kAll);
    return problems == 0 ? Status()
                         : fail(
                               ErrorKind::kConflict,
                               "ToolFoundProblems",
                               std::to_string(problems) + " checks did not pass."
                           );
}

using Body = std::function<Status(const Globals&, const ToolOptions&)>;

void add_tool(
    CLI::App& parent,
    const char* name,
    const char* about,
    Globals& globals,
    const Exit& exit,
    Body body
) {
    auto options = std::make_shared<ToolOptions>();
    CLI::App* command = parent.add_subcommand(name, about);
    command->add_option("pack", options->pack, "The pack; may be left out while only one has it");
    command->add_option("--timeout", options->timeout_s, "Seconds to wait for its end");
    command->callback([&globals, options, exit, body = std::move(body)] {
        exit(run_command(globals, [&] { return body(globals, *options); }));
    });
}

}  // namespace

void add_tool_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* crm = app.add_subcommand("crm", "The columns that a pack needs in the CRM");
    crm->require_subcommand(1);
    add_tool(
        *crm,
        "plan",
        "Show what the CRM has, and what would be made; changes nothing",
        globals,
        exit,
        [](const Globals& at, const ToolOptions& options) {
            return run_crm(at, options, model::Effects::kMuted);
        }
    );
    add_tool(
        *crm,
        "apply",
        "Make what is missing; never deletes",
        globals,
        exit,
        [](const Globals& at, const ToolOptions& options) {
            return run_crm(at, options, model::Effects::kLive);
        }
    );
    add_tool(
        app,
        "preflight",
        "Check what has to be true before a pack's flows work; changes nothing",
        globals,
        exit,
        [](const Globals& at, const ToolOptions& options) {
            return run_findings(at, options, kPreflight);
        }
    );
    add_tool(
        app,
        "verify-tenant",
        "Look up in your tenant what the services' documents leave open; changes nothing",
        globals,
        exit,
        [](const Globals& at, const ToolOptions& options) {
            return run_findings(at, options, kVerifyTenant);
        }
    );
}

}  // namespace tideway::app
