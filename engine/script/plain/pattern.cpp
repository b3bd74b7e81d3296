#include "engine/script/plain/pattern.h"

namespace tideway::script {
namespace {

// How deep matches may nest: bounds the C stack.
constexpr int kDepthMax = 200;

// Character classes of ASCII, whatever the locale is.
bool is_letter(unsigned char c) {
    return (c | 32U) >= 'a' && (c | 32U) <= 'z';
}

bool is_digit(unsigned char c) {
    return c >= '0' && c <= '9';
}

bool is_space(unsigned char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_visible(unsigned char c) {
    return c > 32 && c < 127;
}

bool in_class(unsigned char c, char name) {
    bool in = false;
    switch (static_cast<char>(static_cast<unsigned char>(name) | 32U)) {
        case 'a':
            in = is_letter(c);
            break;
        case 'c':
            in = c < 32 || c == 127;
            break;
        case 'd':
            in = is_digit(c);
            break;
        case 'g':
            in = is_visible(c);
            break;
        case 'l':
            in = c >= 'a' && c <= 'z';
            break;
        case 'p':
            in = is_visible(c) && !is_letter(c) && !is_digit(c);
            break;
        case 's':
            in = is_space(c);
            break;
        case 'u':
            in = c >= 'A' && c <= 'Z';
            break;
        case 'w':
            in = is_letter(c) || is_digit(c);
            break;
        case 'x':
            in = is_digit(c) || ((c | 32U) >= 'a' && (c | 32U) <= 'f');
            break;
        default:
            return name == static_cast<char>(c);
    }
    const bool negated = name >= 'A' && name <= 'Z';
    return in != negated;
}

}  // namespace

std::optional<Match> PatternMatcher::match_at(std::size_t begin) {
    found_ = Match();
    found_.begin = begin;
    depth_ = 0;
    const std::size_t end = match(begin, 0);
    if (end == kNone || error_ != nullptr) {
        return std::nullopt;
    }
    found_.end = end;
    for (std::size_t i = 0; i < found_.capture_count; ++i) {
        if (found_.captures[i].length == kOpen) {
            error_ = "unfinished capture";
            return std::nullopt;
        }
    }
    return found_;
}

std::size_t PatternMatcher::fail(const char* why) {
    if (error_ == nullptr) {
        error_ = why;
    }
    return kNone;
}

bool PatternMatcher::step() {
    if (--steps_left_ < 0) {
        fail("the pattern takes too many steps on this text; make it simpler");
    }
    return error_ == nullptr;
}

std::size_t PatternMatcher::match(std::size_t s, std::size_t p) {
    if (++depth_ > kDepthMax) {
        return fail("pattern too complex");
    }
    std::size_t result = kNone;
    while (true) {
        if (!step()) {
            break;
        }
        if (p == pattern_.size()) {
            result = s;
            break;
        }
        bool decided = false;
        const std::size_t next = match_item(s, p, decided);
        if (decided) {
            result = next;
            break;
        }
        // One character was matched, or an optional one was left out: go on behind the item.
        s = next;
        p = end_of_class(p);
        if (p < pattern_.size() && pattern_[p] == '?') {
            ++p;
        }
    }
    --depth_;
    return result;
}

// What the pattern has at `p`. `decided`: the rest of the pattern has been matched as well.
std::size_t PatternMatcher::match_item(std::size_t s, std::size_t p, bool& decided) {
    decided = true;
    switch (pattern_[p]) {
        case '(': {
            const bool is_position = p + 1 < pattern_.size() && pattern_[p + 1] == ')';
            return open_capture(s, p, is_position);
        }
        case ')':
            return close_capture(s, p);
        case '$':
            if (p + 1 == pattern_.size()) {
                return s == text_.size() ? s : kNone;
            }
            break;
        case '%': {
            bool special = false;
            const std::size_t end = match_escape(s, p, special);
            if (special) {
                return end;
            }
            break;
        }
        default:
            break;
    }
    const std::size_t after = end_of_class(p);
    if (after == kNone) {
        return kNone;
    }
    const char repeat = after < pattern_.size() ? pattern_[after] : '\0';
    if (repeat == '*') {
        return match_most(s, p, after);
    }
    if (repeat == '+') {
        return fits(s, p, after) ? match_most(s + 1, p, after) : kNone;
    }
    if (repeat == '-') {
        return match_least(s, p, after);
    }
    const bool one = fits(s, p, after);
    if (repeat == '?') {
        if (one) {
            if (const std::size_t end = match(s + 1, after + 1); end != kNone) {
                return end;
            }
        }
        decided = error_ != nullptr;
        return s;
    }
    decided = !one;
    return one ? s + 1 : kNone;
}

std::size_t PatternMatcher::match_escape(std::size_t s, std::size_t p, bool& special) {
    const char mark = p + 1 < pattern_.size() ? pattern_[p + 1] : '\0';
    special = mark == 'b' || mark == 'f' || is_digit(static_cast<unsigned char>(mark));
    if (mark == 'b') {
        const std::size_t end = match_balance(s, p + 2);
        return end == kNone ? kNone : match(end, p + 4);
    }
    if (mark == 'f') {
        return match_frontier(s, p + 2);
    }
    if (special) {
        const std::size_t end = match_back_reference(s, mark);
        return end == kNone ? kNone : match(end, p + 2);
    }
    return kNone;
}

std::size_t PatternMatcher::match_most(std::size_t s, std::size_t p, std::size_t after) {
    std::size_t count = 0;
    while (fits(s + count, p, after)) {
        ++count;
        if (!step()) {
            return kNone;
        }
    }
    for (std::size_t tried = count + 1; tried > 0; --tried) {
        const std::size_t end = match(s + tried - 1, after + 1);
        if (end != kNone || error_ != nullptr) {
            return end;
        }
    }
    return kNone;
}

std::size_t PatternMatcher::match_least(std::size_t s, std::size_t p, std::size_t after) {
    while (true) {
        const std::size_t end = match(s, after + 1);
        if (end != kNone || error_ != nullptr) {
            return end;
        }
        if (!fits(s, p, after)) {
            return kNone;
        }
        ++s;
    }
}

std::size_t PatternMatcher::match_balance(std::size_t s, std::size_t p) {
    if (p + 1 >= pattern_.size()) {
        return fail("malformed pattern (missing arguments to '%b')");
    }
    if (s >= text_.size() || text_[s] != pattern_[p]) {
        return kNone;
    }
    std::size_t open = 1;
    for (std::size_t i = s + 1; i < text_.size() && step(); ++i) {
        if (text_[i] == pattern_[p + 1]) {
            if (--open == 0) {
                return i + 1;
            }
        } else if (text_[i] == pattern_[p]) {
            ++open;
        }
    }
    return kNone;
}

std::size_t PatternMatcher::match_frontier(std::size_t s, std::size_t p) {
    if (p >= pattern_.size() || pattern_[p] != '[') {
        return fail("missing '[' after '%f' in pattern");
    }
    const std::size_t after = end_of_class(p);
    if (after == kNone) {
        return kNone;
    }
    const auto byte_at = [this](std::size_t i) {
        return i < text_.size() ? static_cast<unsigned char>(text_[i])
                                : static_cast<unsigned char>(0);
    };
    const unsigned char before = s == 0 ? static_cast<unsigned char>(0) : byte_at(s - 1);
    if (in_set(before, p, after - 1) || !in_set(byte_at(s), p, after - 1)) {
        return kNone;
    }
    return match(s, after);
}

std::size_t PatternMatcher::match_back_reference(std::size_t s, char mark) {
    const auto index = static_cast<std::size_t>(static_cast<unsigned char>(mark) - '1');
    if (mark == '0' || index >= found_.capture_count || found_.captures[index].length == kOpen) {
        return fail("invalid capture index in pattern");
    }
    const Capture& capture = found_.captures[index];
    const std::string_view again = text_.substr(capture.begin, capture.length);
    steps_left_ -= static_cast<std::int64_t>(again.size() / 16);
    return text_.substr(s, again.size()) == again ? s + again.size() : kNone;
}

std::size_t PatternMatcher::open_capture(std::size_t s, std::size_t p, bool is_position) {
    if (found_.capture_count >= kCapturesMax) {
        return fail("too many captures");
    }
    found_.captures[found_.capture_count++] = {s, is_position ? 0 : kOpen, is_position};
    const std::size_t end = match(s, is_position ? p + 2 : p + 1);
    if (end == kNone) {
        --found_.capture_count;
    }
    return end;
}

std::size_t PatternMatcher::close_capture(std::size_t s, std::size_t p) {
    for (std::size_t i = found_.capture_count; i > 0; --i) {
        Capture& capture = found_.captures[i - 1];
        if (capture.length != kOpen) {
            continue;
        }
        capture.length = s - capture.begin;
        const std::size_t end = match(s, p + 1);
        if (end == kNone) {
            capture.length = kOpen;
        }
        return end;
    }
    return fail("invalid pattern capture");
}

bool PatternMatcher::fits(std::size_t s, std::size_t p, std::size_t after) {
    if (s >= text_.size()) {
        return false;
    }
    const auto c = static_cast<unsigned char>(text_[s]);
    switch (pattern_[p]) {
        case '.':
            return true;
        case '%':
            return in_class(c, pattern_[p + 1]);
        case '[':
            return in_set(c, p, after - 1);
        default:
            return pattern_[p] == text_[s];
    }
}

// `p` is at '[', `end` at its ']'.
bool PatternMatcher::in_set(unsigned char c, std::size_t p, std::size_t end) {
    steps_left_ -= static_cast<std::int64_t>((end - p) / 16);
    ++p;
    const bool negated = pattern_[p] == '^';
    if (negated) {
        ++p;
    }
    while (p < end) {
        if (pattern_[p] == '%') {
            if (in_class(c, pattern_[p + 1])) {
                return !negated;
            }
            p += 2;
        } else if (p + 2 < end && pattern_[p + 1] == '-') {
            if (static_cast<unsigned char>(pattern_[p]) <= c &&
                c <= static_cast<unsigned char>(pattern_[p + 2])) {
                return !negated;
            }
            p += 3;
        } else {
            if (static_cast<unsigned char>(pattern_[p]) == c) {
                return !negated;
            }
            ++p;
        }
    }
    return negated;
}

std::size_t PatternMatcher::end_of_class(std::size_t p) {
    const char first = pattern_[p++];
    if (first == '%') {
        return p < pattern_.size() ? p + 1 : fail("malformed pattern (ends with '%')");
    }
    if (first != '[') {
        return p;
    }
    if (p < pattern_.size() && pattern_[p] == '^') {
        ++p;
    }
    // A ']' that comes first stands for itself.
    bool is_first = true;
    while (p < pattern_.size() && (pattern_[p] != ']' || is_first)) {
        p += pattern_[p] == '%' ? 2U : 1U;
        is_first = false;
    }
    return p < pattern_.size() ? p + 1 : fail("malformed pattern (missing ']')");
}

}  // namespace tideway::script
