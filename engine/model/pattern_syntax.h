// The tree of a pattern (model/pattern.h): what parse_pattern() reads and Pattern::compile() turns
// into states. Thread: any.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/pattern.h"

namespace tideway::model {

// An expression as a tree.
struct PatternNode {
    enum class Kind { kEmpty, kSet, kAssert, kSequence, kEither, kRepeat };
    Kind kind = Kind::kEmpty;
    Pattern::Set set;
    Pattern::Op assertion = Pattern::Op::kBegin;
    int least = 0;
    int most = -1;  // of kRepeat; -1: without end
    std::vector<PatternNode> children;
};

// Code "PatternNotSupported": no expression, or outside the subset.
Result<PatternNode> parse_pattern(std::string_view expression);

tl::unexpected<Error> refuse_pattern(std::string_view expression, const std::string& why);

// \w
Pattern::Set word_characters();

// One code point at `at`, which moves on. Bytes that are not UTF-8 read as U+FFFD.
char32_t next_code_point(std::string_view text, std::size_t& at);

}  // namespace tideway::model
