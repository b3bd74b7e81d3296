// JSON Schema, the part that connector specs, triggers and settings are written in. Thread: any.
//
// Keywords: type (also a list), nullable, enum, const, properties, required, additionalProperties,
// minProperties, maxProperties, items (one schema), minItems, maxItems, uniqueItems, minimum,
// maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern
// (model/pattern.h), format (date, date-time, email, uuid, uri), allOf, anyOf, oneOf, not, $ref to
// a place in the same schema ("#/definitions/x"). true and false are schemas. Texts for people
// (title, description, default, examples, "x-..." ...) are allowed and mean nothing here. Other
// formats mean nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace tideway::model {

// Refuses a schema with a keyword or a pattern that this program would not enforce. `what` names
// the schema: "operation create_row: input". Code "SchemaNotSupported".
tideway::Status check_schema(const Json& schema, std::string_view what);

// Whether messages show the values that do not fit.
enum class Quoting { kValues, kNothing };

// Every way in which the value does not fit, at most limits::kSchemaProblemsMax, in the order of
// the schema: "/row/estimatedvalue must be a number, is text". Empty: it fits.
std::vector<std::string> schema_problems(
    const Json& schema, const Json& value, Quoting quoting = Quoting::kValues
);

// The same as one Error: kInvalidInput, code "TriggerInputSchemaMismatch" (Power Automate's),
// `what`
// ("The input of create_row") first, details {"problems":[...]}. A null schema accepts everything.
tideway::Status validate(
    const Json& schema, const Json& value, std::string_view what, Quoting quoting = Quoting::kValues
);

// The value with the `default`s of absent properties filled in, through nested objects.
Json with_defaults(const Json& schema, Json value);

}  // namespace tideway::model
