// text: plain work on UTF-8 text. Positions and lengths count code points; a byte that is not part
// of well-formed UTF-8 counts as one.
#include <algorithm>

#include "engine/base/digest.h"
#include "engine/script/library.h"
#include "engine/script/values/binding.h"

namespace tideway::script::library {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
constexpr std::string_view kNoBreakSpace = "\xC2\xA0";

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

// Bytes of the code point at `at`; 1 for a stray byte.
std::size_t width_at(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t wanted = lead < 0xC2   ? 1
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 1;
    if (at + wanted > text.size()) {
        return 1;
    }
    for (std::size_t i = 1; i < wanted; ++i) {
        if (!is_continuation(text[at + i])) {
            return 1;
        }
    }
    return wanted;
}

std::size_t length_of(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); at += width_at(text, at)) {
        ++count;
    }
    return count;
}

// Byte position after `count` code points, or the end.
std::size_t skip_points(std::string_view text, lua_Integer count) {
    std::size_t at = 0;
    for (; count > 0 && at < text.size(); --count) {
        at += width_at(text, at);
    }
    return at;
}

std::string_view trimmed(std::string_view text) {
    bool again = true;
    while (again && !text.empty()) {
        again = false;
        if (kBlanks.find(text.front()) != std::string_view::npos) {
            text.remove_prefix(1);
            again = true;
        } else if (text.starts_with(kNoBreakSpace)) {
            text.remove_prefix(kNoBreakSpace.size());
            again = true;
        } else if (kBlanks.find(text.back()) != std::string_view::npos) {
            text.remove_suffix(1);
            again = true;
        } else if (text.ends_with(kNoBreakSpace)) {
            text.remove_suffix(kNoBreakSpace.size());
            again = true;
        }
    }
    return text;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

int push_truth(lua_State* state, bool truth) {
    lua_pushboolean(state, truth ? 1 : 0);
    return 1;
}

int trim(lua_State* state) {
    return push(state, trimmed(Call(state, "text.trim").text(1, "the text")));
}

int starts_with(lua_State* state) {
    const Call call(state, "text.starts_with");
    return push_truth(state, call.text(1, "the text").starts_with(call.text(2, "the beginning")));
}

int ends_with(lua_State* state) {
    const Call call(state, "text.ends_with");
    return push_truth(state, call.text(1, "the text").ends_with(call.text(2, "the ending")));
}

int contains(lua_State* state) {
    const Call call(state, "text.contains");
    const std::string_view part = call.text(2, "the part");
    return push_truth(state, call.text(1, "the text").find(part) != std::string_view::npos);
}

int index_of(lua_State* state) {
    const Call call(state, "text.index_of");
    const std::string_view text = call.text(1, "the text");
    const std::size_t at = text.find(call.text(2, "the part"));
    if (at == std::string_view::npos) {
        lua_pushnil(state);
    } else {
        lua_pushinteger(state, static_cast<lua_Integer>(length_of(text.substr(0, at))) + 1);
    }
    return 1;
}

int push_split(lua_State* state, std::string_view text, std::string_view delimiter) {
    lua_newtable(state);
    lua_Integer count = 0;
    std::size_t from = 0;
    while (true) {
        const std::size_t to =
            delimiter.empty() ? std::string_view::npos : text.find(delimiter, from);
        push(state, text.substr(from, to == std::string_view::npos ? to : to - from));
        lua_rawseti(state, -2, ++count);
        if (to == std::string_view::npos) {
            break;
        }
        from = to + delimiter.size();
    }
    mark_array(state, -1);
    return 1;
}

int split(lua_State* state) {
    const Call call(state, "text.split");
    return push_split(state, call.text(1, "the text"), call.text(2, "the delimiter"));
}

int lines(lua_State* state) {
    const Call call(state, "text.lines");
    const std::string_view text = call.text(1, "the text");
    lua_newtable(state);
    lua_Integer count = 0;
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t to = std::min(text.find_first_of("\r\n", from), text.size());
        push(state, text.substr(from, to - from));
        lua_rawseti(state, -2, ++count);
        from = to + (text.substr(to, 2) == "\r\n" ? 2U : 1U);
    }
    mark_array(state, -1);
    return 1;
}

int join(lua_State* state) {
    const Call call(state, "text.join");
    call.table(1, "the list");
    const std::string_view delimiter = call.text_or(2, "the delimiter", "");
    const auto count = static_cast<lua_Integer>(lua_rawlen(state, 1));
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    for (lua_Integer i = 1; i <= count; ++i) {
        if (i > 1) {
            luaL_addlstring(&buffer, delimiter.data(), delimiter.size());
        }
        const int type = lua_rawgeti(state, 1, i);
        if (type != LUA_TSTRING && type != LUA_TNUMBER) {
            call.fail(
                "item " + std::to_string(i) + " is " + call.kind_of(-1) +
                ", only texts and numbers can be joined"
            );
        }
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    return 1;
}

int replace(lua_State* state) {
    const Call call(state, "text.replace");
    const std::string_view text = call.text(1, "the text");
    const std::string_view part = call.text(2, "the part to replace");
    const std::string_view by = call.text(3, "the replacement");
    if (part.empty()) {
        call.fail("the part to replace (second argument) must not be empty");
    }
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    std::size_t from = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, from)) {
        luaL_addlstring(&buffer, text.data() + from, at - from);
        luaL_addlstring(&buffer, by.data(), by.size());
        from = at + part.size();
    }
    luaL_addlstring(&buffer, text.data() + from, text.size() - from);
    luaL_pushresult(&buffer);
    return 1;
}

int lower(lua_State* state) {
    return push(state, lowered(Call(state, "text.lower").text(1, "the text")));
}

int upper(lua_State* state) {
    std::string out(Call(state, "text.upper").text(1, "the text"));
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    });
    return push(state, out);
}

int equal_ignoring_case(lua_State* state) {
    const Call call(state, "text.equal_ignoring_case");
    const bool left = call.is_missing(1);
    const bool right = call.is_missing(2);
    if (left || right) {
        return push_truth(state, left == right);
    }
    return push_truth(
        state, lowered(call.text(1, "the text")) == lowered(call.text(2, "the other text"))
    );
}

int length(lua_State* state) {
    const std::size_t count = length_of(Call(state, "text.length").text(1, "the text"));
    lua_pushinteger(state, static_cast<lua_Integer>(count));
    return 1;
}

// First and last code point as string.sub has them for bytes: from 1, negative from the end.
int substring(lua_State* state) {
    const Call call(state, "text.substring");
    const std::string_view text = call.text(1, "the text");
    const auto count = static_cast<lua_Integer>(length_of(text));
    lua_Integer first = call.integer(2, "the first position");
    lua_Integer last = call.integer_or(3, "the last position", -1);
    first =
        first < 0 ? std::max<lua_Integer>(first + count + 1, 1) : std::max<lua_Integer>(first, 1);
    last = last < 0 ? last + count + 1 : std::min(last, count);
    if (first > last) {
        return push(state, "");
    }
    const std::size_t from = skip_points(text, first - 1);
    const std::string_view rest = text.substr(from);
    return push(state, rest.substr(0, skip_points(rest, last - first + 1)));
}

int truncate(lua_State* state) {
    const Call call(state, "text.truncate");
    const std::string_view text = call.text(1, "the text");
    const lua_Integer most = call.integer(2, "the length");
    const std::string_view ending = call.text_or(3, "the ending", "");
    const auto ending_length = static_cast<lua_Integer>(length_of(ending));
    if (most < 0 || ending_length > most) {
        call.fail("the length must not be negative nor smaller than that of the ending");
    }
    if (static_cast<lua_Integer>(length_of(text)) <= most) {
        return push(state, text);
    }
    std::string out(text.substr(0, skip_points(text, most - ending_length)));
    return push(state, out.append(ending));
}

int truncate_bytes(lua_State* state) {
    const Call call(state, "text.truncate_bytes");
    const std::string_view text = call.text(1, "the text");
    const lua_Integer most = call.integer(2, "the number of bytes");
    if (most < 0) {
        call.fail("the number of bytes must not be negative");
    }
    if (text.size() <= static_cast<std::size_t>(most)) {
        return push(state, text);
    }
    std::size_t at = 0;
    while (at + width_at(text, at) <= static_cast<std::size_t>(most)) {
        at += width_at(text, at);
    }
    return push(state, text.substr(0, at));
}

int normalise_line_ends(lua_State* state) {
    const std::string_view text = Call(state, "text.normalise_line_ends").text(1, "the text");
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') {
            out.push_back(text[i]);
        } else if (i + 1 == text.size() || text[i + 1] != '\n') {
            out.push_back('\n');
        }
    }
    return push(state, out);
}

int is_blank(lua_State* state) {
    const Call call(state, "text.is_blank");
    return push_truth(state, call.is_missing(1) || trimmed(call.text(1, "the text")).empty());
}

int strip_prefix(lua_State* state) {
    const Call call(state, "text.strip_prefix");
    std::string_view text = call.text(1, "the text");
    const std::string_view prefix = call.text(2, "the beginning");
    if (text.starts_with(prefix)) {
        text.remove_prefix(prefix.size());
    }
    return push(state, text);
}

int strip_suffix(lua_State* state) {
    const Call call(state, "text.strip_suffix");
    std::string_view text = call.text(1, "the text");
    const std::string_view suffix = call.text(2, "the ending");
    if (text.ends_with(suffix)) {
        text.remove_suffix(suffix.size());
    }
    return push(state, text);
}

enum class Side { kLeft, kRight };

int pad(lua_State* state, const char* name, Side side) {
    const Call call(state, name);
    const std::string_view text = call.text(1, "the text");
    const lua_Integer wanted = call.integer(2, "the length");
    const std::string_view filler = call.text_or(3, "the filler", " ");
    if (length_of(filler) != 1) {
        call.fail("the filler (third argument) must be one character");
    }
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    if (side == Side::kRight) {
        luaL_addlstring(&buffer, text.data(), text.size());
    }
    for (auto count = static_cast<lua_Integer>(length_of(text)); count < wanted; ++count) {
        luaL_addlstring(&buffer, filler.data(), filler.size());
    }
    if (side == Side::kLeft) {
        luaL_addlstring(&buffer, text.data(), text.size());
    }
    luaL_pushresult(&buffer);
    return 1;
}

int pad_left(lua_State* state) {
    return pad(state, "text.pad_left", Side::kLeft);
}

int pad_right(lua_State* state) {
    return pad(state, "text.pad_right", Side::kRight);
}

int to_base64(lua_State* state) {
    return push(state, tideway::to_base64(Call(state, "text.to_base64").text(1, "the text")));
}

int from_base64(lua_State* state) {
    const Call call(state, "text.from_base64");
    const auto decoded = tideway::from_base64(call.text(1, "the text"));
    if (!decoded) {
        call.fail("the text (first argument) is not base64");
    }
    return push(state, *decoded);
}

}  // namespace

void open_text(lua_State* state) {
    push_library(
        state,
        {{"trim", guarded<trim>},
         {"starts_with", guarded<starts_with>},
         {"ends_with", guarded<ends_with>},
         {"contains", guarded<contains>},
         {"index_of", guarded<index_of>},
         {"split", guarded<split>},
         {"join", guarded<join>},
         {"replace", guarded<replace>},
         {"lower", guarded<lower>},
         {"upper", guarded<upper>},
         {"equal_ignoring_case", guarded<equal_ignoring_case>},
         {"length", guarded<length>},
         {"substring", guarded<substring>},
         {"truncate", guarded<truncate>},
         {"truncate_bytes", guarded<truncate_bytes>},
         {"normalise_line_ends", guarded<normalise_line_ends>},
         {"is_blank", guarded<is_blank>},
         {"strip_prefix", guarded<strip_prefix>},
         {"strip_suffix", guarded<strip_suffix>},
         {"lines", guarded<lines>},
         {"pad_left", guarded<pad_left>},
         {"pad_right", guarded<pad_right>},
         {"to_base64", guarded<to_base64>},
         {"from_base64", guarded<from_base64>}}
    );
}

}  // namespace tideway::script::library
