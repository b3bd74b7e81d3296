#include <algorithm>
#include <bit>
#include <vector>

#include "engine/base/limits.h"
#include "engine/script/machine/activity.h"
#include "engine/script/plain/libraries.h"
#include "engine/script/value/values.h"

namespace tideway::script {
namespace {

// Most values that one call takes out of a table, or moves.
constexpr lua_Integer kUnpackMax = 8000;
constexpr lua_Integer kItemsMax = 10'000'000;

lua_Integer size_of(lua_State* state, int index) {
    luaL_checktype(state, index, LUA_TTABLE);
    return luaL_len(state, index);
}

// Items are written through the table's metatable, so that read-only tables refuse.
int insert(lua_State* state) {
    const lua_Integer size = size_of(state, 1);
    lua_Integer at = size + 1;
    if (lua_gettop(state) == 3) {
        at = luaL_checkinteger(state, 2);
        luaL_argcheck(state, at >= 1 && at <= size + 1, 2, "position out of bounds");
    } else if (lua_gettop(state) != 2) {
        raise(state, "wrong number of arguments to 'insert'");
    }
    charge(state, size + 1 - at);
    for (lua_Integer i = size; i >= at; --i) {
        lua_geti(state, 1, i);
        lua_seti(state, 1, i + 1);
    }
    lua_seti(state, 1, at);
    return 0;
}

int remove(lua_State* state) {
    const lua_Integer size = size_of(state, 1);
    const lua_Integer at = luaL_optinteger(state, 2, size);
    if (lua_gettop(state) >= 2) {
        luaL_argcheck(
            state,
            (size == 0 && at == 0) || (at >= 1 && at <= size + 1),
            2,
            "position out of bounds"
        );
    }
    charge(state, size - std::min(at, size));
    lua_geti(state, 1, at);
    for (lua_Integer i = at; i < size; ++i) {
        lua_geti(state, 1, i + 1);
        lua_seti(state, 1, i);
    }
    if (at >= 1 && at <= size) {
        lua_pushnil(state);
        lua_seti(state, 1, size);
    }
    return 1;
}

int move(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    const lua_Integer first = luaL_checkinteger(state, 2);
    const lua_Integer last = luaL_checkinteger(state, 3);
    const lua_Integer to = luaL_checkinteger(state, 4);
    const int target = lua_isnoneornil(state, 5) ? 1 : 5;
    luaL_checktype(state, target, LUA_TTABLE);
    if (last >= first) {
        const bool fits = first > 0 || last < std::numeric_limits<lua_Integer>::max() + first;
        luaL_argcheck(state, fits && last - first < kItemsMax, 3, "too many items to move");
        luaL_argcheck(
            state,
            to <= std::numeric_limits<lua_Integer>::max() - (last - first),
            4,
            "destination wrap around"
        );
        charge(state, last - first + 1);
        const bool forward = to > last || to <= first || target != 1;
        for (lua_Integer i = 0; i <= last - first; ++i) {
            const lua_Integer offset = forward ? i : last - first - i;
            lua_geti(state, 1, first + offset);
            lua_seti(state, target, to + offset);
        }
    }
    lua_pushvalue(state, target);
    return 1;
}

int pack(lua_State* state) {
    const int count = lua_gettop(state);
    lua_createtable(state, count, 1);
    lua_insert(state, 1);
    for (int i = count; i >= 1; --i) {
        lua_seti(state, 1, i);
    }
    lua_pushinteger(state, count);
    lua_setfield(state, 1, "n");
    return 1;
}

int unpack(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    const lua_Integer first = luaL_optinteger(state, 2, 1);
    const lua_Integer last =
        lua_isnoneornil(state, 3) ? luaL_len(state, 1) : luaL_checkinteger(state, 3);
    if (first > last) {
        return 0;
    }
    const auto span = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
    if (span >= static_cast<lua_Unsigned>(kUnpackMax) ||
        lua_checkstack(state, static_cast<int>(span) + 1) == 0) {
        raise(state, "too many results to unpack");
    }
    charge(state, static_cast<lua_Integer>(span));
    for (lua_Integer i = first; i < last; ++i) {
        lua_geti(state, 1, i);
    }
    lua_geti(state, 1, last);
    return static_cast<int>(span) + 1;
}

int concat(lua_State* state) {
    const lua_Integer size = size_of(state, 1);
    luaL_optlstring(state, 2, "", nullptr);
    const std::string_view between = lua_isnoneornil(state, 2) ? "" : to_view(state, 2);
    const lua_Integer first = luaL_optinteger(state, 3, 1);
    const lua_Integer last = luaL_optinteger(state, 4, size);
    std::string out;
    for (lua_Integer i = first; i <= last; ++i) {
        lua_geti(state, 1, i);
        if (lua_isstring(state, -1) == 0) {
            raise(
                state,
                "item " + std::to_string(i) + " of the list to concat is " +
                    std::string(kind_of(state, -1))
            );
        }
        const std::string piece = text_of(state, -1);
        lua_pop(state, 1);
        charge_bytes(state, 64 + piece.size() + between.size());
        out.append(piece);
        if (i == last) {
            break;
        }
        out.append(between);
        if (out.size() > limits::kScriptMemoryBytesMax) {
            raise(state, "the resulting text is too large");
        }
    }
    push(state, out);
    return 1;
}

// Stable merge sort of the items 1..n, which lie in the table at `items`, by their numbers.
class Sorter {
  public:
    Sorter(lua_State* state, int items, int before, std::size_t count)
        : state_(state),
          items_(items),
          before_(before),
          order_(count),
          spare_(count) {
        for (std::size_t i = 0; i < count; ++i) {
            order_[i] = static_cast<lua_Integer>(i) + 1;
        }
    }

    const std::vector<lua_Integer>& sorted() {
        for (std::size_t width = 1; width < order_.size(); width *= 2) {
            for (std::size_t left = 0; left < order_.size(); left += 2 * width) {
                merge(left, width);
            }
            order_.swap(spare_);
        }
        return order_;
    }

  private:
    void merge(std::size_t left, std::size_t width) {
        const std::size_t middle = std::min(left + width, order_.size());
        const std::size_t end = std::min(left + 2 * width, order_.size());
        std::size_t a = left;
        std::size_t b = middle;
        for (std::size_t i = left; i < end; ++i) {
            const bool take_right = b < end && (a >= middle || is_before(order_[b], order_[a]));
            spare_[i] = take_right ? order_[b++] : order_[a++];
        }
    }

    bool is_before(lua_Integer a, lua_Integer b) {
        if (before_ == 0) {
            lua_rawgeti(state_, items_, a);
            lua_rawgeti(state_, items_, b);
            const bool less = lua_compare(state_, -2, -1, LUA_OPLT) != 0;
            lua_pop(state_, 2);
            return less;
        }
        lua_pushvalue(state_, before_);
        lua_rawgeti(state_, items_, a);
        lua_rawgeti(state_, items_, b);
        lua_call(state_, 2, 1);
        const bool less = lua_toboolean(state_, -1) != 0;
        lua_pop(state_, 1);
        return less;
    }

    lua_State* state_;
    int items_;
    int before_;  // stack index of the comparison; 0: '<'
    std::vector<lua_Integer> order_;
    std::vector<lua_Integer> spare_;
};

int sort(lua_State* state) {
    const lua_Integer size = size_of(state, 1);
    luaL_argcheck(state, size <= kItemsMax, 1, "too many items to sort");
    if (!lua_isnoneornil(state, 2)) {
        luaL_checktype(state, 2, LUA_TFUNCTION);
    }
    lua_settop(state, 2);
    const auto count = static_cast<std::size_t>(std::max<lua_Integer>(size, 0));
    charge(state, 4 * size * static_cast<lua_Integer>(std::bit_width(count)));
    lua_createtable(state, static_cast<int>(count), 0);
    for (lua_Integer i = 1; i <= size; ++i) {
        lua_geti(state, 1, i);
        lua_rawseti(state, 3, i);
    }
    Sorter sorter(state, 3, lua_isnil(state, 2) ? 0 : 2, count);
    lua_Integer to = 1;
    for (const lua_Integer from : sorter.sorted()) {
        lua_rawgeti(state, 3, from);
        lua_seti(state, 1, to++);
    }
    return 0;
}

}  // namespace

void open_table(lua_State* state) {
    lua_newtable(state);
    set_function<insert>(state, "insert");
    set_function<remove>(state, "remove");
    set_function<move>(state, "move");
    set_function<pack>(state, "pack");
    set_function<unpack>(state, "unpack");
    set_function<concat>(state, "concat");
    set_function<sort>(state, "sort");
}

}  // namespace tideway::script
