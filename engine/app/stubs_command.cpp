// stubs [FOLDER]: what a Lua language server reads to complete and check flows.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "connectors/all_connectors.h"
#include "engine/app/command_line.h"
#include "engine/app/flows/pack_flows.h"
#include "engine/app/packs/stubs.h"
#include "engine/runtime/triggers/trigger_input.h"
#include "engine/script/stub_writer.h"

namespace tideway::app {

namespace {

namespace fs = std::filesystem;

constexpr const char* kStubFolder = ".tideway/stubs";

Status write_text(const fs::path& path, const std::string& text) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (error || !out) {
        return fail(
            ErrorKind::kStorage,
            "FileUnwritable",
            "The file " + path.string() + " cannot be written.",
            "Check that its folder exists, is writable and has space."
        );
    }
    return {};
}

Result<std::vector<script::StubFile>> all_stubs() {
    std::vector<script::StubFile> out = script::language_stubs();
    for (const embedded::File& file : embedded::connector_specs()) {
        TIDEWAY_TRY_ASSIGN(const auto spec, model::parse_connector_spec(file.bytes));
        out.push_back(script::connector_stub(spec));
    }
    return out;
}

// The class of what a person gives to a flow; nothing where the flow does not say.
Result<std::optional<script::StubFile>> stub_of_flow(
    const PackFlows& flows, const std::string& flow
) {
    TIDEWAY_TRY_ASSIGN(const model::FlowDeclaration declared, flows.declaration(flow));
    TIDEWAY_TRY_ASSIGN(const runtime::TriggerInput input, runtime::read_trigger_input(declared));
    if (!input.inputs) {
        return std::optional<script::StubFile>();
    }
    return script::inputs_stub(flow, model::inputs_schema(*input.inputs));
}

// A flow that cannot be read has none: `flows check` says why.
Result<std::vector<script::StubFile>> stubs_of_pack(const fs::path& folder) {
    TIDEWAY_TRY_ASSIGN(const PackFlows flows, PackFlows::read(folder.string()));
    std::vector<script::StubFile> out;
    for (const std::string& flow : flows.pack().flows) {
        if (auto stub = stub_of_flow(flows, flow); stub && *stub) {
            out.push_back(std::move(**stub));
        }
    }
    return out;
}

// Only what the language server has to know; what a person set in the file stays.
Result<Json> language_server_settings(const fs::path& path) {
    Json settings = Json::object();
    if (fs::exists(path)) {
        TIDEWAY_TRY_ASSIGN(const std::string text, read_text_file(path.string()));
        auto parsed = parse_json(text, path.string());
        if (!parsed || !parsed->is_object()) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidSettings",
                parsed ? path.string() + " is not a JSON object." : parsed.error().message,
                "Correct it, or remove it and run tideway stubs again."
            );
        }
        settings = std::move(*parsed);
    }
    settings["runtime.version"] = "Lua 5.4";
    settings["workspace.library"] = Json::array({kStubFolder});
    settings["workspace.checkThirdParty"] = false;
    // The stubs describe all of plain Lua that flows have, and only that.
    for (const char* library :
         {"basic",
          "bit",
          "bit32",
          "coroutine",
          "debug",
          "ffi",
          "io",
          "jit",
          "math",
          "os",
          "package",
          "string",
          "table",
          "table.clear",
          "table.new",
          "utf8"}) {
        settings["runtime.builtin"][library] = "disable";
    }
    return settings;
}

}  // namespace

Result<StubsWritten> write_stubs(const fs::path& folder) {
    if (!fs::is_directory(folder)) {
        return fail(
            ErrorKind::kNotFound,
            "FolderNotFound",
            "There is no folder " + folder.string() + ".",
            "Name the folder that you open in the editor, such as the pack's."
        );
    }
    TIDEWAY_TRY_ASSIGN(auto stubs, all_stubs());
    if (fs::exists(folder / "pack.json")) {
        TIDEWAY_TRY_ASSIGN(auto own, stubs_of_pack(folder));
        std::ranges::move(own, std::back_inserter(stubs));
    }
    const fs::path settings_file = folder / ".luarc.json";
    TIDEWAY_TRY_ASSIGN(const Json settings, language_server_settings(settings_file));
    StubsWritten out;
    out.folder = (folder / kStubFolder).string();
    for (const script::StubFile& stub : stubs) {
        const fs::path path = folder / kStubFolder / stub.name;
        TIDEWAY_TRY(write_text(path, stub.text));
        out.files.push_back(path.string());
    }
    TIDEWAY_TRY(write_text(settings_file, settings.dump(2) + "\n"));
    out.files.push_back(settings_file.string());
    return out;
}

namespace {

Status stubs(const Globals& globals, const fs::path& folder) {
    TIDEWAY_TRY_ASSIGN(const StubsWritten written, write_stubs(folder));
    if (globals.json) {
        print_json({{"files", written.files}});
    } else {
        std::cout << written.files.size() - 1 << " stubs are in " << written.folder << ", and "
                  << written.files.back() << " names them.\n";
    }
    return {};
}

}  // namespace

void add_stubs_command(CLI::App& app, Globals& globals, const Exit& exit) {
    auto folder = std::make_shared<std::string>(".");
    CLI::App* command =
        app.add_subcommand("stubs", "Write what an editor's Lua language server needs");
    command->add_option("folder", *folder, "The folder that is opened in the editor (.)");
    command->callback([&globals, folder, exit] {
        exit(run_command(globals, [&] { return stubs(globals, *folder); }));
    });
}

}  // namespace tideway::app
