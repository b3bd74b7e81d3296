#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/base/utf8.h"
#include "engine/script/machine/activity.h"
#include "engine/script/value/number_text.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

// What a walk over a table has found. Keys of the writer's common list from `first_key` on.
struct Shape {
    lua_Integer numbers = 0;  // how many keys are positive integers
    lua_Integer highest = 0;
    std::size_t first_key = 0;
    bool has_nulls = false;
};

bool schema_says(const Json* schema, std::string_view type) {
    if (schema == nullptr) {
        return false;
    }
    const Json* declared = find(*schema, "type");
    if (declared == nullptr) {
        return false;
    }
    if (declared->is_array()) {
        return std::ranges::find(*declared, Json(std::string(type))) != declared->end();
    }
    return declared->is_string() && declared->get_ref<const std::string&>() == type;
}

const Json* schema_of_item(const Json* schema) {
    return schema == nullptr ? nullptr : find(*schema, "items");
}

const Json* schema_of_field(const Json* schema, std::string_view key) {
    if (schema == nullptr) {
        return nullptr;
    }
    if (const Json* properties = find(*schema, "properties")) {
        if (const Json* field = find(*properties, key)) {
            return field;
        }
    }
    return find(*schema, "additionalProperties");
}

class Writer {
  public:
    Writer(lua_State* state, const EncodeOptions& options)
        : state_(state),
          options_(options) {}

    std::string write(int index) {
        write_value(lua_absindex(state_, index), options_.schema);
        return std::move(out_);
    }

  private:
    struct Place {
        std::string_view key;  // of an object, anchored by it
        lua_Integer item = 0;  // of a list, from 1; 0: a key
    };

    std::string path() const {
        std::string out = "$";
        for (const Place& place : path_) {
            out += place.item > 0 ? "[" + std::to_string(place.item) + "]"
                                  : "." + std::string(place.key);
        }
        return out;
    }

    std::string pointer() const {
        std::string out;
        for (const Place& place : path_) {
            out += '/';
            out += place.item > 0 ? std::to_string(place.item - 1) : std::string(place.key);
        }
        return out;
    }

    [[noreturn]] void refuse(std::string_view why, std::string_view code = "ValueHasNoJsonForm") {
        raise_coded(state_, code, path() + " " + std::string(why));
    }

    bool is_secret_field() const {
        return options_.secret_fields != nullptr &&
               std::ranges::find(*options_.secret_fields, pointer()) !=
                   options_.secret_fields->end();
    }

    void write_value(int index, const Json* schema) {
        switch (lua_type(state_, index)) {
            case LUA_TNIL:
                out_ += "null";
                return;
            case LUA_TBOOLEAN:
                out_ += lua_toboolean(state_, index) != 0 ? "true" : "false";
                return;
            case LUA_TNUMBER:
                return write_number(index);
            case LUA_TSTRING:
                return write_text(to_view(state_, index));
            case LUA_TTABLE:
                return write_table(index, schema);
            default:
                return write_engine_value(index);
        }
    }

    void write_engine_value(int index) {
        if (is_null(state_, index)) {
            out_ += "null";
            return;
        }
        if (const std::string* secret = to_secret(state_, index)) {
            if (!is_secret_field()) {
                refuse("is a secret; only secret fields of an operation take one");
            }
            return write_reference("$secret", *secret);
        }
        if (const std::string* variable = to_unknown(state_, index)) {
            return write_reference("$env", *variable);
        }
        refuse("is " + std::string(kind_of(state_, index)) + ", which has no JSON form");
    }

    void write_reference(std::string_view mark, std::string_view name) {
        out_ += '{';
        write_text(mark);
        out_ += ':';
        write_text(name);
        out_ += '}';
    }

    void write_number(int index) {
        if (lua_isinteger(state_, index) != 0) {
            std::array<char, 24> digits{};
            const auto end = std::to_chars(
                digits.data(), digits.data() + digits.size(), lua_tointeger(state_, index)
            );
            out_.append(digits.data(), end.ptr);
            return;
        }
        const double value = lua_tonumber(state_, index);
        if (!std::isfinite(value)) {
            refuse("is not a finite number");
        }
        append_float(out_, value);
    }

    void write_text(std::string_view text) {
        out_ += '"';
        std::size_t written = 0;
        for (std::size_t i = 0; i < text.size();) {
            const auto byte = static_cast<unsigned char>(text[i]);
            if (byte >= 0x80U) {
                const std::size_t length = utf8_length(text.substr(i, 4));
                if (length == 0) {
                    refuse("is text that is not UTF-8");
                }
                i += length;
                continue;
            }
            if (byte < 0x20U || byte == '"' || byte == '\\') {
                out_.append(text.substr(written, i - written));
                write_escape(byte);
                written = i + 1;
            }
            ++i;
        }
        out_.append(text.substr(written));
        out_ += '"';
        check_size();
    }

    void check_size() {
        if (out_.size() > options_.bytes_max) {
            refuse(
                "makes the value larger than " + std::to_string(options_.bytes_max) + " bytes",
                "PayloadTooLarge"
            );
        }
    }

    void write_escape(unsigned byte) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
        constexpr std::string_view kMarks = "\"\\bfnrt";
        const auto at = kPlain.find(static_cast<char>(byte));
        out_ += '\\';
        if (at != std::string_view::npos) {
            out_ += kMarks[at];
            return;
        }
        out_ += "u00";
        out_ += kDigits[byte >> 4U];
        out_ += kDigits[byte & 15U];
    }

    void write_table(int index, const Json* schema) {
        if (path_.size() >= limits::kJsonDepthMax) {
            refuse("is nested too deep, or contains itself");
        }
        luaL_checkstack(state_, 8, "a value is nested too deep");
        const Shape shape = shape_of(index);
        const bool has_keys = keys_.size() > shape.first_key;
        if (shape.numbers > 0 && has_keys) {
            refuse("has numbers and text as keys; a JSON value is a list or an object");
        }
        if (shape.numbers != shape.highest) {
            refuse("is a list with holes; write null where an item has no value");
        }
        if (shape.numbers > 0 || (!has_keys && is_empty_list(index, schema))) {
            write_array(index, shape.highest, schema_of_item(schema));
        } else {
            write_object(index, shape, schema);
        }
        keys_.resize(shape.first_key);
    }

    bool is_empty_list(int index, const Json* schema) {
        if (is_marked_array(state_, index)) {
            return !schema_says(schema, "object") || schema_says(schema, "array");
        }
        return schema_says(schema, "array") && !schema_says(schema, "object");
    }

    Shape shape_of(int index) {
        Shape shape;
        shape.first_key = keys_.size();
        lua_pushnil(state_);
        while (lua_next(state_, index) != 0) {
            note_key(index, shape);
            lua_pop(state_, 1);
        }
        std::sort(keys_.begin() + static_cast<std::ptrdiff_t>(shape.first_key), keys_.end());
        return shape;
    }

    // The stack: ... key value
    void note_key(int table, Shape& shape) {
        if (lua_type(state_, -2) == LUA_TSTRING) {
            const bool dropped =
                options_.drop_functions && path_.empty() && lua_isfunction(state_, -1);
            if (!dropped) {
                keys_.push_back(to_view(state_, -2));
            }
            return;
        }
        if (lua_isinteger(state_, -2) != 0 && lua_tointeger(state_, -2) > 0) {
            ++shape.numbers;
            shape.highest = std::max(shape.highest, lua_tointeger(state_, -2));
            return;
        }
        if (is_hidden_key(state_, -2)) {
            shape.has_nulls = true;
            note_null_keys(table);
            return;
        }
        refuse(
            "has " + std::string(kind_of(state_, -2)) +
            " as a key; JSON keys are text, and lists count from 1"
        );
    }

    // The stack: ... hidden-key set
    void note_null_keys(int table) {
        lua_pushnil(state_);
        while (lua_next(state_, -2) != 0) {
            lua_pop(state_, 1);
            lua_pushvalue(state_, -1);
            if (lua_rawget(state_, table) == LUA_TNIL) {
                keys_.push_back(to_view(state_, -2));
            }
            lua_pop(state_, 1);
        }
    }

    void write_array(int index, lua_Integer count, const Json* schema) {
        out_ += '[';
        path_.push_back({});
        for (lua_Integer i = 1; i <= count; ++i) {
            if (i > 1) {
                out_ += ',';
            }
            path_.back().item = i;
            lua_rawgeti(state_, index, i);
            write_value(lua_gettop(state_), schema);
            lua_pop(state_, 1);
            check_size();
        }
        path_.pop_back();
        out_ += ']';
    }

    void write_object(int index, const Shape& shape, const Json* schema) {
        const std::size_t end = keys_.size();
        if (end == shape.first_key + 1 && keys_.back() == "$secret" && is_secret_field()) {
            refuse("imitates a secret; take it from env");
        }
        out_ += '{';
        path_.push_back({});
        for (std::size_t i = shape.first_key; i < end; ++i) {
            const std::string_view key = keys_[i];
            if (i > shape.first_key) {
                out_ += ',';
            }
            path_.back().key = key;
            write_text(key);
            out_ += ':';
            push(state_, key);
            lua_rawget(state_, index);
            write_value(lua_gettop(state_), schema_of_field(schema, key));
            lua_pop(state_, 1);
        }
        path_.pop_back();
        out_ += '}';
    }

    lua_State* state_;
    const EncodeOptions& options_;
    std::string out_;
    std::vector<Place> path_;
    std::vector<std::string_view> keys_;
};

}  // namespace

std::string encode_value(lua_State* state, int index, const EncodeOptions& options) {
    luaL_checkstack(state, 8, "no room to encode a value");
    std::string out = Writer(state, options).write(index);
    return out;
}

}  // namespace tideway::script
