#include "engine/runtime/cases/json_match.h"

namespace tideway::runtime {
namespace {

constexpr std::size_t kShownMax = 160;
constexpr std::size_t kMismatchesMax = 12;

using Path = Json::json_pointer;

class Comparison {
  public:
    std::vector<Mismatch> take() { return std::move(found_); }

    void compare(const Json& expected, const Json& actual, const Path& at) {
        if (expected.is_object() && actual.is_object()) {
            compare_objects(expected, actual, at);
        } else if (expected.is_array() && actual.is_array()) {
            compare_lists(expected, actual, at);
        } else if (expected != actual) {
            add(at, shown_value(expected), shown_value(actual));
        }
    }

  private:
    void compare_objects(const Json& expected, const Json& actual, const Path& at) {
        for (const auto& [key, value] : expected.items()) {
            if (const Json* found = find(actual, key)) {
                compare(value, *found, at / key);
            } else if (!value.is_null()) {  // null: the key may as well be absent
                add(at / key, shown_value(value), "absent");
            }
        }
    }

    void compare_lists(const Json& expected, const Json& actual, const Path& at) {
        if (expected.size() != actual.size()) {
            add(at,
                std::to_string(expected.size()) + " items: " + shown_value(expected),
                std::to_string(actual.size()) + " items: " + shown_value(actual));
            return;
        }
        for (std::size_t i = 0; i < expected.size(); ++i) {
            compare(expected[i], actual[i], at / i);
        }
    }

    void add(const Path& at, std::string expected, std::string actual) {
        if (found_.size() < kMismatchesMax) {
            found_.push_back({at.to_string(), std::move(expected), std::move(actual)});
        }
    }

    std::vector<Mismatch> found_;
};

}  // namespace

std::vector<Mismatch> mismatches(const Json& expected, const Json& actual) {
    Comparison comparison;
    comparison.compare(expected, actual, Path());
    return comparison.take();
}

bool contains(const Json& actual, const Json& expected) {
    return mismatches(expected, actual).empty();
}

std::string shown_value(const Json& value) {
    std::string text = dump(value);
    if (text.size() <= kShownMax) {
        return text;
    }
    std::size_t end = kShownMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return text.substr(0, end) + "...";
}

}  // namespace tideway::runtime
