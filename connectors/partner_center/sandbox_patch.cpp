// JSON Patch on a referral: the part of RFC 6902 that the service takes, on the paths it lists.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "connectors/partner_center/sandbox_rules.h"
#include "engine/base/uid.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::array<std::string_view, 31> kPaths = {
    "/campaignId",
    "/consent/consentToShareReferralWithMicrosoftSellers",
    "/customerProfile/team",
    "/customerProfile/team/-",
    "/details/closingDateTime",
    "/details/currency",
    "/details/dealValue",
    "/details/notes",
    "/details/requirements/solutions",
    "/details/requirements/solutions/-",
    "/externalReferenceId",
    "/referralProgram",
    "/salesStage",
    "/status",
    "/substatus",
    "/statusReason",
    "/team",
    "/team/-",
    "/registrations/0/contract/startDateTime",
    "/registrations/0/contract/endDateTime",
    "/registrations/0/contract/signDateTime",
    "/registrations/0/contract/term",
    "/registrations/0/contract/value",
    "/registrations/0/solutionDetails/0/value",
    "/registrations/0/solutionDetails/0/currency",
    "/registrations/0/solutionDetails/0/isDeployedOnAzure",
    "/registrations/0/solutionDetails/0/primaryDeploymentOn",
    "/registrations/0/solutionDetails/0/pricingModel",
    "/registrations/0/solutionDetails/0/marketplaceTransactionDetails/isMarketplaceTransacted",
    "/registrations/0/solutionDetails/0/marketplaceTransactionDetails/"
    "marketplaceTransactionDateTime",
    "/registrations/-"};

constexpr std::string_view kNewRegistration = "/registrations/-";

struct Operation {
    std::string op;
    std::string path;
    Json value;
};

Outcome<Operation> read_operation(const Json& item) {
    for (const auto& [name, value] : item.items()) {
        if (name != "op" && name != "path" && name != "value") {
            return refuse("A patch operation has no member '" + name + "'.", "invalidPatch");
        }
    }
    Operation out{string_or(item, "op"), string_or(item, "path"), nullptr};
    if (out.op != "add" && out.op != "replace") {
        return refuse(
            "The operation '" + out.op + "' is not supported; use add or replace.", "invalidPatch"
        );
    }
    if (std::ranges::find(kPaths, out.path) == kPaths.end()) {
        return refuse("The path '" + out.path + "' cannot be patched.", "pathNotAllowed");
    }
    const Json* value = find(item, "value");
    if (value == nullptr) {
        return refuse("The operation on '" + out.path + "' has no value.", "invalidPatch");
    }
    if (out.path.ends_with("/-") && out.op != "add") {
        return refuse("'" + out.path + "' can only be added to.", "invalidPatch");
    }
    out.value = *value;
    return out;
}

// Clients send deal values as texts as well as numbers.
Outcome<Json> number_of(const Json& value) {
    if (value.is_number() || value.is_null()) {
        return value;
    }
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    auto number = parse_json(text, "the number");
    if (!number || !number->is_number()) {
        return refuse("'/details/dealValue' must be a number.", "typeMismatch");
    }
    return std::move(*number);
}

Outcome<Json> new_registration(const Json& value, Ticks now) {
    if (string_or(value, "type") != "AzureIPCoSell") {
        return refuse("The registration's type must be 'AzureIPCoSell'.", "invalidValue");
    }
    const Json* solutions = find(value, "solutionDetails");
    const Json* contract = find(value, "contract");
    if (solutions == nullptr || !solutions->is_array() || solutions->empty() ||
        contract == nullptr || !contract->is_object()) {
        return refuse("A registration needs solutionDetails and a contract.", "required");
    }
    Json out = value;
    out.erase("type");
    out["id"] = Uid::random().guid();
    out["registrationDateTime"] = format_ticks(now);
    out["status"] = "ReviewPending";
    out["statusHistory"] = {{"reviewPendingDateTime", format_ticks(now)}};
    return out;
}

Json::json_pointer pointer_to(std::string path) {
    return Json::json_pointer(std::move(path));
}

std::optional<ApiError> append(Json& referral, const Operation& operation) {
    const std::string list = operation.path.substr(0, operation.path.size() - 2);
    Json& items = referral[pointer_to(list)];
    if (!items.is_array()) {
        items = Json::array();
    }
    items.push_back(operation.value);
    return std::nullopt;
}

std::optional<ApiError> apply(Json& referral, const Operation& operation, Ticks now) {
    if (operation.path == kNewRegistration) {
        auto registration = new_registration(operation.value, now);
        if (!registration) {
            return registration.error();
        }
        referral["registrationStatus"] = "ReviewPending";
        return append(referral, {operation.op, operation.path, std::move(*registration)});
    }
    if (operation.path.ends_with("/-")) {
        return append(referral, operation);
    }
    if (operation.path.starts_with("/registrations/0/")) {
        const Json* list = find(referral, "registrations");
        if (list == nullptr || !list->is_array() || list->empty()) {
            return ApiError{
                400, "invalidRequest", "The referral has no deal registration.", "notRegistered"};
        }
    }
    Json value = operation.value;
    if (operation.path == "/details/dealValue") {
        auto number = number_of(value);
        if (!number) {
            return number.error();
        }
        value = std::move(*number);
    }
    referral[pointer_to(operation.path)] = std::move(value);
    return std::nullopt;
}

bool touches(const std::vector<Operation>& operations, std::string_view path) {
    return std::ranges::any_of(operations, [&](const auto& one) { return one.path == path; });
}

}  // namespace

Outcome<Json> apply_patch(const Json& referral, const Json& operations, Ticks now) {
    if (!operations.is_array() || operations.empty()) {
        return refuse("The body must be a JSON Patch array with an operation.", "invalidPatch");
    }
    std::vector<Operation> list;
    for (const Json& item : operations) {
        auto operation = read_operation(item);
        if (!operation) {
            return tl::unexpected<ApiError>(operation.error());
        }
        list.push_back(std::move(*operation));
    }
    if (touches(list, "/status") != touches(list, "/substatus")) {
        return refuse("status and substatus must be changed together.", "invalidStateTransition");
    }
    if (touches(list, kNewRegistration) && list.size() > 1) {
        return refuse("A deal registration must be the only operation.", "invalidPatch");
    }
    Json out = referral;
    for (const Operation& operation : list) {
        try {
            if (auto error = apply(out, operation, now)) {
                return tl::unexpected<ApiError>(std::move(*error));
            }
        } catch (const std::exception& error) {  // a part of the path is missing or no object
            return refuse(
                "The path '" + operation.path +
                    "' does not exist on the referral: " + error.what() + ".",
                "invalidPatch"
            );
        }
    }
    return out;
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
