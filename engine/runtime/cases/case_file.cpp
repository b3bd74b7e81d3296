#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/json_place.h"
#include "engine/base/limits.h"
#include "engine/model/retry_policy.h"
#include "engine/model/schema.h"
#include "engine/model/schema_problem.h"
#include "engine/runtime/cases/case.h"

namespace tideway::runtime {
namespace {

namespace fs = std::filesystem;
using Path = Json::json_pointer;

constexpr const char* kDefaultTime = "2026-01-05T09:00:00Z";
constexpr const char* kSeeFormat = "The format of cases: docs/cases.md.";

Result<std::string> read_text(const fs::path& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (!error && size > limits::kCaseFileBytesMax) {
        return fail(
            ErrorKind::kLimit,
            "InvalidCase",
            "The file " + path.string() + " is larger than 4 MiB.",
            "Leave out what the flow does not read."
        );
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return fail(
            ErrorKind::kNotFound,
            "CaseNotFound",
            "The file " + path.string() + " cannot be read.",
            "Cases are in cases/, what they share in cases/data/."
        );
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<Json> read_data(const fs::path& folder, const std::string& name) {
    const bool is_plain = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!is_plain) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidCase",
            "'" + name + "' cannot be the name of a file of cases/data.",
            "Use a-z, 0-9 and '_', and leave .json out."
        );
    }
    const fs::path path = folder / (name + ".json");
    TIDEWAY_TRY_ASSIGN(const std::string text, read_text(path));
    return parse_json(text, path.string());
}

// Reads one file: what is wrong is said with its line.
class CaseReader {
  public:
    CaseReader(const std::string& file, std::string_view text, const CaseSurroundings& around)
        : file_(file),
          text_(text),
          pack_(around.pack),
          specs_(around.specs),
          data_(around.data) {}

    Result<Case> read();

  private:
    tl::unexpected<Error> wrong(const Path& path, const std::string& what, std::string remedy = {})
        const {
        return at_line(place_in_json(text_, path).line, what, std::move(remedy));
    }

    tl::unexpected<Error> at_line(int line, const std::string& what, std::string remedy) const {
        Error error;
        error.kind = ErrorKind::kInvalidInput;
        error.code = "InvalidCase";
        error.message = file_ + ":" + std::to_string(line) + ": " + what;
        error.remedy = remedy.empty() ? kSeeFormat : std::move(remedy);
        error.details = dump(Json{{"file", file_}, {"line", line}});
        return fail(std::move(error));
    }

    Status fill_in(Json& json, const Path& path, int depth) const;
    Status check_form() const;
    Status read_times(Case& out) const;
    Status read_flow(Case& out) const;
    Status read_variables(Case& out) const;
    Status read_answers(Case& out) const;
    Status read_callbacks(Case& out) const;
    Result<Duration> read_duration(const std::string& text, const Path& path) const;
    Result<CaseAnswer> read_answer(const Json& json, const Path& path) const;
    Status check_output(const Json& output, const model::OperationSpec& operation, const Path& path)
        const;
    Result<const model::OperationSpec*> operation_of(const std::string& call, const Path& path)
        const;
    Status read_effects(Case& out) const;
    static void read_run(const Json& json, ExpectedRun& out);

    const std::string& file_;
    std::string_view text_;
    const Pack& pack_;
    const ConnectorSpecs& specs_;
    const CaseData& data_;
    Json json_;
};

Result<Case> CaseReader::read() {
    auto parsed = parse_json(text_, "The case");
    if (!parsed) {
        const auto details = parse_json(parsed.error().details, "details");
        return at_line(
            details ? static_cast<int>(int_or(*details, "line", 1)) : 1, parsed.error().message, {}
        );
    }
    json_ = std::move(*parsed);
    TIDEWAY_TRY(fill_in(json_, Path(), 0));
    TIDEWAY_TRY(check_form());
    Case out;
    out.file = file_;
    out.name = fs::path(file_).stem().string();
    out.title = string_or(json_, "title", out.name);
    if (const Json* event = find(json_, "event")) {
        out.event = *event;
    }
    out.effects = model::parse_effects(string_or(json_, "effects")).value_or(out.effects);
    TIDEWAY_TRY(read_times(out));
    TIDEWAY_TRY(read_flow(out));
    TIDEWAY_TRY(read_variables(out));
    TIDEWAY_TRY(read_answers(out));
    TIDEWAY_TRY(read_callbacks(out));
    const Json& expect = json_["expect"];
    out.run.event = string_or(expect, "event", out.run.event);
    read_run(expect, out.run);
    TIDEWAY_TRY(read_effects(out));
    return out;
}

// {"$data": "referral", ...} becomes cases/data/referral.json with the other members merged in.
Status CaseReader::fill_in(Json& json, const Path& path, int depth) const {
    if (depth > limits::kCaseDataDepthMax) {
        return wrong(path, "files of cases/data name each other in a circle.");
    }
    if (json.is_array()) {
        for (std::size_t i = 0; i < json.size(); ++i) {
            TIDEWAY_TRY(fill_in(json[i], path / i, depth));
        }
    }
    if (!json.is_object()) {
        return {};
    }
    for (auto& [key, value] : json.items()) {
        TIDEWAY_TRY(fill_in(value, path / key, depth));
    }
    const auto name = json.find("$data");
    if (name == json.end()) {
        return {};
    }
    auto data = name->is_string()
                    ? data_(name->get<std::string>())
                    : Result<Json>(fail(ErrorKind::kInvalidInput, "", "\"$data\" is a name."));
    if (!data) {
        return wrong(path, data.error().message, data.error().remedy);
    }
    TIDEWAY_TRY(fill_in(*data, path, depth + 1));
    json.erase("$data");
    data->merge_patch(json);
    json = std::move(*data);
    return {};
}

Status CaseReader::check_form() const {
    const auto problems = model::find_schema_problems(case_schema(), json_);
    if (problems.empty()) {
        return {};
    }
    return wrong(problems.front().at, problems.front().text() + ".");
}

Status CaseReader::read_times(Case& out) const {
    const auto at = parse_utc(string_or(json_, "at", kDefaultTime));
    if (!at) {
        return wrong(Path("/at"), "'at' is not a time.", "Write it as 2026-01-05T09:00:00Z.");
    }
    out.at = *at;
    out.time_limit = limits::kCaseTime;
    const Json* limit = find(json_, "time_limit");
    if (limit == nullptr) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(
        out.time_limit, read_duration(limit->get<std::string>(), Path("/time_limit"))
    );
    return {};
}

Result<Duration> CaseReader::read_duration(const std::string& text, const Path& path) const {
    const auto parsed = model::parse_duration(text);
    if (!parsed || *parsed < Duration(0)) {
        return wrong(
            path, "'" + path.back() + "' is not a duration.", "Write it as PT30M or P40D."
        );
    }
    return *parsed;
}

Status CaseReader::read_callbacks(Case& out) const {
    const Json* callbacks = find(json_, "callbacks");
    for (std::size_t i = 0; callbacks != nullptr && i < callbacks->size(); ++i) {
        const Json& json = (*callbacks)[i];
        const Path path = Path("/callbacks") / i;
        CaseCallback callback;
        callback.step = string_or(json, "step");
        callback.line = place_in_json(text_, path).line;
        TIDEWAY_TRY_ASSIGN(
            callback.after, read_duration(string_or(json, "after", "PT0S"), path / "after")
        );
        callback.call = {
            {"method", "POST"},
            {"headers", json.value("headers", Json::object())},
            {"queries", json.value("queries", Json::object())}};
        if (const Json* body = find(json, "body")) {
            callback.call["body"] = *body;
        }
        if (const Json* answer = find(json, "answer")) {
            callback.call = {{"answer", *answer}, {"person", string_or(json, "person")}};
        }
        out.callbacks.push_back(std::move(callback));
    }
    return {};
}

Status CaseReader::read_flow(Case& out) const {
    out.flow = json_["flow"].get<std::string>();
    if (std::ranges::find(pack_.flows, out.flow) != pack_.flows.end()) {
        return {};
    }
    std::string known;
    for (const std::string& flow : pack_.flows) {
        known += (known.empty() ? "" : ", ") + flow;
    }
    return wrong(
        Path("/flow"),
        "the pack " + pack_.name + " has no flow '" + out.flow + "'.",
        "Its flows: " + known + "."
    );
}

Status CaseReader::read_variables(Case& out) const {
    const Json* variables = find(json_, "variables");
    if (variables == nullptr) {
        return {};
    }
    for (const auto& [name, value] : variables->items()) {
        const bool is_known = std::ranges::any_of(
            pack_.variables, [&name = name](const auto& each) { return each.name == name; }
        );
        if (!is_known) {
            return wrong(
                Path("/variables") / name,
                "the pack " + pack_.name + " has no variable '" + name + "'.",
                "Declare it in pack.json, or correct the name."
            );
        }
        out.variables.emplace(name, value);
    }
    return {};
}

Result<const model::OperationSpec*> CaseReader::operation_of(
    const std::string& call, const Path& path
) const {
    const std::string name = call.substr(0, call.find('.'));
    const std::string operation = call.substr(call.find('.') + 1);
    const auto reference = std::ranges::find_if(pack_.references, [&name](const auto& each) {
        return each.name == name;
    });
    if (reference == pack_.references.end()) {
        return wrong(
            path,
            "the pack " + pack_.name + " has no connection reference '" + name + "'.",
            "Use a name of \"connections\" in pack.json."
        );
    }
    const auto spec = specs_.find(reference->connector);
    if (spec == specs_.end()) {
        return wrong(path, "there is no connector '" + reference->connector + "'.");
    }
    if (const auto* found = spec->second->operation(operation)) {
        return found;
    }
    std::string known;
    for (const model::OperationSpec& each : spec->second->operations) {
        known += (known.empty() ? "" : ", ") + each.id;
    }
    return wrong(
        path,
        "the connector " + spec->second->id + " has no operation '" + operation + "'.",
        "Its operations: " + known + "."
    );
}

Status CaseReader::read_answers(Case& out) const {
    const Json* answers = find(json_, "answers");
    for (std::size_t i = 0; answers != nullptr && i < answers->size(); ++i) {
        const Path path = Path("/answers") / i;
        TIDEWAY_TRY_ASSIGN(auto answer, read_answer((*answers)[i], path));
        answer.line = place_in_json(text_, path).line;
        out.answers.push_back(std::move(answer));
    }
    return {};
}

Result<CaseAnswer> CaseReader::read_answer(const Json& json, const Path& path) const {
    CaseAnswer out;
    out.call = string_or(json, "call");
    TIDEWAY_TRY_ASSIGN(const auto* operation, operation_of(out.call, path / "call"));
    if (const Json* input = find(json, "input")) {
        out.input = *input;
    }
    if (const Json* times = find(json, "times")) {
        out.times = times->is_string() ? std::nullopt : std::optional(times->get<int>());
    }
    const Json* output = find(json, "output");
    const Json* refuse = find(json, "refuse");
    const Json* probe = find(json, "probe");
    const std::string lost = string_or(json, "lost");
    const int kinds = (output != nullptr ? 1 : 0) + (refuse != nullptr ? 1 : 0) +
                      (probe != nullptr ? 1 : 0) + (lost.empty() ? 0 : 1);
    if (kinds != 1) {
        return wrong(
            path,
            "an answer says exactly one of output, refuse, lost and probe.",
            "Write \"output\": null for an operation that returns nothing."
        );
    }
    if (refuse != nullptr) {
        out.kind = CaseAnswer::Kind::kRefusal;
        out.refusal = *refuse;
    } else if (!lost.empty()) {
        out.kind = lost == "after" ? CaseAnswer::Kind::kLostAfter : CaseAnswer::Kind::kLostBefore;
    } else if (probe != nullptr) {
        if (!operation->has_probe) {
            return wrong(path / "probe", "nothing can be asked about " + out.call + " afterwards.");
        }
        out.is_probe = true;
        out.output = *probe;
        const Json* found = find(*probe, "output");
        TIDEWAY_TRY(check_output(found == nullptr ? Json() : *found, *operation, path / "probe"));
    } else {
        out.output = *output;
        TIDEWAY_TRY(check_output(*output, *operation, path / "output"));
    }
    return out;
}

Status CaseReader::check_output(
    const Json& output, const model::OperationSpec& operation, const Path& path
) const {
    if (output.is_null()) {
        return {};
    }
    const auto problems = model::schema_problems(operation.output_schema, output);
    if (problems.empty()) {
        return {};
    }
    return wrong(
        path,
        "the answer is not what " + operation.id + " returns: " + problems.front() + ".",
        "Correct the answer: a flow never sees it so."
    );
}

Status CaseReader::read_effects(Case& out) const {
    const Json* effects = find(json_["expect"], "effects");
    if (effects == nullptr) {
        return {};
    }
    out.expected_effects.emplace();
    for (std::size_t i = 0; i < effects->size(); ++i) {
        const Json& json = (*effects)[i];
        const Path path = Path("/expect/effects") / i;
        ExpectedEffect effect;
        effect.call = string_or(json, "call");
        TIDEWAY_TRY_ASSIGN(const auto* operation, operation_of(effect.call, path));
        if (operation->effect == model::EffectClass::kRead) {
            return wrong(path, effect.call + " only reads; it is no effect.", "Remove it here.");
        }
        if (const Json* input = find(json, "input")) {
            effect.input = *input;
        }
        out.expected_effects->push_back(std::move(effect));
    }
    return {};
}

void CaseReader::read_run(const Json& json, ExpectedRun& out) {
    out.status = string_or(json, "status", out.status);
    const auto take = [&json](std::string_view key, Json& into) {
        if (const Json* value = find(json, key)) {
            into = *value;
        }
    };
    take("outcome", out.outcome);
    take("reason", out.reason);
    take("error", out.error);
    take("response", out.response);
    take("output", out.output);
    if (const Json* tracked = find(json, "tracked")) {
        out.tracked = Json::object();
        for (const auto& [name, texts] : tracked->items()) {
            out.tracked[name] = texts.is_array() ? texts : Json::array({texts});
        }
    }
    if (const Json* steps = find(json, "steps")) {
        for (const auto& [path, what] : steps->items()) {
            out.steps.push_back({path, what.is_string() ? Json{{"status", what}} : what});
        }
    }
    if (const Json* children = find(json, "children")) {
        for (const auto& [path, what] : children->items()) {
            auto child = std::make_unique<ExpectedRun>();
            read_run(what, *child);
            out.children.emplace(path, std::move(child));
        }
    }
}

}  // namespace

Result<Case> parse_case(
    const std::string& file, std::string_view text, const CaseSurroundings& around
) {
    return CaseReader(file, text, around).read();
}

Result<std::vector<std::string>> list_cases(const std::string& folder) {
    std::vector<std::string> names;
    const fs::path cases = fs::path(folder) / "cases";
    if (!fs::exists(cases)) {
        return names;
    }
    std::error_code error;
    fs::directory_iterator it(cases, error);
    if (error) {
        return fail(
            ErrorKind::kNotFound,
            "CasesUnreadable",
            "The folder " + cases.string() + " cannot be read: " + error.message() + "."
        );
    }
    for (const fs::directory_entry& entry : it) {
        if (entry.path().extension() == ".json") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

Result<Case> read_case(
    const std::string& folder,
    const std::string& name,
    const Pack& pack,
    const ConnectorSpecs& specs
) {
    const fs::path cases = fs::path(folder) / "cases";
    const fs::path path = cases / (name + ".json");
    TIDEWAY_TRY_ASSIGN(const std::string text, read_text(path));
    const CaseData data = [&cases](const std::string& data_name) {
        return read_data(cases / "data", data_name);
    };
    return parse_case(path.string(), text, {pack, specs, data});
}

}  // namespace tideway::runtime
