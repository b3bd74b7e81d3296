#include "engine/model/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "engine/base/clock.h"
#include "engine/base/limits.h"
#include "engine/model/pattern.h"
#include "engine/model/schema_problem.h"

namespace tideway::model {
namespace {

using Path = Json::json_pointer;

constexpr int kSchemaDepthMax = 300;
constexpr std::size_t kStepsPerValue = 100;

std::string_view word_of(const Json& value) {
    switch (value.type()) {
        case Json::value_t::null:
            return "null";
        case Json::value_t::boolean:
            return "true or false";
        case Json::value_t::string:
            return "text";
        case Json::value_t::object:
            return "an object";
        case Json::value_t::array:
            return "an array";
        default:
            return "a number";
    }
}

std::string word_of_type(const std::string& type) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kWords{{
        {"null", "null"},
        {"boolean", "true or false"},
        {"string", "text"},
        {"object", "an object"},
        {"array", "an array"},
        {"number", "a number"},
        {"integer", "a whole number"},
    }};
    for (const auto& [name, word] : kWords) {
        if (name == type) {
            return std::string(word);
        }
    }
    return "of the unknown type '" + type + "'";
}

bool is_whole(const Json& value) {
    if (value.is_number_integer()) {
        return true;
    }
    const double number = value.is_number_float() ? value.get<double>() : 0.5;
    return std::isfinite(number) && std::floor(number) == number;
}

bool has_type(const Json& value, const std::string& type) {
    if (type == "integer") {
        return is_whole(value);
    }
    return word_of(value) == word_of_type(type);
}

std::size_t code_points(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !is_hex(text[i])) {
            return false;
        }
    }
    return true;
}

bool is_email(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.size() > 320) {
        return false;
    }
    const std::string_view host = text.substr(at + 1);
    if (host.starts_with('.') || host.ends_with('.') || text.starts_with('.') ||
        text[at - 1] == '.' || text.find("..") != std::string_view::npos) {
        return false;
    }
    return std::ranges::all_of(text, [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '(' && c != ')' &&
               c != ',' && c != '<' && c != '>' && c != ';';
    });
}

// A scheme, a colon and only characters that a URI may hold.
bool is_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
        return false;
    }
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto in_scheme = [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    };
    if (!letter(text[0]) || !std::ranges::all_of(text.substr(0, colon), in_scheme)) {
        return false;
    }
    for (std::size_t i = colon + 1; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool bad = byte <= 0x20 || byte >= 0x7F ||
                         std::string_view("\"<>\\^`{|}").find(text[i]) != std::string_view::npos;
        const bool bad_escape = text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) ||
                                                   !is_hex(text[i + 2]));
        if (bad || bad_escape) {
            return false;
        }
    }
    return true;
}

bool is_date(std::string_view text) {
    return text.size() == 10 && parse_utc(text).has_value();
}

// With seconds and an offset, as RFC 3339 demands.
bool is_date_time(std::string_view text) {
    const bool zoned =
        text.ends_with('Z') || text.ends_with('z') ||
        (text.size() > 25 - 1 && (text[text.size() - 6] == '+' || text[text.size() - 6] == '-'));
    return text.size() >= 20 && text[10] != ' ' && text[16] == ':' && zoned &&
           parse_utc(text).has_value();
}

// nullptr: no such format is enforced.
bool (*format_check(const std::string& format))(std::string_view) {
    if (format == "date") {
        return &is_date;
    }
    if (format == "date-time") {
        return &is_date_time;
    }
    if (format == "email") {
        return &is_email;
    }
    if (format == "uuid") {
        return &is_uuid;
    }
    return format == "uri" ? &is_uri : nullptr;
}

// Enough of a value to recognise it in a message.
std::string shown(const Json& value) {
    std::string text = dump(value);
    if (text.size() > 60) {
        text.resize(57);
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
            text.pop_back();
        }
        text += "...";
    }
    return text;
}

std::string shown_list(const Json& values) {
    std::string out;
    std::size_t count = 0;
    for (const Json& value : values) {
        if (++count > 12) {
            return out + ", ...";
        }
        out += (out.empty() ? "" : ", ") + shown(value);
    }
    return out;
}

std::vector<std::string> texts_of(const Json& values) {
    std::vector<std::string> out;
    for (const Json& value : values) {
        if (value.is_string()) {
            out.push_back(value.get<std::string>());
        }
    }
    return out;
}

std::vector<std::string> names_of(const Json* properties) {
    std::vector<std::string> out;
    if (properties != nullptr && properties->is_object()) {
        for (const auto& [name, schema] : properties->items()) {
            out.push_back(name);
        }
    }
    return out;
}

std::size_t count_values(const Json& value) {
    std::size_t count = 1;
    if (value.is_structured()) {
        for (const Json& member : value) {
            count += count_values(member);
        }
    }
    return count;
}

class Validator {
  public:
    Validator(const Json& root, const Json& data, Quoting quoting)
        : root_(root),
          data_(data),
          quoting_(quoting) {}

    // Appends to `problems`; never throws on odd schemas: a keyword of the wrong kind is skipped.
    void check(const Json& schema, const Json& value, const Path& path, int depth) {
        if (schema.is_boolean()) {
            if (!schema.get<bool>()) {
                add(path, "is not allowed");
            }
            return;
        }
        if (!schema.is_object() || full()) {
            return;
        }
        if (depth > kSchemaDepthMax || is_over_budget()) {
            exhausted_ = true;
            return;
        }
        if (const Json* reference = find(schema, "$ref"); reference != nullptr) {
            check_reference(*reference, value, path, depth);
            return;
        }
        if (value.is_null() && bool_or(schema, "nullable", false)) {
            return;
        }
        if (!check_type(schema, value, path)) {
            return;
        }
        check_choice(schema, value, path);
        check_combined(schema, value, path, depth);
        if (value.is_object()) {
            check_object(schema, value, path, depth);
        } else if (value.is_array()) {
            check_array(schema, value, path, depth);
        } else if (value.is_string()) {
            check_text(schema, value.get_ref<const std::string&>(), path);
        } else if (value.is_number()) {
            check_number(schema, value, path);
        }
    }

    std::vector<SchemaProblem> take() {
        if (exhausted_) {
            problems_.push_back(
                {Path(),
                 "cannot be checked: the schema refers to itself without end, or is too expensive"}
            );
        }
        return std::move(problems_);
    }

  private:
    // A schema that refers to itself in circles would cost more than any data is worth.
    bool is_over_budget() {
        if (++steps_ <= budget_) {
            return false;
        }
        const std::size_t whole = limits::kSchemaStepsMax + kStepsPerValue * count_values(data_);
        const bool was_raised = budget_ == whole;
        budget_ = whole;
        return was_raised || steps_ > whole;
    }

    bool full() const { return exhausted_ || problems_.size() >= limits::kSchemaProblemsMax; }

    void add(
        const Path& path,
        std::string problem,
        std::vector<std::string> known = {},
        JsonPart part = JsonPart::kValue
    ) {
        if (problems_.size() < limits::kSchemaProblemsMax) {
            problems_.push_back({path, std::move(problem), part, std::move(known)});
        }
    }

    std::string it_is(const Json& value) const {
        return quoting_ == Quoting::kValues ? ", is " + shown(value) : std::string();
    }

    void check_reference(const Json& reference, const Json& value, const Path& path, int depth) {
        const std::string text = reference.is_string() ? reference.get<std::string>() : "";
        const Json* target = nullptr;
        try {
            if (text.starts_with('#')) {
                std::string pointer = text.substr(1);
                for (std::size_t at = pointer.find("%25"); at != std::string::npos;
                     at = pointer.find("%25", at + 1)) {
                    pointer.replace(at, 3, "%");
                }
                const Path place(pointer);
                target = root_.contains(place) ? &root_.at(place) : nullptr;
            }
        } catch (const std::exception&) {
            target = nullptr;
        }
        if (target == nullptr) {
            add(path, "cannot be checked: the schema has no '" + text + "'");
            return;
        }
        check(*target, value, path, depth + 1);
    }

    bool check_type(const Json& schema, const Json& value, const Path& path) {
        const Json* type = find(schema, "type");
        if (type == nullptr || !(type->is_string() || type->is_array())) {
            return true;
        }
        const Json types = type->is_array() ? *type : Json::array({*type});
        std::string wanted;
        for (const Json& one : types) {
            const std::string name = one.is_string() ? one.get<std::string>() : "";
            if (has_type(value, name)) {
                return true;
            }
            wanted += (wanted.empty() ? "" : " or ") + word_of_type(name);
        }
        const bool fraction = value.is_number() && wanted == "a whole number";
        add(path,
            "must be " + wanted + (fraction ? it_is(value) : ", is " + std::string(word_of(value)))
        );
        return false;
    }

    void check_choice(const Json& schema, const Json& value, const Path& path) {
        if (const Json* constant = find(schema, "const"); constant && *constant != value) {
            add(path, "must be " + shown(*constant) + it_is(value));
        }
        const Json* choices = find(schema, "enum");
        if (choices != nullptr && choices->is_array() &&
            std::ranges::find(*choices, value) == choices->end()) {
            add(path, "must be one of " + shown_list(*choices) + it_is(value), texts_of(*choices));
        }
    }

    // The problems that `schema` alone would add, without adding them.
    std::vector<SchemaProblem> attempt(
        const Json& schema, const Json& value, const Path& path, int depth
    ) {
        std::vector<SchemaProblem> kept = std::move(problems_);
        problems_.clear();
        check(schema, value, path, depth + 1);
        std::swap(kept, problems_);
        return kept;
    }

    void check_combined(const Json& schema, const Json& value, const Path& path, int depth) {
        if (const Json* all = find(schema, "allOf"); all != nullptr && all->is_array()) {
            for (const Json& one : *all) {
                check(one, value, path, depth + 1);
            }
        }
        if (const Json* any = find(schema, "anyOf"); any != nullptr && any->is_array()) {
            check_alternatives(*any, value, path, depth, any->size());
        }
        if (const Json* one_of = find(schema, "oneOf"); one_of != nullptr && one_of->is_array()) {
            check_alternatives(*one_of, value, path, depth, 1);
        }
        const Json* forbidden = find(schema, "not");
        if (forbidden != nullptr && attempt(*forbidden, value, path, depth).empty() && !full()) {
            add(path, "is of a form that is not allowed");
        }
    }

    void check_alternatives(
        const Json& schemas, const Json& value, const Path& path, int depth, std::size_t fits_max
    ) {
        std::size_t fits = 0;
        std::string reasons;
        for (const Json& schema : schemas) {
            const std::vector<SchemaProblem> problems = attempt(schema, value, path, depth);
            if (exhausted_) {
                return;
            }
            if (problems.empty()) {
                ++fits;
            } else if (reasons.size() < 300) {
                reasons += (reasons.empty() ? "" : "; or ") + problems.front().text();
            }
        }
        if (fits == 0) {
            add(path, "fits none of the allowed forms (" + reasons + ")");
        } else if (fits > fits_max) {
            add(path, "fits " + std::to_string(fits) + " of the forms, must fit exactly one");
        }
    }

    void check_object(const Json& schema, const Json& value, const Path& path, int depth) {
        check_count(schema, value.size(), "Properties", "properties", path);
        if (const Json* required = find(schema, "required"); required && required->is_array()) {
            for (const Json& name : *required) {
                if (name.is_string() && !value.contains(name.get_ref<const std::string&>())) {
                    add(path / name.get<std::string>(), "is missing");
                }
            }
        }
        const Json* properties = find(schema, "properties");
        const Json* additional = find(schema, "additionalProperties");
        for (const auto& [name, member] : value.items()) {
            const Json* known = properties != nullptr ? find(*properties, name) : nullptr;
            if (known != nullptr) {
                check(*known, member, path / name, depth + 1);
            } else if (additional != nullptr && additional->is_boolean()) {
                if (!additional->get<bool>()) {
                    add(path / name,
                        "is not known" + known_names(properties),
                        names_of(properties),
                        JsonPart::kName);
                }
            } else if (additional != nullptr) {
                check(*additional, member, path / name, depth + 1);
            }
            if (full()) {
                return;
            }
        }
    }

    static std::string known_names(const Json* properties) {
        std::string names;
        std::size_t count = 0;
        for (const std::string& name : names_of(properties)) {
            names += (names.empty() ? "" : ", ") + (++count > 12 ? "..." : name);
            if (count > 12) {
                break;
            }
        }
        return names.empty() ? names : " (known: " + names + ")";
    }

    void check_array(const Json& schema, const Json& value, const Path& path, int depth) {
        check_count(schema, value.size(), "Items", "items", path);
        if (bool_or(schema, "uniqueItems", false)) {
            Json sorted = value;
            std::sort(sorted.begin(), sorted.end());
            if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
                add(path, "holds an item twice");
            }
        }
        const Json* items = find(schema, "items");
        if (items == nullptr || items->is_array()) {
            return;
        }
        for (std::size_t i = 0; i < value.size() && !full(); ++i) {
            check(*items, value[i], path / i, depth + 1);
        }
    }

    void check_count(
        const Json& schema,
        std::size_t count,
        const std::string& suffix,
        const std::string& word,
        const Path& path
    ) {
        const Json* least = find(schema, "min" + suffix);
        if (least != nullptr && least->is_number() &&
            static_cast<double>(count) < least->get<double>()) {
            add(path,
                "must have at least " + dump(*least) + " " + word + ", has " + std::to_string(count)
            );
        }
        const Json* most = find(schema, "max" + suffix);
        if (most != nullptr && most->is_number() &&
            static_cast<double>(count) > most->get<double>()) {
            add(path,
                "must have at most " + dump(*most) + " " + word + ", has " + std::to_string(count));
        }
    }

    void check_text(const Json& schema, const std::string& text, const Path& path) {
        check_count(schema, code_points(text), "Length", "characters", path);
        const std::string format = string_or(schema, "format");
        auto* const fits = format_check(format);
        if (fits != nullptr && !fits(text)) {
            add(path, "must be of the format " + format + it_is(text));
        }
        const Json* expression = find(schema, "pattern");
        if (expression == nullptr || !expression->is_string()) {
            return;
        }
        const auto pattern = Pattern::compile(expression->get<std::string>());
        if (!pattern) {
            add(path, "cannot be checked: " + pattern.error().message);
            return;
        }
        const std::optional<bool> found = pattern->found_in(text);
        if (!found) {
            add(path, "is too long to be checked against the pattern " + dump(*expression));
        } else if (!*found) {
            add(path, "must match the pattern " + dump(*expression) + it_is(text));
        }
    }

    void check_number(const Json& schema, const Json& value, const Path& path) {
        const auto limit = [&](const char* key, const char* words, auto breaks) {
            const Json* bound = find(schema, key);
            if (bound != nullptr && bound->is_number() && breaks(value, *bound)) {
                add(path, std::string(words) + " " + dump(*bound) + it_is(value));
            }
        };
        limit("minimum", "must be at least", [](const Json& v, const Json& b) { return v < b; });
        limit("maximum", "must be at most", [](const Json& v, const Json& b) { return b < v; });
        limit("exclusiveMinimum", "must be more than", [](const Json& v, const Json& b) {
            return v <= b;
        });
        limit("exclusiveMaximum", "must be less than", [](const Json& v, const Json& b) {
            return b <= v;
        });
        limit("multipleOf", "must be a multiple of", [](const Json& v, const Json& b) {
            return !is_multiple(v.get<double>(), b.get<double>());
        });
    }

    // 0.0075 is a multiple of 0.0001 though doubles cannot say so exactly.
    static bool is_multiple(double value, double unit) {
        const double times = value / unit;
        return unit > 0 && std::isfinite(times) &&
               std::abs(times - std::round(times)) <= 1e-12 * std::max(1.0, std::abs(times));
    }

    const Json& root_;
    const Json& data_;
    Quoting quoting_;
    std::vector<SchemaProblem> problems_;
    std::size_t steps_ = 0;
    std::size_t budget_ = limits::kSchemaStepsMax;
    bool exhausted_ = false;
};

}  // namespace

std::vector<SchemaProblem> find_schema_problems(
    const Json& schema, const Json& value, Quoting quoting
) {
    Validator validator(schema, value, quoting);
    validator.check(schema, value, Path(), 0);
    return validator.take();
}

}  // namespace tideway::model
