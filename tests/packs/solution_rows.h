// A co-sell pack whose mapping.json keeps the solutions of an opportunity in rows of a table.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/app/config.h"
#include "tests/support/must.h"

namespace tideway::tests {

// Makes `folder`/<pack> with it, beside the library.
inline void copy_with_solution_rows(
    const std::string& folder, const std::string& pack, const Json& rows
) {
    for (const std::string& name : {pack, std::string("co_sell")}) {
        std::filesystem::copy(
            "flows/" + name, folder + "/" + name, std::filesystem::copy_options::recursive
        );
    }
    const std::string file = folder + "/" + pack + "/mapping.json";
    Json mapping = must(parse_json(must(app::read_text_file(file)), "mapping"));
    for (Json& rule : mapping.at("fields")) {
        if (string_or(rule, "transform") == "solutions") {
            rule["row"] = "solutions";
            rule["rows"] = rows;
        }
    }
    std::ofstream(file) << mapping.dump(2);
}

inline std::vector<std::string> ids_of(const Json& solutions) {
    std::vector<std::string> out;
    for (const Json& each : solutions) {
        out.push_back(string_or(each, "id"));
    }
    return out;
}

}  // namespace tideway::tests
