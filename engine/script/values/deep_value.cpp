#include "engine/script/values/deep_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/script/library.h"
#include "engine/script/values/binding.h"

namespace tideway::script::library {
namespace {

// One call looks at this many values at most; tables that share parts could ask for far more.
constexpr int kValuesMax = 5'000'000;
// Marks identities that are not the value itself.
constexpr char kMark = '\x01';

struct Key {
    bool is_number = false;
    bool is_integer = false;
    lua_Integer integer = 0;
    lua_Number number = 0;
    std::string text;
};

bool operator<(const Key& a, const Key& b) {
    if (a.is_number != b.is_number) {
        return a.is_number;
    }
    if (!a.is_number) {
        return a.text < b.text;
    }
    return a.is_integer && b.is_integer ? a.integer < b.integer : a.number < b.number;
}

Key key_at(lua_State* state, int index) {
    Key key;
    key.is_number = lua_type(state, index) == LUA_TNUMBER;
    if (key.is_number) {
        key.is_integer = lua_isinteger(state, index) != 0;
        key.integer = key.is_integer ? lua_tointeger(state, index) : 0;
        key.number = lua_tonumber(state, index);
        return key;
    }
    std::size_t size = 0;
    const char* data = lua_tolstring(state, index, &size);
    key.text.assign(data, size);
    return key;
}

void push_key(lua_State* state, const Key& key) {
    if (!key.is_number) {
        push(state, key.text);
    } else if (key.is_integer) {
        lua_pushinteger(state, key.integer);
    } else {
        lua_pushnumber(state, key.number);
    }
}

// Only texts and numbers; what scripts do not see is left out.
std::vector<Key> sorted_keys(lua_State* state, int table) {
    std::vector<Key> keys;
    for (lua_pushnil(state); lua_next(state, table) != 0; lua_pop(state, 1)) {
        const int type = lua_type(state, -2);
        if ((type == LUA_TSTRING || type == LUA_TNUMBER) && !is_hidden_key(state, -2)) {
            keys.push_back(key_at(state, -2));
        }
    }
    std::sort(keys.begin(), keys.end());
    return keys;
}

std::size_t count_keys(lua_State* state, int table) {
    std::size_t count = 0;
    for (lua_pushnil(state); lua_next(state, table) != 0; lua_pop(state, 1)) {
        count += is_hidden_key(state, -2) ? 0U : 1U;
    }
    return count;
}

class Comparison {
  public:
    Comparison(const Call& call, lua_State* state)
        : call_(call),
          state_(state) {}

    bool equal(int a, int b) {
        step();
        if (lua_rawequal(state_, a, b) != 0) {
            return true;
        }
        if (lua_type(state_, a) != LUA_TTABLE || lua_type(state_, b) != LUA_TTABLE ||
            is_null(state_, a) || is_null(state_, b)) {
            return is_null(state_, a) && is_null(state_, b);
        }
        const bool same = equal_tables(lua_absindex(state_, a), lua_absindex(state_, b));
        --depth_;
        return same;
    }

    void append(int index, std::string& out) {
        step();
        switch (lua_type(state_, index)) {
            case LUA_TNUMBER:
                append_number(index, out);
                return;
            case LUA_TSTRING: {
                const Key key = key_at(state_, index);
                out += 's' + std::to_string(key.text.size()) + ':' + key.text;
                return;
            }
            case LUA_TBOOLEAN:
                out += lua_toboolean(state_, index) != 0 ? 't' : 'f';
                return;
            case LUA_TTABLE:
                if (!is_null(state_, index)) {
                    append_table(lua_absindex(state_, index), out);
                    --depth_;
                    return;
                }
                break;
            default:
                break;
        }
        if (!is_null(state_, index)) {
            call_.fail("only data can be compared, got " + call_.kind_of(index));
        }
        out += 'n';
    }

  private:
    void step() {
        if (++steps_ > kValuesMax) {
            call_.fail("the values are too large to compare");
        }
    }

    void enter_table() {
        luaL_checkstack(state_, 8, "values nested too deeply");
        if (static_cast<std::size_t>(++depth_) > limits::kJsonDepthMax) {
            call_.fail(
                "the values are nested deeper than " + std::to_string(limits::kJsonDepthMax) +
                " tables, or contain themselves"
            );
        }
    }

    bool equal_tables(int a, int b) {
        enter_table();
        std::size_t count = 0;
        for (lua_pushnil(state_); lua_next(state_, a) != 0; lua_pop(state_, 1)) {
            if (is_hidden_key(state_, -2)) {
                continue;
            }
            ++count;
            lua_pushvalue(state_, -2);
            lua_rawget(state_, b);
            const bool same = equal(lua_gettop(state_) - 1, lua_gettop(state_));
            lua_pop(state_, 1);
            if (!same) {
                lua_pop(state_, 2);
                return false;
            }
        }
        return count == count_keys(state_, b);
    }

    void append_number(int index, std::string& out) const {
        int is_integer = 0;
        const lua_Integer integer = lua_tointegerx(state_, index, &is_integer);
        std::array<char, 64> buffer{};
        char* const end = buffer.data() + buffer.size();
        const auto written = is_integer != 0
                                 ? std::to_chars(buffer.data(), end, integer)
                                 : std::to_chars(buffer.data(), end, lua_tonumber(state_, index));
        out += 'd';
        out.append(buffer.data(), written.ptr);
        out += ';';
    }

    void append_table(int table, std::string& out) {
        enter_table();
        out += '{';
        for (const Key& key : sorted_keys(state_, table)) {
            push_key(state_, key);
            append(lua_gettop(state_), out);
            lua_rawget(state_, table);
            append(lua_gettop(state_), out);
            lua_pop(state_, 1);
        }
        out += '}';
    }

    const Call& call_;
    lua_State* state_;
    int steps_ = 0;
    int depth_ = 0;
};

}  // namespace

bool deep_equal(const Call& call, lua_State* state, int a, int b) {
    return Comparison(call, state).equal(lua_absindex(state, a), lua_absindex(state, b));
}

void push_identity(const Call& call, lua_State* state, int index) {
    index = lua_absindex(state, index);
    const int type = lua_type(state, index);
    const bool is_nan = type == LUA_TNUMBER && std::isnan(lua_tonumber(state, index));
    const bool is_marked = type == LUA_TSTRING && lua_tostring(state, index)[0] == kMark;
    if ((type == LUA_TSTRING && !is_marked) || (type == LUA_TNUMBER && !is_nan) ||
        type == LUA_TBOOLEAN) {
        lua_pushvalue(state, index);
        return;
    }
    std::string text(1, kMark);
    Comparison(call, state).append(index, text);
    push(state, text);
}

void push_sorted_keys(const Call& call, lua_State* state, int index) {
    const int table = lua_absindex(state, index);
    call.table(table, "the table");
    const std::vector<Key> keys = sorted_keys(state, table);
    lua_createtable(state, static_cast<int>(std::min<std::size_t>(keys.size(), 1U << 20U)), 0);
    lua_Integer count = 0;
    for (const Key& key : keys) {
        push_key(state, key);
        lua_rawseti(state, -2, ++count);
    }
    mark_array(state, -1);
}

}  // namespace tideway::script::library
