#include "connectors/dataverse/connection_test.h"

#include <array>

#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/connector/chained_exchange.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Turn;
using model::EffectClass;

constexpr std::array<std::string_view, 7> kTables{
    "opportunity",
    "lead",
    "account",
    "contact",
    "systemuser",
    "transactioncurrency",
    "callbackregistration"};

class TestConnection final : public connector::ChainedExchange {
  public:
    explicit TestConnection(const Json& settings)
        : requests_(settings, Timestamp{}) {}

    Turn begin() override {
        return ask(requests_.get(requests_.api_url() + "/WhoAmI"), [this](const http::Response& r) {
            return identified(r);
        });
    }

  private:
    Turn identified(const http::Response& response) {
        const auto body = read_object(response);
        const std::string user = body ? string_or(*body, "UserId") : std::string();
        if (!is_success(response)) {
            add_refusal("Sign in to the environment", response);
        } else if (user.empty()) {
            add("Sign in to the environment",
                false,
                "The base address answers, but not as a Dataverse environment does: check base_url."
            );
        } else {
            add("Sign in to the environment", true, "Signed in as the user " + user + ".");
        }
        return try_table(0);
    }

    Turn try_table(std::size_t index) {
        if (index == kTables.size()) {
            return connector::Done{to_payload(Json{{"checks", std::move(checks_)}}), {}};
        }
        const std::string_view table = kTables.at(index);
        return ask(
            requests_.get(requests_.set_url(table) + "?$select=" + primary_key(table) + "&$top=1"),
            [this, index, table](const http::Response& r) {
                const std::string what = "Read " + std::string(table);
                if (is_success(r)) {
                    add(what, true, "Rows can be read.");
                } else {
                    add_refusal(what, r);
                }
                return try_table(index + 1);
            }
        );
    }

    void add_refusal(const std::string& what, const http::Response& response) {
        add(what, false, answered(response, EffectClass::kRead, Timestamp{}).error.text());
    }

    void add(const std::string& what, bool is_ok, const std::string& message) {
        checks_.push_back({{"what", what}, {"ok", is_ok}, {"message", message}});
    }

    Requests requests_;
    Json checks_ = Json::array();
};

}  // namespace

std::unique_ptr<connector::Exchange> test_connection(const Json& settings) {
    return std::make_unique<TestConnection>(settings);
}

}  // namespace tideway::connectors::dataverse
