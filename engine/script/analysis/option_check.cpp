#include "engine/script/analysis/option_check.h"

namespace tideway::script::analysis {

Json secure_schema() {
    return {{"type", {"boolean", "string"}}, {"enum", {"inputs", "outputs"}}};
}

void check_options(
    const Expression& table, std::span<const std::string_view> known, const TableCheck& check
) {
    Json properties = Json::object();
    for (const std::string_view name : known) {
        properties[std::string(name)] = name == "secure" ? secure_schema() : Json::object();
    }
    check_table(table, {{"properties", std::move(properties)}}, check);
}

void check_secure(const Expression& table, const TableCheck& check) {
    const Json schema = {
        {"properties", {{"secure", secure_schema()}}}, {"additionalProperties", true}};
    check_table(table, schema, check);
}

}  // namespace tideway::script::analysis
