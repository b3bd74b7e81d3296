// What is wrong with a value of a schema, for those who say where. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json_place.h"
#include "engine/model/schema.h"

namespace tideway::model {

struct SchemaProblem {
    Json::json_pointer at;             // of a member that is missing: where it would be
    std::string what;                  // "must be a number, is text"
    JsonPart part = JsonPart::kValue;  // what is wrong there
    std::vector<std::string> known{};  // names, or texts, that there would be instead

    std::string text() const;  // "/row/estimatedvalue must be a number, is text"
};

// What schema_problems() says, with its places.
std::vector<SchemaProblem> find_schema_problems(
    const Json& schema, const Json& value, Quoting quoting = Quoting::kValues
);

}  // namespace tideway::model
