// How the value libraries' C++ functions meet Lua: arguments, errors, exceptions.
// Thread: that of the Lua state. No `catch (...)`: it would swallow Lua's errors.
#pragma once

#include <array>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>

#include <lua.hpp>

namespace tideway::script::library {

// Chunks with this name are the engine's; errors name the script's line above them.
constexpr const char* kEngineChunk = "=[tideway]";

// Raises "<place of the script's call>: <message>".
[[noreturn]] void raise(lua_State* state, const std::string& message);

// What every function is wrapped in: a foreign exception becomes a Lua error.
template <lua_CFunction Function>
int guarded(lua_State* state) {
    std::array<char, 256> text{};
    try {
        return Function(state);
    } catch (const std::exception& error) {
        const std::string_view what(error.what());
        what.copy(text.data(), text.size() - 1);
    }
    raise(state, text.data());
}

struct Entry {
    const char* name;
    lua_CFunction function;
};

// Pushes a table of these functions.
void push_library(lua_State* state, std::initializer_list<Entry> entries);

// One call of `name`: checks arguments with errors that say which.
class Call {
  public:
    Call(lua_State* state, const char* name)
        : state_(state),
          name_(name) {}

    [[noreturn]] void fail(const std::string& message) const;

    std::string_view text(int index, const char* what) const;
    std::string_view text_or(int index, const char* what, std::string_view fallback) const;
    lua_Integer integer(int index, const char* what) const;
    lua_Integer integer_or(int index, const char* what, lua_Integer fallback) const;
    void table(int index, const char* what) const;
    bool is_missing(int index) const;  // none, nil or null

    // "a number", "nil", "null": for messages.
    std::string kind_of(int index) const;

  private:
    [[noreturn]] void wrong(int index, const char* what, const char* wanted) const;

    lua_State* state_;
    const char* name_;
};

inline int push(lua_State* state, std::string_view text) {
    lua_pushlstring(state, text.data(), text.size());
    return 1;
}

void open_money(lua_State* state);
void open_time(lua_State* state);
void open_text(lua_State* state);
void open_list(lua_State* state);
void open_uri(lua_State* state);

}  // namespace tideway::script::library
