// variables list|set
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/runtime/variables/variable_value.h"

namespace tideway::app {

namespace {

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json variables, client->get("/variables"));
    if (globals.json) {
        print_json(variables);
        return {};
    }
    Table table({"PACK", "VARIABLE", "TYPE", "VALUE", ""});
    for (const Json& variable : variables["value"]) {
        table.add(
            {string_or(variable, "pack"),
             string_or(variable, "name"),
             string_or(variable, "type"),
             dump(variable["value"]),
             string_or(variable, "description")}
        );
    }
    table.print();
    return {};
}

// "-": the first line of standard input, so that a secret is in nobody's list of commands.
std::string given_or_read(const std::string& text) {
    if (text != "-") {
        return text;
    }
    std::string line;
    std::getline(std::cin, line);
    return line;
}

Status set(const Globals& globals, const std::string& name, const std::string& text) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json variables, client->get("/variables"));
    for (const Json& variable : variables["value"]) {
        const std::string own = string_or(variable, "name");
        const std::string full = string_or(variable, "pack") + "/" + own;
        if (name != own && name != full) {
            continue;
        }
        TIDEWAY_TRY_ASSIGN(
            const Json value,
            runtime::read_variable(own, string_or(variable, "type"), given_or_read(text))
        );
        TIDEWAY_TRY_ASSIGN(
            const Json answer, client->call("PUT", "/variables/" + full, {{"value", value}})
        );
        if (globals.json) {
            print_json(answer);
        } else {
            std::cout << full << " = " << dump(answer["value"]) << "\n";
        }
        return {};
    }
    return fail(
        ErrorKind::kNotFound,
        "VariableNotFound",
        "There is no environment variable '" + name + "'.",
        "List them with: tideway variables list"
    );
}

}  // namespace

void add_variable_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* variables = app.add_subcommand("variables", "Environment variables of packs");
    variables->require_subcommand(1);
    variables->add_subcommand("list", "All variables with their values")
        ->callback([&globals, exit] { exit(run_command(globals, [&] { return list(globals); })); });
    auto name = std::make_shared<std::string>();
    auto value = std::make_shared<std::string>();
    CLI::App* set_command = variables->add_subcommand("set", "Set the current value");
    set_command->add_option("variable", *name, "pack/name or name")->required();
    set_command
        ->add_option(
            "value", *value, "Text, number, Yes, No or JSON; - reads it from standard input"
        )
        ->required();
    set_command->callback([&globals, name, value, exit] {
        exit(run_command(globals, [&] { return set(globals, *name, *value); }));
    });
}

}  // namespace tideway::app
