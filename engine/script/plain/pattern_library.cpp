// find, match, gmatch and gsub over our own matcher.
#include <algorithm>

#include "engine/base/limits.h"
#include "engine/script/machine/activity.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/plain/pattern.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

// One call's steps are charged to the run when the call is over, whatever its end.
void settle(lua_State* state, const PatternMatcher& matcher) {
    charge(state, limits::kPatternStepsMax - matcher.steps_left());
    if (matcher.error() != nullptr) {
        raise(state, matcher.error());
    }
}

std::string_view text_argument(lua_State* state, int index) {
    luaL_checklstring(state, index, nullptr);
    return to_view(state, index);
}

// A start position as the string library counts: from 1, or from the end when negative.
std::size_t start_of(lua_State* state, int index, std::size_t size) {
    const lua_Integer at = luaL_optinteger(state, index, 1);
    if (at > 0) {
        return static_cast<std::size_t>(at) - 1;
    }
    const auto length = static_cast<lua_Integer>(size);
    return at == 0 || at < -length ? 0 : static_cast<std::size_t>(length + at);
}

void push_capture(lua_State* state, std::string_view text, const Match& match, std::size_t i) {
    if (match.capture_count == 0) {
        return push(state, text.substr(match.begin, match.end - match.begin));
    }
    const Capture& capture = match.captures[i];
    if (capture.is_position) {
        return lua_pushinteger(state, static_cast<lua_Integer>(capture.begin) + 1);
    }
    push(state, text.substr(capture.begin, capture.length));
}

int push_captures(lua_State* state, std::string_view text, const Match& match) {
    const std::size_t count = std::max<std::size_t>(match.capture_count, 1);
    luaL_checkstack(state, static_cast<int>(count), "too many captures");
    for (std::size_t i = 0; i < count; ++i) {
        push_capture(state, text, match, i);
    }
    return static_cast<int>(count);
}

std::optional<Match> search(
    lua_State* state, std::string_view text, std::string_view pattern, std::size_t from
) {
    const bool anchored = pattern.starts_with('^');
    PatternMatcher matcher(text, anchored ? pattern.substr(1) : pattern, limits::kPatternStepsMax);
    std::optional<Match> match;
    for (std::size_t at = from; at <= text.size() && matcher.error() == nullptr; ++at) {
        match = matcher.match_at(at);
        if (match || anchored) {
            break;
        }
    }
    settle(state, matcher);
    return match;
}

int find_plain(lua_State* state, std::string_view text, std::string_view part, std::size_t from) {
    charge_bytes(state, text.size() - from);
    const auto at = text.find(part, from);
    if (at == std::string_view::npos) {
        lua_pushnil(state);
        return 1;
    }
    lua_pushinteger(state, static_cast<lua_Integer>(at + 1));
    lua_pushinteger(state, static_cast<lua_Integer>(at + part.size()));
    return 2;
}

int find(lua_State* state) {
    const std::string_view text = text_argument(state, 1);
    const std::string_view pattern = text_argument(state, 2);
    const std::size_t from = start_of(state, 3, text.size());
    if (from > text.size()) {
        lua_pushnil(state);
        return 1;
    }
    if (lua_toboolean(state, 4) != 0 ||
        pattern.find_first_of("^$*+?.([%-") == std::string_view::npos) {
        return find_plain(state, text, pattern, from);
    }
    const std::optional<Match> match = search(state, text, pattern, from);
    if (!match) {
        lua_pushnil(state);
        return 1;
    }
    lua_pushinteger(state, static_cast<lua_Integer>(match->begin + 1));
    lua_pushinteger(state, static_cast<lua_Integer>(match->end));
    return match->capture_count == 0 ? 2 : 2 + push_captures(state, text, *match);
}

int match(lua_State* state) {
    const std::string_view text = text_argument(state, 1);
    const std::string_view pattern = text_argument(state, 2);
    const std::size_t from = start_of(state, 3, text.size());
    if (from <= text.size()) {
        if (const std::optional<Match> found = search(state, text, pattern, from)) {
            return push_captures(state, text, *found);
        }
    }
    lua_pushnil(state);
    return 1;
}

// Upvalues: text, pattern, where to go on, where the last match ended (or -1).
int next_match(lua_State* state) {
    const std::string_view text = to_view(state, lua_upvalueindex(1));
    const std::string_view pattern = to_view(state, lua_upvalueindex(2));
    const lua_Integer last = lua_tointeger(state, lua_upvalueindex(4));
    PatternMatcher matcher(text, pattern, limits::kPatternStepsMax);
    auto at = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(3)));
    for (; at <= text.size() && matcher.error() == nullptr; ++at) {
        const std::optional<Match> found = matcher.match_at(at);
        if (!found || static_cast<lua_Integer>(found->end) == last) {
            continue;
        }
        settle(state, matcher);
        lua_pushinteger(state, static_cast<lua_Integer>(found->end));
        lua_copy(state, -1, lua_upvalueindex(3));
        lua_replace(state, lua_upvalueindex(4));
        return push_captures(state, text, *found);
    }
    settle(state, matcher);
    lua_pushinteger(state, static_cast<lua_Integer>(text.size()) + 1);
    lua_replace(state, lua_upvalueindex(3));
    return 0;
}

int gmatch(lua_State* state) {
    const std::size_t size = text_argument(state, 1).size();
    text_argument(state, 2);
    const std::size_t from = start_of(state, 3, size);
    lua_settop(state, 2);
    lua_pushinteger(state, static_cast<lua_Integer>(from));
    lua_pushinteger(state, -1);
    lua_pushcclosure(state, &guarded<next_match>, 4);
    return 1;
}

class Substitution {
  public:
    Substitution(lua_State* state, std::string_view text)
        : state_(state),
          text_(text) {}

    // Appends what `match` becomes: argument 3 says how.
    void append(std::string& out, const Match& match) {
        const std::string_view whole = text_.substr(match.begin, match.end - match.begin);
        switch (lua_type(state_, 3)) {
            case LUA_TTABLE:
                push_capture(state_, text_, match, 0);
                lua_gettable(state_, 3);
                break;
            case LUA_TFUNCTION:
                lua_pushvalue(state_, 3);
                lua_call(state_, push_captures(state_, text_, match), 1);
                break;
            default:
                return append_template(out, match, whole);
        }
        if (lua_toboolean(state_, -1) == 0) {
            out.append(whole);
        } else if (lua_isstring(state_, -1) != 0) {
            out.append(text_of(state_, -1));
        } else {
            raise(
                state_, "invalid replacement value (" + std::string(luaL_typename(state_, -1)) + ")"
            );
        }
        lua_pop(state_, 1);
    }

  private:
    void append_template(std::string& out, const Match& match, std::string_view whole) {
        const std::string_view shape = to_view(state_, 3);
        for (std::size_t i = 0; i < shape.size(); ++i) {
            if (shape[i] != '%') {
                const std::size_t plain = std::min(shape.find('%', i), shape.size());
                out.append(shape.substr(i, plain - i));
                i = plain - 1;
                continue;
            }
            const char mark = ++i < shape.size() ? shape[i] : '\0';
            if (mark == '%') {
                out += '%';
            } else if (mark == '0') {
                out.append(whole);
            } else if (mark >= '1' && mark <= '9') {
                append_capture(out, match, static_cast<std::size_t>(mark - '1'));
            } else {
                raise(state_, "invalid use of '%' in replacement string");
            }
        }
    }

    void append_capture(std::string& out, const Match& match, std::size_t i) {
        if (i >= std::max<std::size_t>(match.capture_count, 1)) {
            raise(
                state_, "invalid capture index %" + std::to_string(i + 1) + " in replacement string"
            );
        }
        push_capture(state_, text_, match, i);
        out.append(text_of(state_, -1));
        lua_pop(state_, 1);
    }

    lua_State* state_;
    std::string_view text_;
};

void check_size(lua_State* state, std::size_t size) {
    if (size > limits::kScriptMemoryBytesMax) {
        raise(state, "the resulting text is too large");
    }
}

int gsub(lua_State* state) {
    const std::string_view text = text_argument(state, 1);
    std::string_view pattern = text_argument(state, 2);
    const int kind = lua_type(state, 3);
    if (kind == LUA_TNUMBER) {
        lua_tolstring(state, 3, nullptr);
    }
    luaL_argexpected(
        state,
        kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE,
        3,
        "string/function/table"
    );
    const lua_Integer most = luaL_optinteger(state, 4, static_cast<lua_Integer>(text.size()) + 1);
    const bool anchored = pattern.starts_with('^');
    PatternMatcher matcher(text, anchored ? pattern.substr(1) : pattern, limits::kPatternStepsMax);
    Substitution substitution(state, text);
    std::string out;
    lua_Integer count = 0;
    std::size_t at = 0;
    std::size_t last = text.size() + 1;
    while (count < most && matcher.error() == nullptr) {
        const std::optional<Match> found = matcher.match_at(at);
        if (found && found->end != last) {
            ++count;
            substitution.append(out, *found);
            check_size(state, out.size());
            at = last = found->end;
        } else if (at < text.size() && matcher.error() == nullptr) {
            out += text[at++];
        } else {
            break;
        }
        if (anchored) {
            break;
        }
    }
    settle(state, matcher);
    out.append(text.substr(std::min(at, text.size())));
    charge_bytes(state, out.size());
    push(state, out);
    lua_pushinteger(state, count);
    return 2;
}

}  // namespace

void set_pattern_functions(lua_State* state) {
    set_function<find>(state, "find");
    set_function<match>(state, "match");
    set_function<gmatch>(state, "gmatch");
    set_function<gsub>(state, "gsub");
}

}  // namespace tideway::script
