// How the sandbox says no: Salesforce's list of errors. Thread: any (a value).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "engine/base/json.h"
#include "engine/http/message.h"

namespace tideway::connectors::salesforce::sandbox {

struct Refusal {
    int status = 400;
    std::string code;
    std::string message;
    std::vector<std::string> fields = {};

    // {"errorCode","message","fields"?}
    Json json() const {
        Json out = {{"errorCode", code}, {"message", message}};
        if (!fields.empty()) {
            out["fields"] = fields;
        }
        return out;
    }
};

template <typename T>
using Outcome = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(
    int status, std::string code, std::string message, std::vector<std::string> fields = {}
) {
    return tl::unexpected<Refusal>(Refusal{
        status, std::move(code), std::move(message), std::move(fields)});
}

inline http::Response json_answer(int status, const Json& body) {
    http::Response out;
    out.status = status;
    out.headers.set("Content-Type", "application/json;charset=UTF-8");
    out.body = dump(body);
    return out;
}

inline http::Response answer_of(const Refusal& refusal) {
    return json_answer(refusal.status, Json::array({refusal.json()}));
}

}  // namespace tideway::connectors::salesforce::sandbox
