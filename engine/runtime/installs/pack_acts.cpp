#include "engine/runtime/installs/pack_acts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/base/digest.h"
#include "engine/pack/record.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {

namespace {

using Outcome = PackAct::Outcome;

tl::unexpected<Error> bad_request(const std::string& message, const std::string& remedy) {
    return fail(ErrorKind::kInvalidInput, "InvalidRequestContent", message, remedy);
}

Result<std::string> name_in(const Json& body) {
    return require_string(body, "pack", "The request");
}

// {"file": base64} or {"built_in": name}.
Result<PackOffer> read_offer(const Json& json) {
    PackOffer out;
    out.built_in = string_or(json, "built_in");
    if (out.built_in.empty()) {
        auto bytes = from_base64(string_or(json, "file"));
        if (!bytes || bytes->empty()) {
            return bad_request(
                "The request brings no pack.", "Send its file as base64, or name a built-in one."
            );
        }
        out.bytes = std::move(*bytes);
    }
    return out;
}

pack::Unsigned without_signature(const Json& body) {
    return bool_or(body, "allow_unsigned", false) ? pack::Unsigned::kAllowed
                                                  : pack::Unsigned::kRefused;
}

Result<pack::Resolutions> read_resolutions(const Json& body) {
    pack::Resolutions out;
    if (const Json* take = find(body, "take")) {
        for (const auto& [file, side] : take->items()) {
            if (side != "local" && side != "vendor") {
                return bad_request(
                    "Of '" + file + "' neither side is taken.", "Say \"local\" or \"vendor\"."
                );
            }
            out.sides[file] = side == "local" ? pack::Side::kLocal : pack::Side::kVendor;
        }
    }
    if (const Json* files = find(body, "files")) {
        for (const auto& [file, text] : files->items()) {
            if (!text.is_string()) {
                return bad_request("The file '" + file + "' is no text.", "Send it as a string.");
            }
            out.files[file] = text.get<std::string>();
        }
    }
    return out;
}

Json optional_text(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json();
}

Json view_conflict(const pack::Conflict& conflict) {
    return {
        {"file", conflict.file},
        {"place", conflict.place},
        {"installed", optional_text(conflict.base)},
        {"local", optional_text(conflict.local)},
        {"vendor", optional_text(conflict.vendor)}};
}

std::string_view state_name(UpgradeReport::State state) {
    switch (state) {
        case UpgradeReport::State::kUpgraded:
            return "upgraded";
        case UpgradeReport::State::kPlanned:
            return "planned";
        case UpgradeReport::State::kBlocked:
            return "blocked";
    }
    return "";
}

Json view_report(const UpgradeReport& report) {
    Json out = {
        {"state", state_name(report.state)},
        {"pack", report.pack},
        {"from", to_string(report.from)},
        {"to", to_string(report.to)},
        {"changes", Json::array()},
        {"conflicts", Json::array()},
        {"merged", Json::object()},
        {"problems", report.problems},
        {"cases_passed", report.cases_passed}};
    for (const pack::FileChange& change : report.merge.changes) {
        out["changes"].push_back(
            {{"file", change.file}, {"what", to_string(change.kind)}, {"diff", change.diff}}
        );
    }
    for (const pack::Conflict& conflict : report.merge.conflicts) {
        out["conflicts"].push_back(view_conflict(conflict));
        const auto merged = report.merge.files.find(conflict.file);
        if (merged != report.merge.files.end()) {
            out["merged"][conflict.file] = merged->second;
        }
    }
    return out;
}

Result<Outcome> list(PackInstaller& installer, const Json&, const std::string&) {
    TIDEWAY_TRY_ASSIGN(const auto installed, installer.list());
    Json out = {{"value", Json::array()}};
    for (const pack::Installed& pack : installed) {
        TIDEWAY_TRY_ASSIGN(const auto edited, installer.edited_files(pack));
        Json row = describe(pack);
        row["edited"] = edited;
        row["folder"] = (installer.services().folder / pack.name).string();
        out["value"].push_back(std::move(row));
    }
    return Outcome{std::move(out)};
}

Result<Outcome> install(PackInstaller& installer, const Json& body, const std::string& person) {
    const Json* wanted = find(body, "packs");
    if (wanted == nullptr || !wanted->is_array() || wanted->empty()) {
        return bad_request("The request names no packs.", "Send {\"packs\": [...]}.");
    }
    std::vector<PackOffer> offers;
    for (const Json& one : *wanted) {
        TIDEWAY_TRY_ASSIGN(PackOffer offer, read_offer(one));
        offers.push_back(std::move(offer));
    }
    TIDEWAY_TRY_ASSIGN(
        const auto installed, installer.install(offers, without_signature(body), person)
    );
    Outcome out;
    out.answer = {{"value", Json::array()}};
    for (const pack::Installed& pack : installed) {
        out.answer["value"].push_back(describe(pack));
        out.object += (out.object.empty() ? "" : ", ") + pack.name;
    }
    out.after = out.answer["value"];
    return out;
}

Result<Outcome> upgrade(PackInstaller& installer, const Json& body, const std::string& person) {
    TIDEWAY_TRY_ASSIGN(const PackOffer offer, read_offer(body));
    TIDEWAY_TRY_ASSIGN(const auto resolutions, read_resolutions(body));
    const auto mode = bool_or(body, "plan", false) ? UpgradeMode::kPlan : UpgradeMode::kApply;
    TIDEWAY_TRY_ASSIGN(
        const UpgradeReport report,
        installer.upgrade(offer, without_signature(body), resolutions, mode, person)
    );
    Outcome out;
    out.answer = view_report(report);
    if (report.state == UpgradeReport::State::kUpgraded) {
        out.object = report.pack;
        out.before = {{"version", to_string(report.from)}};
        out.after = {
            {"version", to_string(report.to)},
            {"allow_unsigned", bool_or(body, "allow_unsigned", false)}};
    }
    return out;
}

Outcome outcome_of(const pack::Installed& pack) {
    return {describe(pack), pack.name, {}, describe(pack)};
}

Result<Outcome> roll_back(PackInstaller& installer, const Json& body, const std::string& person) {
    TIDEWAY_TRY_ASSIGN(const std::string name, name_in(body));
    TIDEWAY_TRY_ASSIGN(const auto pack, installer.roll_back(name, person));
    return outcome_of(pack);
}

Result<Outcome> customise(PackInstaller& installer, const Json& body, const std::string&) {
    TIDEWAY_TRY_ASSIGN(const std::string name, name_in(body));
    TIDEWAY_TRY_ASSIGN(const auto pack, installer.customise(name));
    return outcome_of(pack);
}

Result<Outcome> uninstall(PackInstaller& installer, const Json& body, const std::string&) {
    TIDEWAY_TRY_ASSIGN(const std::string name, name_in(body));
    TIDEWAY_TRY_ASSIGN(const auto pack, installer.uninstall(name));
    return Outcome{describe(pack), pack.name, describe(pack), {}};
}

Result<Outcome> copy(PackInstaller& installer, const Json& body, const std::string& person) {
    TIDEWAY_TRY_ASSIGN(const std::string name, name_in(body));
    TIDEWAY_TRY_ASSIGN(const std::string as, require_string(body, "as", "The request"));
    TIDEWAY_TRY_ASSIGN(const auto pack, installer.copy(name, as, person));
    return outcome_of(pack);
}

Result<Outcome> export_pack(PackInstaller& installer, const Json& body, const std::string&) {
    TIDEWAY_TRY_ASSIGN(const std::string name, name_in(body));
    PackInstaller::ExportAs as;
    as.version = string_or(body, "version");
    as.publisher = string_or(body, "publisher");
    as.editing =
        bool_or(body, "managed", false) ? pack::Editing::kManaged : pack::Editing::kAllowed;
    TIDEWAY_TRY_ASSIGN(const auto file, installer.export_pack(name, as));
    TIDEWAY_TRY_ASSIGN(const std::string bytes, write_pack_file(file));
    return Outcome{
        {{"pack", file.manifest.name},
         {"version", to_string(file.manifest.version)},
         {"file", to_base64(bytes)}}};
}

Json view_key(const pack::TrustedKey& key) {
    return {
        {"publisher", key.publisher},
        {"id", key.key.id()},
        {"person", key.person},
        {"added", key.added}};
}

Result<Outcome> list_keys(PackInstaller& installer, const Json&, const std::string&) {
    TIDEWAY_TRY_ASSIGN(const auto trust, installer.trust());
    Json out = {{"value", Json::array()}};
    for (const pack::TrustedKey& key : trust.keys()) {
        out["value"].push_back(view_key(key));
    }
    return Outcome{std::move(out)};
}

Result<Outcome> trust_key(PackInstaller& installer, const Json& body, const std::string& person) {
    TIDEWAY_TRY_ASSIGN(
        const std::string publisher, require_string(body, "publisher", "The request")
    );
    TIDEWAY_TRY_ASSIGN(const std::string pem, require_string(body, "key", "The request"));
    TIDEWAY_TRY_ASSIGN(const auto key, installer.trust_key(publisher, pem, person));
    return Outcome{view_key(key), publisher, {}, view_key(key)};
}

Result<Outcome> distrust_key(PackInstaller& installer, const Json& body, const std::string&) {
    TIDEWAY_TRY_ASSIGN(const std::string id, require_string(body, "id", "The request"));
    TIDEWAY_TRY_ASSIGN(const auto key, installer.distrust_key(id));
    return Outcome{view_key(key), key.publisher, view_key(key), {}};
}

constexpr std::array kActs{
    PackAct{"list", PackAct::Kind::kReads, list},
    PackAct{"install", PackAct::Kind::kChanges, install},
    PackAct{"upgrade", PackAct::Kind::kChanges, upgrade},
    PackAct{"rollback", PackAct::Kind::kChanges, roll_back},
    PackAct{"customise", PackAct::Kind::kChanges, customise},
    PackAct{"uninstall", PackAct::Kind::kChanges, uninstall},
    PackAct{"copy", PackAct::Kind::kChanges, copy},
    PackAct{"export", PackAct::Kind::kReads, export_pack},
    PackAct{"trust-list", PackAct::Kind::kReads, list_keys},
    PackAct{"trust-add", PackAct::Kind::kChanges, trust_key},
    PackAct{"trust-remove", PackAct::Kind::kChanges, distrust_key},
};

}  // namespace

std::span<const PackAct> pack_acts() {
    return kActs;
}

const PackAct* find_pack_act(std::string_view name) {
    const auto it =
        std::ranges::find_if(kActs, [name](const PackAct& act) { return name == act.name; });
    return it == kActs.end() ? nullptr : &*it;
}

Result<Json> perform_pack_act(
    const PackAct& act, PackInstaller& installer, const Json& body, const std::string& person
) {
    TIDEWAY_TRY_ASSIGN(Outcome outcome, act.perform(installer, body, person));
    if (outcome.object.empty()) {
        return std::move(outcome.answer);
    }
    store::AddAudit row;
    row.at = installer.services().clock->now();
    row.person = person;
    row.act = std::string("packs.") + act.name;
    row.object = std::move(outcome.object);
    row.before = to_payload(outcome.before);
    row.after = to_payload(outcome.after);
    TIDEWAY_TRY(submit_blocking(*installer.services().store, {{std::move(row)}}));
    return std::move(outcome.answer);
}

}  // namespace tideway::runtime
