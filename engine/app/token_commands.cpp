// tokens add|list|remove
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct TokenOptions {
    std::string name;
    std::string role;
    std::string expires;
    std::vector<std::string> flows;
    bool sees_contents = false;
};

Status add(const Globals& globals, const TokenOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    const Json body = {
        {"name", options.name},
        {"role", options.role},
        {"flows", options.flows},
        {"expires", options.expires},
        {"sees_contents", options.sees_contents}};
    TIDEWAY_TRY_ASSIGN(const Json answer, client->post("/tokens", body));
    if (globals.json) {
        print_json(answer);
        return {};
    }
    std::cout << string_or(answer, "token") << "\n";
    const std::string expires = string_or(answer, "expires");
    std::cerr << "  The token of " << options.name << " (" << options.role << ")"
              << (expires.empty() ? "" : ", until " + expires)
              << ". It is shown now and never again.\n";
    return {};
}

std::string flows_of(const Json& token) {
    std::string out;
    if (const Json* flows = find(token, "flows")) {
        for (const Json& flow : *flows) {
            out += (out.empty() ? "" : ", ") + flow.get<std::string>();
        }
    }
    return out + (bool_or(token, "sees_contents", false) ? " (with contents)" : "");
}

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json tokens, client->get("/tokens"));
    if (globals.json) {
        print_json(tokens);
        return {};
    }
    Table table({"NAME", "ROLE", "CREATED", "UNTIL", "FLOWS"});
    for (const Json& token : tokens["value"]) {
        const std::string until = short_time(string_or(token, "expires", "for ever"));
        table.add(
            {string_or(token, "name"),
             string_or(token, "role"),
             short_time(string_or(token, "created")),
             until + (bool_or(token, "is_expired", false) ? " (over)" : ""),
             flows_of(token)}
        );
    }
    table.print();
    return {};
}

Status remove(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json answer, client->call("DELETE", "/tokens/" + http::encode_component(name))
    );
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << "removed " << name << "; requests with it are refused from now on\n";
    }
    return {};
}

}  // namespace

void add_token_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* tokens = app.add_subcommand("tokens", "Who may call the API, and as what");
    tokens->require_subcommand(1);
    auto options = std::make_shared<TokenOptions>();
    CLI::App* make = tokens->add_subcommand("add", "Make a token and print it, once");
    make->add_option("name", options->name, "The person or program that uses it")->required();
    make->add_option("--role", options->role, "admin, operator, viewer or run-only")->required();
    make->add_option("--expires", options->expires, "Until when: 90d, 2026-12-31 (for ever)");
    make->add_option(
            "--flow", options->flows, "run-only: a flow that it may start, again for others"
    )
        ->allow_extra_args(false);
    make->add_flag("--contents", options->sees_contents, "run-only: sees what its runs give back");
    make->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return add(globals, *options); }));
    });
    tokens->add_subcommand("list", "All tokens, without their secrets")->callback([&globals, exit] {
        exit(run_command(globals, [&] { return list(globals); }));
    });
    CLI::App* drop = tokens->add_subcommand("remove", "Refuse a token from now on");
    drop->add_option("name", options->name, "Its name")->required();
    drop->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return remove(globals, options->name); }));
    });
}

}  // namespace tideway::app
