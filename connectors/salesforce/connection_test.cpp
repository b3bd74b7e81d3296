#include "connectors/salesforce/connection_test.h"

#include <array>
#include <vector>

#include "connectors/salesforce/requests.h"
#include "engine/connector/chained_exchange.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Turn;
using model::EffectClass;

enum class Need { kRead, kWrite };

struct ObjectNeed {
    std::string object;
    Need need = Need::kWrite;
};

struct Right {
    const char* name;
    const char* flag;  // of the service's list of objects
};

constexpr std::array kRights{
    Right{"Read", "queryable"}, Right{"Create", "createable"}, Right{"Edit", "updateable"}};

// Those of the setting `tested_objects`; of the co-sell packs without it.
std::vector<ObjectNeed> needs_of(const Json& settings) {
    std::vector<ObjectNeed> out;
    const Json* named = find(settings, "tested_objects");
    for (const Json& object : named == nullptr ? Json::array() : *named) {
        out.push_back({object.get<std::string>(), Need::kWrite});
    }
    if (!out.empty()) {
        return out;
    }
    return {
        {"Opportunity", Need::kWrite},
        {"Lead", Need::kWrite},
        {"Account", Need::kWrite},
        {"Contact", Need::kWrite},
        {"OpportunityContactRole", Need::kWrite},
        {"OpportunityStage", Need::kRead},
        {"User", Need::kRead}};
}

const Json* object_named(const Json& objects, const std::string& name) {
    for (const Json& object : objects) {
        if (string_or(object, "name") == name) {
            return &object;
        }
    }
    return nullptr;
}

// Two reads: who the user is, and what its profile and permission sets let it do with objects.
class TestConnection final : public connector::ChainedExchange {
  public:
    explicit TestConnection(const Json& settings)
        : requests_(settings, Timestamp{}),
          needs_(needs_of(settings)) {}

    Turn begin() override {
        return ask(
            requests_.get(requests_.instance_url() + "/services/oauth2/userinfo"),
            [this](const http::Response& r) { return identified(r); }
        );
    }

  private:
    Turn identified(const http::Response& response) {
        constexpr const char* kWhat = "Sign in to the organization";
        const auto body = is_success(response) ? read_object(response) : std::nullopt;
        if (!is_success(response)) {
            return refused(kWhat, response);
        }
        const std::string user = body ? string_or(*body, "preferred_username") : std::string();
        if (user.empty()) {
            add(kWhat,
                false,
                "The base address answers, but not as Salesforce does: check base_url.");
            return finish();
        }
        add(kWhat, true, "Signed in as " + user + ".");
        return ask(
            requests_.get(requests_.api_url() + "/sobjects"),
            [this](const http::Response& r) { return told_objects(r); }
        );
    }

    Turn told_objects(const http::Response& response) {
        constexpr const char* kWhat = "Use the REST API";
        if (!is_success(response)) {
            return refused(kWhat, response);
        }
        const auto body = read_object(response);
        const Json* objects = body ? find(*body, "sobjects") : nullptr;
        if (objects == nullptr || !objects->is_array()) {
            add(kWhat,
                false,
                "Salesforce answered in a form that cannot be read, so the rights stay unknown: "
                "check api_version.");
            return finish();
        }
        add(kWhat, true, std::to_string(objects->size()) + " objects are visible.");
        for (const ObjectNeed& need : needs_) {
            check(need, object_named(*objects, need.object));
        }
        return finish();
    }

    void check(const ObjectNeed& need, const Json* object) {
        for (const Right& right : kRights) {
            const bool is_read = right.name == kRights[0].name;
            if (need.need == Need::kRead && !is_read) {
                continue;
            }
            const std::string what = std::string(right.name) + " " + need.object;
            const bool has = object != nullptr && bool_or(*object, right.flag, false);
            if (has) {
                add(what, true, "Granted.");
                continue;
            }
            add(what,
                false,
                (object == nullptr ? "There is no such object, or the user may not see it. "
                                   : std::string()) +
                    "Give the user the object permission " + right.name + " on " + need.object +
                    " in a permission set.");
            if (object == nullptr) {
                return;
            }
        }
    }

    Turn refused(const char* what, const http::Response& response) {
        add(what, false, answered(response, EffectClass::kRead, Timestamp{}).error.text());
        return finish();
    }

    void add(const std::string& what, bool is_ok, const std::string& message) {
        checks_.push_back({{"what", what}, {"ok", is_ok}, {"message", message}});
    }

    Turn finish() { return connector::Done{to_payload(Json{{"checks", std::move(checks_)}}), {}}; }

    Requests requests_;
    std::vector<ObjectNeed> needs_;
    Json checks_ = Json::array();
};

}  // namespace

std::unique_ptr<connector::Exchange> test_connection(const Json& settings) {
    return std::make_unique<TestConnection>(settings);
}

}  // namespace tideway::connectors::salesforce
