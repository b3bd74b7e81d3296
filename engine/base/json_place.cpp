#include "engine/base/json_place.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace tideway {
namespace {

// Goes down one level at a time: at the value, finds the member or item that is named.
class Descent {
  public:
    explicit Descent(std::string_view text)
        : text_(text) {
        skip_space();
    }

    std::size_t at() const { return at_; }

    // Of the member that was entered last; at the value when that was an item.
    std::size_t name_at() const { return name_at_; }

    // False: the value has no such part, and stays where it is.
    bool enter(const std::string& name) {
        const std::size_t here = at_;
        const char open = at_ < text_.size() ? text_[at_] : '\0';
        const std::size_t name_here = name_at_;
        if (open == '{' || open == '[') {
            ++at_;
            skip_space();
            for (std::size_t index = 0; at_ < text_.size() && !is_close(text_[at_]); ++index) {
                name_at_ = at_;
                if (open == '{' ? member() == name : std::to_string(index) == name) {
                    return true;
                }
                skip_value();
                skip_separator();
            }
        }
        at_ = here;
        name_at_ = name_here;
        return false;
    }

  private:
    static bool is_close(char c) { return c == '}' || c == ']'; }

    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    void skip_separator() {
        skip_space();
        if (at_ < text_.size() && text_[at_] == ',') {
            ++at_;
            skip_space();
        }
    }

    // Past the key and its colon; the key.
    std::string member() {
        const std::size_t begin = at_;
        skip_value();
        const auto key = parse_json(text_.substr(begin, at_ - begin), "key");
        skip_space();
        ++at_;
        skip_space();
        return key && key->is_string() ? key->get<std::string>() : std::string();
    }

    void skip_text() {
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            at_ += text_[at_] == '\\' ? 1U : 0U;
        }
        ++at_;
    }

    void skip_value() {
        int depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (depth == 0 && (c == ',' || c == ':' || is_close(c) || c == ' ' || c == '\n')) {
                return;
            }
            if (c == '"') {
                skip_text();
            } else {
                depth += c == '{' || c == '[' ? 1 : 0;
                depth -= is_close(c) ? 1 : 0;
                ++at_;
            }
            if (depth == 0 && (c == '"' || is_close(c))) {
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t name_at_ = 0;
};

std::vector<std::string> names_of(Json::json_pointer pointer) {
    std::vector<std::string> names;
    for (; !pointer.empty(); pointer.pop_back()) {
        names.insert(names.begin(), pointer.back());
    }
    return names;
}

}  // namespace

TextPlace place_in_json(std::string_view text, const Json::json_pointer& pointer, JsonPart part) {
    Descent descent(text);
    for (const std::string& name : names_of(pointer)) {
        if (!descent.enter(name)) {
            return place_of(text, descent.at());
        }
    }
    return place_of(text, part == JsonPart::kName ? descent.name_at() : descent.at());
}

}  // namespace tideway
