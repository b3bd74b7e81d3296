#include "engine/model/pattern_syntax.h"

#include <algorithm>
#include <optional>
#include <string>

namespace tideway::model {
namespace {

using Op = Pattern::Op;
using Set = Pattern::Set;
using Node = PatternNode;

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr char32_t kInvalid = 0xFFFD;
constexpr int kRepeatMax = 1000;
constexpr int kDepthMax = 64;

Set inverted(const Set& set) {
    Set out;
    // Ranges of the built-in classes and of brackets are few: subtract them one after the other.
    out.push_back({0, kLastCodePoint});
    for (const Pattern::Range& cut : set) {
        Set rest;
        for (const Pattern::Range& range : out) {
            if (cut.last < range.first || cut.first > range.last) {
                rest.push_back(range);
                continue;
            }
            if (range.first < cut.first) {
                rest.push_back({range.first, cut.first - 1});
            }
            if (cut.last < range.last) {
                rest.push_back({cut.last + 1, range.last});
            }
        }
        out = std::move(rest);
    }
    return out;
}

Set digits() {
    return {{'0', '9'}};
}

Set word_characters() {
    return {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}};
}

Set space() {
    return {{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}};
}

class Parser {
  public:
    explicit Parser(std::string_view text)
        : text_(text) {}

    std::optional<Node> parse() {
        Node node = alternatives(0);
        if (problem_.empty() && !at_end()) {
            problem_ = "there is a ) without (";
        }
        return problem_.empty() ? std::optional(std::move(node)) : std::nullopt;
    }

    const std::string& problem() const { return problem_; }

  private:
    bool at_end() const { return at_ >= text_.size(); }

    bool takes(char c) {
        if (at_end() || text_[at_] != c) {
            return false;
        }
        ++at_;
        return true;
    }

    void set_problem(std::string problem) {
        if (problem_.empty()) {
            problem_ = std::move(problem);
        }
        at_ = text_.size();
    }

    Node alternatives(int depth) {
        Node either;
        either.kind = Node::Kind::kEither;
        either.children.push_back(sequence(depth));
        while (takes('|')) {
            either.children.push_back(sequence(depth));
        }
        return either.children.size() == 1 ? std::move(either.children[0]) : std::move(either);
    }

    Node sequence(int depth) {
        Node out;
        out.kind = Node::Kind::kSequence;
        while (!at_end() && text_[at_] != '|' && text_[at_] != ')') {
            Node one = atom(depth);
            repeats(one);
            out.children.push_back(std::move(one));
        }
        return out;
    }

    Node atom(int depth) {
        if (takes('(')) {
            return group(depth);
        }
        if (takes('[')) {
            return set_node(bracket());
        }
        if (takes('.')) {
            return set_node(inverted({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
        }
        if (takes('^')) {
            return assert_node(Op::kBegin);
        }
        if (takes('$')) {
            return assert_node(Op::kEnd);
        }
        if (takes('\\')) {
            return escape();
        }
        const char c = text_[at_];
        if (c == '*' || c == '+' || c == '?') {
            set_problem("there is nothing before a repeat mark");
            return {};
        }
        const char32_t literal = next_code_point(text_, at_);
        return set_node({{literal, literal}});
    }

    Node group(int depth) {
        if (depth >= kDepthMax) {
            set_problem("groups are nested too deeply");
            return {};
        }
        if (takes('?') && !takes(':')) {
            set_problem("(?= (?! (?< groups are not supported");
            return {};
        }
        Node inner = alternatives(depth + 1);
        if (!takes(')')) {
            set_problem("there is a ( without )");
        }
        return inner;
    }

    static Node set_node(Set set) {
        Node out;
        out.kind = Node::Kind::kSet;
        out.set = std::move(set);
        return out;
    }

    static Node assert_node(Op op) {
        Node out;
        out.kind = Node::Kind::kAssert;
        out.assertion = op;
        return out;
    }

    Node escape() {
        if (takes('b')) {
            return assert_node(Op::kBoundary);
        }
        if (takes('B')) {
            return assert_node(Op::kNoBoundary);
        }
        return set_node(escaped_set());
    }

    // What follows a backslash, as a set of characters.
    Set escaped_set() {
        if (at_end()) {
            set_problem("it ends with a backslash");
            return {};
        }
        const char32_t c = next_code_point(text_, at_);
        switch (c) {
            case 'd':
                return digits();
            case 'D':
                return inverted(digits());
            case 'w':
                return word_characters();
            case 'W':
                return inverted(word_characters());
            case 's':
                return space();
            case 'S':
                return inverted(space());
            default:
                break;
        }
        const char32_t literal = escaped_literal(c);
        return {{literal, literal}};
    }

    char32_t escaped_literal(char32_t c) {
        switch (c) {
            case 't':
                return '\t';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case '0':
                return 0;
            case 'x':
                return hex(2);
            case 'u':
                return hex(4);
            default:
                break;
        }
        const bool letter_or_digit =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9');
        if (letter_or_digit) {
            set_problem(std::string("\\") + static_cast<char>(c) + " is not supported");
        }
        return c;
    }

    char32_t hex(std::size_t count) {
        char32_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const char c = at_end() ? '?' : text_[at_++];
            const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
            if (digit == std::string_view::npos) {
                set_problem("\\x needs two and \\u four hexadecimal digits");
                return 0;
            }
            value = value * 16 + static_cast<char32_t>(digit > 15 ? digit - 6 : digit);
        }
        return value;
    }

    Set bracket() {
        const bool negated = takes('^');
        Set out;
        while (!at_end() && text_[at_] != ']') {
            Set first = bracket_item();
            const bool range = first.size() == 1 && first[0].first == first[0].last &&
                               at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
            if (range) {
                ++at_;
                const Set last = bracket_item();
                if (last.size() != 1 || last[0].first != last[0].last ||
                    last[0].first < first[0].first) {
                    set_problem("a range in [ ] is out of order");
                    return {};
                }
                first[0].last = last[0].first;
            }
            out.insert(out.end(), first.begin(), first.end());
        }
        if (!takes(']')) {
            set_problem("there is a [ without ]");
        }
        return negated ? inverted(out) : out;
    }

    Set bracket_item() {
        if (takes('\\')) {
            if (takes('b')) {
                return {{'\b', '\b'}};
            }
            if (takes('-')) {
                return {{'-', '-'}};
            }
            return escaped_set();
        }
        const char32_t c = next_code_point(text_, at_);
        return {{c, c}};
    }

    void repeats(Node& node) {
        int least = 0;
        int most = -1;
        if (takes('*')) {
            // the defaults
        } else if (takes('+')) {
            least = 1;
        } else if (takes('?')) {
            most = 1;
        } else if (!counted(least, most)) {
            return;
        }
        takes('?');  // lazy: finds the same
        Node inner = std::move(node);
        node = Node();
        node.kind = Node::Kind::kRepeat;
        node.least = least;
        node.most = most;
        node.children.push_back(std::move(inner));
    }

    // "{2}", "{2,}", "{2,5}"; other braces are literal characters.
    bool counted(int& least, int& most) {
        const std::size_t start = at_;
        if (!takes('{')) {
            return false;
        }
        const std::optional<int> low = number();
        std::optional<int> high = low;
        bool endless = false;
        if (low && takes(',')) {
            high = number();
            endless = !high;
        }
        if (!low || !takes('}')) {
            at_ = start;
            return false;
        }
        least = *low;
        most = endless ? -1 : *high;
        if (least > kRepeatMax || most > kRepeatMax || (most >= 0 && most < least)) {
            set_problem("a count in { } is out of order or over " + std::to_string(kRepeatMax));
        }
        return true;
    }

    std::optional<int> number() {
        std::optional<int> value;
        while (!at_end() && text_[at_] >= '0' && text_[at_] <= '9') {
            value = std::min(value.value_or(0) * 10 + (text_[at_++] - '0'), kRepeatMax + 1);
        }
        return value;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string problem_;
};

}  // namespace

Pattern::Set word_characters() {
    return {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}};
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) {
        return lead;
    }
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (more == 0) {
        return kInvalid;
    }
    char32_t value = lead & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more; ++i) {
        if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U) {
            return kInvalid;
        }
        value = value << 6U | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    }
    return value;
}

tl::unexpected<Error> refuse_pattern(std::string_view expression, const std::string& why) {
    return fail(
        ErrorKind::kInvalidInput,
        "PatternNotSupported",
        "The pattern '" + std::string(expression) + "' cannot be used: " + why + "."
    );
}

Result<PatternNode> parse_pattern(std::string_view expression) {
    Parser parser(expression);
    std::optional<Node> tree = parser.parse();
    if (!tree) {
        return refuse_pattern(expression, parser.problem());
    }
    return std::move(*tree);
}

}  // namespace tideway::model
