// notices list|show|channels|add|remove|test|expect
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct NoticeOptions {
    bool only_open = false;
    int limit = 50;
    std::string notice;
    std::string kind;
    std::string channel;
    std::vector<std::string> settings;  // key=value
    std::vector<std::string> secrets;   // key=value; key=- reads a line of standard input
    std::string flow;
    int hours = -1;
};

std::string dashes(const std::string& text) {
    return text.empty() ? "-" : text;
}

Status list(const Globals& globals, const NoticeOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    http::QueryFields fields{{"limit", std::to_string(options.limit)}};
    if (options.only_open) {
        fields.emplace_back("open", "true");
    }
    TIDEWAY_TRY_ASSIGN(const Json notices, client->get("/notices?" + http::print_query(fields)));
    if (globals.json) {
        print_json(notices);
        return {};
    }
    Table table({"NOTICE", "OPENED", "ENDED", "KIND", ""});
    for (const Json& notice : notices["value"]) {
        table.add(
            {string_or(notice, "id"),
             short_time(string_or(notice, "opened")),
             dashes(short_time(string_or(notice, "ended"))),
             string_or(notice, "kind"),
             string_or(notice, "title")}
        );
    }
    table.print();
    return {};
}

void print_delivery(const Json& delivery) {
    const std::string channel = string_or(delivery, "channel");
    std::cout << "  " << string_or(delivery, "moment") << " to "
              << (channel.empty() ? "flow " + string_or(delivery, "flow") : channel) << ": "
              << string_or(delivery, "state") << ", attempts: " << int_or(delivery, "attempts", 0);
    if (const std::string next = string_or(delivery, "next_attempt"); !next.empty()) {
        std::cout << ", next " << short_time(next);
    }
    if (const std::string error = string_or(delivery, "error"); !error.empty()) {
        std::cout << "\n    " << error;
    }
    std::cout << "\n";
}

Status show(const Globals& globals, const NoticeOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json notice, client->get("/notices/" + http::encode_component(options.notice))
    );
    if (globals.json) {
        print_json(notice);
        return {};
    }
    std::cout << string_or(notice, "title") << "\n  " << string_or(notice, "message") << "\n  "
              << string_or(notice, "remedy") << "\n";
    for (const char* name : {"flow", "connection", "run", "opened", "ended"}) {
        if (const std::string value = string_or(notice, name); !value.empty()) {
            std::cout << "  " << name << ": " << value << "\n";
        }
    }
    std::cout << "Deliveries\n";
    for (const Json& delivery : notice["deliveries"]) {
        print_delivery(delivery);
    }
    return {};
}

Status channels(const Globals& globals, const NoticeOptions&) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json answer, client->get("/notices/channels"));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    Table table({"CHANNEL", "KIND", "SETTINGS", "FAILS WITH"});
    for (const Json& channel : answer["value"]) {
        table.add(
            {string_or(channel, "name"),
             string_or(channel, "kind"),
             dump(channel["settings"]),
             dashes(string_or(channel, "error"))}
        );
    }
    table.print();
    return {};
}

Result<std::pair<std::string, std::string>> split(const std::string& pair) {
    const auto at = pair.find('=');
    if (at == std::string::npos || at == 0) {
        return fail(
            ErrorKind::kInvalidInput, "InvalidArgument", "'" + pair + "' is not name=value."
        );
    }
    return std::pair(pair.substr(0, at), pair.substr(at + 1));
}

Result<Json> channel_of(const NoticeOptions& options) {
    Json out = {{"kind", options.kind}, {"settings", Json::object()}, {"secrets", Json::object()}};
    for (const std::string& setting : options.settings) {
        TIDEWAY_TRY_ASSIGN(const auto pair, split(setting));
        const auto parsed = parse_json(pair.second, "setting");
        const bool is_text = !parsed || !(parsed->is_number() || parsed->is_boolean());
        out["settings"][pair.first] = is_text ? Json(pair.second) : *parsed;
    }
    for (const std::string& secret : options.secrets) {
        TIDEWAY_TRY_ASSIGN(auto pair, split(secret));
        if (pair.second == "-") {
            std::cerr << pair.first << ": " << std::flush;
            std::getline(std::cin, pair.second);
        }
        out["secrets"][pair.first] = pair.second;
    }
    return out;
}

Status add(const Globals& globals, const NoticeOptions& options) {
    const std::string name = options.channel.empty() ? options.kind : options.channel;
    TIDEWAY_TRY_ASSIGN(const Json channel, channel_of(options));
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer,
        client->call("PUT", "/notices/channels/" + http::encode_component(name), channel)
    );
    if (globals.json) {
        print_json(answer);
        return {};
    }
    std::cout << "Notices go to '" << name << "'. Try it: tideway notices test --channel " << name
              << "\n";
    if (const std::string key = string_or(answer, "key"); !key.empty()) {
        std::cout << "The key of its signature, shown this once: " << key << "\n";
    }
    return {};
}

Status remove(const Globals& globals, const NoticeOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer,
        client->call("DELETE", "/notices/channels/" + http::encode_component(options.channel))
    );
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << "No notices go to '" << options.channel << "' any more.\n";
    }
    return {};
}

Status test(const Globals& globals, const NoticeOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    Json body = Json::object();
    if (!options.channel.empty()) {
        body["channel"] = options.channel;
    }
    TIDEWAY_TRY_ASSIGN(const Json answer, client->post("/notices/test", body));
    bool all_sent = true;
    for (const Json& check : answer["checks"]) {
        const bool is_sent = bool_or(check, "ok", false);
        all_sent = all_sent && is_sent;
        if (!globals.json) {
            std::cout << (is_sent ? "ok       " : "problem  ") << string_or(check, "what") << "  "
                      << string_or(check, "message") << "\n";
        }
    }
    if (globals.json) {
        print_json(answer);
    }
    return all_sent ? Status() : failed_as_shown();
}

Status list_expected(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json answer, client->get("/notices/expectations"));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    Table table({"FLOW", "AN EVENT WITHIN", "LAST EVENT"});
    for (const Json& row : answer["value"]) {
        table.add(
            {string_or(row, "flow"),
             std::to_string(int_or(row, "hours", 0)) + " hours",
             dashes(short_time(string_or(row, "last_event")))}
        );
    }
    table.print();
    return {};
}

Status expect(const Globals& globals, const NoticeOptions& options) {
    if (options.flow.empty()) {
        return list_expected(globals);
    }
    if (options.hours < 0) {
        return fail(
            ErrorKind::kInvalidInput,
            "MissingArgument",
            "After how many hours without an event should there be a notice?",
            "Add --hours 24, or --hours 0 for never."
        );
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer,
        client->call(
            "PUT", "/notices/expectations", {{"flow", options.flow}, {"hours", options.hours}}
        )
    );
    if (globals.json) {
        print_json(answer);
    } else if (options.hours == 0) {
        std::cout << "Nothing is expected of " << string_or(answer, "flow") << " any more.\n";
    } else {
        std::cout << "A notice tells when nothing has come for " << string_or(answer, "flow")
                  << " for " << options.hours << " hours.\n";
    }
    return {};
}

}  // namespace

void add_notice_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* notices = app.add_subcommand("notices", "What people are told of, and how");
    notices->require_subcommand(1);
    auto options = std::make_shared<NoticeOptions>();
    const auto command = [&](const char* verb, const char* what, auto function) {
        CLI::App* out = notices->add_subcommand(verb, what);
        out->callback([&globals, options, exit, function] {
            exit(run_command(globals, [&] { return function(globals, *options); }));
        });
        return out;
    };
    CLI::App* list_command = command("list", "Newest notices first", list);
    list_command->add_flag("--open", options->only_open, "Only those that have not ended");
    list_command->add_option("--limit", options->limit, "How many, at most 500");
    command("show", "One notice, and who was told", show)
        ->add_option("notice", options->notice, "Its id, from 'notices list'")
        ->required();
    command("channels", "Where notices go to", channels);
    CLI::App* add_command = command("add", "Add or replace a channel", add);
    add_command->add_option("kind", options->kind, "mail or webhook")->required();
    add_command->add_option("--name", options->channel, "Name of the channel; its kind if absent");
    add_command->add_option(
        "--set",
        options->settings,
        "mail: host, port, security (starttls, tls, none), from, to, user; webhook: format "
        "(tideway, teams), allow_plain_http; both: allow_private_network, ca_file; as name=value "
        "(repeatable)"
    );
    add_command->add_option(
        "--secret",
        options->secrets,
        "mail: password; webhook: url, key; as name=value, name=- asks for it (repeatable)"
    );
    command("remove", "Remove a channel; what waits for it is dropped", remove)
        ->add_option("channel", options->channel, "Its name")
        ->required();
    command("test", "Send a test through every channel", test)
        ->add_option("--channel", options->channel, "Only through this one");
    CLI::App* expect_command =
        command("expect", "Tell when nothing comes for a flow; without one: list", expect);
    expect_command->add_option("flow", options->flow, "pack/flow or flow");
    expect_command->add_option("--hours", options->hours, "Without an event; 0: never tell");
}

}  // namespace tideway::app
