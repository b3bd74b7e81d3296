#include "connectors/dataverse/rights.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace tideway::connectors::dataverse {
namespace {

const std::vector<std::string>& row_rights() {
    static const std::vector<std::string> kRights{"Create", "Read", "Write", "Append", "AppendTo"};
    return kRights;
}

// What co-sell packs do: deals, leads and customers; owners and sales teams; closing; callbacks.
std::vector<TableRights> co_sell_rights() {
    return {
        {"opportunity", {"Create", "Read", "Write", "Append", "AppendTo", "Assign"}},
        {"lead", row_rights()},
        {"account", row_rights()},
        {"contact", row_rights()},
        {"systemuser", {"Read", "AppendTo"}},
        {"transactioncurrency", {"Read", "AppendTo"}},
        {"connection", {"Create", "Read", "Append"}},
        {"connectionrole", {"Read", "AppendTo"}},
        {"opportunityclose", {"Create", "Read"}},
        {"callbackregistration", {"Create", "Read", "Write", "Delete"}, Reach::kOwnRows},
        {"environmentvariabledefinition", {"Read"}},
        {"environmentvariablevalue", {"Read"}},
    };
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

const Json* definition_of(std::string_view table, const Json& definitions) {
    for (const Json& each : definitions) {
        if (string_or(each, "LogicalName") == table) {
            return &each;
        }
    }
    return nullptr;
}

// SecurityPrivilegeMetadata of a right; null when the table knows no such right.
const Json* privilege_of(const Json& definition, const std::string& right) {
    const Json* all = find(definition, "Privileges");
    if (all == nullptr || !all->is_array()) {
        return nullptr;
    }
    for (const Json& each : *all) {
        if (string_or(each, "PrivilegeType") == right) {
            return &each;
        }
    }
    return nullptr;
}

std::string label_of(const Json& definition) {
    const Json* name = find(definition, "DisplayName");
    const Json* label = name == nullptr ? nullptr : find(*name, "UserLocalizedLabel");
    const std::string text = label == nullptr ? std::string() : string_or(*label, "Label");
    return text.empty() ? string_or(definition, "LogicalName") : text;
}

std::string title_of(const std::string& right) {
    return right == "AppendTo" ? "Append To" : right;
}

// Every depth at which the user holds a privilege: roles add up.
std::vector<std::string> depths_of(const Json& privilege, const Json& held) {
    const std::string id = lower(string_or(privilege, "PrivilegeId"));
    std::vector<std::string> out;
    for (const Json& each : held) {
        if (lower(string_or(each, "PrivilegeId")) == id) {
            out.push_back(string_or(each, "Depth"));
        }
    }
    return out;
}

bool reaches(const std::vector<std::string>& depths, Reach least) {
    return least == Reach::kOwnRows
               ? !depths.empty()
               : std::find(depths.begin(), depths.end(), "Global") != depths.end();
}

std::string remedy(const std::string& right, Reach least) {
    return "In the Power Platform admin center open the environment's Settings, Users + "
           "permissions, Security roles, a role of this user, and give it " +
           right + (least == Reach::kOrganization ? " on organization level." : ".");
}

Json check(const std::string& what, bool is_ok, const std::string& message) {
    return {{"what", what}, {"ok", is_ok}, {"message", message}};
}

Json missing_right(
    const std::string& right, const std::string& privilege, Reach least, bool is_held
) {
    const std::string named = right + " (" + privilege + ")";
    return check(
        right,
        false,
        (is_held ? "The right " + named +
                       " reaches only some rows: no security role of the user gives it for the "
                       "whole organization, so rows of other people stay out of reach. "
                 : "No security role of the user gives " + named + ". ") +
            remedy(right, least)
    );
}

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool is_last = i + 1 == words.size();
        out += (i == 0 ? "" : is_last ? " and " : ", ") + title_of(words[i]);
    }
    return out;
}

}  // namespace

std::vector<TableRights> needed_rights(const Json& settings) {
    const Json* tables = find(settings, "tested_tables");
    std::vector<TableRights> all = co_sell_rights();
    if (tables == nullptr || !tables->is_array() || tables->empty()) {
        return all;
    }
    std::vector<TableRights> out;
    for (const Json& name : *tables) {
        const auto table = name.get<std::string>();
        const auto known = std::find_if(all.begin(), all.end(), [&](const TableRights& each) {
            return each.table == table;
        });
        out.push_back(known == all.end() ? TableRights{table, row_rights()} : *known);
    }
    return out;
}

std::vector<std::string> privilege_names(
    const std::vector<TableRights>& needed, const Json& definitions
) {
    std::vector<std::string> out;
    for (const TableRights& each : needed) {
        const Json* definition = definition_of(each.table, definitions);
        for (const std::string& right : each.rights) {
            const Json* privilege =
                definition == nullptr ? nullptr : privilege_of(*definition, right);
            if (privilege != nullptr) {
                out.push_back(string_or(*privilege, "Name"));
            }
        }
    }
    return out;
}

Json check_rights(const TableRights& needed, const Json& definitions, const Json& held) {
    const Json* definition = definition_of(needed.table, definitions);
    if (definition == nullptr) {
        return Json::array({check(
            "Rights on " + needed.table,
            false,
            "The environment has no table '" + needed.table +
                "'. Install the app that brings it (Dynamics 365 Sales for opportunities and "
                "leads), or name the tables that you need in the setting tested_tables."
        )});
    }
    const std::string label = label_of(*definition);
    Json out = Json::array();
    std::vector<std::string> good;
    for (const std::string& right : needed.rights) {
        const Json* privilege = privilege_of(*definition, right);
        if (privilege == nullptr) {
            continue;
        }
        const std::vector<std::string> depths = depths_of(*privilege, held);
        if (reaches(depths, needed.least)) {
            good.push_back(right);
            continue;
        }
        out.push_back(missing_right(
            title_of(right) + " on " + label,
            string_or(*privilege, "Name"),
            needed.least,
            !depths.empty()
        ));
    }
    if (out.empty()) {
        out.push_back(check("Rights on " + label, true, listed(good) + ": held."));
    }
    return out;
}

}  // namespace tideway::connectors::dataverse
