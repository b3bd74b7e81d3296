#include "engine/base/json.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace tideway {
namespace {

std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

// A piece of a JSON text: a text in quotes, a mark, or a run of anything else.
struct Token {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool is_open_text = false;  // its quotes are not closed
};

// The one that the byte belongs to, or an earlier one that is no JSON in any place.
Token token_at(std::string_view text, std::size_t offset) {
    constexpr std::string_view kSpace = " \t\r\n";
    constexpr std::string_view kMarks = "{}[],:";
    constexpr std::string_view kEnds = " \t\r\n{}[],:\"";
    Token token;
    while (true) {
        token.begin = std::min(text.find_first_not_of(kSpace, token.end), text.size());
        token.end = token.begin + 1;
        if (token.begin == text.size()) {
            return {text.size(), text.size()};
        }
        if (text[token.begin] == '"') {
            while (token.end < text.size() && text[token.end] != '"') {
                token.end += text[token.end] == '\\' ? 2U : 1U;
            }
            token.is_open_text = token.end >= text.size();
            token.end = std::min(token.end + 1, text.size());
        } else if (kMarks.find(text[token.begin]) == std::string_view::npos) {
            token.end = std::min(text.find_first_of(kEnds, token.end), text.size());
            if (!Json::accept(text.substr(token.begin, token.end - token.begin))) {
                return token;  // the reader stops behind it
            }
        }
        if (offset < token.end || token.is_open_text) {
            return token;
        }
    }
}

// Why a text is no JSON, and where.
class Complaint final : public nlohmann::json_sax<Json> {
  public:
    explicit Complaint(std::string_view text)
        : text_(text) {
        Json::sax_parse(text_, this);
    }

    std::size_t offset() const { return token_.begin; }

    std::string cause() const {
        if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) {
            return "it is empty";
        }
        if (token_.begin == text_.size()) {
            return "it ends before the value is complete";
        }
        const std::string shown(text_.substr(token_.begin, std::min(length(), kTokenShown)));
        if (is_too_large_) {
            return "the number " + shown + " is too large";
        }
        const bool stopped_inside = token_.is_open_text || last_ + 1 < token_.end;
        if (text_[token_.begin] == '"' && stopped_inside) {
            return "a text is not closed, or holds a control character, an unknown escape or bytes "
                   "that are not UTF-8";
        }
        return "unexpected " + shown;
    }

    bool null() override { return true; }

    bool boolean(bool /*value*/) override { return true; }

    bool number_integer(std::int64_t /*value*/) override { return true; }

    bool number_unsigned(std::uint64_t /*value*/) override { return true; }

    bool number_float(double /*value*/, const std::string& /*text*/) override { return true; }

    bool string(std::string& /*value*/) override { return true; }

    bool binary(Json::binary_t& /*value*/) override { return true; }

    bool start_object(std::size_t /*elements*/) override { return true; }

    bool key(std::string& /*value*/) override { return true; }

    bool end_object() override { return true; }

    bool start_array(std::size_t /*elements*/) override { return true; }

    bool end_array() override { return true; }

    bool parse_error(
        std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& error
    ) override {
        is_too_large_ = dynamic_cast<const Json::out_of_range*>(&error) != nullptr;
        last_ = position == 0 ? 0 : position - 1;
        token_ = token_at(text_, last_);
        return false;
    }

  private:
    static constexpr std::size_t kTokenShown = 40;

    std::size_t length() const { return token_.end - token_.begin; }

    std::string_view text_;
    std::size_t last_ = 0;  // of what was read
    Token token_;
    bool is_too_large_ = false;
};

Error invalid_json(std::string_view text, std::string_view what) {
    const Complaint complaint(text);
    const TextPlace place = place_of(text, complaint.offset());
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "InvalidJSON";
    error.message = std::string(what) + " is not valid JSON: line " + std::to_string(place.line) +
                    ", column " + std::to_string(place.column) + ": " + complaint.cause() + ".";
    error.details = dump(Json{{"line", place.line}, {"column", place.column}});
    return error;
}

}  // namespace

TextPlace place_of(std::string_view text, std::size_t offset) {
    TextPlace place;
    for (const char c : text.substr(0, std::min(offset, text.size()))) {
        const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
        if (c == '\n') {
            ++place.line;
            place.column = 1;
        } else if (!continues) {
            ++place.column;
        }
    }
    return place;
}

Result<Json> parse_json(std::string_view text, std::string_view what) {
    if (depth_of(text) > limits::kJsonDepthMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidJSON",
            std::string(what) + " is nested deeper than " + std::to_string(limits::kJsonDepthMax) +
                " levels."
        );
    }
    try {
        return Json::parse(text);
    } catch (const std::exception&) {
        return fail(invalid_json(text, what));
    }
}

const Json* find(const Json& object, std::string_view key) {
    if (!object.is_object()) {
        return nullptr;
    }
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
}

std::string string_or(const Json& object, std::string_view key, std::string_view fallback) {
    const Json* value = find(object, key);
    return value != nullptr && value->is_string() ? value->get<std::string>()
                                                  : std::string(fallback);
}

std::int64_t int_or(const Json& object, std::string_view key, std::int64_t fallback) {
    const Json* value = find(object, key);
    return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}

bool bool_or(const Json& object, std::string_view key, bool fallback) {
    const Json* value = find(object, key);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

Result<std::string> require_string(
    const Json& object, std::string_view key, std::string_view what
) {
    const Json* value = find(object, key);
    if (value == nullptr || !value->is_string()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            std::string(what) + " needs a text field '" + std::string(key) + "'."
        );
    }
    return value->get<std::string>();
}

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Payload to_payload(const Json& value) {
    return Payload(dump(value));
}

std::string quote_json(std::string_view text) {
    return dump(Json(std::string(text)));
}

}  // namespace tideway
