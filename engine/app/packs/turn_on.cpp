#include "engine/app/packs/turn_on.h"

#include <iostream>

#include "engine/app/environments/confirmation.h"
#include "engine/app/flows/flow_commands.h"
#include "engine/app/tools/preflight_gate.h"

namespace tideway::app {

namespace {

Result<Json> turn_on(const Globals& globals, const Json& installed, runtime::Preflight preflight) {
    Json packs = Json::array();
    for (const Json& pack : installed["value"]) {
        packs.push_back(string_or(pack, "name"));
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    return post_gated(
        *client, "/flows-on", {{"packs", std::move(packs)}, {"together", true}}, preflight
    );
}

// The packs are installed whatever came of their flows: one answer for a program.
Status answer_with_packs(Json installed, const Result<Json>& turned_on) {
    if (turned_on) {
        installed.update(*turned_on);
        print_json(installed);
        return installed["failed"].empty() ? Status() : failed_as_shown();
    }
    const Error& error = turned_on.error();
    installed["error"] = {
        {"code", error.code}, {"message", error.message}, {"remedy", error.remedy}};
    if (const auto details = parse_json(error.details, "details")) {
        installed["error"]["details"] = *details;
    }
    print_json(installed);
    return failed_as_shown();
}

}  // namespace

Status check_server(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY(client->get("/info"));
    return {};
}

bool somebody_says_yes(const Globals& globals) {
    if (!can_ask(globals) || !check_server(globals)) {
        return false;
    }
    std::cerr << "Turn all its flows on now? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

Status turn_on_installed(const Globals& globals, Json installed, runtime::Preflight preflight) {
    auto turned_on = turn_on(globals, installed, preflight);
    if (globals.json) {
        return answer_with_packs(std::move(installed), turned_on);
    }
    if (!turned_on) {
        return fail(std::move(turned_on.error()));
    }
    return print_turned_on(*turned_on);
}

}  // namespace tideway::app
