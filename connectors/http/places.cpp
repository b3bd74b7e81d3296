#include "connectors/http/places.h"

#include <algorithm>
#include <utility>

#include "engine/http/url.h"

namespace tideway::connectors::http {
namespace {

namespace web = ::tideway::http;

constexpr std::string_view kAnswer = "answer/";
constexpr std::string_view kHeaders = "/headers/";

bool equals_ignoring_case(std::string_view one, std::string_view other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

// The value of the place named `name`; nothing: it is none, or its time has not come.
Result<std::optional<Json>> value_of(std::string_view name, const Places& places) {
    if (name == "callback_url" && places.callback_url) {
        return std::optional<Json>(*places.callback_url);
    }
    if (name == "expires" && places.expires) {
        return std::optional<Json>(*places.expires);
    }
    if (!name.starts_with(kAnswer) || places.answer.is_null()) {
        return std::optional<Json>();
    }
    const std::string_view pointer = name.substr(kAnswer.size() - 1);
    const Json* value = find_in_answer(places.answer, pointer);
    if (value == nullptr || value->is_null() || value->is_structured()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidTriggerConfiguration",
            "The service's answer to the subscription has no value at " + std::string(pointer) +
                ", which the trigger's table wants.",
            "Correct {" + std::string(name) + "} in the table; the answer was " +
                dump(places.answer).substr(0, 500)
        );
    }
    return std::optional<Json>(*value);
}

enum class Encode { kNo, kYes };

Result<Json> fill_text(const std::string& text, const Places& places, Encode encode) {
    std::string out;
    std::size_t at = 0;
    while (true) {
        const std::size_t begin = text.find('{', at);
        const std::size_t end = begin == std::string::npos ? begin : text.find('}', begin);
        if (end == std::string::npos) {
            return Json(out + text.substr(at));
        }
        const std::string_view name = std::string_view(text).substr(begin + 1, end - begin - 1);
        TIDEWAY_TRY_ASSIGN(const std::optional<Json> value, value_of(name, places));
        if (!value) {
            out.append(text, at, begin + 1 - at);
            at = begin + 1;
            continue;
        }
        if (begin == 0 && end + 1 == text.size()) {
            return *value;
        }
        const std::string words = value->is_string() ? value->get<std::string>() : dump(*value);
        out.append(text, at, begin - at);
        out += encode == Encode::kYes ? web::encode_component(words) : words;
        at = end + 1;
    }
}

Result<Json> fill(const Json& value, const Places& places, Encode encode) {
    if (value.is_string()) {
        return fill_text(value.get_ref<const std::string&>(), places, encode);
    }
    Json out = value;
    for (auto& [name, part] : out.items()) {
        if (part.is_string() || part.is_structured()) {
            TIDEWAY_TRY_ASSIGN(part, fill(part, places, encode));
        }
    }
    return out;
}

}  // namespace

const Json* find_in_answer(const Json& answer, std::string_view pointer) {
    if (pointer.starts_with(kHeaders)) {
        const std::string_view name = pointer.substr(kHeaders.size());
        const Json* headers = find(answer, "headers");
        if (headers == nullptr || !headers->is_object()) {
            return nullptr;
        }
        for (const auto& [key, value] : headers->items()) {
            if (equals_ignoring_case(key, name)) {
                return &value;
            }
        }
        return nullptr;
    }
    try {
        const Json::json_pointer at{std::string(pointer)};
        return answer.contains(at) ? &answer.at(at) : nullptr;
    } catch (const Json::exception&) {
        return nullptr;
    }
}

Result<Json> fill_places(const Json& request, const Places& places) {
    Json out = Json::object();
    for (const auto& [name, value] : request.items()) {
        const Encode encode = name == "uri" ? Encode::kYes : Encode::kNo;
        TIDEWAY_TRY_ASSIGN(out[name], fill(value, places, encode));
    }
    return out;
}

bool has_place(const Json& request, std::string_view place) {
    if (request.is_string()) {
        return request.get_ref<const std::string&>().find(place) != std::string::npos;
    }
    return request.is_structured() && std::ranges::any_of(request, [place](const Json& part) {
               return has_place(part, place);
           });
}

}  // namespace tideway::connectors::http
