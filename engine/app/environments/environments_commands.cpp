// environments create|add|list|show|forget: the environments that a person works with.
#include <filesystem>
#include <iostream>
#include <set>

#include "engine/app/command_line.h"
#include "engine/app/environments/environment_view.h"
#include "engine/app/environments/known_environments.h"
#include "engine/app/environments/new_environment.h"

namespace tideway::app {

namespace {

Globals globals_of(const KnownEnvironment& environment) {
    Globals out;
    out.environment = environment.name;
    out.data_folder = environment.data_folder;
    out.server = environment.server;
    out.token = environment.token;
    return out;
}

// ------------------------------------------------------------------ create, add, forget

// The first two neighbours that no environment on this machine is known to use.
void take_free_ports(const KnownEnvironments& known, Config& config) {
    std::set<int> taken;
    for (const KnownEnvironment& one : known.all()) {
        if (const auto other = read_config(one.data_folder)) {
            taken.insert({other->api_port, other->trigger_port});
        }
    }
    while (taken.contains(config.api_port) || taken.contains(config.trigger_port)) {
        config.api_port += 2;
        config.trigger_port += 2;
    }
}

Result<std::string> folder_for(const Globals& globals, const std::string& name) {
    if (globals.is_folder_named) {
        return std::filesystem::absolute(globals.data_folder).string();
    }
    return usual_data_folder(name);
}

Status create(const Globals& globals, const InitOptions& options) {
    const std::string& name = options.environment;
    TIDEWAY_TRY(server::check_environment_name(name));
    TIDEWAY_TRY_ASSIGN(auto known, KnownEnvironments::read());
    TIDEWAY_TRY(known.check_free(name));
    TIDEWAY_TRY_ASSIGN(const std::string folder, folder_for(globals, name));
    TIDEWAY_TRY_ASSIGN(Config config, config_of(options, folder));
    if (!options.api_port && !options.trigger_port) {
        take_free_ports(known, config);
    }
    TIDEWAY_TRY(make_environment(globals, config, "tideway serve --environment " + name));
    return known.add({.name = name, .data_folder = folder});
}

// What the command line names: a folder here, a server elsewhere, or both.
Status add(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY(server::check_environment_name(name));
    TIDEWAY_TRY_ASSIGN(auto known, KnownEnvironments::read());
    KnownEnvironment added{.name = name, .server = globals.server};
    if (globals.server.empty() || globals.is_folder_named) {
        TIDEWAY_TRY(read_config(globals.data_folder));
        added.data_folder = std::filesystem::absolute(globals.data_folder).string();
    } else {
        added.token = globals.token;
    }
    TIDEWAY_TRY(known.add(added));
    const Json shown = look_at(globals_of(added));
    if (globals.json) {
        print_json(shown);
        return {};
    }
    std::cout << name << " is known from now on: tideway --environment " << name << " ...\n";
    if (string_or(shown, "state") != "answers") {
        std::cout << "  Its server does not answer: " << string_or(shown, "reason") << "\n";
    }
    return {};
}

Status forget(const Globals& globals, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(auto known, KnownEnvironments::read());
    TIDEWAY_TRY(known.remove(name));
    if (globals.json) {
        print_json({{"forgotten", name}});
    } else {
        std::cout << name << " is no longer in your list; the environment itself stays.\n";
    }
    return {};
}

// ------------------------------------------------------------------ list

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto known, KnownEnvironments::read());
    Json rows = Json::array();
    for (const KnownEnvironment& one : known.all()) {
        rows.push_back(look_at(globals_of(one)));
    }
    if (globals.json) {
        print_json({{"value", std::move(rows)}});
        return {};
    }
    if (rows.empty()) {
        std::cout << "You know none yet: tideway environments create NAME makes one, "
                     "tideway environments add NAME takes in one that there is.\n";
        return {};
    }
    Table table({"NAME", "KIND", "STATE", "ENVIRONMENT", "WHERE"});
    for (const Json& row : rows) {
        table.add(
            {string_or(row, "name"),
             string_or(row, "kind", "-"),
             string_or(row, "state"),
             string_or(row, "environment", "-"),
             string_or(row, "data", string_or(row, "server"))}
        );
    }
    table.print();
    return {};
}

// ------------------------------------------------------------------ show

void print_packs(const Json& packs) {
    std::cout << "Packs:\n";
    for (const Json& pack : packs) {
        std::cout << "  " << string_or(pack, "name") << " " << string_or(pack, "version")
                  << (bool_or(pack, "managed", false) ? " (managed)" : "")
                  << (string_or(pack, "source") == "folder" ? "(a folder of config.json)" : "")
                  << "\n";
    }
    if (packs.empty()) {
        std::cout << "  none\n";
    }
}

void print_references(const Json& references) {
    std::cout << "Connection references:\n";
    for (const Json& reference : references) {
        const std::string connection = string_or(reference, "connection");
        std::cout << "  " << string_or(reference, "pack") << "/"
                  << string_or(reference, "reference") << "  "
                  << (bool_or(reference, "is_bound", false)
                          ? "-> " + connection
                          : "not bound: tideway connections add " +
                                string_or(reference, "connector") + " --name " + connection)
                  << "\n";
    }
}

void print_variables(const Json& variables) {
    std::cout << "Variables:\n";
    for (const Json& variable : variables) {
        const Json* value = find(variable, "value");
        const std::string name = string_or(variable, "pack") + "/" + string_or(variable, "name");
        std::cout << "  " << name << "  "
                  << (value == nullptr || value->is_null()
                          ? "no value: tideway variables set " + name + " ..."
                          : "= " + dump(*value))
                  << "\n";
    }
}

void print_environment(const Json& shown) {
    std::cout << string_or(shown, "environment", "(unknown)") << " ("
              << string_or(shown, "kind", "kind unknown") << ")\n";
    if (const std::string name = string_or(shown, "name"); !name.empty()) {
        std::cout << "  known as     " << name << "\n";
    }
    if (const std::string folder = string_or(shown, "data"); !folder.empty()) {
        std::cout << "  data folder  " << folder << "\n";
    }
    const bool answers = string_or(shown, "state") == "answers";
    std::cout << "  server       " << string_or(shown, "server", "-") << ", "
              << (answers ? "answers, version " + string_or(shown, "version")
                          : "does not answer: " + string_or(shown, "reason"))
              << "\n";
    if (answers) {
        std::cout << "  public URL   " << string_or(shown, "public_url") << "\n";
        if (const std::string reason = string_or(shown, "reason"); !reason.empty()) {
            std::cout << "  not shown    " << reason << "\n";
        }
    }
    if (const Json* packs = find(shown, "packs")) {
        print_packs(*packs);
    }
    if (const Json* flows = find(shown, "flows")) {
        std::cout << "Flows: " << int_or(*flows, "On", 0) << " on, " << int_or(*flows, "Off", 0)
                  << " off, " << int_or(*flows, "Suspended", 0) << " suspended\n";
        print_references(shown["references"]);
        print_variables(shown["variables"]);
    }
}

Status show(const Globals& globals, const std::string& name) {
    Globals chosen = globals;
    if (!name.empty()) {
        TIDEWAY_TRY_ASSIGN(const auto known, KnownEnvironments::read());
        TIDEWAY_TRY_ASSIGN(const KnownEnvironment found, known.get(name));
        chosen = globals_of(found);
    }
    const Json shown = look_into(chosen);
    if (globals.json) {
        print_json(shown);
    } else {
        print_environment(shown);
    }
    return {};
}

}  // namespace

void add_environments_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* environments =
        app.add_subcommand("environments", "Staging, production: which there are, what is in them");
    environments->require_subcommand(1);
    auto options = std::make_shared<InitOptions>();
    CLI::App* make = environments->add_subcommand(
        "create", "Make an environment (tideway init) that --environment NAME finds"
    );
    make->add_option("name", options->environment, "Name, such as contoso-production")->required();
    add_init_options(*make, *options);
    make->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return create(globals, *options); }));
    });
    auto name = std::make_shared<std::string>();
    const auto on_name = [&](const char* verb, const char* about, auto act) {
        CLI::App* command = environments->add_subcommand(verb, about);
        command->callback([&globals, name, exit, act] {
            exit(run_command(globals, [&] { return act(globals, *name); }));
        });
        return command->add_option("name", *name, "Name by which you know it");
    };
    on_name("add", "Know one that there is: with --data, or with --server and --token", add)
        ->required();
    on_name("forget", "Take one out of your list; the environment itself stays", forget)
        ->required();
    on_name("show", "Kind, packs, flows, connections and variables of one", show);
    environments->add_subcommand("list", "Those that you know, and whether they answer")
        ->callback([&globals, exit] { exit(run_command(globals, [&] { return list(globals); })); });
}

}  // namespace tideway::app
