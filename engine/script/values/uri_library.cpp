// uri: parts of addresses, as text (RFC 3986).
#include <algorithm>

#include "engine/script/library.h"
#include "engine/script/values/binding.h"
#include "engine/script/values/deep_value.h"

namespace tideway::script::library {
namespace {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
    return out;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int encode_component(lua_State* state) {
    return push(state, encode(Call(state, "uri.encode_component").text(1, "the text")));
}

int decode_component(lua_State* state) {
    const Call call(state, "uri.decode_component");
    const std::string_view text = call.text(1, "the text");
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high < 0 ? -1 : hex_value(text[i + 2]);
        if (low < 0) {
            call.fail(
                "'%' at byte " + std::to_string(i + 1) + " is not followed by two hex digits"
            );
        }
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return push(state, out);
}

struct Uri {
    std::string_view scheme;
    std::string_view user;
    std::string_view host;
    std::string_view port;
    std::string_view path;
    std::string_view query;
    std::string_view fragment;
    bool has_query = false;
    bool has_fragment = false;
};

// What stands behind `mark`, cut off `text`.
bool cut_after(std::string_view& text, char mark, std::string_view& rest) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) {
        return false;
    }
    rest = text.substr(at + 1);
    text = text.substr(0, at);
    return true;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_scheme(std::string_view text) {
    static constexpr std::string_view kOthers = "0123456789+-.";
    return !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || kOthers.find(c) != std::string_view::npos;
    });
}

void split_authority(std::string_view authority, Uri& out) {
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
        out.user = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        out.port = authority.substr(colon + 1);
        authority = authority.substr(0, colon);
    }
    out.host = authority;
}

Uri split(std::string_view text) {
    Uri out;
    out.has_fragment = cut_after(text, '#', out.fragment);
    out.has_query = cut_after(text, '?', out.query);
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
        out.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        const std::size_t slash = std::min(text.find('/'), text.size());
        split_authority(text.substr(0, slash), out);
        text.remove_prefix(slash);
    }
    out.path = text;
    return out;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

void set_text(lua_State* state, const char* name, std::string_view value) {
    push(state, value);
    lua_setfield(state, -2, name);
}

lua_Integer port_of(const Call& call, const Uri& uri) {
    if (!uri.port.empty()) {
        const bool digits =
            std::ranges::all_of(uri.port, [](char c) { return c >= '0' && c <= '9'; });
        const int port = digits && uri.port.size() <= 5 ? std::stoi(std::string(uri.port)) : 0;
        if (port < 1 || port > 65'535) {
            call.fail("'" + std::string(uri.port.substr(0, 20)) + "' is not a port");
        }
        return port;
    }
    const std::string scheme = lowered(uri.scheme);
    return scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
}

int parse(lua_State* state) {
    const Call call(state, "uri.parse");
    const Uri uri = split(call.text(1, "the address"));
    const lua_Integer port = port_of(call, uri);
    lua_createtable(state, 0, 6);
    if (!uri.scheme.empty()) {
        set_text(state, "scheme", lowered(uri.scheme));
    }
    if (!uri.host.empty()) {
        set_text(state, "host", lowered(uri.host));
    }
    if (!uri.user.empty()) {
        set_text(state, "user", uri.user);
    }
    if (port != 0) {
        lua_pushinteger(state, port);
        lua_setfield(state, -2, "port");
    }
    set_text(state, "path", uri.path.empty() && !uri.host.empty() ? "/" : uri.path);
    if (uri.has_query) {
        set_text(state, "query", uri.query);
    }
    if (uri.has_fragment) {
        set_text(state, "fragment", uri.fragment);
    }
    return 1;
}

int host(lua_State* state) {
    const Call call(state, "uri.host");
    const std::string_view text = call.text(1, "the address");
    const Uri uri = split(text);
    if (uri.host.empty()) {
        call.fail(
            "'" + std::string(text.substr(0, 60)) + "' has no host; write it as https://host/path"
        );
    }
    return push(state, lowered(uri.host));
}

// The value on top as it stands in a query; pops it.
std::string query_value(const Call& call, lua_State* state, const std::string& name) {
    std::string out;
    if (lua_type(state, -1) == LUA_TBOOLEAN) {
        out = lua_toboolean(state, -1) != 0 ? "true" : "false";
    } else if (lua_type(state, -1) == LUA_TSTRING || lua_type(state, -1) == LUA_TNUMBER) {
        std::size_t size = 0;
        const char* data = luaL_tolstring(state, -1, &size);
        out.assign(data, size);
        lua_pop(state, 1);
    } else {
        call.fail("the value of '" + name + "' must be a text, number, boolean or a list of them");
    }
    lua_pop(state, 1);
    return out;
}

void append_parameter(std::string& out, const std::string& name, const std::string& value) {
    out += (out.empty() ? "" : "&") + encode(name) + "=" + encode(value);
}

int query(lua_State* state) {
    const Call call(state, "uri.query");
    lua_settop(state, 1);
    push_sorted_keys(call, state, 1);
    std::string out;
    const auto count = static_cast<lua_Integer>(lua_rawlen(state, 2));
    for (lua_Integer i = 1; i <= count; ++i) {
        lua_rawgeti(state, 2, i);
        if (lua_type(state, -1) != LUA_TSTRING) {
            call.fail("the names of parameters must be texts: { name = value }");
        }
        const std::string name = lua_tostring(state, -1);
        lua_rawget(state, 1);
        if (lua_type(state, -1) != LUA_TTABLE || is_null(state, -1)) {
            if (!is_null(state, -1)) {
                append_parameter(out, name, query_value(call, state, name));
            }
            lua_settop(state, 2);
            continue;
        }
        const auto values = static_cast<lua_Integer>(lua_rawlen(state, -1));
        for (lua_Integer j = 1; j <= values; ++j) {
            lua_rawgeti(state, 3, j);
            append_parameter(out, name, query_value(call, state, name));
        }
        lua_settop(state, 2);
    }
    return push(state, out);
}

// The segments are taken as they are: one slash between them, nothing encoded.
int join(lua_State* state) {
    const Call call(state, "uri.join");
    std::string out(call.text(1, "the address"));
    const int count = lua_gettop(state);
    for (int i = 2; i <= count; ++i) {
        if (lua_type(state, i) != LUA_TSTRING && lua_type(state, i) != LUA_TNUMBER) {
            call.fail("argument " + std::to_string(i) + " must be a text, got " + call.kind_of(i));
        }
        std::string segment = lua_tostring(state, i);
        while (out.ends_with('/')) {
            out.pop_back();
        }
        segment.erase(0, std::min(segment.find_first_not_of('/'), segment.size()));
        out += "/" + segment;
    }
    return push(state, out);
}

}  // namespace

void open_uri(lua_State* state) {
    push_library(
        state,
        {{"encode_component", guarded<encode_component>},
         {"decode_component", guarded<decode_component>},
         {"parse", guarded<parse>},
         {"query", guarded<query>},
         {"join", guarded<join>},
         {"host", guarded<host>}}
    );
}

}  // namespace tideway::script::library
