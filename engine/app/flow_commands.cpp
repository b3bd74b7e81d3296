// flows list|show|check|on|off
#include "engine/app/flows/flow_commands.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/flows/pack_flows.h"
#include "engine/app/tools/preflight_gate.h"
#include "engine/http/url.h"
#include "engine/runtime/drafts/finding_json.h"
#include "engine/runtime/drafts/pack_findings.h"
#include "engine/runtime/triggers/recurrence.h"
#include "engine/runtime/triggers/trigger_input.h"
#include "engine/script/outline.h"

namespace tideway::app {

namespace {

std::string joined(const Json* values) {
    std::string out;
    if (values != nullptr) {
        for (const Json& value : *values) {
            out += out.empty() ? "" : ", ";
            out += value.is_string() ? value.get<std::string>() : dump(value);
        }
    }
    return out;
}

// "dynamics365", or "dynamics365 = crm" where another is bound, and whether it is missing.
std::string used_connections(const Json& flow) {
    std::string out;
    for (const Json& used : flow.value("uses", Json::array())) {
        const std::string reference = string_or(used, "reference");
        const std::string connection = string_or(used, "connection");
        out += (out.empty() ? "" : ", ") + reference;
        out += connection.empty() || connection == reference ? "" : " = " + connection;
        out += bool_or(used, "missing", false) ? " (missing)" : "";
    }
    return out;
}

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json flows, client->get("/flows"));
    if (globals.json) {
        print_json(flows);
        return {};
    }
    Table table({"STATE", "FLOW", "TITLE", "TRIGGER", "VERSION", "DRAFT", "PROBLEMS", "CONNECTIONS"}
    );
    for (const Json& flow : flows["value"]) {
        table.add(
            {string_or(flow, "state"),
             string_or(flow, "pack") + "/" + string_or(flow, "name"),
             string_or(flow, "title"),
             string_or(flow, "trigger"),
             string_or(flow, "version"),
             bool_or(flow, "has_draft", false) ? "edited" : "",
             std::to_string(flow["problems"].size()),
             used_connections(flow)}
        );
    }
    table.print();
    for (const Json& flow : flows["value"]) {
        for (const Json& finding : flow["problems"]) {
            print_finding(std::cout, finding);
        }
    }
    return {};
}

void print_outline(const Json& nodes, int depth) {
    for (const Json& node : nodes) {
        std::cout << std::string(static_cast<std::size_t>(depth) * 2 + 2, ' ')
                  << string_or(node, "kind") << "  " << string_or(node, "name");
        if (const std::string operation = string_or(node, "operation"); !operation.empty()) {
            std::cout << "  (" << operation << ")";
        }
        std::cout << "\n";
        if (const Json* children = find(node, "children")) {
            print_outline(*children, depth + 1);
        }
    }
}

// "2026-03-29T08:00:00" and its time zone for people, UTC beside it.
void print_firings(const Json& firings) {
    std::cout << "Next firings (" << string_or(firings, "time_zone") << ", UTC):\n";
    if (firings["value"].empty()) {
        std::cout << "  none: the schedule names a day that never comes\n";
    }
    for (const Json& firing : firings["value"]) {
        std::cout << "  " << string_or(firing, "local") << "  " << string_or(firing, "at") << "\n";
    }
}

void print_trigger_status(const Json& status) {
    const std::string last = string_or(status, "last");
    const std::string next = string_or(status, "next");
    std::cout << "  acted last   " << (last.empty() ? "not since the start" : last) << "\n"
              << "  acts next    " << (next.empty() ? "now, or never" : next) << "\n";
    if (const Json* error = find(status, "error")) {
        std::cout << "  failing      " << int_or(status, "failures", 0)
                  << " times in a row: " << string_or(*error, "message") << " "
                  << string_or(*error, "remedy") << "\n";
    }
}

// The address that the service calls, where it keeps one for all.
void print_registered(const Json& registered) {
    const std::string url = string_or(registered, "url");
    const bool is_ours = bool_or(registered, "is_ours", false);
    // It is looked at every quarter of an hour.
    std::cout << "  registered   " << (url.empty() ? "nothing, when it was last looked at" : url)
              << (url.empty() || is_ours ? "" : "  (not this flow)") << "\n";
    if (const std::string others = string_or(registered, "others"); is_ours && !others.empty()) {
        std::cout << "  before that  " << others << "\n";
    }
}

void print_flow(const Json& flow) {
    std::cout << string_or(flow, "title") << "\n"
              << "  flow         " << string_or(flow, "pack") << "/" << string_or(flow, "name")
              << "\n"
              << "  state        " << string_or(flow, "state") << " "
              << string_or(flow, "state_reason") << "\n"
              << "  trigger      " << string_or(flow, "trigger") << "\n"
              << "  version      " << string_or(flow, "version") << "\n"
              << "  order        " << int_or(flow, "order", 0) << " in its pack\n"
              << "  connections  " << used_connections(flow) << "\n"
              << "  variables    " << joined(find(flow, "variables")) << "\n"
              << "  children     " << joined(find(flow, "children")) << "\n";
    if (bool_or(flow, "has_draft", false)) {
        std::cout << "  draft        differs from what is published: tideway flows diff "
                  << string_or(flow, "pack") << "\n";
    }
    if (const std::string url = string_or(flow, "trigger_url"); !url.empty()) {
        std::cout << "  HTTP POST URL  " << url << "\n";
    }
    if (const Json* inputs = find(flow, "inputs"); inputs != nullptr && inputs->is_array()) {
        std::cout << "Inputs:\n";
        print_inputs(std::cout, *inputs);
    }
    if (const Json* status = find(flow, "trigger_status")) {
        print_trigger_status(*status);
        if (const Json* registered = find(*status, "registered")) {
            print_registered(*registered);
        }
    }
    if (const Json* firings = find(flow, "next_firings")) {
        print_firings(*firings);
    }
    for (const Json& finding : flow["problems"]) {
        print_finding(std::cout, finding);
    }
    if (const Json* problems = find(flow, "activation_problems")) {
        std::cout << "Before it can be turned on:\n";
        for (const Json& problem : *problems) {
            std::cout << "  - " << string_or(problem, "message") << " "
                      << string_or(problem, "remedy") << "\n";
        }
    }
    if (const Json* outline = find(flow, "outline")) {
        std::cout << "Outline:\n";
        print_outline(*outline, 0);
    }
}

// What came last and started no run as it should.
void print_lost_events(const Json& events) {
    if (events["value"].empty()) {
        return;
    }
    std::cout << "Events refused or failed last:\n";
    for (const Json& event : events["value"]) {
        std::cout << "  " << short_time(string_or(event, "received")) << "  "
                  << string_or(event, "status") << "  " << string_or(event, "source") << "  "
                  << string_or(event, "reason") << "\n";
    }
}

Status show_flow(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string flow, full_flow_name(*client, name));
    TIDEWAY_TRY_ASSIGN(const Json answer, client->get("/flows/" + flow));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    print_flow(answer);
    TIDEWAY_TRY_ASSIGN(
        const Json lost,
        client->get("/events?status=Refused,Failed&limit=5&flow=" + http::encode_component(flow))
    );
    print_lost_events(lost);
    return {};
}

void print_state(const Globals& globals, const std::string& flow, const Json& answer) {
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << flow << " is " << string_or(answer, "state") << ".\n";
    }
}

Status turn_on(const Globals& globals, const std::string& name, runtime::Preflight preflight) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string flow, full_flow_name(*client, name));
    TIDEWAY_TRY_ASSIGN(
        const Json answer, post_gated(*client, "/flows/" + flow + "/on", Json::object(), preflight)
    );
    print_state(globals, flow, answer);
    return {};
}

Status turn_off(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string flow, full_flow_name(*client, name));
    TIDEWAY_TRY_ASSIGN(const Json answer, client->post("/flows/" + flow + "/off"));
    print_state(globals, flow, answer);
    return {};
}

Status turn_on_all(const Globals& globals, runtime::Preflight preflight) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer, post_gated(*client, "/flows-on", Json::object(), preflight)
    );
    if (globals.json) {
        print_json(answer);
        return answer["failed"].empty() ? Status() : failed_as_shown();
    }
    return print_turned_on(answer);
}

bool is_error(const Json& finding) {
    return string_or(finding, "severity") == "error";
}

// Runs the flow's declaration, for what only that shows: when it fires.
Result<Json> firings_of(const PackFlows& flows, const std::string& flow) {
    TIDEWAY_TRY_ASSIGN(const model::FlowDeclaration declared, flows.declaration(flow));
    TIDEWAY_TRY(runtime::read_trigger_input(declared));
    const model::TriggerSpec* polling = flows.trigger(declared.trigger);
    TIDEWAY_TRY_ASSIGN(const auto schedule, runtime::declared_schedule(declared, polling));
    if (declared.trigger != "recurrence") {
        return Json();
    }
    const auto firings =
        runtime::upcoming_firings(*schedule, std::nullopt, SystemClock().now(), 10);
    return Json{
        {"time_zone", schedule->time_zone},
        {"value", runtime::describe_firings(*schedule, firings)}};
}

// {"flow", "findings"}, and "next_firings" of a recurrence.
Json check_flow(const PackFlows& flows, const std::string& flow) {
    Json findings = Json::array();
    const auto analysis =
        script::analyse(flow + ".lua", flows.pack().files_of(flow), &flows.connections());
    for (const script::Finding& finding : analysis.findings) {
        findings.push_back(runtime::to_json(finding));
    }
    Json out = {{"flow", flow}};
    if (std::none_of(findings.begin(), findings.end(), is_error)) {
        auto firings = firings_of(flows, flow);
        if (!firings) {
            findings.push_back(runtime::to_json(runtime::finding_of(firings.error(), flow + ".lua"))
            );
        } else if (!firings->is_null()) {
            out["next_firings"] = std::move(*firings);
        }
    }
    out["findings"] = std::move(findings);
    return out;
}

// Every flow of a pack folder, without a server.
Result<Json> findings_in_folder(const std::string& folder) {
    TIDEWAY_TRY_ASSIGN(const PackFlows flows, PackFlows::read(folder));
    Json out = Json::array();
    for (const std::string& flow : flows.pack().flows) {
        out.push_back(check_flow(flows, flow));
    }
    const auto of_pack = runtime::pack_findings(flows.pack());
    if (!of_pack.empty()) {
        out.push_back({{"flow", flows.pack().name}, {"findings", runtime::to_json(of_pack)}});
    }
    return out;
}

// What the draft of a pack has beside what its flows have; nothing when it is none.
Result<Json> other_findings(ApiClient& client, const std::string& pack, const Json& flows) {
    TIDEWAY_TRY_ASSIGN(const Json drafts, client.get("/drafts"));
    Json out = Json::array();
    for (const Json& draft : drafts["value"]) {
        if (string_or(draft, "pack") != pack) {
            continue;
        }
        for (const Json& finding : draft["findings"]) {
            const bool is_of_flow = std::ranges::any_of(flows, [&finding](const Json& flow) {
                return std::ranges::find(flow["findings"], finding) != flow["findings"].end();
            });
            if (!is_of_flow) {
                out.push_back(finding);
            }
        }
    }
    return out;
}

// The same of one flow as the server has read it, or of a whole pack there.
Result<Json> findings_on_server(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json flows, client->get("/flows"));
    Json out = Json::array();
    for (const Json& flow : flows["value"]) {
        const std::string pack = string_or(flow, "pack");
        const std::string own = string_or(flow, "name");
        if (name == own || name == pack || name == pack + "/" + own) {
            out.push_back({{"flow", own}, {"findings", flow["problems"]}});
        }
    }
    TIDEWAY_TRY_ASSIGN(Json of_pack, other_findings(*client, name, out));
    if (!of_pack.empty()) {
        out.push_back({{"flow", name}, {"findings", std::move(of_pack)}});
    }
    if (out.empty()) {
        return fail(
            ErrorKind::kNotFound,
            "WorkflowNotFound",
            "'" + name + "' is neither a folder nor a flow or pack of the server.",
            "List the flows with: tideway flows list"
        );
    }
    return out;
}

Status check(const Globals& globals, const std::string& what) {
    TIDEWAY_TRY_ASSIGN(
        Json flows,
        std::filesystem::is_directory(what) ? findings_in_folder(what)
                                            : findings_on_server(globals, what)
    );
    std::ptrdiff_t errors = 0;
    for (const Json& flow : flows) {
        const Json& findings = flow["findings"];
        errors += std::count_if(findings.begin(), findings.end(), is_error);
        if (globals.json) {
            continue;
        }
        std::cout << string_or(flow, "flow") << ": " << (findings.empty() ? "ok" : "") << "\n";
        for (const Json& finding : findings) {
            print_finding(std::cout, finding);
        }
        if (const Json* firings = find(flow, "next_firings")) {
            print_firings(*firings);
        }
    }
    if (globals.json) {
        print_json({{"flows", std::move(flows)}});
        return errors == 0 ? Status() : failed_as_shown();
    }
    if (errors > 0) {
        return fail(
            ErrorKind::kInvalidInput, "InvalidTemplate", std::to_string(errors) + " errors found."
        );
    }
    return {};
}

}  // namespace

Status print_turned_on(const Json& answer) {
    for (const Json& name : answer["turned_on"]) {
        std::cout << "on      " << name.get<std::string>() << "\n";
    }
    for (const Json& failed : answer["failed"]) {
        std::cout << "failed  " << string_or(failed, "flow") << ": " << string_or(failed, "message")
                  << " " << string_or(failed, "remedy") << "\n";
    }
    if (!answer["failed"].empty()) {
        return fail(
            ErrorKind::kConflict,
            "ActivationFailed",
            std::to_string(answer["failed"].size()) + " flows could not be turned on."
        );
    }
    return {};
}

void add_flow_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* flows = app.add_subcommand("flows", "List, check, turn on and run flows");
    flows->require_subcommand(1);
    auto name = std::make_shared<std::string>();
    auto all = std::make_shared<bool>(false);
    flows->add_subcommand("list", "All flows, in the order of their packs, with their state")
        ->callback([&globals, exit] { exit(run_command(globals, [&] { return list(globals); })); });
    CLI::App* show = flows->add_subcommand("show", "One flow: trigger address, outline, problems");
    show->add_option("flow", *name, "pack/flow or flow")->required();
    show->callback([&globals, name, exit] {
        exit(run_command(globals, [&] { return show_flow(globals, *name); }));
    });
    CLI::App* on = flows->add_subcommand("on", "Turn a flow on, or all in the right order");
    on->add_option("flow", *name, "pack/flow or flow");
    on->add_flag("--all", *all, "Everything, children before parents");
    auto no_preflight = std::make_shared<bool>(false);
    on->add_flag(kNoPreflight, *no_preflight, kNoPreflightHelp);
    on->callback([&globals, name, all, no_preflight, exit] {
        exit(run_command(globals, [&]() -> Status {
            const runtime::Preflight preflight = preflight_choice(*no_preflight);
            if (*all) {
                return turn_on_all(globals, preflight);
            }
            if (name->empty()) {
                return fail(
                    ErrorKind::kInvalidInput, "MissingArgument", "Name a flow, or use --all."
                );
            }
            return turn_on(globals, *name, preflight);
        }));
    });
    CLI::App* off = flows->add_subcommand("off", "Turn a flow off; its runs go on");
    off->add_option("flow", *name, "pack/flow or flow")->required();
    off->callback([&globals, name, exit] {
        exit(run_command(globals, [&] { return turn_off(globals, *name); }));
    });
    add_flow_run_command(*flows, globals, exit);
    add_flow_address_commands(*flows, globals, exit);
    CLI::App* checker = flows->add_subcommand(
        "check", "Check the flows of a pack folder, or as the server has them"
    );
    checker
        ->add_option(
            "what", *name, "Folder with pack.json, or pack/flow, flow or pack of the server"
        )
        ->required();
    checker->callback([&globals, name, exit] {
        exit(run_command(globals, [&] { return check(globals, *name); }));
    });
    add_draft_commands(*flows, globals, exit);
    add_try_command(*flows, globals, exit);
}

}  // namespace tideway::app
