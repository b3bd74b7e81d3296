#include "engine/app/cases/record_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "engine/http/url.h"
#include "engine/runtime/cases/case_recording.h"
#include "engine/runtime/pack.h"

namespace tideway::app {

namespace {

constexpr std::size_t kShortId = 8;

Result<runtime::RecordedRun> fetch(ApiClient& client, const std::string& id) {
    runtime::RecordedRun out;
    TIDEWAY_TRY_ASSIGN(out.run, client.get("/runs/" + id + "?contents=true"));
    TIDEWAY_TRY_ASSIGN(const Json journal, client.get("/runs/" + id + "/journal"));
    out.rows = journal.at("value");
    for (const Json& child : out.run.value("children", Json::array())) {
        TIDEWAY_TRY_ASSIGN(auto recorded, fetch(client, string_or(child, "id")));
        out.children.push_back(std::move(recorded));
    }
    return out;
}

Status check_run(const Json& run, const runtime::Pack& pack) {
    const std::string flow = string_or(run, "flow");
    if (find(run, "ended") == nullptr) {
        return fail(
            ErrorKind::kConflict,
            "RunNotRecordable",
            "The run " + string_or(run, "id") + " has not ended.",
            "Wait for it, or cancel it first."
        );
    }
    if (!flow.starts_with(pack.name + "/")) {
        return fail(
            ErrorKind::kInvalidInput,
            "RunNotRecordable",
            "The run is one of " + flow + ", and the folder has the pack '" + pack.name + "'.",
            "Name the folder of the run's pack."
        );
    }
    return {};
}

// Made after flow and run; '-' and capitals are no part of names in a pack.
std::string name_of(const RecordOptions& options, const Json& run) {
    if (!options.name.empty()) {
        return options.name;
    }
    const std::string flow = string_or(run, "flow");
    return flow.substr(flow.find('/') + 1) + "_" + string_or(run, "id").substr(0, kShortId);
}

Status write_new(const std::filesystem::path& file, const std::string& text) {
    if (std::filesystem::exists(file)) {
        return fail(
            ErrorKind::kConflict,
            "CaseExists",
            "There is a case in " + file.string() + ".",
            "Give the new one a name: --name NAME"
        );
    }
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
        return fail(
            ErrorKind::kStorage,
            "FileUnwritable",
            "The file " + file.string() + " cannot be written."
        );
    }
    return {};
}

}  // namespace

Result<Json> known_variables(ApiClient& client, const std::string& pack) {
    TIDEWAY_TRY_ASSIGN(const Json all, client.get("/variables"));
    Json out = Json::object();
    for (const Json& variable : all.at("value")) {
        const Json value = variable.value("value", Json());
        if (string_or(variable, "pack") == pack && string_or(variable, "type") != "Secret" &&
            !value.is_null()) {
            out[string_or(variable, "name")] = value;
        }
    }
    return out;
}

Result<std::string> record_case_of_run(const Globals& globals, const RecordOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto pack, runtime::read_pack(options.folder));
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const auto recorded, fetch(*client, http::encode_component(options.run)));
    TIDEWAY_TRY(check_run(recorded.run, pack));
    // History does not say what they were then.
    TIDEWAY_TRY_ASSIGN(const Json variables, known_variables(*client, pack.name));
    using runtime::EarlierAttempts;
    const auto recording = runtime::record_case(
        recorded,
        variables,
        options.with_retries ? EarlierAttempts::kKept : EarlierAttempts::kLeftOut
    );
    const std::string name = name_of(options, recorded.run);
    const auto file = std::filesystem::path(options.folder) / "cases" / (name + ".json");
    TIDEWAY_TRY(write_new(file, recording.test.dump(2) + "\n"));
    std::cerr << "Recorded in " << file.string() << ", with " << recording.replaced
              << " personal or secret values replaced. Read it before you keep it.\n";
    if (recording.secured > 0) {
        std::cerr << "  " << recording.secured
                  << " values are secured and not shown by history: they are null in the case; "
                     "write what fits.\n";
    }
    return name;
}

}  // namespace tideway::app
