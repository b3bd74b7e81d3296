#include "connectors/partner_center/sandbox_referrals.h"

#include <algorithm>

#include "connectors/partner_center/sandbox_rules.h"
#include "engine/base/digest.h"
#include "engine/base/uid.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::chrono::hours kAnswerTime{24 * 14};
constexpr std::string_view kMicrosoftId = "msft";
constexpr std::string_view kMicrosoftName = "Microsoft Corporation";

std::string new_etag() {
    const std::string hex = to_hex(random_bytes(10));
    return "\"" + hex.substr(0, 8) + "-0000-0000-0000-" + hex.substr(8) + "\"";
}

void put_default(Json& object, const std::string& name, Json value) {
    if (!object.contains(name) || object[name].is_null()) {
        object[name] = std::move(value);
    }
}

Json default_deal() {
    return Json::parse(R"({
"name":"Northwind warehouse telemetry","qualification":"SalesQualified","type":"Shared",
"target":[{"type":"SolutionProfile","id":"SOL-20001-XYZ"}],
"customerProfile":{"name":"Northwind Ltd","size":"51to250employees","address":{
 "addressLine1":"1 Quay Rd","city":"Leeds","state":"","postalCode":"LS1 1AA","country":"GB"},
 "team":[{"firstName":"Ana","lastName":"Ruiz","phoneNumber":"+441130000000",
 "email":"ana@northwind.example","contactPreference":{"locale":"en-gb",
 "disableNotifications":true}}],"ids":[]},
"consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true,
 "consentToShareReferralWithMicrosoftSellers":true},
"details":{"notes":"Wants a pilot in Q3","dealValue":42000,"currency":"GBP",
 "closingDateTime":"2026-03-31T00:00:00Z","customerRequestedContact":false,
 "requirements":{"industries":[],"products":[{"id":"Azure"}],"services":[],
 "solutions":[{"id":"SOL-20001-XYZ","name":"Telemetry Hub","type":"Name"}]}},
"team":[],
"inviteContext":{"notes":"","assistanceRequestCode":"Unknown",
 "invitedBy":{"organizationId":"msft","organizationName":"Microsoft Corporation"}}
})");
}

Json default_lead() {
    Json out = default_deal();
    out["type"] = "Independent";
    out["qualification"] = "MarketingQualified";
    out["target"] = Json::array({{{"type", "BusinessProfileLocation"}, {"id", "contoso-leeds"}}});
    out["details"]["requirements"]["solutions"] = Json::array();
    return out;
}

std::string crm_number(std::string_view id) {
    return "7-" + to_hex(sha256(id)).substr(0, 10);
}

// The moments and times that go with a status.
void date_status(Json& wire, const std::string& before, std::string_view now) {
    const std::string status = string_or(wire, "status");
    if (status == before) {
        return;
    }
    if (status != "New") {
        wire["expirationDateTime"] = nullptr;
    }
    if (status == "Active") {
        wire["acceptedDateTime"] = now;
    } else if (status == "Closed") {
        wire["closedDateTime"] = now;
    }
}

}  // namespace

bool Viewer::sees(const Json& referral) const {
    if (sees_all) {
        return true;
    }
    const Json* team = find(referral, "team");
    return team != nullptr && team->is_array() && std::ranges::any_of(*team, [&](const Json& one) {
               return string_or(one, "email") == email;
           });
}

ReferralBook::ReferralBook(const Clock& clock, Partner partner, OnChange on_change)
    : clock_(clock),
      partner_(std::move(partner)),
      on_change_(std::move(on_change)) {}

const Referral* ReferralBook::find_by_id(std::string_view id) const {
    const auto found = std::ranges::find(referrals_, id, &Referral::id);
    return found == referrals_.end() ? nullptr : &*found;
}

Referral* ReferralBook::find_mutable(std::string_view id) {
    const auto found = std::ranges::find(referrals_, id, &Referral::id);
    return found == referrals_.end() ? nullptr : &*found;
}

Ticks ReferralBook::next_tick() {
    last_tick_ = std::max(to_ticks(clock_.now()), last_tick_ + 1);
    return last_tick_;
}

Json ReferralBook::new_wire(const Json& body, const Writer& writer) {
    Json out = Json::object();
    for (const auto& [name, value] : body.items()) {
        if (!is_server_owned(name)) {
            out[name] = value;
        }
    }
    const std::string now = format_ticks(next_tick());
    const bool microsoft = is_for_microsoft(body);
    out["id"] = Uid::random().guid();
    put_default(out, "engagementId", Uid::random().guid());
    put_default(out, "qualification", "SalesQualified");
    put_default(out, "favorite", false);
    put_default(out, "team", Json::array());
    out["organizationId"] = microsoft ? std::string(kMicrosoftId) : partner_.id;
    out["organizationName"] = microsoft ? std::string(kMicrosoftName) : partner_.name;
    out["direction"] = "Outgoing";
    out["createdDateTime"] = now;
    out["updatedDateTime"] = now;
    out["registrationStatus"] = "None";
    out["quality"] = "Unknown";
    out["isSpam"] = false;
    out["tags"] = Json::array();
    out["registrations"] = Json::array();
    out["eTag"] = new_etag();
    out["lastModifiedVia"] = writer.via;
    for (const char* name :
         {"externalReferenceId",
          "campaignId",
          "referralProgram",
          "statusReason",
          "salesStage",
          "expirationDateTime",
          "acceptedDateTime",
          "closedDateTime"}) {
        put_default(out, name, nullptr);
    }
    return out;
}

Outcome<const Referral*> ReferralBook::create(const Json& body, const Writer& writer) {
    if (auto error = check_shape(body)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    if (auto error = check_new(body)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    const std::string engagement = string_or(body, "engagementId");
    const bool known = std::ranges::any_of(referrals_, [&](const Referral& one) {
        return string_or(one.wire, "engagementId") == engagement;
    });
    if (!engagement.empty() && !known) {
        return refuse("The engagement '" + engagement + "' does not exist.", "unknownEngagement");
    }
    Json wire = new_wire(body, writer);
    if (is_for_microsoft(wire)) {
        if (engagement.empty()) {
            return refuse("Microsoft's referral needs the engagementId of a deal.", "required");
        }
        wire["status"] = "New";
        wire["substatus"] = "Pending";
        wire["trackingInfo"] = {{"microsoftMsxId", nullptr}};
        wire["expirationDateTime"] = format_ticks(to_ticks(clock_.now() + kAnswerTime));
        const Referral* out = add(std::move(wire));
        share_with_microsoft(engagement);
        return out;
    }
    // A deal of one's own needs nobody's answer: it is active whatever was sent.
    wire["status"] = "Active";
    wire["substatus"] = "Accepted";
    wire["acceptedDateTime"] = wire["createdDateTime"];
    return add(std::move(wire));
}

// Asking Microsoft for help means that its sellers may see the deal.
void ReferralBook::share_with_microsoft(std::string_view engagement) {
    constexpr const char* kShare = "consentToShareReferralWithMicrosoftSellers";
    for (Referral& referral : referrals_) {
        Json wire = referral.wire;
        if (string_or(wire, "engagementId") != engagement || is_for_microsoft(wire) ||
            is_closed(wire) || bool_or(wire["consent"], kShare, false)) {
            continue;
        }
        wire["consent"][kShare] = true;
        commit(referral, std::move(wire), {"Microsoft"});
    }
}

const Referral* ReferralBook::add(Json wire) {
    referrals_.push_back({next_sequence_++, std::move(wire), last_tick_, {}});
    remember_listed(referrals_.back());
    on_change_(referrals_.back(), Change::kCreated);
    return &referrals_.back();
}

Outcome<Referral*> ReferralBook::open_for_write(std::string_view id, std::string_view if_match) {
    Referral* referral = find_mutable(id);
    if (referral == nullptr) {
        return refuse(
            404, "itemNotFound", "The referral '" + std::string(id) + "' does not exist."
        );
    }
    if (!if_match.empty() && if_match != "*" && if_match != string_or(referral->wire, "eTag")) {
        return refuse(
            412,
            "preconditionFailed",
            "The referral was changed since eTag " + std::string(if_match) + " was read.",
            "resourceModified"
        );
    }
    if (is_for_microsoft(referral->wire)) {
        return refuse(403, "accessDenied", "Microsoft's referral belongs to Microsoft.");
    }
    return referral;
}

Outcome<const Referral*> ReferralBook::change(Referral& referral, Json wire, const Writer& writer) {
    if (auto error = check_shape(wire)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    if (auto error = check_change(referral.wire, wire)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    return commit(referral, std::move(wire), writer);
}

const Referral* ReferralBook::commit(Referral& referral, Json wire, const Writer& writer) {
    referral.changed = next_tick();
    const std::string now = format_ticks(referral.changed);
    date_status(wire, string_or(referral.wire, "status"), now);
    wire["updatedDateTime"] = now;
    wire["eTag"] = new_etag();
    wire["lastModifiedVia"] = writer.via;
    if (list_lag_ > Duration(0) && referral.listed.empty()) {
        referral.listed.emplace_back(Timestamp(), referral.wire);
    }
    referral.wire = std::move(wire);
    remember_listed(referral);
    on_change_(referral, Change::kUpdated);
    return &referral;
}

Outcome<const Referral*> ReferralBook::replace(
    std::string_view id, std::string_view if_match, const Json& body, const Writer& writer
) {
    if (if_match.empty()) {
        return refuse("The header If-Match is required.", "preconditionRequired");
    }
    auto found = open_for_write(id, if_match);
    if (!found) {
        return tl::unexpected<ApiError>(found.error());
    }
    Referral& referral = **found;
    if (body.is_object() && body.contains("links")) {
        return refuse("The property 'links' cannot be written.", "readOnly");
    }
    if (auto error = check_shape(body)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    for (const std::string name : {"type", "qualification", "target", "engagementId"}) {
        if (body.contains(name) && body[name] != referral.wire[name]) {
            return refuse("The property '" + name + "' is set when a deal is made.", "readOnly");
        }
    }
    Json wire = Json::object();
    for (const auto& [name, value] : referral.wire.items()) {
        const bool kept = is_server_owned(name) || name == "engagementId" || name == "target" ||
                          name == "qualification";
        wire[name] = kept ? value : Json(nullptr);
    }
    for (const auto& [name, value] : body.items()) {
        if (!is_server_owned(name)) {
            wire[name] = value;
        }
    }
    if (auto error = check_new(wire)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    return change(referral, std::move(wire), writer);
}

Outcome<const Referral*> ReferralBook::patch(
    std::string_view id, std::string_view if_match, const Json& operations, const Writer& writer
) {
    auto found = open_for_write(id, if_match);
    if (!found) {
        return tl::unexpected<ApiError>(found.error());
    }
    auto wire = apply_patch((*found)->wire, operations, to_ticks(clock_.now()));
    if (!wire) {
        return tl::unexpected<ApiError>(wire.error());
    }
    return change(**found, std::move(*wire), writer);
}

Outcome<const Referral*> ReferralBook::announce(const Json& overrides) {
    const Writer microsoft{"Microsoft"};
    const bool lead = string_or(overrides, "kind") == "lead";
    Json body = lead ? default_lead() : default_deal();
    Json changes = overrides;
    changes.erase("kind");
    body.merge_patch(changes);
    if (auto error = check_shape(body)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    if (auto error = check_content(body)) {
        return tl::unexpected<ApiError>(std::move(*error));
    }
    Json ours = new_wire(body, microsoft);
    ours["direction"] = "Incoming";
    ours["status"] = "New";
    ours["substatus"] = "Pending";
    ours["expirationDateTime"] = format_ticks(to_ticks(clock_.now() + kAnswerTime));
    const Referral* out = add(std::move(ours));
    if (lead) {
        return out;
    }
    body["target"] = Json::array({{{"type", "BusinessProfileLocation"}, {"id", kMicrosoftId}}});
    body["engagementId"] = out->wire["engagementId"];
    body["externalReferenceId"] = nullptr;
    Json theirs = new_wire(body, microsoft);
    theirs["status"] = "Active";
    theirs["substatus"] = "Accepted";
    theirs["acceptedDateTime"] = theirs["createdDateTime"];
    theirs["trackingInfo"] = {{"microsoftMsxId", crm_number(string_or(theirs, "id"))}};
    add(std::move(theirs));
    return out;
}

Outcome<const Referral*> ReferralBook::edit_in_portal(std::string_view id, const Json& changes) {
    auto found = open_for_write(id, {});
    if (!found) {
        return tl::unexpected<ApiError>(found.error());
    }
    Json wire = (*found)->wire;
    wire.merge_patch(changes);
    return change(**found, std::move(wire), {"PartnerCenterPortal"});
}

Outcome<const Referral*> ReferralBook::answer(
    std::string_view id, Answer answer, std::string_view reason
) {
    Referral* referral = find_mutable(id);
    if (referral == nullptr) {
        return refuse(
            404, "itemNotFound", "The referral '" + std::string(id) + "' does not exist."
        );
    }
    if (is_closed(referral->wire)) {
        return refuse("A closed referral cannot be answered.", "terminalState");
    }
    constexpr std::string_view kClosed[] = {"", "Declined", "Expired", "Won", "Lost"};
    Json wire = referral->wire;
    const bool accepts = answer == Answer::kAccept;
    wire["status"] = accepts ? "Active" : "Closed";
    wire["substatus"] = accepts ? "Accepted" : kClosed[static_cast<std::size_t>(answer)];
    if (!reason.empty()) {
        wire["statusReason"] = reason;
    }
    if (accepts && is_for_microsoft(wire)) {
        wire["trackingInfo"] = {{"microsoftMsxId", crm_number(id)}};
        wire["team"] = Json::array(
            {{{"firstName", "Mika"},
              {"lastName", "Seller"},
              {"phoneNumber", "+10000000000"},
              {"email", "mika.seller@microsoft.example"}}}
        );
    }
    return commit(*referral, std::move(wire), {"Microsoft"});
}

std::optional<Timestamp> ReferralBook::expire_due() {
    std::optional<Timestamp> next;
    for (Referral& referral : referrals_) {
        const auto due = parse_utc(string_or(referral.wire, "expirationDateTime"));
        if (!due || string_or(referral.wire, "status") != "New") {
            continue;
        }
        if (*due > clock_.now()) {
            next = next ? std::min(*next, *due) : *due;
            continue;
        }
        Json wire = referral.wire;
        wire["status"] = "Closed";
        wire["substatus"] = "Expired";
        commit(referral, std::move(wire), {"Microsoft"});
    }
    return next;
}

void ReferralBook::remember_listed(Referral& referral) {
    if (list_lag_ > Duration(0)) {
        referral.listed.emplace_back(clock_.now() + list_lag_, referral.wire);
    } else {
        referral.listed.clear();
    }
}

const Json* ReferralBook::listed(const Referral& referral) const {
    if (referral.listed.empty()) {
        return &referral.wire;
    }
    const Json* out = nullptr;
    for (const auto& [from, wire] : referral.listed) {
        if (from <= clock_.now()) {
            out = &wire;
        }
    }
    return out;
}

Json ReferralBook::save() const {
    Json list = Json::array();
    for (const Referral& referral : referrals_) {
        list.push_back({{"sequence", referral.sequence}, {"wire", referral.wire}});
    }
    return {{"next_sequence", next_sequence_}, {"last_tick", last_tick_}, {"list", list}};
}

void ReferralBook::load(const Json& saved) {
    next_sequence_ = int_or(saved, "next_sequence", 1);
    last_tick_ = int_or(saved, "last_tick", 0);
    referrals_.clear();
    for (const Json& one : saved.value("list", Json::array())) {
        referrals_.push_back(
            {int_or(one, "sequence", 0), one.value("wire", Json::object()), last_tick_, {}}
        );
    }
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
