#include "engine/app/history/run_search_commands.h"

#include <iostream>

#include "engine/app/history/search_options.h"
#include "engine/model/status.h"

namespace tideway::app {
namespace {

// As many are asked to end before their ends are waited for.
constexpr int kCancelledTogether = 200;

Status list(const Globals& globals, const SearchOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json runs, options.list(*client, "/runs"));
    if (globals.json) {
        print_json(runs);
        return {};
    }
    Table table({"RUN", "STATUS", "OUTCOME", "FLOW", "CREATED", "MS", ""});
    for (const Json& run : runs["value"]) {
        const bool is_good = string_or(run, "status") == "Succeeded";
        const std::string mark = std::string(bool_or(run, "muted", false) ? "muted; " : "") +
                                 (find(run, "resubmit_of") == nullptr ? "" : "resubmitted; ");
        table.add(
            {string_or(run, "id"),
             string_or(run, "status"),
             string_or(run, "outcome"),
             string_or(run, "flow"),
             short_time(string_or(run, "created")),
             std::to_string(int_or(run, "duration_ms", 0)),
             mark + (is_good ? string_or(run, "outcome_reason") : string_or(run, "headline"))}
        );
    }
    table.print();
    print_next_page(runs);
    return {};
}

Status groups(const Globals& globals, const SearchOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json found, options.list(*client, "/runs/groups"));
    if (globals.json) {
        print_json(found);
        return {};
    }
    Table table({"FINGERPRINT", "RUNS", "FLOW", "LAST SEEN", "FIRST SEEN", "LAST RUN", ""});
    for (const Json& group : found["value"]) {
        table.add(
            {string_or(group, "fingerprint"),
             std::to_string(int_or(group, "count", 0)),
             string_or(group, "flow"),
             short_time(string_or(group, "last_seen")),
             short_time(string_or(group, "first_seen")),
             string_or(group, "run"),
             string_or(group, "failed_step") + ": " + string_or(group, "code") + ": " +
                 string_or(group, "message")}
        );
    }
    table.print();
    print_next_page(found);
    return {};
}

// ------------------------------------------------------------------ cancel

struct CancelOptions {
    std::vector<std::string> runs;
    SearchOptions search;
    bool tree = false;
    bool all = false;
    bool yes = false;
};

struct Cancelled {
    Json runs = Json::array();
    Json failed = Json::array();
    Json ended = Json::array();  // before anybody asked

    void add(const Json& answer) {
        for (const char* key : {"cancelled", "failed"}) {
            for (const Json& row : answer.value(key, Json::array())) {
                (std::string_view(key) == "failed" ? failed : runs).push_back(row);
            }
        }
    }
};

Status print_result(const Globals& globals, const Cancelled& done) {
    if (globals.json) {
        print_json({{"cancelled", done.runs}, {"failed", done.failed}, {"ended", done.ended}});
    } else {
        std::cout << done.runs.size() << (done.runs.size() == 1 ? " run is" : " runs are")
                  << " cancelled\n";
        for (const Json& run : done.ended) {
            std::cout << "  " << run.get<std::string>() << " had ended before\n";
        }
        for (const Json& failure : done.failed) {
            std::cout << "  not " << string_or(failure, "run") << ": "
                      << string_or(failure, "message") << "\n";
        }
    }
    return done.failed.empty() ? Status() : failed_as_shown();
}

Status cancel_named(const Globals& globals, const CancelOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    Cancelled done;
    for (const std::string& run : options.runs) {
        TIDEWAY_TRY_ASSIGN(
            const Json answer, client->post("/runs/" + run + "/cancel", {{"tree", options.tree}})
        );
        if (options.tree) {
            done.add(answer);
        } else {
            const auto status = model::parse_status(string_or(answer, "status"));
            (status && model::is_final(*status) ? done.ended : done.runs).push_back(run);
        }
    }
    return print_result(globals, done);
}

// A page at a time: what is done is done when somebody interrupts.
Status cancel_pages(const Globals& globals, const CancelOptions& options, ApiClient& client) {
    Cancelled done;
    Json filter = options.search.filter();
    filter["limit"] = kCancelledTogether;
    do {
        TIDEWAY_TRY_ASSIGN(
            const Json answer, client.post("/runs/cancel", {{"filter", filter}, {"confirm", true}})
        );
        done.add(answer);
        filter["before"] = answer.value("next_before", Json());
        if (!globals.json && !filter["before"].is_null()) {
            std::cerr << done.runs.size() << " cancelled, going on ...\n";
        }
    } while (!filter["before"].is_null());
    return print_result(globals, done);
}

Result<std::int64_t> count_matching(const CancelOptions& options, ApiClient& client) {
    std::int64_t out = 0;
    Json filter = options.search.filter();
    do {
        TIDEWAY_TRY_ASSIGN(const Json answer, client.post("/runs/cancel", {{"filter", filter}}));
        out += int_or(answer, "count", 0);
        filter["before"] = answer.value("next_before", Json());
    } while (!filter["before"].is_null());
    return out;
}

Status cancel_found(const Globals& globals, const CancelOptions& options) {
    if (options.search.filter().empty() != options.all) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidArgument",
            "runs cancel takes ids of runs, or options that select them, or --all.",
            "Such as: tideway runs cancel --flow orders --status Waiting"
        );
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    if (options.yes) {
        return cancel_pages(globals, options, *client);
    }
    TIDEWAY_TRY_ASSIGN(const std::int64_t count, count_matching(options, *client));
    if (globals.json) {
        print_json({{"count", count}});
    } else {
        std::cout << count << (count == 1 ? " open run matches" : " open runs match")
                  << "; nothing is cancelled yet. Add --yes to cancel "
                  << (count == 1 ? "it" : "them") << ".\n";
    }
    return {};
}

Status cancel(const Globals& globals, const CancelOptions& options) {
    if (options.runs.empty() && !options.tree) {
        return cancel_found(globals, options);
    }
    if (options.runs.empty() || options.all || !options.search.filter().empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidArgument",
            "runs cancel takes either ids of runs, with --tree if wanted, or options that select."
        );
    }
    return cancel_named(globals, options);
}

}  // namespace

void add_run_search_commands(CLI::App& runs, Globals& globals, const Exit& exit) {
    auto listed = std::make_shared<SearchOptions>();
    CLI::App* list_command = runs.add_subcommand("list", "Newest runs first");
    listed->add_to_runs(*list_command);
    listed->add_paging(*list_command);
    list_command->callback([&globals, listed, exit] {
        exit(run_command(globals, [&] { return list(globals, *listed); }));
    });
    auto grouped = std::make_shared<SearchOptions>();
    CLI::App* groups_command = runs.add_subcommand("groups", "Failures with the same cause");
    grouped->add_to_groups(*groups_command);
    grouped->add_paging(*groups_command);
    groups_command->callback([&globals, grouped, exit] {
        exit(run_command(globals, [&] { return groups(globals, *grouped); }));
    });
    auto options = std::make_shared<CancelOptions>();
    CLI::App* cancel_command = runs.add_subcommand("cancel", "Stop runs, and what they called");
    cancel_command->add_option("run", options->runs, "Ids of runs");
    cancel_command->add_flag("--tree", options->tree, "Also whoever called them, up to the top");
    cancel_command->add_flag("--all", options->all, "All open runs");
    cancel_command->add_flag("--yes", options->yes, "Cancel what matches, not only count it");
    options->search.add_to_runs(*cancel_command);
    cancel_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return cancel(globals, *options); }));
    });
}

}  // namespace tideway::app
