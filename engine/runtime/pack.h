// A pack as a folder: pack.json, one .lua file a flow, lib/, schemas/, mapping.json, cases/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::runtime {

struct PackReference {
    std::string name;       // "dynamics365"
    std::string connector;  // "dataverse"
    std::string title;
};

struct PackVariable {
    std::string name;
    std::string title;
    std::string type;  // "String", "Number", "Yes/No", "JSON", "Secret"
    std::string description;
    Json fallback;  // the default value
};

struct Pack {
    std::string name;
    std::string title;
    std::string version;
    std::string publisher;
    std::vector<PackReference> references;
    std::vector<PackVariable> variables;
    bool has_brake = false;          // writes are held that are more than is expected (brake/)
    std::vector<std::string> flows;  // names, in the recommended order of turning on
    // Flows that do something well-known, by its name: "preflight" -> flow.
    std::map<std::string, std::string> tools;
    std::map<std::string, std::string>
        files;  // path in the pack -> text; without cases/ and README

    // What one flow depends on: itself and everything that is not another flow.
    std::map<std::string, std::string> files_of(const std::string& flow) const;

    // The texts of all flows: what a flow may call.
    std::map<std::string, std::string> flow_files() const;

    bool has_flow(std::string_view flow) const;
};

// How files of a pack may be named: ^[a-z0-9_/.-]+$ without "..", not hidden.
bool is_pack_path(std::string_view name);

// Adds the libraries that the pack.json among the files names and that are not among them: they
// stand beside the folder. Their files are the pack's own from then on, under "<library>/".
Status add_libraries(const std::string& folder, std::map<std::string, std::string>& files);

// Reads a folder, without its hidden files, and its libraries. Other names and links are refused,
// sizes are bounded.
Result<Pack> read_pack(const std::string& folder);

// The connection references that pack.json among the files declares.
Result<std::vector<PackReference>> references_of(const std::map<std::string, std::string>& files);

// From files already in memory (an embedded or stored pack).
Result<Pack> parse_pack(std::map<std::string, std::string> files);

}  // namespace tideway::runtime
