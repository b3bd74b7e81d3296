#include "engine/app/environments/confirmation.h"

#include <iostream>

#include <unistd.h>

namespace tideway::app {

bool can_ask(const Globals& globals) {
    return !globals.json && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

Result<std::string> ask_for_name(const Globals& globals, const Error& refusal) {
    if (!can_ask(globals)) {
        return fail(refusal);
    }
    std::cerr << refusal.message << "\n  Type its name to go on: " << std::flush;
    std::string name;
    if (!std::getline(std::cin, name) || name.empty()) {
        return fail(refusal);
    }
    return name;
}

Status confirm(const Globals& globals, const Config& config, const std::string& about) {
    const server::EnvironmentIdentity environment{config.environment, config.kind};
    auto checked = server::check_confirmation(environment, globals.confirm, about);
    if (checked || checked.error().code != "ConfirmationRequired") {
        return checked;
    }
    TIDEWAY_TRY_ASSIGN(const std::string name, ask_for_name(globals, checked.error()));
    return server::check_confirmation(environment, name, about);
}

}  // namespace tideway::app
