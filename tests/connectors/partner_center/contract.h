// Checks JSON against tests/contracts/partner_center_referrals.schema.json: unknown property names
// and wrong types are findings, absent properties and null are not. Thread: the test's.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/json.h"

namespace tideway::connectors::partner_center {

class Contract {
  public:
    Contract() {
        std::ifstream file("tests/contracts/partner_center_referrals.schema.json");
        std::ostringstream text;
        text << file.rdbuf();
        auto bodies = parse_json(text.str(), "the contract");
        if (!bodies) {
            ADD_FAILURE() << bodies.error().text() << " Run the tests from the repository root.";
            return;
        }
        bodies_ = std::move(*bodies);
    }

    // What is wrong with `value` as the body of that name; empty when nothing is.
    std::vector<std::string> findings(const Json& value, const std::string& body) const {
        std::vector<std::string> out;
        check(value, bodies_.value(body, Json{{"missing", body}}), body, out);
        return out;
    }

    const Json& bodies() const { return bodies_; }

  private:
    void check(
        const Json& value,
        const Json& schema,
        const std::string& where,
        std::vector<std::string>& out
    ) const {
        if (value.is_null()) {
            return;
        }
        if (schema.contains("missing")) {
            out.push_back("the contract has no body '" + where + "'");
        }
        if (const std::string body = string_or(schema, "body"); !body.empty()) {
            check(value, bodies_[body], where, out);
            return;
        }
        const std::string type = string_or(schema, "type");
        if (!has_type(value, type)) {
            out.push_back(where + " is not of type " + type + ": " + dump(value));
            return;
        }
        check_enum(value, schema, where, out);
        if (value.is_object() && schema.contains("properties")) {
            for (const auto& [name, item] : value.items()) {
                if (!schema["properties"].contains(name)) {
                    out.push_back(where + " has the unknown property " + name);
                    continue;
                }
                check(item, schema["properties"][name], where + "/" + name, out);
            }
        }
        if (value.is_array() && schema.contains("items")) {
            for (const Json& item : value) {
                check(item, schema["items"], where + "[]", out);
            }
        }
    }

    static void check_enum(
        const Json& value,
        const Json& schema,
        const std::string& where,
        std::vector<std::string>& out
    ) {
        if (!schema.contains("enum")) {
            return;
        }
        for (const Json& word : schema["enum"]) {
            if (word == value) {
                return;
            }
        }
        out.push_back(where + " has the unknown value " + dump(value));
    }

    static bool has_type(const Json& value, const std::string& type) {
        if (type == "string") {
            return value.is_string();
        }
        if (type == "number") {
            return value.is_number();
        }
        if (type == "integer") {
            return value.is_number_integer();
        }
        if (type == "boolean") {
            return value.is_boolean();
        }
        if (type == "object") {
            return value.is_object();
        }
        return type != "array" || value.is_array();
    }

    Json bodies_;
};

}  // namespace tideway::connectors::partner_center
