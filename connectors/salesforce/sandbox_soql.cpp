#include "connectors/salesforce/sandbox_soql.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "connectors/salesforce/sandbox_schema.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

constexpr int kDepthMax = 50;

struct Token {
    enum class Kind { kWord, kText, kSymbol, kEnd };
    Kind kind = Kind::kEnd;
    std::string text;
    std::size_t at = 0;
};

bool is_word_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == ':' ||
           c == '-' || c == '+';
}

// What a backslash and `c` stand for; the wild cards of LIKE keep their backslash.
std::optional<std::string> unescaped(char c) {
    switch (c) {
        case 'n':
        case 'N':
            return "\n";
        case 'r':
        case 'R':
            return "\r";
        case 't':
        case 'T':
            return "\t";
        case '_':
        case '%':
            return std::string("\\") + c;
        case '\'':
        case '"':
        case '\\':
            return std::string(1, c);
        default:
            return std::nullopt;
    }
}

class Lexer {
  public:
    explicit Lexer(std::string_view text)
        : text_(text) {}

    Outcome<std::vector<Token>> run() {
        std::vector<Token> out;
        while (true) {
            while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) {
                ++at_;
            }
            Token token;
            token.at = at_;
            if (at_ == text_.size()) {
                out.push_back(token);
                return out;
            }
            if (text_[at_] == '\'') {
                if (!read_text(token)) {
                    return refuse(
                        400,
                        "MALFORMED_QUERY",
                        "A text has no closing quote, or an escape that is none."
                    );
                }
            } else if (is_word_char(text_[at_])) {
                read_word(token);
            } else {
                read_symbol(token);
            }
            out.push_back(std::move(token));
        }
    }

  private:
    bool read_text(Token& token) {
        token.kind = Token::Kind::kText;
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\'') {
                ++at_;
                return true;
            }
            if (c != '\\' || at_ + 1 == text_.size()) {
                token.text += c;
                continue;
            }
            const auto meant = unescaped(text_[++at_]);
            if (!meant) {
                return false;
            }
            token.text += *meant;
        }
        return false;
    }

    void read_word(Token& token) {
        token.kind = Token::Kind::kWord;
        while (at_ < text_.size() && is_word_char(text_[at_])) {
            token.text += text_[at_++];
        }
    }

    void read_symbol(Token& token) {
        token.kind = Token::Kind::kSymbol;
        const std::string_view two = text_.substr(at_, 2);
        const bool is_pair = two == "<=" || two == ">=" || two == "!=" || two == "<>";
        token.text = std::string(text_.substr(at_, is_pair ? 2 : 1));
        at_ += token.text.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::optional<double> number_in(const std::string& text) {
    double out = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, out);
    return problem == std::errc() && stop == end ? std::optional(out) : std::nullopt;
}

class Parser {
  public:
    Parser(std::vector<Token> tokens, Timestamp now)
        : tokens_(std::move(tokens)),
          now_(now) {}

    Outcome<Select> run() {
        if (!take("SELECT") || !select_list() || !take("FROM") || !name(select_.object)) {
            return wrong();
        }
        if (is_word("WHERE")) {
            next();
            Condition condition;
            if (!any_of(condition, 0)) {
                return wrong();
            }
            select_.where = std::move(condition);
        }
        if (is_word("ORDER") && !order_by()) {
            return wrong();
        }
        if (is_word("LIMIT")) {
            std::size_t count = 0;
            if (!number_after(count)) {
                return wrong();
            }
            select_.limit = count;
        }
        if (is_word("OFFSET") && !number_after(select_.offset)) {
            return wrong();
        }
        if (token().kind != Token::Kind::kEnd) {
            return wrong();
        }
        return select_;
    }

  private:
    const Token& token() const { return tokens_[at_]; }

    void next() { at_ = std::min(at_ + 1, tokens_.size() - 1); }

    bool is_word(std::string_view word) const {
        return token().kind == Token::Kind::kWord && same_name(token().text, word);
    }

    bool is_symbol(std::string_view symbol) const {
        return token().kind == Token::Kind::kSymbol && token().text == symbol;
    }

    bool take(std::string_view word) {
        const bool is = is_word(word) || is_symbol(word);
        if (is) {
            next();
        }
        return is;
    }

    tl::unexpected<Refusal> wrong() const {
        return refuse(
            400,
            "MALFORMED_QUERY",
            token().kind == Token::Kind::kEnd
                ? "unexpected end of the query"
                : "unexpected token: '" + token().text + "' at " + std::to_string(token().at)
        );
    }

    bool name(std::string& out) {
        if (token().kind != Token::Kind::kWord) {
            return false;
        }
        out = token().text;
        next();
        return true;
    }

    bool select_list() {
        while (true) {
            if (!selected()) {
                return false;
            }
            if (!is_symbol(",")) {
                return true;
            }
            next();
        }
    }

    bool selected() {
        std::string word;
        if (!name(word)) {
            return false;
        }
        if (!is_symbol("(")) {
            select_.fields.push_back(std::move(word));
            return true;
        }
        next();
        if (same_name(word, "COUNT")) {
            select_.is_count = true;
            return take(")");
        }
        std::string group;
        if (!same_name(word, "FIELDS") || !name(group)) {
            return false;
        }
        select_.groups.push_back(std::move(group));
        return take(")");
    }

    // a OR b; as Salesforce, AND and OR do not stand side by side without parentheses.
    bool any_of(Condition& out, int depth) {
        Condition first;
        if (depth > kDepthMax || !one(first, depth)) {
            return false;
        }
        const char* word = is_word("AND") ? "AND" : is_word("OR") ? "OR" : nullptr;
        if (word == nullptr) {
            out = std::move(first);
            return true;
        }
        out.kind = is_word("AND") ? Condition::Kind::kAnd : Condition::Kind::kOr;
        out.parts.push_back(std::move(first));
        while (is_word(word)) {
            next();
            Condition part;
            if (!one(part, depth)) {
                return false;
            }
            out.parts.push_back(std::move(part));
        }
        return !is_word("AND") && !is_word("OR");
    }

    bool one(Condition& out, int depth) {
        if (is_word("NOT")) {
            next();
            out.kind = Condition::Kind::kNot;
            out.parts.emplace_back();
            return one(out.parts.back(), depth + 1);
        }
        if (is_symbol("(")) {
            next();
            return any_of(out, depth + 1) && take(")");
        }
        return comparison(out);
    }

    bool comparison(Condition& out) {
        static constexpr std::array<std::pair<std::string_view, Comparison>, 7> kSymbols{{
            {"=", Comparison::kEqual},
            {"!=", Comparison::kNotEqual},
            {"<>", Comparison::kNotEqual},
            {"<", Comparison::kLess},
            {"<=", Comparison::kLessOrEqual},
            {">", Comparison::kGreater},
            {">=", Comparison::kGreaterOrEqual},
        }};
        if (!name(out.field)) {
            return false;
        }
        for (const auto& [symbol, comparison] : kSymbols) {
            if (is_symbol(symbol)) {
                next();
                out.comparison = comparison;
                return literal(out);
            }
        }
        if (is_word("LIKE")) {
            next();
            out.comparison = Comparison::kLike;
            return literal(out) && out.values[0].kind == Literal::Kind::kText;
        }
        const bool is_not = take("NOT");
        out.comparison = is_not ? Comparison::kNotIn : Comparison::kIn;
        return take("IN") && list(out);
    }

    bool list(Condition& out) {
        if (!take("(")) {
            return false;
        }
        do {
            if (!literal(out)) {
                return false;
            }
        } while (take(","));
        return take(")");
    }

    bool literal(Condition& out) {
        Literal value;
        if (token().kind == Token::Kind::kText) {
            value.kind = Literal::Kind::kText;
            value.text = token().text;
        } else if (token().kind != Token::Kind::kWord || !read_word(token().text, value)) {
            return false;
        }
        next();
        out.values.push_back(std::move(value));
        return true;
    }

    bool read_word(const std::string& word, Literal& out) const {
        if (same_name(word, "null")) {
            return true;
        }
        if (same_name(word, "true") || same_name(word, "false")) {
            out.kind = Literal::Kind::kBoolean;
            out.truth = same_name(word, "true");
            return true;
        }
        if (const auto number = number_in(word)) {
            out.kind = Literal::Kind::kNumber;
            out.number = *number;
            return true;
        }
        const auto today = std::chrono::floor<std::chrono::days>(now_);
        if (same_name(word, "TODAY") || same_name(word, "YESTERDAY")) {
            out.kind = Literal::Kind::kDate;
            out.time = same_name(word, "TODAY") ? today : today - std::chrono::days(1);
            return true;
        }
        const auto time = parse_utc(word);
        out.kind = word.size() == 10 ? Literal::Kind::kDate : Literal::Kind::kDateTime;
        out.time = time.value_or(Timestamp());
        return time.has_value();
    }

    bool order_by() {
        next();
        if (!take("BY")) {
            return false;
        }
        do {
            Order order;
            if (!name(order.field)) {
                return false;
            }
            order.is_descending = take("DESC");
            if (!order.is_descending) {
                take("ASC");
            }
            order.nulls_last = order.is_descending;
            if (take("NULLS")) {
                order.nulls_last = is_word("LAST");
                if (!take("LAST") && !take("FIRST")) {
                    return false;
                }
            }
            select_.order.push_back(std::move(order));
        } while (take(","));
        return true;
    }

    bool number_after(std::size_t& out) {
        next();
        const auto number =
            token().kind == Token::Kind::kWord ? number_in(token().text) : std::nullopt;
        if (!number || *number < 0 || *number > 1e9) {
            return false;
        }
        out = static_cast<std::size_t>(*number);
        next();
        return true;
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    Timestamp now_;
    Select select_;
};

}  // namespace

Outcome<Select> parse_soql(std::string_view text, Timestamp now) {
    auto tokens = Lexer(text).run();
    if (!tokens) {
        return tl::unexpected<Refusal>(tokens.error());
    }
    return Parser(std::move(*tokens), now).run();
}

}  // namespace tideway::connectors::salesforce::sandbox
