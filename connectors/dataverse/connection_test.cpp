#include "connectors/dataverse/connection_test.h"

#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/rights.h"
#include "connectors/dataverse/tables.h"
#include "engine/connector/chained_exchange.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Turn;
using model::EffectClass;

// Three reads: who the user is, what the rights on the tables are called there, and which of them
// the user's roles give, those of its teams included. Nothing is tried out on a row.
class TestConnection final : public connector::ChainedExchange {
  public:
    explicit TestConnection(const Json& settings)
        : requests_(settings, Timestamp{}),
          needed_(needed_rights(settings)) {}

    Turn begin() override {
        return ask(requests_.get(requests_.api_url() + "/WhoAmI"), [this](const http::Response& r) {
            return identified(r);
        });
    }

  private:
    Turn identified(const http::Response& response) {
        constexpr const char* kWhat = "Sign in to the environment";
        if (!is_success(response)) {
            return refused(kWhat, response);
        }
        const auto body = read_object(response);
        user_ = body ? string_or(*body, "UserId") : std::string();
        if (!is_row_id(user_)) {
            add(kWhat,
                false,
                "The base address answers, but not as a Dataverse environment does: check "
                "base_url.");
            return finish();
        }
        add(kWhat, true, "Signed in as the user " + user_ + ".");
        return ask(
            requests_.get(requests_.api_url() + definitions_path()),
            [this](const http::Response& r) { return described(r); }
        );
    }

    std::string definitions_path() const {
        std::string filter;
        for (const TableRights& each : needed_) {
            filter += (filter.empty() ? "" : " or ");
            filter += "LogicalName eq '" + each.table + "'";
        }
        return "/EntityDefinitions?$select=LogicalName,DisplayName,Privileges&$filter=" +
               http::encode_component(filter);
    }

    Turn described(const http::Response& response) {
        constexpr const char* kWhat = "Read the definitions of tables";
        if (!is_success(response)) {
            return refused(kWhat, response);
        }
        if (!take_list(response, "value", definitions_)) {
            return unreadable(kWhat);
        }
        const Json names = privilege_names(needed_, definitions_);
        return ask(
            requests_.get(
                requests_.row_url("systemuser", user_) +
                "/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)?@"
                "p=" +
                http::encode_component(dump(names))
            ),
            [this](const http::Response& r) { return told_rights(r); }
        );
    }

    Turn told_rights(const http::Response& response) {
        constexpr const char* kWhat = "Read the rights of the user";
        if (!is_success(response)) {
            return refused(kWhat, response);
        }
        Json held;
        if (!take_list(response, "RolePrivileges", held)) {
            return unreadable(kWhat);
        }
        for (const TableRights& each : needed_) {
            for (Json& check : check_rights(each, definitions_, held)) {
                checks_.push_back(std::move(check));
            }
        }
        return finish();
    }

    static bool take_list(const http::Response& response, const char* name, Json& out) {
        const auto body = read_object(response);
        const Json* list = body ? find(*body, name) : nullptr;
        if (list == nullptr || !list->is_array()) {
            return false;
        }
        out = *list;
        return true;
    }

    Turn refused(const char* what, const http::Response& response) {
        add(what, false, answered(response, EffectClass::kRead, Timestamp{}).error.text());
        return finish();
    }

    Turn unreadable(const char* what) {
        add(what,
            false,
            "Dataverse answered in a form that cannot be read, so the rights stay unknown: check "
            "api_version.");
        return finish();
    }

    void add(const char* what, bool is_ok, const std::string& message) {
        checks_.push_back({{"what", what}, {"ok", is_ok}, {"message", message}});
    }

    Turn finish() { return connector::Done{to_payload(Json{{"checks", std::move(checks_)}}), {}}; }

    Requests requests_;
    std::vector<TableRights> needed_;
    std::string user_;
    Json definitions_;
    Json checks_ = Json::array();
};

}  // namespace

std::unique_ptr<connector::Exchange> test_connection(const Json& settings) {
    return std::make_unique<TestConnection>(settings);
}

}  // namespace tideway::connectors::dataverse
