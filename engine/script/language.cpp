#include "engine/script/language.h"

#include <algorithm>
#include <array>

namespace tideway::script {
namespace {

constexpr int kMany = kManyArguments;
using enum WordKind;
using enum LiteralArgument;

constexpr LanguageFunction kFunctions[] = {
    // declaring
    {"flow", 1, 1, kDeclare},
    {"connection", 1, 1, kDeclare, kReference},
    {"env", 1, 1, kDeclare, kReference},
    {"require", 1, 1, kDeclare, kReference},
    {"trigger.manual", 0, 1, kDeclare},
    {"trigger.http_request", 0, 1, kDeclare},
    {"trigger.recurrence", 0, 1, kDeclare},
    {"trigger.child", 0, 1, kDeclare},
    {"trigger.notice", 0, 1, kDeclare},
    // steps
    {"compose", 2, 3, kStep, kStepName, 3},
    {"condition", 2, 2, kStep, kStepName},
    {"delay", 2, 3, kStep, kStepName, 3},
    {"delay_until", 2, 3, kStep, kStepName, 3},
    {"respond", 1, 3, kStep, kStepNameOptional, 3},
    {"terminate", 1, 3, kStep},
    {"fail", 2, 3},
    {"outcome", 1, 2},
    {"track", 1, 1},
    {"run_child_flow", 2, 4, kStep, kStepName, 4},
    // structure
    {"scope", 2, 3, kStructure, kStepName},
    {"try", 2, 3, kStructure, kStepName},
    {"switch", 3, 3, kStructure, kStepName},
    {"foreach", 3, 4, kStructure, kStepName},
    {"parallel", 2, 2, kStructure, kStepName},
    {"repeat_until", 2, 3, kStructure, kStepName},
    {"exclusive", 3, 3, kStructure, kStepName},
    {"wait_for_callback", 2, 3, kStructure, kStepName},
    {"wait_for_decision", 2, 2, kStructure, kStepName},
    // values
    {"array", 0, 1},
    {"now", 0, 0},
    {"uuid", 0, 0},
    {"log", 1, 2},
    {"json.encode", 1, 1},
    {"json.decode", 1, 1},
    {"json.is_null", 2, 2},
    // money
    {"money.normalise", 1, 1},
    {"money.is_amount", 1, 1},
    {"money.equal", 2, 2},
    {"money.compare", 2, 2},
    {"money.add", 2, 2},
    {"money.sub", 2, 2},
    {"money.mul", 2, 2},
    {"money.round", 1, 2},
    {"money.format", 1, 2},
    {"money.number", 1, 1},
    // time
    {"time.parse", 1, 1},
    {"time.is_time", 1, 1},
    {"time.format", 2, 3},
    {"time.date", 1, 1},
    {"time.equal", 2, 2},
    {"time.equal_date", 2, 2},
    {"time.compare", 2, 2},
    {"time.add", 2, 2},
    {"time.difference", 2, 2},
    {"time.to_utc", 2, 2},
    {"time.from_utc", 2, 2},
    {"time.start_of_day", 1, 2},
    {"time.day_of_week", 1, 1},
    {"time.parts", 1, 1},
    {"time.to_seconds", 1, 1},
    {"time.from_seconds", 1, 1},
    // text
    {"text.trim", 1, 1},
    {"text.starts_with", 2, 2},
    {"text.ends_with", 2, 2},
    {"text.contains", 2, 2},
    {"text.index_of", 2, 2},
    {"text.split", 2, 2},
    {"text.join", 1, 2},
    {"text.replace", 3, 3},
    {"text.lower", 1, 1},
    {"text.upper", 1, 1},
    {"text.equal_ignoring_case", 2, 2},
    {"text.length", 1, 1},
    {"text.substring", 2, 3},
    {"text.truncate", 2, 3},
    {"text.truncate_bytes", 2, 2},
    {"text.normalise_line_ends", 1, 1},
    {"text.is_blank", 1, 1},
    {"text.strip_prefix", 2, 2},
    {"text.strip_suffix", 2, 2},
    {"text.lines", 1, 1},
    {"text.pad_left", 2, 3},
    {"text.pad_right", 2, 3},
    {"text.to_base64", 1, 1},
    {"text.from_base64", 1, 1},
    // list
    {"list.map", 2, 2},
    {"list.filter", 2, 2},
    {"list.find", 2, 2},
    {"list.any", 1, 2},
    {"list.all", 2, 2},
    {"list.count", 1, 2},
    {"list.sum", 1, 2},
    {"list.sort_by", 2, 2},
    {"list.group_by", 2, 2},
    {"list.first", 1, 1},
    {"list.last", 1, 1},
    {"list.contains", 2, 2},
    {"list.index_of", 2, 2},
    {"list.distinct", 1, 1},
    {"list.reverse", 1, 1},
    {"list.take", 2, 2},
    {"list.skip", 2, 2},
    {"list.concat", 0, kMany},
    {"list.union", 0, kMany},
    {"list.intersection", 2, 2},
    {"list.difference", 2, 2},
    {"list.keys", 1, 1},
    {"list.values", 1, 1},
    {"list.deep_equal", 2, 2},
    // uri
    {"uri.encode_component", 1, 1},
    {"uri.decode_component", 1, 1},
    {"uri.parse", 1, 1},
    {"uri.query", 1, 1},
    {"uri.join", 1, kMany},
    {"uri.host", 1, 1},
    // plain Lua
    {"assert", 1, kMany},
    {"error", 0, 2},
    {"pcall", 1, kMany},
    {"xpcall", 2, kMany},
    {"select", 1, kMany},
    {"type", 1, 1},
    {"tonumber", 1, 2},
    {"tostring", 1, 1},
    {"ipairs", 1, 1},
    {"pairs", 1, 1},
    {"next", 1, 2},
    {"setmetatable", 2, 2},
    {"getmetatable", 1, 1},
    {"rawequal", 2, 2},
    {"rawlen", 1, 1},
    {"string.byte", 1, 3},
    {"string.char", 0, kMany},
    {"string.find", 2, 4},
    {"string.format", 1, kMany},
    {"string.gmatch", 2, 3},
    {"string.gsub", 3, 4},
    {"string.len", 1, 1},
    {"string.lower", 1, 1},
    {"string.match", 2, 3},
    {"string.rep", 2, 3},
    {"string.reverse", 1, 1},
    {"string.sub", 2, 3},
    {"string.upper", 1, 1},
    {"table.concat", 1, 4},
    {"table.insert", 2, 3},
    {"table.move", 4, 5},
    {"table.pack", 0, kMany},
    {"table.remove", 1, 2},
    {"table.sort", 1, 2},
    {"table.unpack", 1, 3},
    {"math.abs", 1, 1},
    {"math.ceil", 1, 1},
    {"math.floor", 1, 1},
    {"math.fmod", 2, 2},
    {"math.max", 1, kMany},
    {"math.min", 1, kMany},
    {"math.modf", 1, 1},
    {"math.random", 0, 2},
    {"math.sqrt", 1, 1},
    {"math.tointeger", 1, 1},
    {"math.type", 1, 1},
    {"math.ult", 2, 2},
    {"utf8.char", 0, kMany},
    {"utf8.codepoint", 1, 4},
    {"utf8.codes", 1, 2},
    {"utf8.len", 1, 4},
    {"utf8.offset", 2, 3},
};

constexpr std::string_view kValues[] = {
    "null",
    "run_info",
    "math.huge",
    "math.maxinteger",
    "math.mininteger",
    "math.pi",
    "utf8.charpattern",
};

constexpr std::string_view kTables[] = {
    "trigger",
    "json",
    "money",
    "time",
    "text",
    "list",
    "uri",
    "string",
    "table",
    "math",
    "utf8",
};

constexpr UnavailableName kUnavailable[] = {
    {"_G", "a local table of your own"},
    {"_ENV", "locals; the environment of a flow cannot be exchanged"},
    {"_VERSION", "run_info.version, the hash of the flow's version"},
    {"collectgarbage", "nothing: memory is freed by itself, within the run's cap"},
    {"coroutine", "parallel(name, {branches}) or foreach(..., {concurrency = n})"},
    {"debug", "log(message, fields) and the run's history"},
    {"dofile", "require \"lib.name\""},
    {"getfenv", "locals"},
    {"io", "an operation of a connection, or require \"name\" for a JSON file of the pack"},
    {"load", "require \"lib.name\"; text is not run as code"},
    {"loadfile", "require \"lib.name\""},
    {"loadstring", "require \"lib.name\"; text is not run as code"},
    {"math.randomseed", "math.random(), which is journaled and needs no seed"},
    {"module", "a file under lib/ that returns a table"},
    {"os", "time.* and now() for time, env(name) for settings, uuid() for names"},
    {"os.clock", "time.difference(earlier, now())"},
    {"os.date", "time.format(now(), \"yyyy-MM-dd HH:mm\")"},
    {"os.difftime", "time.difference(from, to)"},
    {"os.exit", "terminate(status, code, message) or return"},
    {"os.getenv", "env(name), an environment variable of the pack"},
    {"os.time", "now() or time.to_seconds(value)"},
    {"package", "require \"lib.name\""},
    {"print", "log(message, fields)"},
    {"rawget", "t[key]"},
    {"rawset", "t[key] = value"},
    {"setfenv", "locals"},
    {"string.dump", "a function kept in a local"},
    {"string.pack", "text.to_base64(text) or string.char(...)"},
    {"string.packsize", "#text"},
    {"string.unpack", "string.byte(text, first, last)"},
    {"table.getn", "#list"},
    {"unpack", "table.unpack(list)"},
    {"warn", "log(message, fields)"},
};

constexpr std::string_view kFlowFields[] = {
    "title",
    "description",
    "trigger",
    "run",
    "retry",
    "timeout",
};

constexpr std::string_view kTriggerFields[] = {
    "title",
    "connection",
    "condition",
    "dedupe_by",
    "split_on",
    "concurrency",
    "one_at_a_time_by",
    "coalesce_by",
    "secure",
};

constexpr std::string_view kManualFields[] = {
    "inputs",
};

constexpr std::string_view kRequestFields[] = {
    "method",
    "relative_path",
    "schema",
};

constexpr std::string_view kOperationOptions[] = {
    "retry",
    "timeout",
    "secure",
    "static_result",
};

constexpr std::string_view kChildOptions[] = {
    "secure",
    "static_result",
    "timeout",
};

constexpr std::string_view kStepOptions[] = {
    "secure",
};

constexpr std::string_view kStaticResultFields[] = {
    "status",
    "output",
    "error",
};

// Optimal string alignment: insert, delete, change, swap neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::vector<std::size_t> next(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = row[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                next[j] = std::min(next[j], before[j - 2] + 1);
            }
        }
        std::swap(before, row);
        std::swap(row, next);
    }
    return row[b.size()];
}

}  // namespace

std::span<const LanguageFunction> language_functions() {
    return kFunctions;
}

const LanguageFunction* find_language_function(std::string_view name) {
    const auto* const found = std::ranges::find(kFunctions, name, &LanguageFunction::name);
    return found == std::end(kFunctions) ? nullptr : found;
}

std::span<const std::string_view> language_values() {
    return kValues;
}

bool is_language_table(std::string_view name) {
    return std::ranges::find(kTables, name) != std::end(kTables);
}

bool is_language_name(std::string_view name) {
    return is_language_table(name) || find_language_function(name) != nullptr ||
           std::ranges::find(kValues, name) != std::end(kValues);
}

const UnavailableName* find_unavailable_name(std::string_view name) {
    const auto* const found = std::ranges::find(kUnavailable, name, &UnavailableName::name);
    return found == std::end(kUnavailable) ? nullptr : found;
}

std::span<const std::string_view> flow_fields() {
    return kFlowFields;
}

std::span<const std::string_view> trigger_fields() {
    return kTriggerFields;
}

std::optional<std::span<const std::string_view>> own_trigger_fields(std::string_view trigger) {
    if (trigger == "manual") {
        return kManualFields;
    }
    return trigger == "http_request"
               ? std::optional<std::span<const std::string_view>>(kRequestFields)
               : std::nullopt;
}

std::span<const std::string_view> operation_options() {
    return kOperationOptions;
}

std::span<const std::string_view> child_options() {
    return kChildOptions;
}

std::span<const std::string_view> step_options() {
    return kStepOptions;
}

std::span<const std::string_view> static_result_fields() {
    return kStaticResultFields;
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    constexpr std::size_t kComparedBytesMax = 64;
    std::string best;
    std::size_t best_distance = 1 + name.size() / 4;
    if (name.size() > kComparedBytesMax) {
        return best;
    }
    for (const std::string& candidate : candidates) {
        if (candidate.empty() || candidate.size() > kComparedBytesMax || candidate == name) {
            continue;
        }
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < candidate.size() &&
            (distance < best_distance || (distance == best_distance && best.empty()))) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace tideway::script
