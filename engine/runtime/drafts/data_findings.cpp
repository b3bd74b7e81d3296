#include "engine/runtime/drafts/data_findings.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>

#include "engine/base/json_place.h"
#include "engine/model/schema_problem.h"
#include "engine/runtime/drafts/pack_findings.h"
#include "engine/script/language.h"
#include "engine/script/pure_function.h"

namespace tideway::runtime {
namespace {

using script::Finding;
using Pointer = Json::json_pointer;

constexpr const char* kManifest = "pack.json";
constexpr const char* kCheck = "x-check";

// Names of the pack that a value could mean, when it is a text.
std::string nearest_to(const Json& data, const Pointer& at, const std::vector<std::string>& known) {
    const bool is_text = data.contains(at) && data.at(at).is_string();
    return is_text ? script::nearest_name(data.at(at).get<std::string>(), known) : std::string();
}

// A pointer of a script; of one that is none, the whole.
Pointer parse_pointer(const std::string& text) {
    try {
        return Pointer(text);
    } catch (const Json::parse_error&) {
        return Pointer();
    }
}

// "lib/check.lua:12: why" -> 12
int line_in(const std::string& message, const std::string& file) {
    const bool has_place = message.starts_with(file + ":");
    return has_place ? std::atoi(message.c_str() + file.size() + 1) : 0;
}

// One file of data, its schema and what else looks at it.
class DataFile {
  public:
    DataFile(const Pack& pack, std::string name, std::vector<Finding>& findings)
        : pack_(pack),
          name_(std::move(name)),
          findings_(findings) {}

    // Nothing of a file that is no JSON: that is a finding already.
    void check(const std::string& schema_name) {
        const std::string* const text = text_of(name_);
        const std::string* const schema_text = text_of(schema_name);
        if (text == nullptr || schema_text == nullptr) {
            const std::string& absent = text == nullptr ? name_ : schema_name;
            add_to_manifest("the pack has no file " + absent);
            return;
        }
        const auto data = parse_json(*text, name_);
        const auto schema = parse_json(*schema_text, schema_name);
        if (!data || !schema) {
            return;
        }
        if (const auto good = model::check_schema(*schema, schema_name); !good) {
            findings_.push_back(finding_of(good.error(), schema_name));
            return;
        }
        const auto problems = model::find_schema_problems(*schema, *data);
        for (const model::SchemaProblem& problem : problems) {
            add_problem(*text, *data, problem);
        }
        if (const std::string check = string_or(*schema, kCheck); !check.empty()) {
            check_by_function(check, *text, *data, problems.empty());
        }
    }

  private:
    const std::string* text_of(const std::string& file) const {
        const auto it = pack_.files.find(file);
        return it == pack_.files.end() ? nullptr : &it->second;
    }

    void add(const std::string& file, TextPlace at, std::string code, std::string message) {
        Finding& finding = findings_.emplace_back();
        finding.code = std::move(code);
        finding.file = file;
        finding.line = at.line;
        finding.column = at.column;
        finding.message = std::move(message);
    }

    void add_to_manifest(std::string message) {
        const Pointer at = Pointer("/schemas") / name_;
        add(kManifest,
            place_in_json(*text_of(kManifest), at, JsonPart::kName),
            "schema",
            std::move(message));
    }

    void add_problem(
        const std::string& text, const Json& data, const model::SchemaProblem& problem
    ) {
        add(name_, place_in_json(text, problem.at, problem.part), "data", problem.text());
        const bool is_name = problem.part == JsonPart::kName;
        findings_.back().suggestion = is_name
                                          ? script::nearest_name(problem.at.back(), problem.known)
                                          : nearest_to(data, problem.at, problem.known);
    }

    // A check may count on the schema: what it raises over data that does not fit says nothing.
    void check_by_function(
        const std::string& file, const std::string& text, const Json& data, bool fits_schema
    ) {
        if (text_of(file) == nullptr) {
            add_to_manifest("the pack has no file " + file + ", which the schema names");
            return;
        }
        const auto found = call(file, data);
        if (!found) {
            if (fits_schema) {
                Finding& finding = findings_.emplace_back(finding_of(found.error(), file));
                finding.code = "data-check";
                finding.line = line_in(finding.message, file);
            }
            return;
        }
        for (const Json& one : *found) {
            if (one.is_object()) {
                add_found(text, data, one);
            }
        }
    }

    void add_found(const std::string& text, const Json& data, const Json& one) {
        const Pointer at = parse_pointer(string_or(one, "pointer"));
        add(name_, place_in_json(text, at), "data", string_or(one, "message"));
        std::vector<std::string> known;
        for (const Json& name : one.value("known", Json::array())) {
            known.push_back(name.is_string() ? name.get<std::string>() : std::string());
        }
        const std::string nearest = nearest_to(data, at, known);
        findings_.back().suggestion = nearest.empty() ? string_or(one, "suggestion") : nearest;
    }

    Result<Json> call(const std::string& file, const Json& data) const {
        script::Program program;
        program.main_file = file;
        for (const auto& [name, text] : pack_.files) {
            const bool is_flow = name.ends_with(".lua") && name.find('/') == std::string::npos;
            if (!is_flow || name == file) {
                program.files.emplace(name, text);
            }
        }
        TIDEWAY_TRY_ASSIGN(const auto function, script::PureFunction::create(std::move(program)));
        TIDEWAY_TRY_ASSIGN(const Payload found, function->call({to_payload(data)}));
        return parse_json(found.empty() ? "[]" : found.view(), file);
    }

    const Pack& pack_;
    const std::string name_;
    std::vector<Finding>& findings_;
};

}  // namespace

std::vector<Finding> data_findings(const Pack& pack) {
    std::vector<Finding> out;
    const auto text = pack.files.find(kManifest);
    const auto manifest = parse_json(text == pack.files.end() ? "{}" : text->second, kManifest);
    const Json* const schemas = manifest ? find(*manifest, "schemas") : nullptr;
    if (schemas == nullptr) {
        return out;
    }
    for (const auto& [file, schema] : schemas->items()) {
        DataFile(pack, file, out).check(schema.is_string() ? schema.get<std::string>() : "");
    }
    std::ranges::stable_sort(out, {}, [](const Finding& finding) {
        return std::tie(finding.file, finding.line, finding.column);
    });
    return out;
}

}  // namespace tideway::runtime
