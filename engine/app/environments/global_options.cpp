#include "engine/app/environments/global_options.h"

#include <optional>

#include "engine/app/environments/known_environments.h"
#include "engine/app/environments/shell_variable.h"

namespace tideway::app {

namespace {

struct Given {
    std::optional<std::string> data;
    std::optional<std::string> server;
    std::optional<std::string> token;
    std::optional<std::string> environment;
};

Error two_are_named(const std::string& one, const std::string& other) {
    Error out;
    out.kind = ErrorKind::kInvalidInput;
    out.code = "InvalidArgument";
    out.message = one + " and " + other + " name two environments.";
    out.remedy = "Leave one of them out.";
    return out;
}

// What the command line says counts before what the shell has set. Two names of one rank are an
// error: nothing is worse than the wrong environment.
Result<std::string> name_of(const Given& given) {
    const bool is_placed = given.data || given.server;
    if (given.environment) {
        if (is_placed) {
            return fail(two_are_named("--environment", given.data ? "--data" : "--server"));
        }
        return *given.environment;
    }
    std::string name = is_placed ? "" : shell_variable("TIDEWAY_ENVIRONMENT");
    for (const char* other : {"TIDEWAY_DATA", "TIDEWAY_SERVER"}) {
        if (!name.empty() && !shell_variable(other).empty()) {
            return fail(two_are_named("TIDEWAY_ENVIRONMENT", other));
        }
    }
    return name;
}

Status choose(const Given& given, Globals& globals) {
    globals.is_folder_named = given.data.has_value();
    globals.data_folder = given.data.value_or(default_data_folder());
    globals.server = given.server.value_or(shell_variable("TIDEWAY_SERVER"));
    globals.token = given.token.value_or(shell_variable("TIDEWAY_TOKEN"));
    TIDEWAY_TRY_ASSIGN(const std::string name, name_of(given));
    if (name.empty()) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const auto known, KnownEnvironments::read());
    TIDEWAY_TRY_ASSIGN(const KnownEnvironment chosen, known.get(name));
    globals.environment = name;
    globals.data_folder = chosen.data_folder;
    globals.server = chosen.server;
    // A token that the shell has is for the environment that the shell has.
    const bool is_tokenless = chosen.data_folder.empty() && chosen.token.empty();
    if (!given.token && !is_tokenless) {
        globals.token = chosen.token;
    }
    return {};
}

}  // namespace

void add_global_options(CLI::App& app, Globals& globals) {
    auto given = std::make_shared<Given>();
    app.add_option(
        "--environment",
        given->environment,
        "One that tideway environments list shows (Env:TIDEWAY_ENVIRONMENT)"
    );
    app.add_option("--data", given->data, "Folder of the environment (Env:TIDEWAY_DATA)");
    app.add_option("--server", given->server, "Address of a running server (Env:TIDEWAY_SERVER)");
    app.add_option("--token", given->token, "API token (Env:TIDEWAY_TOKEN)");
    app.add_option(
        "--confirm", globals.confirm, "Name of the environment that is meant: for production"
    );
    app.add_flag("--json", globals.json, "Answer as JSON");
    app.parse_complete_callback([given, &globals] {
        if (const Status chosen = choose(*given, globals); !chosen) {
            throw CLI::RuntimeError(report(globals, chosen.error()));
        }
    });
}

}  // namespace tideway::app
