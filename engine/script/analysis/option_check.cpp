#include "engine/script/analysis/option_check.h"

namespace tideway::script::analysis {

Json secure_schema() {
    return {{"type", {"boolean", "string"}}, {"enum", {"inputs", "outputs"}}};
}

Json question_schema() {
    const Json text = {{"type", "string"}};
    return {
        {"title", text},
        {"reason", text},
        {"choices", {{"type", "object"}, {"additionalProperties", text}}},
        {"default", text},
        {"key", text}};
}

Json static_result_schema() {
    const Json text = {{"type", "string"}};
    return {
        {"type", {"object", "boolean"}},
        {"additionalProperties", false},
        {"properties",
         {{"status", {{"type", "string"}, {"enum", {"Succeeded", "Failed", "TimedOut"}}}},
          {"output", Json::object()},
          {"error",
           {{"type", "object"},
            {"additionalProperties", false},
            {"properties",
             {{"code", text},
              {"message", text},
              {"remedy", text},
              {"details", Json::object()}}}}}}}};
}

void check_options(
    const Expression& table, std::span<const std::string_view> known, const TableCheck& check
) {
    Json properties = Json::object();
    for (const std::string_view name : known) {
        properties[std::string(name)] = name == "secure"          ? secure_schema()
                                        : name == "static_result" ? static_result_schema()
                                                                  : Json::object();
    }
    check_table(table, {{"properties", std::move(properties)}}, check);
}

void check_secure(const Expression& table, const TableCheck& check) {
    const Json schema = {
        {"properties", {{"secure", secure_schema()}}}, {"additionalProperties", true}};
    check_table(table, schema, check);
}

}  // namespace tideway::script::analysis
