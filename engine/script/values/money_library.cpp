// money: amounts as decimal text, compared and computed exactly.
#include <charconv>
#include <cmath>

#include "engine/script/values/binding.h"
#include "engine/script/values/decimal.h"

namespace tideway::script::library {
namespace {

constexpr lua_Integer kPlacesMax = 30;

// The shortest decimal text of a double is what the author and the service wrote.
std::optional<Decimal> to_decimal(lua_State* state, int index) {
    if (lua_isinteger(state, index) != 0) {
        return parse_decimal(std::to_string(lua_tointeger(state, index)));
    }
    if (lua_type(state, index) == LUA_TNUMBER) {
        const double value = lua_tonumber(state, index);
        if (!std::isfinite(value)) {
            return std::nullopt;
        }
        std::array<char, 64> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
        return parse_decimal(
            std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()))
        );
    }
    if (lua_type(state, index) != LUA_TSTRING) {
        return std::nullopt;
    }
    std::size_t size = 0;
    const char* data = lua_tolstring(state, index, &size);
    return parse_decimal(std::string_view(data, size));
}

Decimal amount(const Call& call, lua_State* state, int index) {
    std::optional<Decimal> value = to_decimal(state, index);
    if (value) {
        return *std::move(value);
    }
    const std::string shown = lua_type(state, index) == LUA_TSTRING
                                  ? "'" + std::string(call.text(index, "")).substr(0, 60) + "'"
                                  : call.kind_of(index);
    call.fail(
        shown +
        " is not an amount; an amount is a number or a text such as \"42000.00\", with a point "
        "and without thousands separators"
    );
}

int push_decimal(const Call& call, lua_State* state, const Decimal& value) {
    if (value.digits.size() > kDecimalDigitsMax) {
        call.fail("the result has more than " + std::to_string(kDecimalDigitsMax) + " digits");
    }
    return push(state, print_decimal(value));
}

int normalise(lua_State* state) {
    const Call call(state, "money.normalise");
    return push_decimal(call, state, amount(call, state, 1));
}

int is_amount(lua_State* state) {
    lua_pushboolean(state, to_decimal(state, 1).has_value() ? 1 : 0);
    return 1;
}

// Nothing equals nothing: a field that is empty on both sides has not changed.
int equal(lua_State* state) {
    const Call call(state, "money.equal");
    const bool left = call.is_missing(1);
    const bool right = call.is_missing(2);
    const bool same = left || right ? left == right
                                    : compare(amount(call, state, 1), amount(call, state, 2)) == 0;
    lua_pushboolean(state, same ? 1 : 0);
    return 1;
}

int compare_amounts(lua_State* state) {
    const Call call(state, "money.compare");
    lua_pushinteger(state, compare(amount(call, state, 1), amount(call, state, 2)));
    return 1;
}

int add_amounts(lua_State* state) {
    const Call call(state, "money.add");
    return push_decimal(call, state, add(amount(call, state, 1), amount(call, state, 2)));
}

int subtract(lua_State* state) {
    const Call call(state, "money.sub");
    return push_decimal(call, state, add(amount(call, state, 1), negate(amount(call, state, 2))));
}

int multiply_amounts(lua_State* state) {
    const Call call(state, "money.mul");
    return push_decimal(call, state, multiply(amount(call, state, 1), amount(call, state, 2)));
}

int places_argument(const Call& call, lua_Integer least, lua_Integer fallback) {
    const lua_Integer places = call.integer_or(2, "the number of decimal places", fallback);
    if (places < least || places > kPlacesMax) {
        call.fail(
            "the number of decimal places must be from " + std::to_string(least) + " to " +
            std::to_string(kPlacesMax)
        );
    }
    return static_cast<int>(places);
}

int round_amount(lua_State* state) {
    const Call call(state, "money.round");
    const int places = places_argument(call, -kPlacesMax, 2);
    return push_decimal(call, state, round(amount(call, state, 1), places));
}

int format(lua_State* state) {
    const Call call(state, "money.format");
    const int places = places_argument(call, 0, 2);
    return push(state, print_decimal(amount(call, state, 1), places));
}

int number(lua_State* state) {
    const Call call(state, "money.number");
    const std::string text = print_decimal(amount(call, state, 1));
    if (lua_stringtonumber(state, text.c_str()) == 0) {
        call.fail("'" + text + "' has no number");
    }
    return 1;
}

}  // namespace

void open_money(lua_State* state) {
    push_library(
        state,
        {{"normalise", guarded<normalise>},
         {"is_amount", guarded<is_amount>},
         {"equal", guarded<equal>},
         {"compare", guarded<compare_amounts>},
         {"add", guarded<add_amounts>},
         {"sub", guarded<subtract>},
         {"mul", guarded<multiply_amounts>},
         {"round", guarded<round_amount>},
         {"format", guarded<format>},
         {"number", guarded<number>}}
    );
}

}  // namespace tideway::script::library
