// Places in the requests that an author writes down before the values are known:
//
//   {callback_url}           the flow's signed address
//   {expires}                when a subscription made now ends, ISO 8601
//   {answer/body/id}         what the answer {statusCode, headers, body} has there
//
// Pure. Thread: any.
#pragma once

#include <optional>
#include <string>

#include "engine/base/json.h"

namespace tideway::connectors::http {

struct Places {
    std::optional<std::string> callback_url;
    std::optional<std::string> expires;
    Json answer;  // null: there is none yet
};

// The request with its places filled in, those that `places` has no value for left as they are. A
// text that is nothing but one place becomes the value itself; within a longer `uri` a value is
// percent-encoded. Code "InvalidTriggerConfiguration" names a place that the answer does not have.
Result<Json> fill_places(const Json& request, const Places& places);

// Whether a text of the request has this place, such as "{callback_url}".
bool has_place(const Json& request, std::string_view place);

// The value at "/headers/Location" or "/body/id" of an answer; header names compare without case.
const Json* find_in_answer(const Json& answer, std::string_view pointer);

}  // namespace tideway::connectors::http
