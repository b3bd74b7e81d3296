// pack list|install|rollback|customise|copy|export|uninstall: an environment's packs.
#include <filesystem>
#include <iostream>

#include "engine/app/packs/pack_commands.h"
#include "engine/app/packs/pack_place.h"
#include "engine/app/packs/pack_services.h"
#include "engine/app/packs/turn_on.h"
#include "engine/app/tools/preflight_gate.h"
#include "engine/base/digest.h"
#include "engine/pack/folder.h"
#include "engine/pack/pack_file.h"

namespace tideway::app {

namespace {

std::string state_of(const Json& pack) {
    if (bool_or(pack, "managed", false)) {
        return bool_or(pack, "customised", false) ? "customised" : "managed";
    }
    return pack["edited"].empty() ? "as delivered" : "edited";
}

std::string signer_of(const Json& pack) {
    const std::string signer = string_or(pack, "signer");
    const std::string source = string_or(pack, "source");
    return !signer.empty() ? signer : source == "file" ? "unsigned" : source;
}

Status list_available(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto packs, built_in_packs());
    Json rows = Json::array();
    Table table({"PACK", "VERSION", "PUBLISHER", "TITLE"});
    for (const auto& [name, files] : packs) {
        TIDEWAY_TRY_ASSIGN(const auto manifest, pack::describe(files, pack::Editing::kAllowed));
        const std::string version = to_string(manifest.version);
        rows.push_back(
            {{"name", name},
             {"title", manifest.title},
             {"version", version},
             {"publisher", manifest.publisher}}
        );
        table.add({name, version, manifest.publisher, manifest.title});
    }
    if (globals.json) {
        print_json({{"value", std::move(rows)}});
    } else {
        table.print();
    }
    return {};
}

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const Json packs, perform_on_packs(globals, "list", Json::object()));
    if (globals.json) {
        print_json(packs);
        return {};
    }
    Table table({"PACK", "VERSION", "PUBLISHER", "SIGNED BY", "STATE", "FOLDER"});
    for (const Json& pack : packs["value"]) {
        table.add(
            {string_or(pack, "name"),
             string_or(pack, "version"),
             string_or(pack, "publisher"),
             signer_of(pack),
             state_of(pack),
             string_or(pack, "folder")}
        );
    }
    table.print();
    return {};
}

struct InstallOptions {
    std::vector<std::string> packs;
    bool allow_unsigned = false;
    bool turn_on = false;
    bool no_preflight = false;
};

Result<Json> install_packs(const Globals& globals, const InstallOptions& options) {
    Json body = {{"packs", Json::array()}, {"allow_unsigned", options.allow_unsigned}};
    for (const std::string& what : options.packs) {
        TIDEWAY_TRY_ASSIGN(Json offer, pack_offer(what));
        body["packs"].push_back(std::move(offer));
    }
    return perform_on_packs(globals, "install", body);
}

Status install(const Globals& globals, const InstallOptions& options) {
    if (options.turn_on) {
        TIDEWAY_TRY(check_server(globals));
    }
    TIDEWAY_TRY_ASSIGN(Json answer, install_packs(globals, options));
    if (globals.json && !options.turn_on) {
        print_json(answer);
        return {};
    }
    for (const Json& pack : globals.json ? Json::array() : answer["value"]) {
        std::cout << string_or(pack, "name") << " " << string_or(pack, "version") << " of "
                  << string_or(pack, "publisher") << " is installed (" << signer_of(pack) << ").\n";
    }
    if (options.turn_on || somebody_says_yes(globals)) {
        return turn_on_installed(
            globals, std::move(answer), preflight_choice(options.no_preflight)
        );
    }
    std::cout << "  Then: tideway connections add ..., tideway flows on --all\n";
    return {};
}

// Acts that name one pack; `said` is what is printed about the answer.
Status act_on_pack(
    const Globals& globals,
    const std::string& act,
    const Json& body,
    const std::function<std::string(const Json&)>& said
) {
    TIDEWAY_TRY_ASSIGN(const Json answer, perform_on_packs(globals, act, body));
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << said(answer) << "\n";
    }
    return {};
}

std::string name_and_version(const Json& pack) {
    return string_or(pack, "name") + " " + string_or(pack, "version");
}

struct ExportOptions {
    std::string pack;
    std::string file;
    std::string version;
    std::string publisher;
    bool is_managed = false;
};

Status export_pack(const Globals& globals, const ExportOptions& options) {
    const Json body = {
        {"pack", options.pack},
        {"version", options.version},
        {"publisher", options.publisher},
        {"managed", options.is_managed}};
    TIDEWAY_TRY_ASSIGN(Json answer, perform_on_packs(globals, "export", body));
    const auto bytes = from_base64(string_or(answer, "file"));
    const std::string path = options.file.empty() ? string_or(answer, "pack") + "-" +
                                                        string_or(answer, "version") + ".pack"
                                                  : options.file;
    TIDEWAY_TRY(pack::replace_text(std::filesystem::absolute(path), bytes.value_or("")));
    if (globals.json) {
        answer["file"] = path;
        print_json(answer);
        return {};
    }
    std::cout << string_or(answer, "pack") << " " << string_or(answer, "version") << " is in "
              << path << (options.is_managed ? ", managed" : "") << ".\n"
              << "  Nobody has signed it: tideway pack sign " << path << " --key private.pem\n";
    return {};
}

void add_export_command(CLI::App& pack, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<ExportOptions>();
    CLI::App* command =
        pack.add_subcommand("export", "Make a pack file of an installed pack, with its edits");
    command->add_option("pack", options->pack, "Name of an installed pack")->required();
    command->add_option("-o,--output", options->file, "The file; otherwise ./NAME-VERSION.pack");
    command->add_option("--version", options->version, "Its version; needed when it was edited");
    command->add_option("--publisher", options->publisher, "Its publisher; otherwise as it is");
    command->add_flag("--managed", options->is_managed, "Who installs it may not edit it in place");
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return export_pack(globals, *options); }));
    });
}

void add_copy_command(CLI::App& pack, Globals& globals, const Exit& exit) {
    auto name = std::make_shared<std::string>();
    auto as = std::make_shared<std::string>();
    CLI::App* command = pack.add_subcommand("copy", "Make an independent pack of an installed one");
    command->add_option("pack", *name, "Name of an installed pack")->required();
    command->add_option("as", *as, "Name of the new one")->required();
    command->callback([&globals, name, as, exit] {
        exit(run_command(globals, [&] {
            return act_on_pack(
                globals,
                "copy",
                {{"pack", *name}, {"as", *as}},
                [](const Json& done) { return name_and_version(done) + " is a pack of its own."; }
            );
        }));
    });
}

// A command whose only argument is an installed pack.
void add_act_command(
    CLI::App& pack,
    Globals& globals,
    const Exit& exit,
    const std::string& act,
    const std::string& about,
    const std::string& said
) {
    auto name = std::make_shared<std::string>();
    CLI::App* command = pack.add_subcommand(act, about);
    command->add_option("pack", *name, "Name of an installed pack")->required();
    command->callback([&globals, name, act, said, exit] {
        exit(run_command(globals, [&] {
            return act_on_pack(globals, act, {{"pack", *name}}, [&said](const Json& done) {
                return name_and_version(done) + said;
            });
        }));
    });
}

}  // namespace

Result<Json> pack_offer(const std::string& what) {
    if (!std::filesystem::is_regular_file(what)) {
        return Json{{"built_in", what}};
    }
    TIDEWAY_TRY_ASSIGN(const std::string bytes, pack::load_pack_bytes(what));
    return Json{{"file", to_base64(bytes)}};
}

void add_pack_install_commands(CLI::App& pack, Globals& globals, const Exit& exit) {
    auto is_available = std::make_shared<bool>(false);
    CLI::App* list_command = pack.add_subcommand("list", "The packs that are installed");
    list_command->add_flag("--available", *is_available, "Those that come with the program");
    list_command->callback([&globals, is_available, exit] {
        exit(run_command(globals, [&] {
            return *is_available ? list_available(globals) : list(globals);
        }));
    });
    auto options = std::make_shared<InstallOptions>();
    CLI::App* install_command = pack.add_subcommand("install", "Install packs, all or none");
    install_command->add_option("packs", options->packs, "Pack files, or names of built-in packs")
        ->required();
    install_command->add_flag(
        "--allow-unsigned", options->allow_unsigned, "Take what nobody has signed; is recorded"
    );
    install_command->add_flag(
        "--turn-on", options->turn_on, "Then turn on all their flows, or say all that is missing"
    );
    install_command->add_flag(kNoPreflight, options->no_preflight, kNoPreflightHelp);
    install_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return install(globals, *options); }));
    });
    add_act_command(
        pack,
        globals,
        exit,
        "rollback",
        "Back to the version before an upgrade",
        " is live again; what was edited since stays in the version that is left."
    );
    add_act_command(
        pack,
        globals,
        exit,
        "customise",
        "Allow edits of a managed pack; upgrades merge them",
        " may be edited."
    );
    add_act_command(
        pack,
        globals,
        exit,
        "uninstall",
        "Remove a pack whose flows are off; history stays",
        " is no longer installed."
    );
    add_copy_command(pack, globals, exit);
    add_export_command(pack, globals, exit);
}

}  // namespace tideway::app
