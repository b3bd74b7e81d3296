#include "connectors/partner_center/sandbox_rules.h"

#include <algorithm>
#include <array>
#include <string>

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

// The whole resource. A text names a type (text, flag, number, any) or an enumeration ("A|B").
constexpr std::string_view kShape = R"({
"@odata.context":"text","id":"text","engagementId":"text","name":"text","organizationId":"text",
"organizationName":"text","externalReferenceId":"text","campaignId":"text","referralProgram":"text",
"createdDateTime":"time","updatedDateTime":"time","expirationDateTime":"time",
"acceptedDateTime":"time","closedDateTime":"time","status":"None|New|Active|Closed",
"substatus":"None|Pending|Received|Accepted|Won|Lost|Declined|Expired|Error","statusReason":"text",
"salesStage":"text","qualification":"None|Direct|MarketingQualified|SalesQualified",
"type":"Independent|Shared","referralSource":"text","direction":"Incoming|Outgoing","eTag":"text",
"favorite":"flag","lastModifiedVia":"text","lastRunId":"text","createdVia":"text","mpnId":"text",
"quality":"Unknown|High|Low","isSpam":"flag","dealSensitivity":"text","tags":["any"],
"callToAction":"text","offerId":"text","target":[{"type":
"None|BusinessProfileLocation|SolutionProfile","id":"text"}],
"customerProfile":{"name":"text","size":"text","isMatchingComplete":"flag","address":{
 "addressLine1":"text","addressLine2":"text","city":"text","state":"text","postalCode":"text",
 "country":"text","region":"text"},"team":"members","ids":[{"profileType":"Duns|External",
 "id":"text"}]},
"consent":{"consentToToShareInfoWithOthers":"flag","consentToContact":"flag",
 "consentToMicrosoftToContactSpecificPartners":"flag",
 "consentToShareReferralWithMicrosoftSellers":"flag"},
"details":{"notes":"text","dealValue":"number","currency":"text","closingDateTime":"time",
 "customerAction":"text","customerRequestedContact":"flag","incentiveLevel":"text",
 "requirements":{"industries":[{"id":"text"}],"products":[{"id":"text"}],
  "services":[{"id":"text"}],"solutions":["any"],"offers":["any"],"salesPlays":["any"],
  "additionalRequirements":{"iot":"any","attributes":[{"type":"text","id":"text"}]}}},
"team":"members",
"inviteContext":{"notes":"text","assistanceRequestCode":
"Unknown|GeneralOrOther|CustomerTechnicalArchitecture|ProofOfConceptOrDemo|QuotesOrLicensing|PostSalesCustomerSuccess|WorkloadSpecificValueProposition",
 "invitedMpnId":"text","invitedBy":{"organizationId":"text","organizationName":"text"}},
"trackingInfo":{"microsoftMsxId":"text","microsoftUSFedOpportunityId":"text",
 "microsoftUSFedLeadId":"text","migratedPSCDealId":"text","migratedPSCPartnerDealId":"text"},
"registrationStatus":"text","registrations":["any"],
"links":{"relatedReferrals":{"uri":"text","method":"text"},"self":{"uri":"text","method":"text"}},
"partnerRole":"text","solutionArea":"text","solutionPlay":"text"
})";

constexpr std::string_view kMemberShape = R"([{"firstName":"text","lastName":"text",
"phoneNumber":"text","email":"text","title":"text","contactPreference":{"locale":"text",
"disableNotifications":"flag"},"emailValidationStatus":"text","phoneValidationStatus":"text"}])";

constexpr std::array<std::string_view, 24> kServerOwned = {
    "@odata.context",
    "id",
    "organizationId",
    "organizationName",
    "createdDateTime",
    "updatedDateTime",
    "expirationDateTime",
    "acceptedDateTime",
    "closedDateTime",
    "direction",
    "eTag",
    "lastModifiedVia",
    "lastRunId",
    "createdVia",
    "quality",
    "isSpam",
    "tags",
    "offerId",
    "trackingInfo",
    "registrationStatus",
    "registrations",
    "links",
    "dealSensitivity",
    "isMatchingComplete"};

Json literal(std::string_view text) {
    return Json::parse(text);
}

std::optional<ApiError> bad(std::string message, std::string inner = "invalidValue") {
    return ApiError{400, "invalidRequest", std::move(message), std::move(inner)};
}

bool is_one_of(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find('|'), words.size());
        if (words.substr(0, end) == word) {
            return true;
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

std::optional<ApiError> check_leaf(
    const Json& value, const std::string& type, const std::string& path
) {
    const auto wrong = [&](std::string_view expected) {
        return bad("'" + path + "' must be " + std::string(expected) + ".", "typeMismatch");
    };
    if (type == "any") {
        return std::nullopt;
    }
    if (type == "flag") {
        return value.is_boolean() ? std::nullopt : wrong("true or false");
    }
    if (type == "number") {
        return value.is_number() ? std::nullopt : wrong("a number");
    }
    if (!value.is_string()) {
        return wrong("a text");
    }
    if (type == "time" && !parse_utc(value.get<std::string>())) {
        return wrong("a date and time such as 2026-03-31T00:00:00Z");
    }
    if (type.find('|') != std::string::npos && !is_one_of(type, value.get<std::string>())) {
        return bad("'" + value.get<std::string>() + "' is not a value of '" + path + "'.");
    }
    return std::nullopt;
}

std::optional<ApiError> check_value(const Json& value, const Json& shape, const std::string& path) {
    if (value.is_null()) {
        return std::nullopt;
    }
    if (shape == "members") {
        return check_value(value, literal(kMemberShape), path);
    }
    if (shape.is_string()) {
        return check_leaf(value, shape.get<std::string>(), path);
    }
    if (shape.is_array()) {
        if (!value.is_array()) {
            return bad("'" + path + "' must be an array.", "typeMismatch");
        }
        for (const Json& item : value) {
            if (auto error = check_value(item, shape[0], path + "[]")) {
                return error;
            }
        }
        return std::nullopt;
    }
    if (!value.is_object()) {
        return bad("'" + path + "' must be an object.", "typeMismatch");
    }
    for (const auto& [name, item] : value.items()) {
        const Json* inner = find(shape, name);
        const std::string where = path.empty() ? name : path + "/" + name;
        if (inner == nullptr) {
            return bad("The property '" + where + "' does not exist on a referral.", "unknown");
        }
        if (auto error = check_value(item, *inner, where)) {
            return error;
        }
    }
    return std::nullopt;
}

const Json& part(const Json& object, std::string_view name) {
    static const Json kNothing = nullptr;
    const Json* found = find(object, name);
    return found == nullptr ? kNothing : *found;
}

bool has_items(const Json& value) {
    return value.is_array() && !value.empty();
}

bool has_solution(const Json& referral) {
    const Json& solutions = part(part(part(referral, "details"), "requirements"), "solutions");
    return has_items(solutions) && std::ranges::all_of(solutions, [](const Json& one) {
               return !string_or(one, "id").empty();
           });
}

std::optional<ApiError> check_contact(const Json& referral) {
    const std::string help = string_or(part(referral, "inviteContext"), "assistanceRequestCode");
    if (help.empty() || help == "Unknown") {
        return std::nullopt;
    }
    const Json& team = part(part(referral, "customerProfile"), "team");
    const bool reachable = has_items(team) && std::ranges::all_of(team, [](const Json& one) {
                               return !string_or(one, "firstName").empty() &&
                                      !string_or(one, "phoneNumber").empty() &&
                                      !string_or(one, "email").empty();
                           });
    if (reachable) {
        return std::nullopt;
    }
    return bad(
        "A customer contact with name, phone number and e-mail is required when Microsoft's help "
        "is requested.",
        "customerContactRequired"
    );
}

std::string_view substatuses_of(std::string_view status) {
    if (status == "New") {
        return "Pending|Received";
    }
    if (status == "Active") {
        return "Accepted";
    }
    return status == "Closed" ? "Won|Lost|Declined|Expired" : "";
}

}  // namespace

std::optional<ApiError> check_shape(const Json& referral) {
    if (!referral.is_object()) {
        return bad("The request body must be a JSON object.", "malformedBody");
    }
    return check_value(referral, literal(kShape), "");
}

bool is_field(std::string_view name) {
    return find(literal(kShape), name) != nullptr;
}

bool is_server_owned(std::string_view field) {
    return std::ranges::find(kServerOwned, field) != kServerOwned.end();
}

bool is_closed(const Json& referral) {
    return string_or(referral, "status") == "Closed";
}

bool is_for_microsoft(const Json& referral) {
    const Json& target = part(referral, "target");
    return target.is_array() && std::ranges::any_of(target, [](const Json& one) {
               return string_or(one, "id") == "msft";
           });
}

std::optional<ApiError> check_new(const Json& referral) {
    for (const std::string_view name : {"type", "customerProfile", "consent", "details"}) {
        if (part(referral, name).is_null()) {
            return bad("The field '" + std::string(name) + "' is required.", "required");
        }
    }
    if (is_for_microsoft(referral)) {
        if (auto error = check_contact(referral)) {
            return error;
        }
    }
    return check_content(referral);
}

std::optional<ApiError> check_content(const Json& referral) {
    const bool shared = string_or(referral, "type") == "Shared";
    if (shared && !is_for_microsoft(referral) && !has_solution(referral)) {
        return bad("Solution ID is required", "solutionRequired");
    }
    const Json& address = part(part(referral, "customerProfile"), "address");
    const std::string country = string_or(address, "country");
    const bool two_letters = country.size() == 2 && std::ranges::all_of(country, [](char c) {
                                 return c >= 'A' && c <= 'Z';
                             });
    if (!two_letters) {
        return bad(
            "The country '" + country + "' of the customer's address is not a two-letter ISO code.",
            "invalidCountryCode"
        );
    }
    return std::nullopt;
}

std::optional<ApiError> check_change(const Json& before, const Json& after) {
    if (is_closed(before)) {
        return bad("A closed referral cannot be changed.", "terminalState");
    }
    const std::string from = string_or(before, "status");
    const std::string to = string_or(after, "status");
    const std::string substatus = string_or(after, "substatus");
    const bool back = from == "Active" && to == "New";
    if (back || !is_one_of(substatuses_of(to), substatus)) {
        return bad(
            "A referral cannot go from " + from + "/" + string_or(before, "substatus") + " to " +
                to + "/" + substatus + ".",
            "invalidStateTransition"
        );
    }
    constexpr std::string_view kShare = "consentToShareReferralWithMicrosoftSellers";
    if (bool_or(part(before, "consent"), kShare, false) &&
        !bool_or(part(after, "consent"), kShare, false)) {
        return bad("'consent/" + std::string(kShare) + "' cannot be withdrawn.", "oneWay");
    }
    return check_content(after);
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
