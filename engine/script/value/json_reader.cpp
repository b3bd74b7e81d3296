#include <charconv>
#include <optional>

#include "engine/base/utf8.h"
#include "engine/script/machine/activity.h"
#include "engine/script/value/number_text.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

// Printable ASCII that stands for itself in JSON text.
bool is_plain(char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// A recursive descent over the bytes that pushes what it reads.
class Reader {
  public:
    Reader(lua_State* state, std::string_view json, SecretHandles secrets)
        : state_(state),
          json_(json),
          secrets_(secrets) {}

    void read() {
        read_value();
        skip_space();
        if (at_ != json_.size()) {
            refuse("something follows the value");
        }
        if (is_null(state_, -1)) {
            lua_pop(state_, 1);
            lua_pushnil(state_);
        }
    }

  private:
    [[noreturn]] void refuse(std::string_view why) {
        raise_coded(
            state_,
            "InvalidJSON",
            "not valid JSON at byte " + std::to_string(at_) + ": " + std::string(why)
        );
    }

    char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }

    void skip_space() {
        while (at_ < json_.size() && (json_[at_] == ' ' || json_[at_] == '\n' ||
                                      json_[at_] == '\r' || json_[at_] == '\t')) {
            ++at_;
        }
    }

    void expect(std::string_view word) {
        if (json_.substr(at_, word.size()) != word) {
            refuse("'" + std::string(word) + "' expected");
        }
        at_ += word.size();
    }

    void read_value() {
        skip_space();
        switch (peek()) {
            case '{':
                return read_object();
            case '[':
                return read_array();
            case '"':
                return push(state_, read_string());
            case 't':
                expect("true");
                return lua_pushboolean(state_, 1);
            case 'f':
                expect("false");
                return lua_pushboolean(state_, 0);
            case 'n':
                expect("null");
                return push_null(state_);
            default:
                return read_number();
        }
    }

    void enter() {
        if (++depth_ > limits::kJsonDepthMax) {
            refuse("nested deeper than " + std::to_string(limits::kJsonDepthMax) + " levels");
        }
        luaL_checkstack(state_, 8, "JSON is nested too deep");
        ++at_;
        skip_space();
    }

    // True when the list or object goes on after a value.
    bool next_or(char end) {
        skip_space();
        const char c = peek();
        if (c != ',' && c != end) {
            refuse(std::string("',' or '") + end + "' expected");
        }
        ++at_;
        return c == ',';
    }

    void read_array() {
        enter();
        lua_createtable(state_, 4, 0);
        mark_array(state_, -1);
        if (peek() == ']') {
            ++at_;
        } else {
            lua_Integer i = 1;
            do {
                read_value();
                lua_rawseti(state_, -2, i++);
            } while (next_or(']'));
        }
        --depth_;
    }

    void read_object() {
        enter();
        lua_createtable(state_, 0, 8);
        const int object = lua_gettop(state_);
        if (peek() == '}') {
            ++at_;
        } else {
            do {
                read_member(object);
            } while (next_or('}'));
        }
        if (lua_gettop(state_) > object) {
            set_null_keys(state_, object);
        }
        if (secrets_ == SecretHandles::kDecode) {
            replace_secret(object);
        }
        --depth_;
    }

    // Above the object lies the set of its null keys, once there is one.
    void read_member(int object) {
        skip_space();
        if (peek() != '"') {
            refuse("a key expected");
        }
        push(state_, read_string());
        skip_space();
        expect(":");
        read_value();
        const bool has_nulls = lua_gettop(state_) > object + 2;
        if (!is_null(state_, -1)) {
            if (has_nulls) {
                forget_null(object + 1);
            }
            lua_rawset(state_, object);
            return;
        }
        lua_pop(state_, 1);
        lua_pushvalue(state_, -1);
        lua_pushnil(state_);
        lua_rawset(state_, object);
        if (!has_nulls) {
            lua_newtable(state_);
            lua_insert(state_, -2);
        }
        lua_pushboolean(state_, 1);
        lua_rawset(state_, object + 1);
    }

    // The key below the value on top comes twice: the last one counts.
    void forget_null(int nulls) {
        lua_pushvalue(state_, -2);
        lua_pushnil(state_);
        lua_rawset(state_, nulls);
    }

    void replace_secret(int object) {
        lua_pushliteral(state_, "$secret");
        if (lua_rawget(state_, object) == LUA_TSTRING) {
            push_secret(state_, to_view(state_, -1));
            lua_replace(state_, object);
        }
        lua_settop(state_, object);
    }

    std::string_view read_string() {
        const std::size_t start = ++at_;
        while (at_ < json_.size() && is_plain(json_[at_])) {
            ++at_;
        }
        while (at_ < json_.size()) {
            const char c = json_[at_];
            if (c == '"') {
                return json_.substr(start, at_++ - start);
            }
            if (c == '\\' || static_cast<unsigned char>(c) < 0x20U) {
                break;
            }
            step_over_character();
        }
        scratch_.assign(json_.substr(start, at_ - start));
        return read_escaped_string();
    }

    void step_over_character() {
        if (static_cast<unsigned char>(json_[at_]) < 0x80U) {
            ++at_;
            return;
        }
        const std::size_t length = utf8_length(json_.substr(at_, 4));
        if (length == 0) {
            refuse("text is not UTF-8");
        }
        at_ += length;
    }

    std::string_view read_escaped_string() {
        while (at_ < json_.size()) {
            const char c = json_[at_];
            if (c == '"') {
                ++at_;
                return scratch_;
            }
            if (c == '\\') {
                ++at_;
                read_escape();
                continue;
            }
            if (static_cast<unsigned char>(c) < 0x20U) {
                refuse("a control character in text");
            }
            const std::size_t start = at_;
            step_over_character();
            scratch_.append(json_.substr(start, at_ - start));
        }
        refuse("text without an end");
    }

    void read_escape() {
        constexpr std::string_view kMarks = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const char c = peek();
        if (c != 'u') {
            const auto at = kMarks.find(c);
            if (c == '\0' || at == std::string_view::npos) {
                refuse("an unknown escape");
            }
            scratch_ += kMeanings[at];
            ++at_;
            return;
        }
        ++at_;
        std::uint32_t code = read_unit();
        if (code >= 0xD800U && code <= 0xDBFFU && json_.substr(at_, 2) == "\\u") {
            at_ += 2;
            const std::uint32_t low = read_unit();
            if (low < 0xDC00U || low > 0xDFFFU) {
                refuse("half a surrogate pair");
            }
            code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
        } else if (code >= 0xD800U && code <= 0xDFFFU) {
            refuse("half a surrogate pair");
        }
        append_utf8(scratch_, code);
    }

    std::uint32_t read_unit() {
        const std::string_view digits = json_.substr(at_, 4);
        std::uint32_t code = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (digits.size() < 4 || read.ptr != digits.data() + 4) {
            refuse("four hex digits expected");
        }
        at_ += 4;
        return code;
    }

    void read_digits() {
        if (!is_digit(peek())) {
            refuse("a value expected");
        }
        while (is_digit(peek())) {
            ++at_;
        }
    }

    void read_number() {
        const std::size_t start = at_;
        if (peek() == '-') {
            ++at_;
        }
        const bool leading_zero = peek() == '0';
        const std::size_t first = at_;
        read_digits();
        if (leading_zero && at_ > first + 1) {
            refuse("a number with a leading zero");
        }
        bool integer = true;
        if (peek() == '.') {
            integer = false;
            ++at_;
            read_digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            integer = false;
            ++at_;
            if (peek() == '+' || peek() == '-') {
                ++at_;
            }
            read_digits();
        }
        push_number(json_.substr(start, at_ - start), integer);
    }

    void push_number(std::string_view number, bool integer) {
        if (integer && number != "-0") {
            std::int64_t value = 0;
            const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
            if (read.ec == std::errc()) {
                return lua_pushinteger(state_, value);
            }
            return push(state_, number);
        }
        if (const std::optional<double> value = to_float(number)) {
            return lua_pushnumber(state_, *value);
        }
        push(state_, number);
    }

    lua_State* state_;
    std::string_view json_;
    SecretHandles secrets_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::string scratch_;
};

}  // namespace

void decode_value(lua_State* state, std::string_view json, SecretHandles secrets) {
    luaL_checkstack(state, 8, "no room to decode JSON");
    Reader(state, json, secrets).read();
}

}  // namespace tideway::script
