// check_schema: a schema is refused when it holds something that validation would silently skip.
#include <algorithm>
#include <array>
#include <string>

#include "engine/base/limits.h"
#include "engine/model/pattern.h"
#include "engine/model/schema.h"

namespace tideway::model {
namespace {

using Path = Json::json_pointer;

constexpr std::array<std::string_view, 7> kTypes{
    "null", "boolean", "string", "object", "array", "number", "integer"};

enum class Shape { kAnything, kSchema, kSchemas, kSchemaMap, kNumber, kText, kList, kBool, kType };

struct Keyword {
    std::string_view name;
    Shape shape;
};

constexpr std::array<Keyword, 44> kKeywords{{
    {"type", Shape::kType},
    {"nullable", Shape::kBool},
    {"enum", Shape::kList},
    {"const", Shape::kAnything},
    {"properties", Shape::kSchemaMap},
    {"required", Shape::kList},
    {"additionalProperties", Shape::kSchema},
    {"minProperties", Shape::kNumber},
    {"maxProperties", Shape::kNumber},
    {"items", Shape::kSchema},
    {"minItems", Shape::kNumber},
    {"maxItems", Shape::kNumber},
    {"uniqueItems", Shape::kBool},
    {"minimum", Shape::kNumber},
    {"maximum", Shape::kNumber},
    {"exclusiveMinimum", Shape::kNumber},
    {"exclusiveMaximum", Shape::kNumber},
    {"multipleOf", Shape::kNumber},
    {"minLength", Shape::kNumber},
    {"maxLength", Shape::kNumber},
    {"pattern", Shape::kText},
    {"format", Shape::kText},
    {"allOf", Shape::kSchemas},
    {"anyOf", Shape::kSchemas},
    {"oneOf", Shape::kSchemas},
    {"not", Shape::kSchema},
    {"$ref", Shape::kText},
    {"definitions", Shape::kSchemaMap},
    {"$defs", Shape::kSchemaMap},
    {"$schema", Shape::kAnything},
    {"$id", Shape::kAnything},
    {"id", Shape::kAnything},
    {"$comment", Shape::kAnything},
    {"title", Shape::kAnything},
    {"description", Shape::kAnything},
    {"summary", Shape::kAnything},
    {"default", Shape::kAnything},
    {"example", Shape::kAnything},
    {"examples", Shape::kAnything},
    {"readOnly", Shape::kAnything},
    {"writeOnly", Shape::kAnything},
    {"deprecated", Shape::kAnything},
    {"contentEncoding", Shape::kAnything},
    {"contentMediaType", Shape::kAnything},
}};

class SchemaChecker {
  public:
    SchemaChecker(const Json& root, std::string_view what)
        : root_(root),
          what_(what) {}

    Status check(const Json& schema, const Path& path, int depth) const {
        if (schema.is_boolean()) {
            return {};
        }
        if (!schema.is_object()) {
            return refuse(path, "must be an object, true or false");
        }
        if (depth > static_cast<int>(limits::kJsonDepthMax)) {
            return refuse(path, "is nested too deeply");
        }
        for (const auto& [name, value] : schema.items()) {
            if (name.starts_with("x-")) {
                continue;
            }
            const auto* known = std::ranges::find(kKeywords, name, &Keyword::name);
            if (known == kKeywords.end()) {
                return refuse(path / name, "is a keyword that is not supported");
            }
            TIDEWAY_TRY(check_keyword(*known, value, path / name, depth));
        }
        return {};
    }

  private:
    tl::unexpected<Error> refuse(const Path& path, const std::string& problem) const {
        const std::string where = path.to_string();
        return fail(
            ErrorKind::kInvalidInput,
            "SchemaNotSupported",
            "The schema of " + what_ + ": " + (where.empty() ? "it" : where) + " " + problem + ".",
            "The keywords that are understood are listed in docs/connectors.md."
        );
    }

    Status check_keyword(const Keyword& keyword, const Json& value, const Path& path, int depth)
        const {
        switch (keyword.shape) {
            case Shape::kAnything:
                return {};
            case Shape::kSchema:
                return check(value, path, depth + 1);
            case Shape::kSchemas:
            case Shape::kSchemaMap:
                return check_many(keyword.shape, value, path, depth);
            case Shape::kNumber:
                return value.is_number() ? Status() : refuse(path, "must be a number");
            case Shape::kBool:
                return value.is_boolean() ? Status() : refuse(path, "must be true or false");
            case Shape::kList:
                return value.is_array() ? Status() : refuse(path, "must be an array");
            case Shape::kText:
                return check_text(keyword, value, path);
            case Shape::kType:
                return check_type(value, path);
        }
        return {};
    }

    Status check_many(Shape shape, const Json& value, const Path& path, int depth) const {
        if (shape == Shape::kSchemas && (!value.is_array() || value.empty())) {
            return refuse(path, "must be an array of schemas");
        }
        if (shape == Shape::kSchemaMap && !value.is_object()) {
            return refuse(path, "must be an object of schemas");
        }
        for (const auto& [name, schema] : value.items()) {
            TIDEWAY_TRY(check(schema, path / name, depth + 1));
        }
        return {};
    }

    Status check_text(const Keyword& keyword, const Json& value, const Path& path) const {
        if (!value.is_string()) {
            return refuse(path, "must be text");
        }
        const auto& text = value.get_ref<const std::string&>();
        if (keyword.name == "pattern") {
            const auto pattern = Pattern::compile(text);
            return pattern ? Status() : refuse(path, "is refused. " + pattern.error().message);
        }
        if (keyword.name == "$ref" && !resolves(text)) {
            return refuse(path, "names '" + text + "', which is not in this schema");
        }
        return {};
    }

    bool resolves(const std::string& reference) const {
        if (!reference.starts_with('#')) {
            return false;
        }
        try {
            return root_.contains(Path(reference.substr(1)));
        } catch (const std::exception&) {
            return false;
        }
    }

    Status check_type(const Json& value, const Path& path) const {
        const Json types = value.is_array() ? value : Json::array({value});
        for (const Json& type : types) {
            if (!type.is_string() ||
                std::ranges::find(kTypes, type.get_ref<const std::string&>()) == kTypes.end()) {
                return refuse(
                    path,
                    "is not a type; types are null, boolean, string, object, "
                    "array, number and integer"
                );
            }
        }
        return {};
    }

    const Json& root_;
    std::string what_;
};

}  // namespace

Status check_schema(const Json& schema, std::string_view what) {
    return SchemaChecker(schema, what).check(schema, Path(), 0);
}

}  // namespace tideway::model
