// Reading JSON trees without exceptions. For configuration, specs and connectors; run payloads stay
// bytes (base/payload.h). Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/base/payload.h"
#include "engine/base/result.h"

namespace tideway {

// Objects are kept sorted by key, so dump() of a parsed text is its canonical form.
using Json = nlohmann::json;

// `what` names the text in the error: "connector.json of dataverse". Refuses nesting over
// limits::kJsonDepthMax and anything after the value. The error says line, column and cause; its
// details are {"line", "column"}.
Result<Json> parse_json(std::string_view text, std::string_view what);

// Where a byte of a text is, both from 1; columns count characters, not bytes.
struct TextPlace {
    int line = 1;
    int column = 1;
};

TextPlace place_of(std::string_view text, std::size_t offset);

// The value at a key, or nullptr. Works on any Json; non-objects have no keys.
const Json* find(const Json& object, std::string_view key);

// The text at a key; `fallback` when absent, null or not a string.
std::string string_or(const Json& object, std::string_view key, std::string_view fallback = {});
std::int64_t int_or(const Json& object, std::string_view key, std::int64_t fallback);
bool bool_or(const Json& object, std::string_view key, bool fallback);

// The text at a key, or an Error that names `what` and the key.
Result<std::string> require_string(const Json& object, std::string_view key, std::string_view what);

// Bytes that are not UTF-8 are replaced, so it never throws.
std::string dump(const Json& value);
Payload to_payload(const Json& value);

// A JSON string literal of `text`, quotes included.
std::string quote_json(std::string_view text);

}  // namespace tideway
