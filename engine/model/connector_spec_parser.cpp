// parse_connector_spec: reads connector.json and refuses, by name, what would otherwise be found
// out in the middle of a run.
#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>

#include "engine/base/digest.h"
#include "engine/model/connector_spec.h"
#include "engine/model/schema.h"

namespace tideway::model {
namespace {

using Names = std::initializer_list<std::string_view>;

tl::unexpected<Error> refuse(
    const std::string& what, const std::string& problem, std::string remedy
) {
    return fail(
        ErrorKind::kInvalidInput,
        "ConnectorSpecInvalid",
        what + " " + problem + ".",
        remedy.empty() ? "The format is described in docs/connectors.md." : std::move(remedy)
    );
}

tl::unexpected<Error> refuse(const std::string& what, const std::string& problem) {
    return refuse(what, problem, {});
}

bool is_one_of(std::string_view word, Names words) {
    return std::ranges::find(words, word) != words.end();
}

std::string listed(Names words) {
    std::string out;
    for (const std::string_view word : words) {
        out += (out.empty() ? "" : ", ") + std::string(word);
    }
    return out;
}

// "create_row": what works as a Lua name, a CLI word and a folder.
bool is_id(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !text.empty() && text.size() <= 64 && text[0] >= 'a' && text[0] <= 'z' &&
           std::ranges::all_of(text, fits);
}

tideway::Status only_fields(const Json& object, Names known, const std::string& what) {
    if (!object.is_object()) {
        return refuse(what, "must be an object");
    }
    for (const auto& [name, value] : object.items()) {
        if (!is_one_of(name, known)) {
            return refuse(
                what, "has the unknown field '" + name + "'", "Known: " + listed(known) + "."
            );
        }
    }
    return {};
}

// The text of a required field that says something.
Result<std::string> text_of(const Json& object, std::string_view key, const std::string& what) {
    std::string text = string_or(object, key);
    if (text.empty()) {
        return refuse(what, "needs the text '" + std::string(key) + "'");
    }
    return text;
}

Result<std::vector<std::string>> texts_of(
    const Json& object, std::string_view key, const std::string& what
) {
    std::vector<std::string> out;
    const Json* list = find(object, key);
    if (list == nullptr) {
        return out;
    }
    if (!list->is_array()) {
        return refuse(what, "has a '" + std::string(key) + "' that is not a list of texts");
    }
    for (const Json& one : *list) {
        if (!one.is_string()) {
            return refuse(what, "has a '" + std::string(key) + "' that is not a list of texts");
        }
        out.push_back(one.get<std::string>());
    }
    return out;
}

// A schema whose values are objects; absent means an object of any kind.
Result<Json> object_schema(const Json& object, std::string_view key, const std::string& what) {
    const Json* schema = find(object, key);
    if (schema == nullptr) {
        return Json{{"type", "object"}};
    }
    const std::string name = what + ", '" + std::string(key) + "'";
    TIDEWAY_TRY(check_schema(*schema, name));
    if (string_or(*schema, "type") != "object") {
        return refuse(name, "must be a schema with \"type\": \"object\"");
    }
    return *schema;
}

Result<Json> any_schema(const Json& object, std::string_view key, const std::string& what) {
    const Json* schema = find(object, key);
    if (schema == nullptr) {
        return Json::object();
    }
    TIDEWAY_TRY(check_schema(*schema, what + ", '" + std::string(key) + "'"));
    return *schema;
}

bool is_pointer(std::string_view text) {
    try {
        return text.starts_with('/') && !Json::json_pointer(std::string(text)).empty();
    } catch (const std::exception&) {
        return false;
    }
}

constexpr std::string_view kOutputPrefix = "output:";

enum class PointerInto { kInput, kOutput, kBoth };

Result<std::string> pointer_of(
    const Json& object, std::string_view key, PointerInto into, const std::string& what
) {
    const std::string text = string_or(object, key);
    if (text.empty()) {
        return text;
    }
    const bool output = text.starts_with(kOutputPrefix);
    const bool wrong_side =
        (output && into == PointerInto::kInput) || (!output && into == PointerInto::kOutput);
    const std::string_view pointer =
        output ? std::string_view(text).substr(kOutputPrefix.size()) : std::string_view(text);
    if (wrong_side || !is_pointer(pointer)) {
        return refuse(
            what,
            "has the wrong '" + std::string(key) + "': '" + text + "'",
            into == PointerInto::kInput    ? "Write a \"/pointer\" into the input."
            : into == PointerInto::kOutput ? "Write an \"output:/pointer\"."
                                           : "Write a \"/pointer\" into the input or an "
                                             "\"output:/pointer\"."
        );
    }
    return text;
}

Result<RepeatAnswer> parse_repeat_answer(const Json& json, const std::string& what) {
    TIDEWAY_TRY(only_fields(json, {"status", "code", "then"}, what + ", 'already_done'"));
    RepeatAnswer answer;
    answer.status = static_cast<int>(int_or(json, "status", 0));
    answer.code = string_or(json, "code");
    TIDEWAY_TRY_ASSIGN(answer.then, text_of(json, "then", what + ", 'already_done'"));
    if (answer.status < 100 || answer.status > 599) {
        return refuse(what, "has an 'already_done' without an HTTP status");
    }
    return answer;
}

tideway::Status parse_already_done(
    const Json& json, const std::string& what, OperationSpec& operation
) {
    const Json* answers = find(json, "already_done");
    if (answers == nullptr) {
        if (operation.effect != EffectClass::kIdempotent) {
            return {};
        }
        return refuse(
            what,
            "is idempotent and does not say which answers mean \"already done\"",
            "Add \"already_done\"; an empty list when a repeated request answers like the first."
        );
    }
    if (!answers->is_array()) {
        return refuse(what, "has an 'already_done' that is not a list");
    }
    for (const Json& one : *answers) {
        TIDEWAY_TRY_ASSIGN(RepeatAnswer answer, parse_repeat_answer(one, what));
        if (answer.then == "probe" && !operation.has_probe) {
            return refuse(what, "settles an 'already_done' by a probe but has no \"probe\": true");
        }
        operation.already_done.push_back(std::move(answer));
    }
    return {};
}

Result<EffectClass> parse_effect(const Json& json, const std::string& what) {
    const std::string word = string_or(json, "effect");
    for (const EffectClass effect :
         {EffectClass::kRead, EffectClass::kIdempotent, EffectClass::kOnce}) {
        if (word == to_string(effect)) {
            return effect;
        }
    }
    return refuse(
        what,
        word.empty() ? "has no effect class" : "has the unknown effect class '" + word + "'",
        "Add \"effect\": \"read\", \"idempotent\" or \"once\"."
    );
}

// Who repeats it after a doubt, and how that is settled.
tideway::Status parse_settlement(
    const Json& json, const std::string& what, OperationSpec& operation
) {
    TIDEWAY_TRY_ASSIGN(operation.effect, parse_effect(json, what));
    operation.has_probe = bool_or(json, "probe", false);
    const bool park = bool_or(json, "park", false);
    if (operation.effect == EffectClass::kOnce && !operation.has_probe && !park) {
        return refuse(
            what,
            "takes effect once and names neither a probe nor that it may be parked",
            "Add \"probe\": true or \"park\": true."
        );
    }
    if (operation.effect == EffectClass::kRead && (operation.has_probe || park)) {
        return refuse(what, "only reads, so there is nothing to probe or park");
    }
    const std::int64_t seconds = int_or(json, "trust_absent_after_s", 0);
    if (seconds < 0 || seconds > 86'400) {
        return refuse(what, "has a 'trust_absent_after_s' outside 0 to 86400");
    }
    operation.trust_absent_after = std::chrono::seconds(seconds);
    return parse_already_done(json, what, operation);
}

// What record the operation touches, for the ledger.
tideway::Status parse_identity(
    const Json& json, const std::string& what, OperationSpec& operation
) {
    operation.object = string_or(json, "object");
    if (operation.object.starts_with('/') && !is_pointer(operation.object)) {
        return refuse(what, "has the wrong 'object': '" + operation.object + "'");
    }
    TIDEWAY_TRY_ASSIGN(
        operation.record_id, pointer_of(json, "record_id", PointerInto::kBoth, what)
    );
    TIDEWAY_TRY_ASSIGN(operation.fields, pointer_of(json, "fields", PointerInto::kInput, what));
    TIDEWAY_TRY_ASSIGN(operation.version, pointer_of(json, "version", PointerInto::kOutput, what));
    TIDEWAY_TRY_ASSIGN(operation.secret_fields, texts_of(json, "secret_fields", what));
    for (const std::string& pointer : operation.secret_fields) {
        if (!is_pointer(pointer)) {
            return refuse(what, "has the wrong secret field '" + pointer + "'");
        }
    }
    return {};
}

// A create is called with its business key in `key`, so its input schema must let that through.
tideway::Status check_key(const OperationSpec& operation, const std::string& what) {
    const Json* properties = find(operation.input_schema, "properties");
    const bool has_key = properties != nullptr && find(*properties, "key") != nullptr;
    if (operation.creates && !has_key &&
        !bool_or(operation.input_schema, "additionalProperties", true)) {
        return refuse(what, "creates a record but its input has no 'key'", "Add \"key\": {}.");
    }
    return {};
}

Result<OperationSpec> parse_operation(const Json& json, const std::string& connector) {
    const std::string id = string_or(json, "id");
    const std::string what =
        "Connector '" + connector + "', operation '" + (id.empty() ? "?" : id) + "'";
    TIDEWAY_TRY(only_fields(
        json,
        {"id",
         "title",
         "summary",
         "effect",
         "already_done",
         "probe",
         "park",
         "trust_absent_after_s",
         "creates",
         "input",
         "output",
         "object",
         "record_id",
         "fields",
         "version",
         "secret_fields",
         "audience",
         "before"},
        what
    ));
    if (!is_id(id)) {
        return refuse(what, "needs an 'id' of small letters, digits and underscores");
    }
    OperationSpec out;
    out.id = id;
    TIDEWAY_TRY_ASSIGN(out.title, text_of(json, "title", what));
    out.summary = string_or(json, "summary");
    TIDEWAY_TRY(parse_settlement(json, what, out));
    out.creates = bool_or(json, "creates", false);
    if (out.creates && out.effect == EffectClass::kRead) {
        return refuse(what, "creates a record, so its effect is not 'read'");
    }
    TIDEWAY_TRY_ASSIGN(out.input_schema, object_schema(json, "input", what));
    TIDEWAY_TRY_ASSIGN(out.output_schema, any_schema(json, "output", what));
    TIDEWAY_TRY(check_key(out, what));
    TIDEWAY_TRY(parse_identity(json, what, out));
    out.audience = string_or(json, "audience");
    out.before = string_or(json, "before");
    return out;
}

// What an effect would change is told by a reading operation that needs nothing else.
bool has_fitting_before(const ConnectorSpec& spec, const OperationSpec& operation) {
    const OperationSpec* before = spec.operation(operation.before);
    if (before == nullptr || before->effect != EffectClass::kRead || operation.fields.empty()) {
        return false;
    }
    const Json required = before->input_schema.value("required", Json::array());
    return std::ranges::all_of(required, [&](const Json& name) {
        return operation.input_schema.value("properties", Json()).contains(name);
    });
}

// Every polling trigger lets the flow say how often.
tideway::Status parse_polling(const Json& json, const std::string& what, TriggerSpec& out) {
    const std::int64_t interval = int_or(json, "poll_interval_s", 0);
    if (interval < 1 || interval > 86'400) {
        return refuse(what, "polls, so it needs a 'poll_interval_s' from 1 to 86400");
    }
    if (out.subscribes) {
        return refuse(what, "polls, so it does not subscribe");
    }
    out.poll_interval = std::chrono::seconds(interval);
    out.config_schema["properties"]["recurrence"] = {
        {"type", "object"},
        {"title", "How often do you want to check for items?"},
        {"description",
         "As of trigger.recurrence: { frequency = \"Minute\", interval = 5 }. Every " +
             std::to_string(interval) + " seconds when absent."}};
    return {};
}

Result<TriggerSpec> parse_trigger(const Json& json, const std::string& connector) {
    const std::string id = string_or(json, "id");
    const std::string what =
        "Connector '" + connector + "', trigger '" + (id.empty() ? "?" : id) + "'";
    TIDEWAY_TRY(only_fields(
        json,
        {"id",
         "title",
         "summary",
         "kind",
         "subscribes",
         "caught_up_by",
         "registered",
         "poll_interval_s",
         "config",
         "event",
         "object",
         "record_id",
         "version",
         "fields",
         "watched"},
        what
    ));
    if (!is_id(id)) {
        return refuse(what, "needs an 'id' of small letters, digits and underscores");
    }
    TriggerSpec out;
    out.id = id;
    TIDEWAY_TRY_ASSIGN(out.title, text_of(json, "title", what));
    out.summary = string_or(json, "summary");
    out.kind = string_or(json, "kind");
    if (!is_one_of(out.kind, {"webhook", "polling"})) {
        return refuse(what, "needs a 'kind': \"webhook\" or \"polling\"");
    }
    out.subscribes = bool_or(json, "subscribes", false);
    out.caught_up_by = string_or(json, "caught_up_by");
    out.is_registered = bool_or(json, "registered", false);
    if (out.kind != "webhook" && (!out.caught_up_by.empty() || out.is_registered)) {
        return refuse(what, "polls, so it has neither 'caught_up_by' nor 'registered'");
    }
    TIDEWAY_TRY_ASSIGN(out.config_schema, object_schema(json, "config", what));
    TIDEWAY_TRY_ASSIGN(out.event_schema, any_schema(json, "event", what));
    if (out.kind == "polling") {
        TIDEWAY_TRY(parse_polling(json, what, out));
    }
    out.object = string_or(json, "object");
    out.record_id = string_or(json, "record_id");
    out.version = string_or(json, "version");
    out.fields = string_or(json, "fields");
    out.watched = string_or(json, "watched");
    return out;
}

tideway::Status parse_oauth(const Json& json, const std::string& what, ConnectorSpec& spec) {
    const Json* oauth = find(json, "oauth");
    const bool wanted = std::ranges::find(spec.auth, "oauth2") != spec.auth.end();
    if (oauth == nullptr || oauth->is_null()) {
        return wanted ? refuse(what, "signs in with oauth2 but has no 'oauth'") : tideway::Status();
    }
    const std::string place = what + ", 'oauth'";
    TIDEWAY_TRY(only_fields(
        *oauth,
        {"authorize_url",
         "token_url",
         "device_url",
         "style",
         "token_fields",
         "client_proof",
         "grants",
         "jwt_audience",
         "jwt_subject",
         "redirect_port"},
        place
    ));
    TIDEWAY_TRY(text_of(*oauth, "token_url", place));
    if (!is_one_of(string_or(*oauth, "style"), {"v1", "v2", "plain"})) {
        return refuse(
            place, "needs a 'style': \"v1\" (resource), \"v2\" (scope) or \"plain\" (neither)"
        );
    }
    const Json* fields = find(*oauth, "token_fields");
    const bool are_texts =
        fields == nullptr ||
        (fields->is_object() &&
         std::ranges::all_of(*fields, [](const Json& value) { return value.is_string(); }));
    if (!are_texts) {
        return refuse(place, "has 'token_fields' that are not texts by name");
    }
    TIDEWAY_TRY_ASSIGN(const std::vector<std::string> grants, texts_of(*oauth, "grants", place));
    const Names kGrants{
        "client_credentials", "authorization_code", "device_code", "refresh_token", "jwt_bearer"};
    for (const std::string& grant : grants) {
        if (!is_one_of(grant, kGrants)) {
            return refuse(
                place, "has the unknown grant '" + grant + "'", "Known: " + listed(kGrants) + "."
            );
        }
        const std::string_view url = grant == "authorization_code" ? "authorize_url"
                                     : grant == "device_code"      ? "device_url"
                                     : grant == "jwt_bearer"       ? "jwt_audience"
                                                                   : "token_url";
        if (string_or(*oauth, url).empty()) {
            return refuse(place, "has the grant '" + grant + "' but no '" + std::string(url) + "'");
        }
    }
    if (grants.empty()) {
        return refuse(place, "needs at least one grant in 'grants'");
    }
    spec.oauth = *oauth;
    return {};
}

tideway::Status parse_auth(const Json& json, const std::string& what, ConnectorSpec& spec) {
    TIDEWAY_TRY_ASSIGN(spec.auth, texts_of(json, "auth", what));
    const Names kWays{"none", "oauth2", "basic", "api_key"};
    if (spec.auth.empty()) {
        return refuse(what, "needs 'auth', a list of " + listed(kWays));
    }
    for (const std::string& way : spec.auth) {
        if (!is_one_of(way, kWays)) {
            return refuse(what, "has the unknown 'auth' " + way, "Known: " + listed(kWays) + ".");
        }
    }
    const Json* declared = find(json, "audiences");
    const Json audiences = declared != nullptr ? *declared : Json::object();
    for (const auto& [name, value] : audiences.items()) {
        if (!value.is_string()) {
            return refuse(what, "has the audience '" + name + "' that is not a text");
        }
        spec.audiences[name] = value.get<std::string>();
    }
    TIDEWAY_TRY_ASSIGN(spec.register_steps, texts_of(json, "register", what));
    return parse_oauth(json, what, spec);
}

Result<Json> list_of(const Json& json, std::string_view key, const std::string& what) {
    const Json* list = find(json, key);
    if (list == nullptr) {
        return Json::array();
    }
    if (!list->is_array()) {
        return refuse(what, "has '" + std::string(key) + "' that is not a list");
    }
    return *list;
}

tideway::Status parse_parts(const Json& json, const std::string& what, ConnectorSpec& spec) {
    TIDEWAY_TRY_ASSIGN(const Json operations, list_of(json, "operations", what));
    for (const Json& one : operations) {
        TIDEWAY_TRY_ASSIGN(OperationSpec operation, parse_operation(one, spec.id));
        if (spec.operation(operation.id) != nullptr) {
            return refuse(what, "has the operation '" + operation.id + "' twice");
        }
        spec.operations.push_back(std::move(operation));
    }
    TIDEWAY_TRY_ASSIGN(const Json triggers, list_of(json, "triggers", what));
    for (const Json& one : triggers) {
        TIDEWAY_TRY_ASSIGN(TriggerSpec trigger, parse_trigger(one, spec.id));
        if (spec.trigger(trigger.id) != nullptr) {
            return refuse(what, "has the trigger '" + trigger.id + "' twice");
        }
        spec.triggers.push_back(std::move(trigger));
    }
    return {};
}

tideway::Status check_catch_up(const ConnectorSpec& spec) {
    for (const TriggerSpec& trigger : spec.triggers) {
        if (trigger.caught_up_by.empty()) {
            continue;
        }
        const TriggerSpec* polling = spec.trigger(trigger.caught_up_by);
        if (polling == nullptr || polling->kind != "polling") {
            return refuse(
                "Connector '" + spec.id + "', trigger '" + trigger.id + "'",
                "is caught up by '" + trigger.caught_up_by + "', which is no polling trigger"
            );
        }
    }
    return {};
}

// What one part says about another.
tideway::Status check_references(const ConnectorSpec& spec) {
    TIDEWAY_TRY(check_catch_up(spec));
    for (const OperationSpec& operation : spec.operations) {
        const std::string what = "Connector '" + spec.id + "', operation '" + operation.id + "'";
        if (!operation.audience.empty() && !spec.audiences.contains(operation.audience)) {
            return refuse(
                what, "has the audience '" + operation.audience + "', which is not declared"
            );
        }
        if (!operation.before.empty() && !has_fitting_before(spec, operation)) {
            return refuse(what, "has a 'before' that does not read, or requires what it has not");
        }
        for (const RepeatAnswer& answer : operation.already_done) {
            const bool known = is_one_of(answer.then, {"probe", "ignore"}) ||
                               spec.operation(answer.then) != nullptr;
            if (!known) {
                return refuse(
                    what,
                    "has an 'already_done' that goes on with '" + answer.then + "'",
                    "Write \"probe\", \"ignore\" or the id of an operation."
                );
            }
        }
    }
    return {};
}

}  // namespace

Result<ConnectorSpec> parse_connector_spec(std::string_view json) {
    TIDEWAY_TRY_ASSIGN(const Json root, parse_json(json, "connector.json"));
    ConnectorSpec spec;
    spec.id = string_or(root, "id");
    const std::string what = "Connector '" + (spec.id.empty() ? "?" : spec.id) + "'";
    TIDEWAY_TRY(only_fields(
        root,
        {"$schema",
         "id",
         "title",
         "summary",
         "status",
         "auth",
         "oauth",
         "audiences",
         "one_service",
         "register",
         "settings",
         "operations",
         "triggers"},
        what
    ));
    if (!is_id(spec.id)) {
        return refuse(what, "needs an 'id' of small letters, digits and underscores");
    }
    TIDEWAY_TRY_ASSIGN(spec.title, text_of(root, "title", what));
    spec.summary = string_or(root, "summary");
    spec.status = string_or(root, "status", "stable");
    if (!is_one_of(spec.status, {"stable", "preview"})) {
        return refuse(what, "has the status '" + spec.status + "', must be stable or preview");
    }
    spec.is_one_service = bool_or(root, "one_service", true);
    TIDEWAY_TRY(parse_auth(root, what, spec));
    TIDEWAY_TRY_ASSIGN(spec.settings_schema, object_schema(root, "settings", what));
    TIDEWAY_TRY(parse_parts(root, what, spec));
    TIDEWAY_TRY(check_references(spec));
    spec.hash = to_hex(sha256(json)).substr(0, 16);
    return spec;
}

}  // namespace tideway::model
