// Regular expressions for the `pattern` keyword of schemas: the part of ECMAScript that can be
// matched in time proportional to the text. std::regex backtracks and overflows the stack on
// hostile texts.
//
// Supported: literals, . [..] [^..] \d \D \w \W \s \S \b \B \t \n \r \f \v \0 \xHH \uHHHH, ^ $,
// groups ( ) and (?: ), |, * + ? {n} {n,} {n,m} (also lazy). Not supported, and refused: back
// references, look-ahead, look-behind, named groups, \p{..}.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace tideway::model {

// Thread: any (immutable).
class Pattern {
  public:
    // Code "PatternNotSupported": not an expression, outside the subset, or too large.
    static Result<Pattern> compile(std::string_view expression);

    // Whether the expression matches anywhere in `text` (UTF-8). Nothing: text and expression
    // together are so large that the answer would take too long.
    std::optional<bool> found_in(std::string_view text) const;

    struct Range {
        char32_t first = 0;
        char32_t last = 0;
    };

    using Set = std::vector<Range>;

    enum class Op : std::uint8_t {
        kSet,
        kSplit,
        kJump,
        kBegin,
        kEnd,
        kBoundary,
        kNoBoundary,
        kMatch
    };

    struct State {
        Op op = Op::kMatch;
        std::uint32_t next = 0;   // of kSplit the first way, of kSet an index into the sets
        std::uint32_t other = 0;  // of kSplit the second way
    };

  private:
    Pattern(std::vector<State> states, std::vector<Set> sets)
        : states_(std::move(states)),
          sets_(std::move(sets)) {}

    std::vector<State> states_;
    std::vector<Set> sets_;
};

}  // namespace tideway::model
