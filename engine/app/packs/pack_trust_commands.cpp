// pack trust add|list|remove, and `pack` itself.
#include <iostream>

#include "engine/app/packs/pack_commands.h"
#include "engine/app/packs/pack_place.h"
#include "engine/pack/folder.h"

namespace tideway::app {

namespace {

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const Json keys, perform_on_packs(globals, "trust-list", Json::object()));
    if (globals.json) {
        print_json(keys);
        return {};
    }
    Table table({"PUBLISHER", "KEY", "ADDED", "BY"});
    for (const Json& key : keys["value"]) {
        table.add(
            {string_or(key, "publisher"),
             string_or(key, "id"),
             short_time(string_or(key, "added")),
             string_or(key, "person")}
        );
    }
    table.print();
    return {};
}

Status add(const Globals& globals, const std::string& publisher, const std::string& file) {
    TIDEWAY_TRY_ASSIGN(const std::string pem, pack::read_text(file));
    TIDEWAY_TRY_ASSIGN(
        const Json key,
        perform_on_packs(globals, "trust-add", {{"publisher", publisher}, {"key", pem}})
    );
    if (globals.json) {
        print_json(key);
    } else {
        std::cout << "Packs of " << publisher << " signed with " << string_or(key, "id")
                  << " are taken from now on.\n"
                  << "  Compare the key with what its owner says, by another way than the file.\n";
    }
    return {};
}

Status remove(const Globals& globals, const std::string& id) {
    TIDEWAY_TRY_ASSIGN(const Json key, perform_on_packs(globals, "trust-remove", {{"id", id}}));
    if (globals.json) {
        print_json(key);
    } else {
        std::cout << "The key " << id << " of " << string_or(key, "publisher")
                  << " is no longer trusted; what it signed stays installed.\n";
    }
    return {};
}

}  // namespace

void add_pack_trust_commands(CLI::App& pack, Globals& globals, const Exit& exit) {
    CLI::App* trust = pack.add_subcommand("trust", "Whose packs this environment takes");
    trust->require_subcommand(1);
    trust->add_subcommand("list", "The keys that are trusted")->callback([&globals, exit] {
        exit(run_command(globals, [&] { return list(globals); }));
    });
    auto publisher = std::make_shared<std::string>();
    auto key = std::make_shared<std::string>();
    CLI::App* add_command = trust->add_subcommand("add", "Take packs that this key has signed");
    add_command->add_option("publisher", *publisher, "As pack.json writes it")->required();
    add_command->add_option("key", *key, "Public key, a file in PEM")->required();
    add_command->callback([&globals, publisher, key, exit] {
        exit(run_command(globals, [&] { return add(globals, *publisher, *key); }));
    });
    CLI::App* remove_command = trust->add_subcommand("remove", "Take no more packs with this key");
    remove_command->add_option("key", *key, "Its id, from pack trust list")->required();
    remove_command->callback([&globals, key, exit] {
        exit(run_command(globals, [&] { return remove(globals, *key); }));
    });
}

void add_pack_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* pack = app.add_subcommand("pack", "Write, build, install and upgrade packs");
    pack->require_subcommand(1);
    add_pack_author_commands(*pack, globals, exit);
    add_pack_install_commands(*pack, globals, exit);
    add_pack_upgrade_command(*pack, globals, exit);
    add_pack_trust_commands(*pack, globals, exit);
}

}  // namespace tideway::app
