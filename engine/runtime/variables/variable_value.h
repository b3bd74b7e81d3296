// Environment variables: what the values of each type are, and what people write for them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::runtime {

inline constexpr std::string_view kSecretVariable = "Secret";

// "String", "Number", "Yes/No", "JSON", "Secret".
bool is_variable_type(std::string_view type);
std::string variable_types();  // for messages

// Code "InvalidVariable": the value is not of the type. A secret is not repeated.
Status check_variable(const std::string& name, std::string_view type, const Json& value);

// What stands on a command line: a text as it is, Yes or No, a number, JSON.
Result<Json> read_variable(const std::string& name, std::string_view type, const std::string& text);

}  // namespace tideway::runtime
