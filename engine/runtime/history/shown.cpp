#include "engine/runtime/history/shown.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tideway::runtime {
namespace {

constexpr const char* kSecured = "secured";
constexpr std::array<std::string_view, 8> kNamesTheFailure = {
    "code", "message", "remedy", "status", "retryable", "step", "next", "wait_ms"};

Json tree(const Payload& payload) {
    auto parsed = parse_json(payload.view(), "payload");
    return parsed ? std::move(*parsed) : Json(payload.str());
}

void hide(Json& out, const std::string& key) {
    out[key] = nullptr;
    out[kSecured].push_back(key);
}

}  // namespace

Sight input_sight(model::Secured secured) {
    return model::secures_inputs(secured) ? Sight::kSecured : Sight::kShown;
}

Sight output_sight(model::Secured secured) {
    return model::secures_outputs(secured) ? Sight::kSecured : Sight::kShown;
}

Sight error_sight(model::Secured secured) {
    return secured == model::Secured::kNothing ? Sight::kShown : Sight::kSecured;
}

void put_shown(Json& out, const char* key, const Payload& value, Sight sight) {
    if (value.empty()) {
        return;
    }
    if (sight == Sight::kSecured) {
        hide(out, key);
        return;
    }
    out[key] = tree(value);
}

Json shown_error(const Payload& error, Sight sight) {
    Json whole = tree(error);
    if (sight == Sight::kShown) {
        return whole;
    }
    Json out = Json::object();
    for (const auto& [key, value] : whole.items()) {
        if (std::ranges::find(kNamesTheFailure, key) != kNamesTheFailure.end()) {
            out[key] = value;
        } else {
            hide(out, key);
        }
    }
    return out;
}

bool holds_error(const model::JournalRow& row) {
    using model::RowKind;
    switch (row.kind) {
        case RowKind::kAttempt:
            return true;
        case RowKind::kResult:
        case RowKind::kWake:
        case RowKind::kScopeEnd:
        case RowKind::kEnd:
        case RowKind::kStatic:
        case RowKind::kControl:
            return row.status != model::Status::kSucceeded;
        case RowKind::kScopeBegin:
        case RowKind::kValue:
        case RowKind::kIntent:
        case RowKind::kWait:
            return false;
    }
    return false;
}

}  // namespace tideway::runtime
