#include "engine/app/resubmit/resubmit_command.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "engine/app/history/search_options.h"

namespace tideway::app {
namespace {

constexpr std::size_t kRunsPrinted = 20;

struct ResubmitOptions {
    std::vector<std::string> runs;
    SearchOptions search;
    std::string code;
    std::string from_step;
    std::string patch;
    std::string patch_lua;
    std::string expected;
    int at_once = 0;
    int per_minute = 0;
    int stop_after = 0;
    bool from_failed = false;
    bool latest_per_record = false;
    bool all = false;
    bool plan = false;
    bool apply = false;
    bool detach = false;
};

tl::unexpected<Error> invalid(std::string message, std::string remedy = {}) {
    return fail(ErrorKind::kInvalidInput, "InvalidArgument", std::move(message), std::move(remedy));
}

Result<std::string> read_file(const std::string& path, const char* option) {
    std::ifstream file(path);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file) {
        return invalid("The file '" + path + "' of " + option + " cannot be read.");
    }
    return text;
}

// The text itself, or after @ the name of a file with it.
Result<Json> read_patch(const std::string& given) {
    if (!given.starts_with('@')) {
        return parse_json(given, "--patch");
    }
    TIDEWAY_TRY_ASSIGN(const std::string text, read_file(given.substr(1), "--patch"));
    return parse_json(text, "--patch");
}

Result<Json> read_function(const std::string& path) {
    TIDEWAY_TRY_ASSIGN(const std::string text, read_file(path, "--patch-lua"));
    return Json{{"file", std::filesystem::path(path).filename().string()}, {"text", text}};
}

Result<Json> choices_of(const ResubmitOptions& options) {
    Json out = Json::object();
    if (!options.code.empty()) {
        out["code"] = options.code;
    }
    if (!options.from_step.empty()) {
        out["from_step"] = options.from_step;
    }
    if (options.from_failed) {
        out["from_failed"] = true;
    }
    if (!options.patch.empty()) {
        TIDEWAY_TRY_ASSIGN(out["patch"], read_patch(options.patch));
    }
    if (!options.patch_lua.empty()) {
        TIDEWAY_TRY_ASSIGN(out["patch_lua"], read_function(options.patch_lua));
    }
    return out;
}

Result<Json> request_of(const Globals& globals, const ResubmitOptions& options) {
    TIDEWAY_TRY_ASSIGN(Json out, choices_of(options));
    const Json filter = options.search.filter();
    if (!options.runs.empty() && (!filter.empty() || options.all)) {
        return invalid("runs resubmit takes either ids of runs or options that select.");
    }
    if (options.runs.empty() && filter.empty() != options.all) {
        return invalid(
            "runs resubmit takes ids of runs, or options that select them, or --all.",
            "Such as: tideway runs resubmit --flow orders --status Failed --plan"
        );
    }
    if (options.runs.empty()) {
        out["filter"] = filter;
    } else {
        out["runs"] = options.runs;
    }
    out["latest_per_record"] = options.latest_per_record;
    const auto put = [&out](const char* name, int value) {
        if (value != 0) {
            out[name] = value;
        }
    };
    put("at_once", options.at_once);
    put("per_minute", options.per_minute);
    put("stop_after", options.stop_after);
    if (!options.expected.empty()) {
        out["plan"] = options.expected;
    }
    if (globals.json) {
        out["shown"] = "all";
    }
    return out;
}

void print_run_plan(const Json& run) {
    std::cout << "  " << string_or(run, "run") << "  " << string_or(run, "flow") << "  version "
              << string_or(run, "version");
    if (const std::string start = string_or(run, "start"); !start.empty()) {
        std::cout << "  from " << start;
    }
    std::cout << "\n";
    for (const Json& step : run["steps"]) {
        const std::string fate = string_or(step, "fate");
        std::cout << "    " << fate << std::string(fate.size() < 12 ? 12 - fate.size() : 1, ' ')
                  << string_or(step, "path") << "  " << string_or(step, "operation")
                  << (bool_or(step, "effect", false) ? "  (effect)" : "") << "\n";
    }
}

void print_plan(const Json& plan) {
    std::cout << int_or(plan, "made", 0) << " of " << int_or(plan, "total", 0)
              << " runs will be made again  (plan " << string_or(plan, "plan") << ")\n";
    for (const auto& [fate, count] : plan["steps"].items()) {
        std::cout << "  " << count << " steps " << fate << "\n";
    }
    for (const Json& calls : plan["calls"]) {
        std::cout << "  " << string_or(calls, "connection") << ": " << int_or(calls, "calls", 0)
                  << " calls";
        if (const auto more = int_or(calls, "may_follow", 0); more > 0) {
            std::cout << " and at least " << more << " that may follow";
        }
        std::cout << "; " << int_or(calls, "requests_today", 0) << " requests today";
        if (const Json* quota = find(calls, "quota")) {
            std::cout << ", " << int_or(*quota, "remaining", 0) << " left ("
                      << string_or(*quota, "what") << ")"
                      << (bool_or(*quota, "suffices", true) ? "" : ": NOT ENOUGH");
        }
        if (const Json* limit = find(calls, "limit")) {
            std::cout << ", " << int_or(*limit, "remaining", 0) << " left of the "
                      << int_or(*limit, "calls_a_day", 0) << " calls a day"
                      << (bool_or(*limit, "suffices", true) ? "" : ": NOT ENOUGH");
        }
        std::cout << "\n";
    }
    const Json& runs = plan["runs"];
    for (std::size_t at = 0; at < std::min(runs.size(), kRunsPrinted); ++at) {
        print_run_plan(runs[at]);
    }
    const Json& left_out = plan["left_out"];
    for (std::size_t at = 0; at < std::min(left_out.size(), kRunsPrinted); ++at) {
        std::cout << "  " << string_or(left_out[at], "original") << "  "
                  << string_or(left_out[at], "state") << ": " << string_or(left_out[at], "reason")
                  << "\n";
    }
    if (int_or(plan, "total", 0) > static_cast<std::int64_t>(kRunsPrinted)) {
        std::cout << "Every run: --json\n";
    }
}

Status plan(const Globals& globals, const ResubmitOptions& options) {
    TIDEWAY_TRY_ASSIGN(const Json request, request_of(globals, options));
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json plan, client->post("/resubmissions/plan", request));
    if (globals.json) {
        print_json(plan);
        return {};
    }
    print_plan(plan);
    std::cout << "Nothing is done yet. Do it with --apply, exactly this with --apply --expect "
              << string_or(plan, "plan") << "\n";
    return {};
}

Status apply(const Globals& globals, const ResubmitOptions& options) {
    TIDEWAY_TRY_ASSIGN(const Json request, request_of(globals, options));
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json made, client->post("/resubmissions", request));
    const std::int64_t id = int_or(made, "id", 0);
    if (options.detach) {
        if (globals.json) {
            print_json(made);
        } else {
            std::cout << "resubmission " << id << " makes " << int_or(made, "made", 0)
                      << " runs; look at it with: tideway resubmissions show " << id << "\n";
        }
        return {};
    }
    std::cerr << "resubmission " << id << ": " << int_or(made, "made", 0)
              << " runs; it goes on without this command too\n";
    return follow_resubmission(globals, *client, id);
}

// One run, at once.
Status resubmit_one(const Globals& globals, const ResubmitOptions& options) {
    TIDEWAY_TRY_ASSIGN(const Json choices, choices_of(options));
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    const std::string& id = options.runs.front();
    TIDEWAY_TRY_ASSIGN(const Json answer, client->post("/runs/" + id + "/resubmit", choices));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    for (const Json& run : answer["runs"]) {
        std::cout << "new run " << run.get<std::string>() << " with the "
                  << string_or(choices, "code", "original") << " version; the run " << id
                  << " stays as it is\n";
    }
    return {};
}

Status resubmit(const Globals& globals, const ResubmitOptions& options) {
    if (options.plan && options.apply) {
        return invalid("--plan changes nothing, --apply does it: one of them.");
    }
    if (options.plan) {
        return plan(globals, options);
    }
    if (options.apply) {
        return apply(globals, options);
    }
    if (options.runs.size() == 1 && options.search.filter().empty() && !options.all) {
        return resubmit_one(globals, options);
    }
    return invalid(
        "Many runs are planned first (--plan) and then made again (--apply).",
        "Such as: tideway runs resubmit --flow orders --status Failed --plan"
    );
}

}  // namespace

void add_resubmit_command(CLI::App& runs, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<ResubmitOptions>();
    CLI::App* command = runs.add_subcommand("resubmit", "New runs from the events of old ones");
    command->add_option("run", options->runs, "Ids of runs");
    options->search.add_to_resubmit(*command);
    command->add_flag("--all", options->all, "All that failed or timed out");
    command->add_flag(
        "--latest-per-record", options->latest_per_record, "Of each record only the newest run"
    );
    command->add_option("--code", options->code, "original (default), current or draft");
    command->add_option("--from-step", options->from_step, "Path of the step to start from");
    command->add_flag("--from-failed", options->from_failed, "From the step that failed");
    command->add_option("--patch", options->patch, "JSON merge patch of the event, or @file");
    command->add_option(
        "--patch-lua", options->patch_lua, "Lua file that returns function(input, run)"
    );
    command->add_flag("--plan", options->plan, "Only say what would happen");
    command->add_flag("--apply", options->apply, "Do it, and watch until it ends");
    command->add_option("--expect", options->expected, "--apply: only if the plan is still this");
    command->add_option("--at-once", options->at_once, "--apply: open runs of it (32)");
    command->add_option("--per-minute", options->per_minute, "--apply: new runs in a minute");
    command->add_option("--stop-after", options->stop_after, "--apply: new failures (10)");
    command->add_flag("--detach", options->detach, "--apply: do not wait for its end");
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return resubmit(globals, *options); }));
    });
}

}  // namespace tideway::app
