#include "engine/server/production/production.h"

#include <algorithm>
#include <array>

namespace tideway::server {

namespace {

constexpr std::size_t kNameLengthMax = 64;

// A route that is missing here does its work unasked: tests compare this list with the routes.
constexpr std::array kActs{
    DestructiveAct{"POST", "/packs/uninstall", "", "the pack '{pack}' would be removed"},
    DestructiveAct{
        "POST",
        "/packs/rollback",
        "",
        "the pack '{pack}' would go back, without what was edited since"},
    DestructiveAct{
        "POST",
        "/packs/{pack}/restore",
        "publish",
        "an earlier revision of the pack '{pack}' would become live"},
    DestructiveAct{
        "POST",
        "/flows/{pack}/{flow}/rotate-key",
        "",
        "the addresses of the flow '{pack}/{flow}' that callers have would be refused"},
    DestructiveAct{"DELETE", "/connections/{name}", "", "the connection '{name}' would be removed"},
    DestructiveAct{
        "DELETE", "/notices/channels/{name}", "", "the channel '{name}' would be removed"},
    DestructiveAct{"DELETE", "/tokens/{name}", "", "the token of '{name}' would be refused"},
    DestructiveAct{
        "POST", "/runs/cancel", "confirm", "all open runs that were selected would be cancelled"},
    DestructiveAct{
        "PUT", "/history/retention", "", "history beyond the new bound would be deleted"},
};

Error refusal(std::string code, const EnvironmentIdentity& environment) {
    Error out;
    out.kind = ErrorKind::kConflict;
    out.code = std::move(code);
    out.details =
        dump({{"environment", environment.name}, {"environment_kind", to_string(environment.kind)}}
        );
    return out;
}

}  // namespace

std::string_view to_string(EnvironmentKind kind) {
    return kind == EnvironmentKind::kProduction ? "production" : "standard";
}

Result<EnvironmentKind> parse_environment_kind(std::string_view text) {
    for (const auto kind : {EnvironmentKind::kStandard, EnvironmentKind::kProduction}) {
        if (text == to_string(kind)) {
            return kind;
        }
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidSetting",
        "'" + std::string(text) + "' is no kind of environment.",
        "Write \"kind\": \"standard\" or \"production\" in config.json."
    );
}

Status check_environment_name(const std::string& name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    const bool is_name = !name.empty() && name.size() <= kNameLengthMax && name.front() != '.' &&
                         name.front() != '-' && std::ranges::all_of(name, fits);
    if (is_name) {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidEnvironmentName",
        "'" + name + "' is no name for an environment.",
        "Take letters, digits, '.', '_' and '-', at most " + std::to_string(kNameLengthMax) +
            ", such as contoso-production."
    );
}

std::span<const DestructiveAct> destructive_acts() {
    return kActs;
}

const DestructiveAct* find_destructive_act(std::string_view method, std::string_view pattern) {
    const auto it = std::ranges::find_if(kActs, [&](const DestructiveAct& act) {
        return method == act.method && pattern == act.pattern;
    });
    return it == kActs.end() ? nullptr : &*it;
}

bool is_destructive(const DestructiveAct& act, const Json& fields) {
    const std::string_view field = act.only_with;
    return field.empty() || bool_or(fields, field, false);
}

std::string describe(const DestructiveAct& act, const Json& fields) {
    std::string out;
    std::string_view rest = act.about;
    for (auto open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
        const auto close = rest.find('}', open);
        out += rest.substr(0, open);
        out += string_or(fields, rest.substr(open + 1, close - open - 1));
        rest.remove_prefix(close + 1);
    }
    return out.append(rest);
}

Status check_confirmation(
    const EnvironmentIdentity& environment, std::string_view given, const std::string& about
) {
    if (given == environment.name) {
        return {};
    }
    if (!given.empty()) {
        Error error = refusal("ConfirmationMismatch", environment);
        error.message = "This is the environment '" + environment.name + "', and '" +
                        std::string(given) + "' was named: nothing was done.";
        error.remedy = "If it is meant, repeat with --confirm " + environment.name + ".";
        return fail(std::move(error));
    }
    if (environment.kind != EnvironmentKind::kProduction) {
        return {};
    }
    Error error = refusal("ConfirmationRequired", environment);
    error.message = "'" + environment.name + "' is a production environment, and " + about + ".";
    error.remedy = "If it is meant, repeat with --confirm " + environment.name + ".";
    return fail(std::move(error));
}

}  // namespace tideway::server
