#include "engine/model/pattern.h"

#include <memory>
#include <string>

#include "engine/base/limits.h"

namespace tideway::model {
namespace {

using Op = Pattern::Op;
using Set = Pattern::Set;
using State = Pattern::State;

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr char32_t kInvalid = 0xFFFD;
constexpr std::size_t kStatesMax = 4000;
constexpr int kRepeatMax = 1000;
constexpr int kDepthMax = 64;

// One code point at `at`, which moves on. Bytes that are not UTF-8 read as U+FFFD.
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

bool contains(const Set& set, char32_t c) {
    for (const Pattern::Range& range : set) {
        if (c >= range.first && c <= range.last) {
            return true;
        }
    }
    return false;
}

Set digits() {
    return {{'0', '9'}};
}

Set word() {
    return {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}};
}

Set space() {
    return {{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x2028, 0x2029}, {0xFEFF, 0xFEFF}};
}

struct Node {
    enum class Kind { kEmpty, kSet, kAssert, kSequence, kEither, kRepeat };
    Kind kind = Kind::kEmpty;
    Set set;
    Op assertion = Op::kBegin;
    int least = 0;
    int most = -1;  // of kRepeat; -1: without end
    std::vector<Node> children;
};

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
                return word();
            case 'W':
                return inverted(word());
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

// Turns the tree into states. Stops adding when there are too many.
class Emitter {
  public:
    void emit(const Node& node) {
        if (overfull()) {
            return;
        }
        switch (node.kind) {
            case Node::Kind::kEmpty:
                return;
            case Node::Kind::kSet:
                sets_.push_back(node.set);
                add(Op::kSet, static_cast<std::uint32_t>(sets_.size() - 1));
                return;
            case Node::Kind::kAssert:
                add(node.assertion, 0);
                return;
            case Node::Kind::kSequence:
                for (const Node& child : node.children) {
                    emit(child);
                }
                return;
            case Node::Kind::kEither:
                emit_either(node);
                return;
            case Node::Kind::kRepeat:
                emit_repeat(node);
                return;
        }
    }

    void finish() { add(Op::kMatch, 0); }

    bool overfull() const { return states_.size() > kStatesMax; }

    std::vector<State> take_states() { return std::move(states_); }

    std::vector<Set> take_sets() { return std::move(sets_); }

  private:
    std::uint32_t here() const { return static_cast<std::uint32_t>(states_.size()); }

    std::uint32_t add(Op op, std::uint32_t next) {
        states_.push_back({op, next, 0});
        return here() - 1;
    }

    void emit_either(const Node& node) {
        std::vector<std::uint32_t> jumps;
        for (std::size_t i = 0; i + 1 < node.children.size(); ++i) {
            const std::uint32_t split = add(Op::kSplit, here() + 1);
            emit(node.children[i]);
            jumps.push_back(add(Op::kJump, 0));
            states_[split].other = here();
        }
        emit(node.children.back());
        for (const std::uint32_t jump : jumps) {
            states_[jump].next = here();
        }
    }

    void emit_repeat(const Node& node) {
        for (int i = 0; i < node.least && !overfull(); ++i) {
            emit(node.children[0]);
        }
        if (node.most < 0) {
            const std::uint32_t split = add(Op::kSplit, here() + 1);
            emit(node.children[0]);
            add(Op::kJump, split);
            states_[split].other = here();
            return;
        }
        std::vector<std::uint32_t> splits;
        for (int i = node.least; i < node.most && !overfull(); ++i) {
            splits.push_back(add(Op::kSplit, here() + 1));
            emit(node.children[0]);
        }
        for (const std::uint32_t split : splits) {
            states_[split].other = here();
        }
    }

    std::vector<State> states_;
    std::vector<Set> sets_;
};

// All states that one position of the text can be in, without repeats.
class Threads {
  public:
    explicit Threads(std::size_t states)
        : seen_(states, 0) {}

    void clear() {
        list_.clear();
        ++round_;
    }

    bool add(std::uint32_t state) {
        if (seen_[state] == round_) {
            return false;
        }
        seen_[state] = round_;
        list_.push_back(state);
        return true;
    }

    const std::vector<std::uint32_t>& list() const { return list_; }

  private:
    std::vector<std::size_t> seen_;
    std::vector<std::uint32_t> list_;
    std::size_t round_ = 1;
};

struct Position {
    bool at_begin = false;
    bool at_end = false;
    bool boundary = false;
};

bool holds(Op op, const Position& position) {
    switch (op) {
        case Op::kBegin:
            return position.at_begin;
        case Op::kEnd:
            return position.at_end;
        case Op::kBoundary:
            return position.boundary;
        case Op::kNoBoundary:
            return !position.boundary;
        default:
            return false;
    }
}

// Adds a state and all that can be reached from it without reading; true when the end is among
// them.
bool add_closure(
    const std::vector<State>& states, std::uint32_t from, const Position& position, Threads& threads
) {
    std::vector<std::uint32_t> todo{from};
    while (!todo.empty()) {
        const std::uint32_t at = todo.back();
        todo.pop_back();
        if (!threads.add(at)) {
            continue;
        }
        const State& state = states[at];
        if (state.op == Op::kMatch) {
            return true;
        }
        if (state.op == Op::kSplit) {
            todo.push_back(state.other);
            todo.push_back(state.next);
        } else if (state.op == Op::kJump) {
            todo.push_back(state.next);
        } else if (state.op != Op::kSet && holds(state.op, position)) {
            todo.push_back(at + 1);
        }
    }
    return false;
}

bool is_word(std::optional<char32_t> c) {
    return c && contains(word(), *c);
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view expression) {
    Parser parser(expression);
    std::optional<Node> tree = parser.parse();
    std::string problem = parser.problem();
    Emitter emitter;
    if (tree) {
        emitter.emit(*tree);
        emitter.finish();
        if (emitter.overfull()) {
            problem = "it is too large";
        }
    }
    if (!problem.empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "PatternNotSupported",
            "The pattern '" + std::string(expression) + "' cannot be used: " + problem + "."
        );
    }
    return Pattern(emitter.take_states(), emitter.take_sets());
}

std::optional<bool> Pattern::found_in(std::string_view text) const {
    if (text.size() > limits::kPatternWorkMax / states_.size()) {
        return std::nullopt;
    }
    Threads now(states_.size());
    Threads next(states_.size());
    std::optional<char32_t> previous;
    std::size_t at = 0;
    while (true) {
        std::size_t after = at;
        const bool at_end = at >= text.size();
        const std::optional<char32_t> c =
            at_end ? std::nullopt : std::optional(next_code_point(text, after));
        const Position position{at == 0, at_end, is_word(previous) != is_word(c)};
        // The states that `now` holds were entered before this position was known: close them here.
        Threads& open = next;
        open.clear();
        bool matched = add_closure(states_, 0, position, open);
        for (const std::uint32_t state : now.list()) {
            matched = matched || add_closure(states_, state, position, open);
        }
        if (matched || at_end) {
            return matched;
        }
        now.clear();
        for (const std::uint32_t state : open.list()) {
            const State& one = states_[state];
            if (one.op == Op::kSet && contains(sets_[one.next], *c)) {
                now.add(state + 1);
            }
        }
        previous = c;
        at = after;
    }
}

}  // namespace tideway::model
