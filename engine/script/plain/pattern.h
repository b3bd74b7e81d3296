// Lua's string patterns with a step budget: the library's own matcher can run for minutes inside
// one call, where nothing can interrupt it. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tideway::script {

constexpr std::size_t kCapturesMax = 32;

struct Capture {
    std::size_t begin = 0;
    std::size_t length = 0;
    bool is_position = false;  // "()": the value is begin + 1
};

struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;  // one past the last byte
    std::size_t capture_count = 0;
    std::array<Capture, kCapturesMax> captures{};
};

// Matches at given places of one text. A malformed pattern or a met budget ends the match with a
// message in error().
class PatternMatcher {
  public:
    // Both texts outlive it. `pattern` is without the leading '^'.
    PatternMatcher(std::string_view text, std::string_view pattern, std::int64_t steps_max)
        : text_(text),
          pattern_(pattern),
          steps_left_(steps_max) {}

    // Nothing: no match there, or error() says why not.
    std::optional<Match> match_at(std::size_t begin);

    const char* error() const { return error_; }  // null: none

    std::int64_t steps_left() const { return steps_left_; }

  private:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    static constexpr std::size_t kOpen = static_cast<std::size_t>(-2);

    // All return where the text goes on, or kNone. `s` is a place in the text, `p` in the pattern.
    std::size_t match(std::size_t s, std::size_t p);
    std::size_t match_item(std::size_t s, std::size_t p, bool& decided);
    std::size_t match_escape(std::size_t s, std::size_t p, bool& decided);
    std::size_t match_most(std::size_t s, std::size_t p, std::size_t after);
    std::size_t match_least(std::size_t s, std::size_t p, std::size_t after);
    std::size_t match_balance(std::size_t s, std::size_t p);
    std::size_t match_frontier(std::size_t s, std::size_t p);
    std::size_t match_back_reference(std::size_t s, char mark);
    std::size_t open_capture(std::size_t s, std::size_t p, bool is_position);
    std::size_t close_capture(std::size_t s, std::size_t p);

    bool fits(std::size_t s, std::size_t p, std::size_t after);
    bool in_set(unsigned char c, std::size_t p, std::size_t end);
    std::size_t end_of_class(std::size_t p);
    std::size_t fail(const char* why);
    bool step();

    std::string_view text_;
    std::string_view pattern_;
    std::int64_t steps_left_;
    const char* error_ = nullptr;
    int depth_ = 0;
    Match found_;
};

}  // namespace tideway::script
