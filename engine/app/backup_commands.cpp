// backup and restore: work on the files of an environment, with or without its server.
#include <filesystem>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/environments/confirmation.h"
#include "engine/app/installed/data_folder.h"
#include "engine/store/backup.h"

namespace tideway::app {

namespace {

Status back_up(const Globals& globals, const std::string& file) {
    TIDEWAY_TRY_ASSIGN(const Config config, read_config(globals.data_folder));
    TIDEWAY_TRY_ASSIGN(
        const std::int64_t bytes,
        store::back_up_sqlite(config.database_file(), file, SystemClock().now())
    );
    if (globals.json) {
        print_json({{"file", file}, {"bytes", bytes}});
        return {};
    }
    std::cout
        << "The store of '" << config.environment << "' is in " << file << " (" << bytes / 1024
        << " KiB).\n"
        << "It does not hold " << config.secret_key_file()
        << ": without a copy of that file, kept apart, the\n"
        << "secrets of its connections cannot be read. config.json and the packs are files of "
           "their own too.\n";
    return {};
}

Status restore(const Globals& globals, const std::string& file) {
    TIDEWAY_TRY_ASSIGN(const Config config, read_config(globals.data_folder));
    TIDEWAY_TRY(require_owner(globals.data_folder));
    TIDEWAY_TRY(confirm(globals, config, "its store would be replaced by " + file));
    TIDEWAY_TRY_ASSIGN(
        const std::string kept,
        store::restore_sqlite(file, config.database_file(), SystemClock().now())
    );
    if (globals.json) {
        print_json({{"restored", file}, {"kept", kept}});
        return {};
    }
    std::cout << "The store of '" << config.environment << "' is the one of " << file << " now.\n";
    if (!kept.empty()) {
        std::cout << "What was there is kept as " << kept << ".\n";
    }
    std::cout << "Its open runs will be Paused: tideway runs list --status Paused, then\n"
                 "tideway runs resume RUN (or --all), resubmit or cancel.\n";
    return {};
}

}  // namespace

void add_backup_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    auto file = std::make_shared<std::string>();
    CLI::App* backup = app.add_subcommand(
        "backup", "Copy the store of this environment to a new file; its server may run"
    );
    backup->add_option("file", *file, "The file to make")->required();
    backup->callback([&globals, file, exit] {
        exit(run_command(globals, [&] { return back_up(globals, *file); }));
    });
    CLI::App* restore_command =
        app.add_subcommand("restore", "Put a backup in place of the store; its server is stopped");
    restore_command->add_option("file", *file, "A file that backup made")->required();
    restore_command->callback([&globals, file, exit] {
        exit(run_command(globals, [&] { return restore(globals, *file); }));
    });
}

}  // namespace tideway::app
