// connections list|add|replace|test|reconnect|remove|uses|limit|bind|connectors
#include <charconv>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/sign_in_flow.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct AddOptions {
    std::string connector;
    std::string name;
    std::string grant;
    std::vector<std::string> settings;  // key=value
    std::vector<std::string> secrets;   // key=value; key=- reads a line of standard input
    std::string secret_expires;         // a date
    bool is_sandbox = false;
};

std::string dashes(const std::string& text) {
    return text.empty() ? "-" : text;
}

// "5200, used up 10:31" when the present pace leads there.
std::string quota_left(const Json& row) {
    const Json* quota = find(row, "quota");
    if (quota == nullptr) {
        return "-";
    }
    const std::string at = string_or(*quota, "used_up_at");
    return std::to_string(int_or(*quota, "remaining", 0)) +
           (at.empty() ? "" : ", used up " + short_time(at));
}

// "8123", or "8123 of 10000" where a limit was entered.
std::string requests_today(const Json& row) {
    std::string out = std::to_string(int_or(row, "requests_today", 0));
    if (const Json* limit = find(row, "limit")) {
        out += " of " + std::to_string(int_or(*limit, "calls_a_day", 0));
    }
    return out;
}

void print_limit(const Json& limit) {
    const std::string at = string_or(limit, "used_up_at");
    std::cout << "  limit          " << int_or(limit, "calls_a_day", 0) << " calls a day (UTC), "
              << int_or(limit, "remaining", 0) << " left"
              << (at.empty() ? "" : ", used up " + short_time(at) + " at this pace") << "\n";
}

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json connections, client->get("/connections"));
    if (globals.json) {
        print_json(connections);
        return {};
    }
    Table table(
        {"CONNECTION",
         "CONNECTOR",
         "STATUS",
         "REQUESTS TODAY",
         "QUOTA LEFT",
         "GRANT",
         "OWNER",
         "TOKEN UNTIL",
         "SECRET UNTIL",
         "FLOWS"}
    );
    for (const Json& row : connections["value"]) {
        table.add(
            {string_or(row, "name"),
             string_or(row, "connector"),
             string_or(row, "status"),
             requests_today(row),
             quota_left(row),
             dashes(string_or(row, "grant")),
             string_or(row, "owner"),
             dashes(short_time(string_or(row, "refresh_token_expires"))),
             dashes(short_time(string_or(row, "client_secret_expires"))),
             std::to_string(row["uses"].size())}
        );
    }
    table.print();
    return {};
}

// The value as the connector's schema types it: a text stays a text, also if it reads "true".
Json parse_setting(
    const model::ConnectorSpec& spec, const std::string& name, const std::string& text
) {
    const Json* properties = find(spec.settings_schema, "properties");
    const Json* property = properties == nullptr ? nullptr : find(*properties, name);
    if (property == nullptr || string_or(*property, "type") == "string") {
        return text;
    }
    const auto parsed = parse_json(text, "setting");
    return parsed ? *parsed : Json(text);
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

Status read_sandbox(const Globals& globals, const AddOptions& options, ConnectionPlan& plan) {
    auto text = read_text_file(globals.data_folder + "/sandbox.json");
    if (!text) {
        return fail(
            ErrorKind::kNotFound,
            "SandboxNotRunning",
            "There is no " + globals.data_folder + "/sandbox.json.",
            "Start the sandboxes first: tideway sandbox --data " + globals.data_folder
        );
    }
    TIDEWAY_TRY_ASSIGN(const Json sandboxes, parse_json(*text, "sandbox.json"));
    const Json* sandbox = find(sandboxes, options.connector);
    if (sandbox == nullptr) {
        return fail(
            ErrorKind::kNotFound,
            "SandboxNotFound",
            "There is no sandbox of the connector '" + options.connector + "'."
        );
    }
    plan.settings = (*sandbox)["settings"];
    plan.grant = string_or(*sandbox, "grant");
    for (const auto& [name, value] : (*sandbox)["secrets"].items()) {
        plan.secrets.insert_or_assign(name, Secret(value.get<std::string>()));
    }
    return {};
}

Result<ConnectionPlan> plan_of(
    const Globals& globals, const model::ConnectorSpec& spec, const AddOptions& options
) {
    ConnectionPlan plan;
    plan.name = options.name.empty() ? options.connector : options.name;
    plan.settings = Json::object();
    if (options.is_sandbox) {
        TIDEWAY_TRY(read_sandbox(globals, options, plan));
    }
    for (const std::string& setting : options.settings) {
        TIDEWAY_TRY_ASSIGN(const auto pair, split(setting));
        plan.settings[pair.first] = parse_setting(spec, pair.first, pair.second);
    }
    for (const std::string& secret : options.secrets) {
        TIDEWAY_TRY_ASSIGN(auto pair, split(secret));
        if (pair.second == "-") {
            std::cerr << pair.first << ": " << std::flush;
            std::getline(std::cin, pair.second);
        } else if (pair.second.starts_with('@')) {
            TIDEWAY_TRY_ASSIGN(pair.second, read_text_file(pair.second.substr(1)));
        }
        plan.secrets.insert_or_assign(pair.first, Secret(std::move(pair.second)));
    }
    if (!options.secret_expires.empty()) {
        plan.secret_expires = parse_utc(options.secret_expires);
        if (!plan.secret_expires) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidArgument",
                "--secret-expires '" + options.secret_expires + "' is not a date.",
                "Write it as 2027-05-31."
            );
        }
    }
    if (!options.grant.empty()) {
        plan.grant = options.grant;
    }
    return plan;
}

// The usual way of the connector.
std::string default_grant(const model::ConnectorSpec& spec) {
    const std::string way = spec.auth.empty() ? "none" : spec.auth.front();
    const Json* grants = find(spec.oauth, "grants");
    const bool has_grants = grants != nullptr && !grants->empty();
    return way == "oauth2" && has_grants ? grants->front().get<std::string>() : way;
}

void print_checks(const Json& answer) {
    const Json* checks = find(answer, "checks");
    if (checks == nullptr || checks->empty()) {
        std::cout << "  nothing to test\n";
        return;
    }
    for (const Json& check : *checks) {
        std::cout << (bool_or(check, "ok", false) ? "  ok       " : "  missing  ")
                  << string_or(check, "what") << "  " << string_or(check, "message") << "\n";
    }
}

Status add(const Globals& globals, const AddOptions& options) {
    TIDEWAY_TRY_ASSIGN(const model::ConnectorSpec spec, built_in_spec(options.connector));
    TIDEWAY_TRY_ASSIGN(ConnectionPlan plan, plan_of(globals, spec, options));
    if (plan.grant.empty()) {
        plan.grant = default_grant(spec);
    }
    if (!options.is_sandbox && !globals.json) {
        std::cout << "On the other side, once:\n"
                  << connector::register_text(spec, plan.settings) << "\n";
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    const SystemClock clock;
    TIDEWAY_TRY_ASSIGN(const auto signed_in, sign_in(spec, plan, clock));
    TIDEWAY_TRY_ASSIGN(const Json checks, put_connection(*client, spec, plan, signed_in));
    if (globals.json) {
        print_json(checks);
        return {};
    }
    std::cout << "Connection '" << plan.name << "' is stored. Tested:\n";
    print_checks(checks);
    return {};
}

// Replacing changes no flow: the name stays, settings and credentials are new.
Status replace(const Globals& globals, AddOptions options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json connections, client->get("/connections"));
    for (const Json& row : connections["value"]) {
        if (string_or(row, "name") != options.name) {
            continue;
        }
        options.connector = string_or(row, "connector");
        for (const auto& [key, value] : row["settings"].items()) {
            options.settings.insert(
                options.settings.begin(),
                key + "=" + (value.is_string() ? value.get<std::string>() : dump(value))
            );
        }
        if (options.grant.empty()) {
            options.grant = string_or(row, "grant");
        }
        return add(globals, options);
    }
    return fail(
        ErrorKind::kNotFound,
        "ConnectionNotFound",
        "There is no connection '" + options.name + "'.",
        "List them with: tideway connections list"
    );
}

Status test(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json checks, client->post("/connections/" + http::encode_component(name) + "/test")
    );
    if (globals.json) {
        print_json(checks);
    } else {
        print_checks(checks);
    }
    return {};
}

Result<Json> find_connection(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json connections, client->get("/connections"));
    for (const Json& row : connections["value"]) {
        if (string_or(row, "name") == name) {
            return row;
        }
    }
    return fail(
        ErrorKind::kNotFound,
        "ConnectionNotFound",
        "There is no connection '" + name + "'.",
        "List them with: tideway connections list"
    );
}

Status show(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const Json row, find_connection(globals, name));
    if (globals.json) {
        print_json(row);
        return {};
    }
    std::cout << name << " (" << string_or(row, "connector") << "): " << string_or(row, "status")
              << "\n";
    if (const std::string since = string_or(row, "unavailable_since"); !since.empty()) {
        std::cout << "  since          " << since << ": " << string_or(row, "status_reason") << "\n"
                  << "  next try       " << dashes(string_or(row, "next_probe")) << "\n";
    }
    std::cout << "  waiting runs   " << int_or(row, "waiting_runs", 0) << "\n"
              << "  requests today " << int_or(row, "requests_today", 0) << ", "
              << int_or(row, "throttled_today", 0) << " throttled\n"
              << "  quota left     " << quota_left(row);
    if (const Json* quota = find(row, "quota")) {
        std::cout << " (" << string_or(*quota, "what") << ")";
    }
    std::cout << "\n";
    if (const Json* limit = find(row, "limit")) {
        print_limit(*limit);
    }
    std::cout << "  settings       " << dump(row["settings"]) << "\n";
    return {};
}

Status uses(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const Json row, find_connection(globals, name));
    if (globals.json) {
        print_json(row["uses"]);
        return {};
    }
    for (const Json& flow : row["uses"]) {
        std::cout << flow.get<std::string>() << "\n";
    }
    return {};
}

Status remove(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer, client->call("DELETE", "/connections/" + http::encode_component(name))
    );
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << "Connection '" << name << "' is removed.\n";
    }
    return {};
}

// "10000", or "none".
Result<Json> parse_limit(const std::string& text) {
    if (text == "none") {
        return Json();
    }
    std::int64_t calls = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), calls);
    if (problem != std::errc() || end != text.data() + text.size()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidCallLimit",
            "'" + text + "' is no number of calls a day.",
            "Write a number, such as 10000, or none."
        );
    }
    return Json(calls);
}

Status limit(const Globals& globals, const std::string& name, const std::string& calls_a_day) {
    TIDEWAY_TRY_ASSIGN(Json calls, parse_limit(calls_a_day));
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json row,
        client->call(
            "PUT",
            "/connections/" + http::encode_component(name) + "/limit",
            {{"calls_a_day", std::move(calls)}}
        )
    );
    if (globals.json) {
        print_json(row);
    } else if (find(row, "limit") == nullptr) {
        std::cout << "The connection '" << name << "' has no limit.\n";
    } else {
        std::cout << name << ": " << requests_today(row) << " calls a day used\n";
    }
    return {};
}

Status connectors(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json answer, client->get("/connectors"));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    Table table({"CONNECTOR", "STATUS", "TITLE", ""});
    for (const Json& row : answer["value"]) {
        table.add(
            {string_or(row, "id"),
             string_or(row, "status"),
             string_or(row, "title"),
             string_or(row, "summary")}
        );
    }
    table.print();
    return {};
}

// `reference` is "pack/name".
Status bind_reference(
    const Globals& globals, const std::string& reference, const std::string& connection
) {
    const auto slash = reference.find('/');
    if (slash == std::string::npos) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidArgument",
            "'" + reference + "' does not name a pack's connection reference.",
            "Write it as pack/reference."
        );
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer,
        client->call(
            "PUT",
            "/references/" + http::encode_component(reference.substr(0, slash)) + "/" +
                http::encode_component(reference.substr(slash + 1)),
            {{"connection", connection}}
        )
    );
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << reference << " uses the connection '" << connection << "'.\n";
    }
    return {};
}

}  // namespace

void add_connection_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* connections = app.add_subcommand("connections", "Accounts that flows use");
    connections->require_subcommand(1);
    auto options = std::make_shared<AddOptions>();
    connections->add_subcommand("list", "All connections: owner, grant, expiry, dependent flows")
        ->callback([&globals, exit] { exit(run_command(globals, [&] { return list(globals); })); });
    const auto credentials = [options](CLI::App* command) {
        command->add_option("--grant", options->grant, "authorization_code, device_code, ...");
        command->add_option("--set", options->settings, "A setting as name=value (repeatable)");
        command->add_option(
            "--secret",
            options->secrets,
            "A secret as name=value; name=- asks for it, name=@file reads it (repeatable)"
        );
        command->add_option(
            "--secret-expires",
            options->secret_expires,
            "Last day of the client secret, as 2027-05-31; 'connections list' shows it"
        );
    };
    CLI::App* add_command =
        connections->add_subcommand("add", "Register, sign in, store and test a connection");
    add_command
        ->add_option("connector", options->connector, "partner_center, dataverse, salesforce ...")
        ->required();
    add_command->add_option("--name", options->name, "Name, as packs refer to it");
    add_command->add_flag("--sandbox", options->is_sandbox, "To the running sandbox");
    credentials(add_command);
    add_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return add(globals, *options); }));
    });
    for (const char* verb : {"replace", "reconnect"}) {
        CLI::App* command = connections->add_subcommand(
            verb,
            "Sign in again, with other settings or credentials if given; flows stay as they are"
        );
        command->add_option("name", options->name, "Connection")->required();
        credentials(command);
        command->callback([&globals, options, exit] {
            exit(run_command(globals, [&] { return replace(globals, *options); }));
        });
    }
    const auto on_name = [&](const char* verb, const char* help, auto function) {
        CLI::App* command = connections->add_subcommand(verb, help);
        command->add_option("name", options->name, "Connection")->required();
        command->callback([&globals, options, exit, function] {
            exit(run_command(globals, [&] { return function(globals, options->name); }));
        });
    };
    on_name("show", "Whether it is available, who waits for it, and its quota", show);
    on_name("test", "Try every right it needs, without writing", test);
    on_name("uses", "The flows that depend on it", uses);
    on_name("remove", "Remove a connection that no flow uses", remove);
    auto calls_a_day = std::make_shared<std::string>();
    CLI::App* limit_command = connections->add_subcommand(
        "limit",
        "How many calls a day are allowed, as a contract says: warns before they are used up"
    );
    limit_command->add_option("name", options->name, "Connection")->required();
    limit_command->add_option("calls", *calls_a_day, "Calls a day (UTC), or none")->required();
    limit_command->callback([&globals, options, calls_a_day, exit] {
        exit(run_command(globals, [&] { return limit(globals, options->name, *calls_a_day); }));
    });
    connections->add_subcommand("connectors", "What can be connected to")
        ->callback([&globals, exit] {
            exit(run_command(globals, [&] { return connectors(globals); }));
        });
    auto reference = std::make_shared<std::string>();
    CLI::App* bind_command =
        connections->add_subcommand("bind", "Let a pack's connection reference use a connection");
    bind_command->add_option("reference", *reference, "pack/reference")->required();
    bind_command->add_option("name", options->name, "Connection")->required();
    bind_command->callback([&globals, options, reference, exit] {
        exit(run_command(globals, [&] {
            return bind_reference(globals, *reference, options->name);
        }));
    });
}

}  // namespace tideway::app
