// flows drafts|diff|history|publish|restore|reload
#include <algorithm>
#include <iostream>

#include "engine/app/flows/flow_commands.h"
#include "engine/app/tools/preflight_gate.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct DraftOptions {
    std::string pack;
    std::string from = "published";
    std::string to = "draft";
    std::string note;
    int revision = 0;
    bool publish = false;
    bool no_preflight = false;
    bool verbose = false;
};

std::string path_of(const std::string& pack) {
    return "/packs/" + http::encode_component(pack);
}

// The pack that is named, or the only one that there is.
Result<std::string> the_pack(ApiClient& client, const std::string& name) {
    if (!name.empty()) {
        return name;
    }
    TIDEWAY_TRY_ASSIGN(const Json drafts, client.get("/drafts"));
    if (drafts["value"].size() == 1) {
        return string_or(drafts["value"].front(), "pack");
    }
    return fail(
        ErrorKind::kInvalidInput,
        "MissingArgument",
        "The server has " + std::to_string(drafts["value"].size()) + " packs; which one?",
        "Name the pack; list them with: tideway flows drafts"
    );
}

std::ptrdiff_t errors_in(const Json& findings) {
    return std::count_if(findings.begin(), findings.end(), [](const Json& finding) {
        return string_or(finding, "severity") == "error";
    });
}

void print_findings(std::ostream& out, const Json& findings) {
    for (const Json& finding : findings) {
        print_finding(out, finding);
    }
}

void print_errors(std::ostream& out, const Json& findings) {
    for (const Json& finding : findings) {
        if (string_or(finding, "severity") == "error") {
            print_finding(out, finding);
        }
    }
}

// "2 errors, 3 warnings"
std::string counts_of(const Json& findings) {
    const auto counted = [](std::ptrdiff_t count, const char* what) {
        return count == 0 ? std::string()
                          : std::to_string(count) + " " + what + (count == 1 ? "" : "s");
    };
    const std::ptrdiff_t errors = errors_in(findings);
    const std::string first = counted(errors, "error");
    const std::string rest =
        counted(static_cast<std::ptrdiff_t>(findings.size()) - errors, "warning");
    return first + (first.empty() || rest.empty() ? "" : ", ") + rest;
}

std::string about(const Json& revision) {
    return "revision " + std::to_string(int_or(revision, "revision", 0)) + " of " +
           string_or(revision, "pack") + " (version " + string_or(revision, "version") + ")";
}

std::string state_of(const Json& draft) {
    if (find(draft, "error") != nullptr) {
        return "unreadable";
    }
    if (errors_in(draft["findings"]) > 0) {
        return "has errors";
    }
    return draft["changes"].empty() ? "published" : "edited";
}

// Warnings only when they are asked for: they keep nothing from being published.
void print_draft(const Json& draft, bool has_warnings) {
    for (const Json& change : draft["changes"]) {
        std::cout << "  " << string_or(draft, "pack") << "/" << string_or(change, "file") << "  "
                  << string_or(change, "change") << "\n";
    }
    if (const Json* error = find(draft, "error")) {
        std::cout << "  " << string_or(*error, "message") << " " << string_or(*error, "remedy")
                  << "\n";
    }
    if (has_warnings) {
        print_findings(std::cout, draft["findings"]);
    } else {
        print_errors(std::cout, draft["findings"]);
    }
}

// All, or the one that is named.
Result<Json> drafts_of(ApiClient& client, const std::string& pack) {
    if (pack.empty()) {
        return client.get("/drafts");
    }
    TIDEWAY_TRY_ASSIGN(Json draft, client.get(path_of(pack) + "/draft"));
    return Json{{"value", Json::array({std::move(draft)})}};
}

Status drafts(const Globals& globals, const DraftOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json answer, drafts_of(*client, options.pack));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    Table table({"DRAFT", "PACK", "REVISION", "CHANGED FILES", "FINDINGS", "FOLDER"});
    for (const Json& draft : answer["value"]) {
        const Json* live = find(draft, "published");
        const bool is_live = live != nullptr && live->is_object();
        table.add(
            {state_of(draft),
             string_or(draft, "pack"),
             is_live ? std::to_string(int_or(*live, "revision", 0)) : "",
             std::to_string(draft["changes"].size()),
             counts_of(draft["findings"]),
             string_or(draft, "folder")}
        );
    }
    table.print();
    for (const Json& draft : answer["value"]) {
        print_draft(draft, options.verbose || !options.pack.empty());
    }
    return {};
}

Status diff(const Globals& globals, const DraftOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string pack, the_pack(*client, options.pack));
    TIDEWAY_TRY_ASSIGN(
        const Json answer,
        client->get(
            path_of(pack) + "/diff?from=" + http::encode_component(options.from) +
            "&to=" + http::encode_component(options.to)
        )
    );
    if (globals.json) {
        print_json(answer);
        return {};
    }
    if (answer["files"].empty()) {
        std::cout << "No difference between " << string_or(answer, "from") << " and "
                  << string_or(answer, "to") << ".\n";
    }
    for (const Json& file : answer["files"]) {
        std::cout << string_or(file, "diff");
    }
    return {};
}

Status history(const Globals& globals, const DraftOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string pack, the_pack(*client, options.pack));
    TIDEWAY_TRY_ASSIGN(const Json answer, client->get(path_of(pack) + "/revisions"));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    Table table({"REVISION", "WHEN", "WHAT", "WHO", "VERSION", "NOTE"});
    for (const Json& revision : answer["value"]) {
        const std::string person = string_or(revision, "person");
        table.add(
            {std::to_string(int_or(revision, "revision", 0)),
             short_time(string_or(revision, "at")),
             string_or(revision, "kind"),
             person.empty() ? "(the program)" : person,
             string_or(revision, "version"),
             string_or(revision, "note")}
        );
    }
    table.print();
    return {};
}

// What keeps a pack from being published is shown, each with its place.
Status shown_with_findings(const Globals& globals, const Error& error) {
    const auto details = parse_json(error.details, "details");
    const Json* findings = details ? find(*details, "findings") : nullptr;
    if (!globals.json && findings != nullptr) {
        print_findings(std::cerr, *findings);
    }
    return fail(error);
}

Status publish(const Globals& globals, const DraftOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string pack, the_pack(*client, options.pack));
    const auto answer = post_gated(
        *client,
        path_of(pack) + "/publish",
        {{"note", options.note}},
        preflight_choice(options.no_preflight)
    );
    if (!answer) {
        return shown_with_findings(globals, answer.error());
    }
    if (globals.json) {
        print_json(*answer);
        return {};
    }
    std::cout << "Published " << about(*answer) << ". Runs that are under way keep theirs.\n";
    return {};
}

Status restore(const Globals& globals, const DraftOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    const Json body = {
        {"revision", options.revision}, {"publish", options.publish}, {"note", options.note}};
    const auto answer = client->post(path_of(options.pack) + "/restore", body);
    if (!answer) {
        return shown_with_findings(globals, answer.error());
    }
    if (globals.json) {
        print_json(*answer);
        return {};
    }
    if (const Json* kept = find(*answer, "kept")) {
        std::cout << "The draft that was there is kept as revision " << int_or(*kept, "revision", 0)
                  << ".\n";
    }
    std::cout << "The draft of " << options.pack << " is revision " << options.revision
              << " again.\n";
    if (const Json* published = find(*answer, "published")) {
        std::cout << "Published as " << about(*published) << ".\n";
    } else {
        std::cout << "Publish it with: tideway flows publish " << options.pack << "\n";
    }
    print_findings(std::cout, (*answer)["findings"]);
    return {};
}

Status reload(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json flows, client->post("/packs/reload"));
    if (globals.json) {
        print_json(flows);
        return {};
    }
    return drafts(globals, {});
}

}  // namespace

void print_finding(std::ostream& out, const Json& finding) {
    out << "  " << string_or(finding, "file") << ":" << int_or(finding, "line", 0) << ":"
        << int_or(finding, "column", 0) << ": " << string_or(finding, "severity") << ": "
        << string_or(finding, "message") << " [" << string_or(finding, "code") << "]\n";
    if (const std::string suggestion = string_or(finding, "suggestion"); !suggestion.empty()) {
        out << "      " << suggestion << "\n";
    }
}

void add_draft_commands(CLI::App& flows, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<DraftOptions>();
    const auto on = [&globals, options, exit](CLI::App* command, auto act) {
        command->callback([&globals, options, exit, act] {
            exit(run_command(globals, [&] { return act(globals, *options); }));
        });
    };
    const auto with_pack = [options](CLI::App* command) {
        command->add_option("pack", options->pack, "Pack; may be left out when there is only one");
        return command;
    };
    CLI::App* list = flows.add_subcommand(
        "drafts", "The packs that are edited here, and what is wrong with them"
    );
    list->add_option("pack", options->pack, "Only this pack, with its warnings");
    list->add_flag("--verbose", options->verbose, "With the warnings of all");
    on(list, drafts);
    CLI::App* compare = with_pack(
        flows.add_subcommand("diff", "What differs: the draft from what is published, or revisions")
    );
    compare->add_option("--from", options->from, "draft, published (default) or a revision");
    compare->add_option("--to", options->to, "draft (default), published or a revision");
    on(compare, diff);
    on(with_pack(flows.add_subcommand("history", "The revisions of a pack: who, when, why")),
       history);
    CLI::App* live = with_pack(
        flows.add_subcommand("publish", "Make the draft of a pack live: all of it, or nothing")
    );
    live->add_option("--note", options->note, "Why, for the history");
    live->add_flag(kNoPreflight, options->no_preflight, kNoPreflightHelp);
    on(live, publish);
    CLI::App* back =
        flows.add_subcommand("restore", "Make what a pack was its draft again; no draft is lost");
    back->add_option("pack", options->pack, "Pack")->required();
    back->add_option("revision", options->revision, "Number, as flows history lists them")
        ->required();
    back->add_flag("--publish", options->publish, "Make it live at once");
    back->add_option("--note", options->note, "Why, for the history");
    on(back, restore);
    flows
        .add_subcommand("reload", "Read the pack folders again, whether or not files have changed")
        ->callback([&globals, exit] { exit(run_command(globals, [&] { return reload(globals); })); }
        );
}

}  // namespace tideway::app
