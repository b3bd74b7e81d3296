#include "engine/model/pattern.h"

#include <string>

#include "engine/base/limits.h"
#include "engine/model/pattern_syntax.h"

namespace tideway::model {
namespace {

using Op = Pattern::Op;
using Set = Pattern::Set;
using State = Pattern::State;
using Node = PatternNode;

constexpr std::size_t kStatesMax = 4000;

bool contains(const Set& set, char32_t c) {
    for (const Pattern::Range& range : set) {
        if (c >= range.first && c <= range.last) {
            return true;
        }
    }
    return false;
}

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
    return c && contains(word_characters(), *c);
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view expression) {
    TIDEWAY_TRY_ASSIGN(const PatternNode tree, parse_pattern(expression));
    Emitter emitter;
    emitter.emit(tree);
    emitter.finish();
    if (emitter.overfull()) {
        return refuse_pattern(expression, "it is too large");
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
