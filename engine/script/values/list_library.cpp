// list: the functions without callbacks, and the loading of those with (scripts/tideway/list.lua).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>
#include <numeric>
#include <vector>

#include "engine/base/embedded.h"
#include "engine/script/library.h"
#include "engine/script/values/binding.h"
#include "engine/script/values/deep_value.h"

namespace tideway::embedded {
std::span<const File> tideway_scripts();
}  // namespace tideway::embedded

namespace tideway::script::library {
namespace {

lua_Integer size_of(const Call& call, lua_State* state, int index) {
    call.table(index, "the list");
    return static_cast<lua_Integer>(lua_rawlen(state, index));
}

int size_hint(lua_Integer size) {
    return static_cast<int>(std::clamp<lua_Integer>(size, 0, 1 << 20));
}

// Pushes a new list with the items first..last of the one at `index`.
int push_slice(lua_State* state, int index, lua_Integer first, lua_Integer last) {
    lua_createtable(state, size_hint(last - first + 1), 0);
    for (lua_Integer i = first; i <= last; ++i) {
        lua_rawgeti(state, index, i);
        lua_rawseti(state, -2, i - first + 1);
    }
    mark_array(state, -1);
    return 1;
}

int first(lua_State* state) {
    const Call call(state, "list.first");
    size_of(call, state, 1);
    lua_rawgeti(state, 1, 1);
    return 1;
}

int last(lua_State* state) {
    const Call call(state, "list.last");
    lua_rawgeti(state, 1, size_of(call, state, 1));
    return 1;
}

// The position of a deeply equal item, or 0.
lua_Integer position(const Call& call, lua_State* state) {
    const lua_Integer size = size_of(call, state, 1);
    for (lua_Integer i = 1; i <= size; ++i) {
        lua_rawgeti(state, 1, i);
        if (deep_equal(call, state, -1, 2)) {
            return i;
        }
        lua_pop(state, 1);
    }
    return 0;
}

int contains(lua_State* state) {
    lua_settop(state, 2);
    lua_pushboolean(state, position(Call(state, "list.contains"), state) > 0 ? 1 : 0);
    return 1;
}

int index_of(lua_State* state) {
    lua_settop(state, 2);
    const lua_Integer found = position(Call(state, "list.index_of"), state);
    if (found == 0) {
        lua_pushnil(state);
    } else {
        lua_pushinteger(state, found);
    }
    return 1;
}

// Appends to the list at `out` those items of the list at `list` that are not in the set at `seen`,
// and notes them there.
void append_new(const Call& call, lua_State* state, int list, int out, int seen) {
    const lua_Integer size = size_of(call, state, list);
    auto count = static_cast<lua_Integer>(lua_rawlen(state, out));
    for (lua_Integer i = 1; i <= size; ++i) {
        lua_rawgeti(state, list, i);
        push_identity(call, state, -1);
        lua_pushvalue(state, -1);
        if (lua_rawget(state, seen) != LUA_TNIL) {
            lua_pop(state, 3);
            continue;
        }
        lua_pop(state, 1);
        lua_pushboolean(state, 1);
        lua_rawset(state, seen);
        lua_rawseti(state, out, ++count);
    }
}

// All items of the lists given, in order, each once.
int push_union(const Call& call, lua_State* state) {
    const int lists = lua_gettop(state);
    lua_newtable(state);
    lua_newtable(state);
    for (int list = 1; list <= lists; ++list) {
        if (lua_type(state, list) != LUA_TTABLE) {
            call.fail(
                "argument " + std::to_string(list) + " must be a list, got " + call.kind_of(list)
            );
        }
        append_new(call, state, list, lists + 1, lists + 2);
    }
    lua_settop(state, lists + 1);
    mark_array(state, -1);
    return 1;
}

int distinct(lua_State* state) {
    lua_settop(state, 1);
    return push_union(Call(state, "list.distinct"), state);
}

int unite(lua_State* state) {
    return push_union(Call(state, "list.union"), state);
}

enum class Keep { kCommon, kOther };

// The items of the first list that are, or are not, in the second; each once.
int push_compared(const Call& call, lua_State* state, Keep keep) {
    lua_settop(state, 2);
    const lua_Integer size = size_of(call, state, 1);
    lua_newtable(state);  // 3: items of the second, which append_new fills into 4
    lua_newtable(state);
    append_new(call, state, 2, 4, 3);
    lua_newtable(state);  // 5: the result
    lua_newtable(state);  // 6: what it has
    lua_Integer count = 0;
    for (lua_Integer i = 1; i <= size; ++i) {
        lua_rawgeti(state, 1, i);
        push_identity(call, state, -1);
        lua_pushvalue(state, -1);
        const bool common = lua_rawget(state, 3) != LUA_TNIL;
        lua_pushvalue(state, -2);
        const bool had = lua_rawget(state, 6) != LUA_TNIL;
        lua_pop(state, 2);
        if (had || common != (keep == Keep::kCommon)) {
            lua_pop(state, 2);
            continue;
        }
        lua_pushboolean(state, 1);
        lua_rawset(state, 6);
        lua_rawseti(state, 5, ++count);
    }
    lua_settop(state, 5);
    mark_array(state, -1);
    return 1;
}

int intersection(lua_State* state) {
    return push_compared(Call(state, "list.intersection"), state, Keep::kCommon);
}

int difference(lua_State* state) {
    return push_compared(Call(state, "list.difference"), state, Keep::kOther);
}

int reverse(lua_State* state) {
    const Call call(state, "list.reverse");
    const lua_Integer size = size_of(call, state, 1);
    lua_createtable(state, size_hint(size), 0);
    for (lua_Integer i = 1; i <= size; ++i) {
        lua_rawgeti(state, 1, size - i + 1);
        lua_rawseti(state, -2, i);
    }
    mark_array(state, -1);
    return 1;
}

lua_Integer count_argument(const Call& call) {
    const lua_Integer count = call.integer(2, "the number of items");
    if (count < 0) {
        call.fail("the number of items (second argument) must not be negative");
    }
    return count;
}

int take(lua_State* state) {
    const Call call(state, "list.take");
    const lua_Integer size = size_of(call, state, 1);
    return push_slice(state, 1, 1, std::min(size, count_argument(call)));
}

int skip(lua_State* state) {
    const Call call(state, "list.skip");
    const lua_Integer size = size_of(call, state, 1);
    return push_slice(state, 1, std::min(size, count_argument(call)) + 1, size);
}

int concat(lua_State* state) {
    const Call call(state, "list.concat");
    const int lists = lua_gettop(state);
    lua_newtable(state);
    lua_Integer count = 0;
    for (int list = 1; list <= lists; ++list) {
        if (lua_type(state, list) != LUA_TTABLE) {
            call.fail(
                "argument " + std::to_string(list) + " must be a list, got " + call.kind_of(list)
            );
        }
        const auto size = static_cast<lua_Integer>(lua_rawlen(state, list));
        for (lua_Integer i = 1; i <= size; ++i) {
            lua_rawgeti(state, list, i);
            lua_rawseti(state, -2, ++count);
        }
    }
    mark_array(state, -1);
    return 1;
}

int keys(lua_State* state) {
    push_sorted_keys(Call(state, "list.keys"), state, 1);
    return 1;
}

int values(lua_State* state) {
    push_sorted_keys(Call(state, "list.values"), state, 1);
    const auto size = static_cast<lua_Integer>(lua_rawlen(state, -1));
    for (lua_Integer i = 1; i <= size; ++i) {
        lua_rawgeti(state, -1, i);
        lua_rawget(state, 1);
        lua_rawseti(state, -2, i);
    }
    return 1;
}

int equal(lua_State* state) {
    lua_settop(state, 2);
    lua_pushboolean(state, deep_equal(Call(state, "list.deep_equal"), state, 1, 2) ? 1 : 0);
    return 1;
}

// --- for list.lua ---

int kind_rank(lua_State* state, int index) {
    switch (lua_type(state, index)) {
        case LUA_TNUMBER:
            return 0;
        case LUA_TSTRING:
            return 1;
        case LUA_TBOOLEAN:
            return 2;
        default:
            return 3;
    }
}

struct SortKey {
    int rank = 3;
    bool truth = false;
    double number = 0;
    lua_Integer integer = 0;
    bool is_integer = false;
    std::string_view text;  // in the table of keys, which stays on the stack
};

SortKey sort_key(lua_State* state, int index) {
    SortKey key;
    key.rank = kind_rank(state, index);
    if (key.rank == 0) {
        key.number = lua_tonumber(state, index);
        key.is_integer = lua_isinteger(state, index) != 0;
        key.integer = key.is_integer ? lua_tointeger(state, index) : 0;
    } else if (key.rank == 1) {
        std::size_t size = 0;
        const char* data = lua_tolstring(state, index, &size);
        key.text = {data, size};
    } else if (key.rank == 2) {
        key.truth = lua_toboolean(state, index) != 0;
    }
    return key;
}

bool before(const SortKey& a, const SortKey& b) {
    if (a.rank != b.rank) {
        return a.rank < b.rank;
    }
    if (a.rank == 0) {
        return a.is_integer && b.is_integer ? a.integer < b.integer : a.number < b.number;
    }
    return a.rank == 1 ? a.text < b.text : a.rank == 2 && !a.truth && b.truth;
}

// order(keys, count): the positions of the keys in ascending order; equal ones keep theirs. Numbers
// before texts, then false, true, and everything else at the end.
int order(lua_State* state) {
    constexpr lua_Integer kItemsMax = 1'000'000;
    const Call call(state, "list.sort_by");
    const lua_Integer size = call.integer(2, "the count");
    if (size > kItemsMax) {
        call.fail("a list of more than " + std::to_string(kItemsMax) + " items cannot be sorted");
    }
    // In Lua's memory, so that it is charged to the run.
    const auto count = static_cast<std::size_t>(size);
    void* const memory = lua_newuserdatauv(state, count * sizeof(SortKey) + 1, 0);
    auto* const sort_keys = static_cast<SortKey*>(memory);
    for (std::size_t i = 0; i < count; ++i) {
        lua_rawgeti(state, 1, static_cast<lua_Integer>(i) + 1);
        new (sort_keys + i) SortKey(sort_key(state, -1));
        if (std::isnan(sort_keys[i].number)) {
            call.fail("the key of item " + std::to_string(i + 1) + " is not a number (NaN)");
        }
        lua_pop(state, 1);
    }
    std::vector<std::uint32_t> positions(count);
    std::iota(positions.begin(), positions.end(), 0U);
    std::stable_sort(
        positions.begin(),
        positions.end(),
        [sort_keys](std::uint32_t a, std::uint32_t b) { return before(sort_keys[a], sort_keys[b]); }
    );
    lua_createtable(state, static_cast<int>(count), 0);
    for (std::size_t i = 0; i < count; ++i) {
        lua_pushinteger(state, static_cast<lua_Integer>(positions[i]) + 1);
        lua_rawseti(state, -2, static_cast<lua_Integer>(i) + 1);
    }
    return 1;
}

// array(): a new empty list.
int new_array(lua_State* state) {
    lua_newtable(state);
    mark_array(state, -1);
    return 1;
}

// check(name, value, wanted, what): raises unless the value is a table ("list") or a function or a
// field's name ("selector").
int check(lua_State* state) {
    const Call call(state, lua_tostring(state, 1));
    const std::string_view wanted = lua_tostring(state, 3);
    const int type = lua_type(state, 2);
    if (wanted == "list" && type != LUA_TTABLE) {
        call.fail("the list (first argument) must be a table, got " + call.kind_of(2));
    }
    if (wanted == "selector" && type != LUA_TFUNCTION && type != LUA_TSTRING) {
        call.fail(
            "the second argument must be a function or the name of a field, got " + call.kind_of(2)
        );
    }
    lua_pushboolean(state, type == LUA_TFUNCTION ? 1 : 0);
    return 1;
}

// fail(name, message)
int fail(lua_State* state) {
    Call(state, lua_tostring(state, 1)).fail(lua_tostring(state, 2));
}

// kind(value): Lua's type name.
int kind(lua_State* state) {
    return push(state, luaL_typename(state, 1));
}

// Calls list.lua with (list, primitives); it adds its functions to `list`, which is on top.
void load_callbacks(lua_State* state) {
    for (const embedded::File& file : embedded::tideway_scripts()) {
        if (file.name != "list.lua") {
            continue;
        }
        const int status =
            luaL_loadbufferx(state, file.bytes.data(), file.bytes.size(), kEngineChunk, "t");
        if (status != LUA_OK) {
            lua_error(state);
        }
        lua_pushvalue(state, -2);
        push_library(
            state,
            {{"order", guarded<order>},
             {"array", guarded<new_array>},
             {"check", guarded<check>},
             {"fail", guarded<fail>},
             {"kind", guarded<kind>}}
        );
        lua_call(state, 2, 0);
        return;
    }
    raise(state, "list.lua is not in the program");
}

}  // namespace

void open_list(lua_State* state) {
    push_library(
        state,
        {{"first", guarded<first>},
         {"last", guarded<last>},
         {"contains", guarded<contains>},
         {"index_of", guarded<index_of>},
         {"distinct", guarded<distinct>},
         {"reverse", guarded<reverse>},
         {"take", guarded<take>},
         {"skip", guarded<skip>},
         {"concat", guarded<concat>},
         {"union", guarded<unite>},
         {"intersection", guarded<intersection>},
         {"difference", guarded<difference>},
         {"keys", guarded<keys>},
         {"values", guarded<values>},
         {"deep_equal", guarded<equal>}}
    );
    load_callbacks(state);
}

}  // namespace tideway::script::library
