#include "engine/runtime/resubmit/choices.h"

#include <array>
#include <utility>

#include "engine/runtime/resubmit/lua_patch.h"

namespace tideway::runtime {
namespace {

constexpr std::array<std::pair<CodeChoice, std::string_view>, 3> kCodes{{
    {CodeChoice::kOriginal, "original"},
    {CodeChoice::kCurrent, "current"},
    {CodeChoice::kDraft, "draft"},
}};

tl::unexpected<Error> invalid(std::string message, std::string remedy) {
    return fail(
        ErrorKind::kInvalidInput, "InvalidRequestContent", std::move(message), std::move(remedy)
    );
}

Result<CodeChoice> parse_code(const std::string& text) {
    for (const auto& [code, word] : kCodes) {
        if (word == text) {
            return code;
        }
    }
    return invalid(
        "'" + text + "' is not a code choice.",
        "Use original (the version that ran), current (what is published now) or draft (what is "
        "edited and not published)."
    );
}

}  // namespace

std::string_view to_string(CodeChoice code) {
    return kCodes[static_cast<std::size_t>(code)].second;
}

Result<ResubmitChoices> parse_resubmit_choices(const Json& json) {
    ResubmitChoices out;
    TIDEWAY_TRY_ASSIGN(out.code, parse_code(string_or(json, "code", "original")));
    out.step = string_or(json, "from_step");
    const bool from_failed = bool_or(json, "from_failed", false);
    if (from_failed && !out.step.empty()) {
        return invalid(
            "A run starts from one step: 'from_step' and 'from_failed' exclude each other.",
            "Leave one of them out."
        );
    }
    if (from_failed) {
        out.start = StartChoice::kFailedStep;
    } else if (!out.step.empty()) {
        out.start = StartChoice::kStep;
    }
    if (const Json* patch = find(json, "patch"); patch != nullptr && !patch->is_null()) {
        if (!patch->is_object()) {
            return invalid(
                "'patch' is a JSON merge patch, an object.",
                R"(Such as {"amount": 5, "note": null}: sets amount, removes note.)"
            );
        }
        out.patch = to_payload(*patch);
    }
    if (const Json* function = find(json, "patch_lua");
        function != nullptr && !function->is_null()) {
        if (!out.patch.empty()) {
            return invalid(
                "An event is patched once: 'patch' and 'patch_lua' exclude each other.",
                "Leave one of them out."
            );
        }
        TIDEWAY_TRY_ASSIGN(out.lua_patch, LuaPatch::parse(*function));
    }
    return out;
}

Json to_json(const ResubmitChoices& choices) {
    Json out = {{"code", to_string(choices.code)}};
    if (choices.start == StartChoice::kStep) {
        out["from_step"] = choices.step;
    }
    if (choices.start == StartChoice::kFailedStep) {
        out["from_failed"] = true;
    }
    if (!choices.patch.empty()) {
        out["patch"] = Json::parse(choices.patch.view());
    }
    if (choices.lua_patch != nullptr) {
        out["patch_lua"] = choices.lua_patch->to_json();
    }
    return out;
}

Json versions_to_json(const std::map<model::FlowId, model::VersionId>& versions) {
    Json out = Json::object();
    for (const auto& [flow, version] : versions) {
        out[std::to_string(flow)] = version;
    }
    return {{"versions", std::move(out)}};
}

std::map<model::FlowId, model::VersionId> parse_versions(const Json& json) {
    std::map<model::FlowId, model::VersionId> out;
    const Json* const versions = find(json, "versions");
    if (versions == nullptr) {
        return out;
    }
    for (const auto& [flow, version] : versions->items()) {
        out[std::stoll(flow)] = version.get<model::VersionId>();
    }
    return out;
}

Json describe(const ResubmitChoices& choices) {
    Json out = to_json(choices);
    if (const Json* patch = find(out, "patch")) {
        Json fields = Json::array();
        for (const auto& [name, value] : patch->items()) {
            fields.push_back(name);
        }
        out["patched"] = std::move(fields);
        out.erase("patch");
    }
    if (choices.lua_patch != nullptr) {
        out["patch_lua"] = choices.lua_patch->describe();
    }
    return out;
}

Result<Payload> patched(
    const model::EventRecord& event,
    const model::RunRecord& run,
    std::string_view flow,
    const ResubmitChoices& choices
) {
    if (choices.lua_patch != nullptr) {
        return choices.lua_patch->apply(event, run, flow);
    }
    const Payload& payload = event.payload;
    if (choices.patch.empty()) {
        return payload;
    }
    TIDEWAY_TRY_ASSIGN(Json json, parse_json(payload.empty() ? "{}" : payload.view(), "the event"));
    TIDEWAY_TRY_ASSIGN(const Json change, parse_json(choices.patch.view(), "the patch"));
    json.merge_patch(change);
    return to_payload(json);
}

}  // namespace tideway::runtime
