// flows url FLOW and flows rotate-key FLOW: addresses at which a flow is called.
#include <iostream>

#include "engine/app/flows/flow_commands.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct AddressOptions {
    std::string flow;
    std::string key = "primary";
    std::string expires;
    std::string relative;
};

Status show_url(const Globals& globals, const AddressOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string flow, full_flow_name(*client, options.flow));
    http::QueryFields fields{{"key", options.key}};
    if (!options.expires.empty()) {
        fields.emplace_back("expires", options.expires);
    }
    if (!options.relative.empty()) {
        fields.emplace_back("relative", options.relative);
    }
    TIDEWAY_TRY_ASSIGN(
        const Json answer, client->get("/flows/" + flow + "/url?" + http::print_query(fields))
    );
    if (globals.json) {
        print_json(answer);
        return {};
    }
    std::cout << string_or(answer, "url") << "\n";
    const std::string method = string_or(answer, "method", "POST");
    const std::string expires = string_or(answer, "expires");
    std::cerr << "  " << method << ", signed with the " << string_or(answer, "key") << " key"
              << (expires.empty() ? "" : ", until " + expires) << "\n";
    return {};
}

Status rotate_key(const Globals& globals, const AddressOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string flow, full_flow_name(*client, options.flow));
    TIDEWAY_TRY_ASSIGN(
        const Json answer, client->post("/flows/" + flow + "/rotate-key", {{"key", options.key}})
    );
    if (globals.json) {
        print_json(answer);
        return {};
    }
    const Json& callers = answer.at("callers");
    std::cout << "The " << options.key << " key of " << flow << " is new.\n  "
              << string_or(callers, "message") << "\n";
    if (const std::string remedy = string_or(callers, "remedy"); !remedy.empty()) {
        std::cout << "  " << remedy << "\n";
    }
    std::cout << "  " << string_or(answer, "url") << "\n";
    return {};
}

}  // namespace

void add_flow_address_commands(CLI::App& flows, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<AddressOptions>();
    CLI::App* url = flows.add_subcommand("url", "The signed address at which a flow is called");
    url->add_option("flow", options->flow, "pack/flow or flow")->required();
    url->add_option("--key", options->key, "primary (default) or secondary");
    url->add_option("--expires", options->expires, "Until when: 30d, 12h, 2026-12-31 (for ever)");
    url->add_option("--relative", options->relative, "What follows: customer/42");
    url->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return show_url(globals, *options); }));
    });
    CLI::App* rotate =
        flows.add_subcommand("rotate-key", "A new key; addresses with the old one are refused");
    rotate->add_option("flow", options->flow, "pack/flow or flow")->required();
    rotate->add_option("--key", options->key, "primary or secondary")->required();
    rotate->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return rotate_key(globals, *options); }));
    });
}

}  // namespace tideway::app
