#include "connectors/dataverse/metadata.h"

#include <set>
#include <utility>

#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

// {"UserLocalizedLabel":{"Label":..}} -> the text.
std::string label_of(const Json& definition, const char* property) {
    const Json* name = find(definition, property);
    const Json* label = name == nullptr ? nullptr : find(*name, "UserLocalizedLabel");
    return label == nullptr ? std::string() : string_or(*label, "Label");
}

// Where a column's value comes from (SourceType).
const char* source_of(const Json& definition) {
    switch (int_or(definition, "SourceType", 0)) {
        case 1:
            return "calculated";
        case 2:
            return "rollup";
        case 3:
            return "formula";
        default:
            return "simple";
    }
}

Json options_of(const Json& definition) {
    const Json* set = find(definition, "OptionSet");
    const Json* options = set == nullptr ? nullptr : find(*set, "Options");
    Json out = Json::array();
    for (const Json& option : options == nullptr ? Json::array() : *options) {
        out.push_back({{"value", int_or(option, "Value", 0)}, {"label", label_of(option, "Label")}}
        );
    }
    return out;
}

Json described_key(const Json& key) {
    return {
        {"name", string_or(key, "LogicalName")},
        {"columns", key.value("KeyAttributes", Json::array())},
        {"status", string_or(key, "EntityKeyIndexStatus")}};
}

// The table, its columns, the options of its choices, its alternate keys: four reads, because
// options are only told where their own type is asked for.
class DescribeTable final : public connector::ChainedExchange {
  public:
    explicit DescribeTable(const connector::Call& call)
        : requests_(call.settings, call.now),
          table_(string_or(call.input, "table")) {}

    Turn begin() override {
        if (auto problem = bad_table(table_)) {
            return std::move(*problem);
        }
        return read(
            "?$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,"
            "DisplayName",
            [this](const Json& body) { return named(body); }
        );
    }

  private:
    using Took = std::function<Turn(const Json&)>;

    Turn read(const std::string& rest, Took took) {
        const std::string url =
            requests_.api_url() + "/EntityDefinitions(LogicalName='" + table_ + "')" + rest;
        return ask(
            requests_.get(url),
            [this, took = std::move(took)](const http::Response& response) -> Turn {
                if (!is_success(response)) {
                    return answered(response, EffectClass::kRead, requests_.now());
                }
                const auto body = read_object(response);
                return body ? took(*body) : unreadable(response);
            }
        );
    }

    static Turn unreadable(const http::Response& response) {
        return connector::unreadable(response, "describe a table", EffectClass::kRead);
    }

    Turn named(const Json& body) {
        output_ = {
            {"table", table_},
            {"label", label_of(body, "DisplayName")},
            {"set", string_or(body, "EntitySetName")},
            {"key", string_or(body, "PrimaryIdAttribute")},
            {"primary_name", string_or(body, "PrimaryNameAttribute")},
            {"columns", Json::array()},
            {"keys", Json::array()}};
        return read("/Attributes", [this](const Json& columns) { return told_columns(columns); });
    }

    Turn told_columns(const Json& body) {
        for (const Json& definition : body.value("value", Json::array())) {
            output_["columns"].push_back(described_column(definition));
        }
        return read(
            "/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
            "?$select=LogicalName&$expand=OptionSet",
            [this](const Json& choices) { return told_choices(choices); }
        );
    }

    Turn told_choices(const Json& body) {
        for (const Json& definition : body.value("value", Json::array())) {
            for (Json& column : output_["columns"]) {
                if (column["name"] == string_or(definition, "LogicalName")) {
                    column["options"] = options_of(definition);
                }
            }
        }
        return read("/Keys", [this](const Json& keys) { return told_keys(keys); });
    }

    Turn told_keys(const Json& body) {
        for (const Json& key : body.value("value", Json::array())) {
            output_["keys"].push_back(described_key(key));
        }
        return Done{to_payload(output_), {}};
    }

    Requests requests_;
    std::string table_;
    Json output_;
};

// Who the user is, and which of the named privileges its roles give.
class CheckPrivileges final : public connector::ChainedExchange {
  public:
    explicit CheckPrivileges(const connector::Call& call)
        : requests_(call.settings, call.now),
          names_(call.input.value("names", Json::array())) {}

    Turn begin() override {
        return ask(requests_.get(requests_.api_url() + "/WhoAmI"), [this](const http::Response& r) {
            return identified(r);
        });
    }

  private:
    Turn identified(const http::Response& response) {
        if (!is_success(response)) {
            return answered(response, EffectClass::kRead, requests_.now());
        }
        const auto body = read_object(response);
        const std::string user = body ? string_or(*body, "UserId") : std::string();
        if (!is_row_id(user)) {
            return connector::unreadable(response, "WhoAmI", EffectClass::kRead);
        }
        return ask(
            requests_.get(
                requests_.row_url("systemuser", user) +
                "/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)"
                "?@p=" +
                http::encode_component(dump(names_))
            ),
            [this](const http::Response& r) { return told(r); }
        );
    }

    Turn told(const http::Response& response) const {
        if (!is_success(response)) {
            return answered(response, EffectClass::kRead, requests_.now());
        }
        const auto body = read_object(response);
        const Json* roles = body ? find(*body, "RolePrivileges") : nullptr;
        if (roles == nullptr || !roles->is_array()) {
            return connector::unreadable(response, "check privileges", EffectClass::kRead);
        }
        std::set<std::string> held;
        for (const Json& each : *roles) {
            held.insert(string_or(each, "PrivilegeName"));
        }
        Json output = {{"held", Json::array()}, {"missing", Json::array()}};
        for (const Json& name : names_) {
            output[held.contains(name.get<std::string>()) ? "held" : "missing"].push_back(name);
        }
        return Done{to_payload(output), {}};
    }

    Requests requests_;
    Json names_;
};

}  // namespace

Json described_column(const Json& definition) {
    Json out = {
        {"name", string_or(definition, "LogicalName")},
        {"label", label_of(definition, "DisplayName")},
        {"type", string_or(definition, "AttributeType")},
        {"required", string_or(definition.value("RequiredLevel", Json::object()), "Value", "None")},
        {"create", bool_or(definition, "IsValidForCreate", false)},
        {"update", bool_or(definition, "IsValidForUpdate", false)},
        {"custom", bool_or(definition, "IsCustomAttribute", false)},
        {"source", source_of(definition)}};
    if (const std::int64_t length = int_or(definition, "MaxLength", 0); length > 0) {
        out["max_length"] = length;
    }
    if (const std::string format = string_or(definition, "Format"); !format.empty()) {
        out["format"] = format;
    }
    return out;
}

ExchangePtr describe_table(const connector::Call& call) {
    return std::make_unique<DescribeTable>(call);
}

ExchangePtr check_privileges(const connector::Call& call) {
    return std::make_unique<CheckPrivileges>(call);
}

}  // namespace tideway::connectors::dataverse
