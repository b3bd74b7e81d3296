#include "connectors/partner_center/sandbox_filter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr int kDepthMax = 32;

// What the documentation filters on. Other fields exist, but the service does not index them.
constexpr std::array<std::string_view, 7> kFields = {
    "engagementId",
    "status",
    "substatus",
    "qualification",
    "type",
    "direction",
    "customerProfile/address/country"};

using Node = std::unique_ptr<Filter>;

const Json* at_path(const Json& object, std::string_view path) {
    const Json* value = &object;
    while (value != nullptr && !path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        value = find(*value, path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return value;
}

class Equals final : public Filter {
  public:
    Equals(std::string path, Json value)
        : path_(std::move(path)),
          value_(std::move(value)) {}

    bool matches(const Json& referral) const override {
        const Json* found = at_path(referral, path_);
        return found == nullptr ? value_.is_null() : *found == value_;
    }

  private:
    std::string path_;
    Json value_;
};

class Any final : public Filter {
  public:
    Any(std::string path, Node inner)
        : path_(std::move(path)),
          inner_(std::move(inner)) {}

    bool matches(const Json& referral) const override {
        const Json* items = at_path(referral, path_);
        return items != nullptr && items->is_array() &&
               std::ranges::any_of(*items, [&](const Json& item) {
                   return inner_ == nullptr || inner_->matches(item);
               });
    }

  private:
    std::string path_;
    Node inner_;  // null: any element at all
};

enum class Join { kAnd, kOr };

class Joined final : public Filter {
  public:
    Joined(Join join, Node left, Node right)
        : join_(join),
          left_(std::move(left)),
          right_(std::move(right)) {}

    bool matches(const Json& referral) const override {
        return join_ == Join::kAnd ? left_->matches(referral) && right_->matches(referral)
                                   : left_->matches(referral) || right_->matches(referral);
    }

  private:
    Join join_;
    Node left_;
    Node right_;
};

class Not final : public Filter {
  public:
    explicit Not(Node inner)
        : inner_(std::move(inner)) {}

    bool matches(const Json& referral) const override { return !inner_->matches(referral); }

  private:
    Node inner_;
};

bool is_word_start(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '@';
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '@' || c == '.';
}

class Parser {
  public:
    explicit Parser(std::string_view text)
        : text_(text) {}

    Outcome<Node> parse() {
        auto out = parse_or(0);
        if (!out) {
            return out;
        }
        skip_space();
        if (at_ < text_.size()) {
            return wrong("an operator or the end");
        }
        return out;
    }

  private:
    tl::unexpected<ApiError> wrong(std::string_view expected) const {
        return refuse(
            "The query specified in the URI is not valid. Expected " + std::string(expected) +
                " at position " + std::to_string(at_) + " in '" + std::string(text_) + "'.",
            "invalidFilter"
        );
    }

    void skip_space() {
        while (at_ < text_.size() && text_[at_] == ' ') {
            ++at_;
        }
    }

    bool take(char c) {
        skip_space();
        if (at_ < text_.size() && text_[at_] == c) {
            ++at_;
            return true;
        }
        return false;
    }

    std::string_view peek_word() {
        skip_space();
        std::size_t end = at_;
        if (end < text_.size() && is_word_start(text_[end])) {
            while (end < text_.size() && is_word(text_[end])) {
                ++end;
            }
        }
        return text_.substr(at_, end - at_);
    }

    bool take_word(std::string_view word) {
        if (peek_word() != word) {
            return false;
        }
        at_ += word.size();
        return true;
    }

    Outcome<Node> parse_or(int depth) { return parse_joined(depth, Join::kOr); }

    Outcome<Node> parse_joined(int depth, Join join) {
        const auto operand = [&]() {
            return join == Join::kOr ? parse_joined(depth, Join::kAnd) : parse_unary(depth);
        };
        auto left = operand();
        while (left && take_word(join == Join::kOr ? "or" : "and")) {
            auto right = operand();
            if (!right) {
                return right;
            }
            left = std::make_unique<Joined>(join, std::move(*left), std::move(*right));
        }
        return left;
    }

    Outcome<Node> parse_unary(int depth) {
        if (depth > kDepthMax) {
            return wrong("fewer parentheses");
        }
        if (take_word("not")) {
            auto inner = parse_unary(depth + 1);
            if (!inner) {
                return inner;
            }
            return std::make_unique<Not>(std::move(*inner));
        }
        if (take('(')) {
            auto inner = parse_or(depth + 1);
            if (inner && !take(')')) {
                return wrong("')'");
            }
            return inner;
        }
        return parse_comparison(depth);
    }

    // path eq literal | path/any(v:condition) | path/any()
    Outcome<Node> parse_comparison(int depth) {
        std::string path;
        do {
            const std::string_view segment = peek_word();
            if (segment.empty()) {
                return wrong("a field name");
            }
            at_ += segment.size();
            if (!path.empty() && segment == "any" && take('(')) {
                return parse_any(path, depth);
            }
            path += (path.empty() ? "" : "/") + std::string(segment);
        } while (at_ < text_.size() && text_[at_] == '/' && ++at_ > 0);
        return parse_equals(std::move(path));
    }

    Outcome<Node> parse_any(const std::string& path, int depth) {
        if (path != "team" || !variable_.empty()) {
            return refuse("any() is not supported on '" + path + "'.", "unsupportedFilter");
        }
        if (take(')')) {
            return std::make_unique<Any>(path, nullptr);
        }
        variable_ = std::string(peek_word());
        at_ += variable_.size();
        if (variable_.empty() || !take(':')) {
            return wrong("a range variable and ':'");
        }
        auto inner = parse_or(depth + 1);
        variable_.clear();
        if (!inner) {
            return inner;
        }
        if (!take(')')) {
            return wrong("')'");
        }
        return std::make_unique<Any>(path, std::move(*inner));
    }

    Outcome<Node> parse_equals(std::string path) {
        const std::string_view op = peek_word();
        if (op != "eq") {
            return op.empty() ? wrong("'eq'")
                              : refuse(
                                    "The operator '" + std::string(op) +
                                        "' is not supported in this filter.",
                                    "unsupportedFilter"
                                );
        }
        at_ += op.size();
        auto value = parse_literal();
        if (!value) {
            return tl::unexpected<ApiError>(value.error());
        }
        if (auto error = unsupported(path, *value)) {
            return tl::unexpected<ApiError>(std::move(*error));
        }
        return std::make_unique<Equals>(std::move(path), std::move(*value));
    }

    // Inside any(), paths begin with the range variable; it is taken off.
    std::optional<ApiError> unsupported(std::string& path, const Json& value) const {
        bool known = std::ranges::find(kFields, path) != kFields.end();
        if (!variable_.empty()) {
            known = path == variable_ + "/email";
            path = path.substr(std::min(variable_.size() + 1, path.size()));
        }
        if (!known) {
            return ApiError{
                400,
                "invalidRequest",
                "Filtering on '" + path + "' is not supported.",
                "unsupportedFilter"};
        }
        if (!value.is_string() && !value.is_null()) {
            return ApiError{
                400,
                "invalidRequest",
                "The types of '" + path + "' (text) and the value " + dump(value) +
                    " do not agree.",
                "typeMismatch"};
        }
        return std::nullopt;
    }

    Outcome<Json> parse_literal() {
        skip_space();
        if (at_ < text_.size() && text_[at_] == '\'') {
            return parse_text();
        }
        if (take_word("true")) {
            return Json(true);
        }
        if (take_word("false")) {
            return Json(false);
        }
        if (take_word("null")) {
            return Json(nullptr);
        }
        const std::size_t start = at_;
        while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '-')) {
            ++at_;
        }
        const std::string_view word = text_.substr(start, at_ - start);
        const bool number = !word.empty() && std::ranges::all_of(word, [](char c) {
            return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
        });
        if (number) {
            if (auto value = parse_json(word, "the number")) {
                return std::move(*value);
            }
        }
        at_ = start;
        return wrong("a text in single quotes, true, false or null");
    }

    // A quote inside is written twice.
    Outcome<Json> parse_text() {
        std::string out;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] != '\'') {
                out += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
                out += text_[++at_];
            } else {
                ++at_;
                return Json(std::move(out));
            }
        }
        return wrong("a closing quote");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string variable_;  // of the any() being read; empty outside
};

}  // namespace

Outcome<std::unique_ptr<Filter>> parse_filter(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
