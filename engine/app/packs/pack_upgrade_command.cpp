// pack upgrade: shows what is merged, what the cases say, and what conflicts.
#include <filesystem>
#include <iostream>

#include "engine/app/packs/pack_commands.h"
#include "engine/app/packs/pack_place.h"
#include "engine/pack/folder.h"

namespace tideway::app {

namespace {

namespace fs = std::filesystem;

struct UpgradeOptions {
    std::string what;
    std::vector<std::string> takes;  // "FILE=local", "FILE=vendor"
    std::string resolved;            // folder
    std::string conflicts;           // folder
    bool is_plan = false;
    bool allow_unsigned = false;
};

Result<Json> read_takes(const std::vector<std::string>& takes) {
    Json out = Json::object();
    for (const std::string& take : takes) {
        const auto equals = take.rfind('=');
        const std::string side = equals == std::string::npos ? "" : take.substr(equals + 1);
        if (side != "local" && side != "vendor") {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidArgument",
                "'" + take + "' does not say whose change is taken.",
                "Write --take lib/prices.lua=local, or =vendor."
            );
        }
        out[take.substr(0, equals)] = side;
    }
    return out;
}

Result<Json> read_resolved(const std::string& folder) {
    Json out = Json::object();
    if (folder.empty()) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const auto read, pack::read_folder(folder));
    for (const auto& [name, text] : read.files) {
        if (text.find("<<<<<<< local\n") != std::string::npos) {
            return fail(
                ErrorKind::kInvalidInput,
                "PackConflict",
                "The file '" + name + "' in " + folder + " still has both sides in it.",
                "Leave what it shall be, and take the marker lines out."
            );
        }
        out[name] = text;
    }
    return out;
}

void print_side(const char* who, const Json& text) {
    std::cout << "    " << who << "\n";
    if (text.is_null()) {
        std::cout << "      (nothing)\n";
        return;
    }
    std::string line;
    for (const char c : text.get<std::string>() + "\n") {
        if (c != '\n') {
            line += c;
        } else if (!line.empty()) {
            std::cout << "      " << line << "\n";
            line.clear();
        }
    }
}

void print_conflicts(const Json& conflicts) {
    for (const Json& conflict : conflicts) {
        std::cout << "conflict  " << string_or(conflict, "file") << " "
                  << string_or(conflict, "place") << "\n";
        print_side("installed version:", conflict["installed"]);
        print_side("here:", conflict["local"]);
        print_side("vendor:", conflict["vendor"]);
    }
}

void print_report(const Json& report) {
    std::cout << string_or(report, "pack") << " " << string_or(report, "from") << " -> "
              << string_or(report, "to") << "\n";
    for (const Json& change : report["changes"]) {
        const std::string what = string_or(change, "what");
        if (what != "conflict") {
            std::cout << what << std::string(10 - std::min<std::size_t>(what.size(), 9), ' ')
                      << string_or(change, "file") << "\n";
        }
        if (what == "merged") {
            std::cout << string_or(change, "diff");
        }
    }
    print_conflicts(report["conflicts"]);
    for (const Json& problem : report["problems"]) {
        std::cout << "problem   " << problem.get<std::string>() << "\n";
    }
    if (const auto passed = int_or(report, "cases_passed", 0); passed > 0) {
        std::cout << passed << " cases passed\n";
    }
}

// With markers of both sides, to be edited and given back with --resolved.
Status write_conflicts(const Json& report, const std::string& folder) {
    if (folder.empty()) {
        return {};
    }
    pack::Files files;
    for (const auto& [name, text] : report["merged"].items()) {
        files[name] = text.get<std::string>();
    }
    return pack::write_files(folder, files);
}

Status outcome_of(const Json& report) {
    const std::string name = string_or(report, "pack");
    const std::string goes_on = " Version " + string_or(report, "from") + " goes on.";
    if (!report["conflicts"].empty()) {
        return fail(
            ErrorKind::kConflict,
            "PackConflict",
            "The pack '" + name + "' was changed here and by its vendor in " +
                std::to_string(report["conflicts"].size()) + " places." + goes_on,
            "Decide by file with --take FILE=local|vendor, or write the files with "
            "--conflicts FOLDER, edit them, and repeat with --resolved FOLDER."
        );
    }
    return fail(
        ErrorKind::kConflict,
        "PackCasesFailed",
        "With what was edited here, '" + name + "' does not pass its checks and cases." + goes_on,
        "Correct the edits in its folder (tideway pack list), and repeat."
    );
}

Status upgrade(const Globals& globals, const UpgradeOptions& options) {
    TIDEWAY_TRY_ASSIGN(Json body, pack_offer(options.what));
    TIDEWAY_TRY_ASSIGN(body["take"], read_takes(options.takes));
    TIDEWAY_TRY_ASSIGN(body["files"], read_resolved(options.resolved));
    body["plan"] = options.is_plan;
    body["allow_unsigned"] = options.allow_unsigned;
    TIDEWAY_TRY_ASSIGN(const Json report, perform_on_packs(globals, "upgrade", body));
    TIDEWAY_TRY(write_conflicts(report, options.conflicts));
    const std::string state = string_or(report, "state");
    if (globals.json) {
        print_json(report);
        return state == "blocked" ? failed_as_shown() : Status();
    }
    print_report(report);
    if (state == "blocked") {
        return outcome_of(report);
    }
    std::cout
        << (state == "planned" ? "Nothing is changed; repeat without --plan.\n"
                               : "It is live. Back with: tideway pack rollback " +
                                     string_or(report, "pack") + "\n");
    return {};
}

}  // namespace

void add_pack_upgrade_command(CLI::App& pack, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<UpgradeOptions>();
    CLI::App* command =
        pack.add_subcommand("upgrade", "Put in a newer version and keep what was edited here");
    command->add_option("what", options->what, "A pack file, or the name of a built-in pack")
        ->required();
    command->add_flag("--plan", options->is_plan, "Only show what would happen");
    command
        ->add_option(
            "--take",
            options->takes,
            "FILE=local or FILE=vendor: whose change counts where both have one"
        )
        ->allow_extra_args(false);
    command->add_option("--conflicts", options->conflicts, "Folder to write conflicting files to");
    command->add_option("--resolved", options->resolved, "Folder with those files, edited");
    command->add_flag(
        "--allow-unsigned", options->allow_unsigned, "Take what nobody has signed; is recorded"
    );
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return upgrade(globals, *options); }));
    });
}

}  // namespace tideway::app
