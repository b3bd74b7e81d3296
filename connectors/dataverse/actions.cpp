#include "connectors/dataverse/actions.h"

#include <algorithm>
#include <cctype>

#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 128 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return c == '_' || c == '.' || std::isalnum(c) != 0;
           });
}

Failed bad_name(std::string_view what, std::string_view name) {
    return connector::refused(
        "InvalidName", "\"" + std::string(name) + "\" is not the name of " + std::string(what) + "."
    );
}

// A link between two rows over a relationship, made or removed.
class Link final : public connector::ChainedExchange {
  public:
    enum class Make { kLink, kUnlink };

    Link(const connector::Call& call, Make make)
        : requests_(call.settings, call.now),
          make_(make),
          table_(string_or(call.input, "table")),
          id_(string_or(call.input, "id")),
          relationship_(string_or(call.input, "relationship")),
          target_table_(string_or(call.input, "target_table")),
          target_id_(string_or(call.input, "target_id")),
          is_repeat_(call.is_repeat) {}

    Turn begin() override {
        for (auto problem :
             {bad_table(table_), bad_id(id_), bad_table(target_table_), bad_id(target_id_)}) {
            if (problem) {
                return std::move(*problem);
            }
        }
        if (!is_name(relationship_)) {
            return bad_name("a relationship", relationship_);
        }
        const std::string from = requests_.row_url(table_, id_) + "/" + relationship_;
        connector::Send send =
            make_ == Make::kLink
                ? requests_.write(
                      "POST",
                      from + "/$ref",
                      Json{{"@odata.id", requests_.row_url(target_table_, target_id_)}},
                      Requests::Answer::kNothing
                  )
                : requests_.write(
                      "DELETE",
                      from + "(" + target_id_ + ")/$ref",
                      Json(),
                      Requests::Answer::kNothing
                  );
        return ask(std::move(send), [this](const http::Response& r) { return read(r); });
    }

  private:
    Turn read(const http::Response& response) const {
        const bool is_linked_already = make_ == Make::kLink && response.status == 412 &&
                                       service_code(response) == kDuplicateKey;
        const bool is_gone_already = make_ == Make::kUnlink && response.status == 404 && is_repeat_;
        if (is_success(response) || is_linked_already || is_gone_already) {
            return Done{Payload("null"), {table_, id_, {}}};
        }
        return answered(response, EffectClass::kIdempotent, requests_.now());
    }

    Requests requests_;
    Make make_;
    std::string table_;
    std::string id_;
    std::string relationship_;
    std::string target_table_;
    std::string target_id_;
    bool is_repeat_;
};

class PerformAction final : public connector::ChainedExchange {
  public:
    explicit PerformAction(const connector::Call& call)
        : requests_(call.settings, call.now),
          action_(string_or(call.input, "action")),
          table_(string_or(call.input, "table")),
          id_(string_or(call.input, "id")) {
        if (const Json* given = find(call.input, "parameters");
            given != nullptr && given->is_object()) {
            parameters_ = *given;
        }
    }

    Turn begin() override {
        if (!is_name(action_)) {
            return bad_name("an action", action_);
        }
        std::string url = requests_.api_url() + "/" + action_;
        if (!table_.empty()) {
            for (auto problem : {bad_table(table_), bad_id(id_)}) {
                if (problem) {
                    return std::move(*problem);
                }
            }
            const bool is_qualified = action_.find('.') != std::string::npos;
            url = requests_.row_url(table_, id_) + "/" +
                  (is_qualified ? "" : "Microsoft.Dynamics.CRM.") + action_;
        }
        return ask(
            requests_.write("POST", url, parameters_, Requests::Answer::kNothing),
            [this](const http::Response& r) { return read(r); }
        );
    }

  private:
    Turn read(const http::Response& response) const {
        if (!is_success(response)) {
            return answered(response, EffectClass::kOnce, requests_.now());
        }
        if (response.body.empty()) {
            return Done{Payload("{}"), {table_, id_, {}}};
        }
        const auto result = read_object(response);
        if (!result) {
            return connector::unreadable(response, action_, EffectClass::kOnce);
        }
        Json output = Json::object();
        for (const auto& [key, value] : result->items()) {
            if (key != "@odata.context") {
                output[key] = value;
            }
        }
        return Done{to_payload(output), {table_, id_, {}}};
    }

    Requests requests_;
    std::string action_;
    std::string table_;
    std::string id_;
    Json parameters_ = Json::object();
};

struct Outcome {
    const char* action;
    std::int64_t state;           // of statecode
    std::int64_t default_status;  // of statuscode
    const char* word;
};

constexpr Outcome kWon{"WinOpportunity", 1, 3, "Won"};
constexpr Outcome kLost{"LoseOpportunity", 2, 4, "Lost"};

enum class Purpose { kClose, kProbe };

class CloseOpportunity final : public connector::ChainedExchange {
  public:
    CloseOpportunity(const connector::Call& call, const Outcome& outcome, Purpose purpose)
        : requests_(call.settings, call.now),
          outcome_(outcome),
          purpose_(purpose),
          id_(string_or(call.input, "id")),
          subject_(string_or(call.input, "subject")),
          status_(int_or(call.input, "status", outcome.default_status)),
          is_repeat_(call.is_repeat) {}

    Turn begin() override {
        if (auto problem = bad_id(id_)) {
            return std::move(*problem);
        }
        return is_repeat_ || purpose_ == Purpose::kProbe ? look() : close();
    }

  private:
    Turn close() {
        const Json body = {
            {"OpportunityClose",
             {{"subject", subject_.empty() ? std::string(outcome_.word) : subject_},
              {"opportunityid@odata.bind", "/opportunities(" + id_ + ")"}}},
            {"Status", status_}};
        return ask(
            requests_.write(
                "POST",
                requests_.api_url() + "/" + outcome_.action,
                body,
                Requests::Answer::kNothing
            ),
            [this](const http::Response& r) -> Turn {
                if (is_success(r)) {
                    return Done{to_payload(closed(status_)), {"opportunity", id_, {}}};
                }
                refusal_ = answered(r, EffectClass::kIdempotent, requests_.now());
                // A closed opportunity refuses to be closed again; perhaps it is closed as asked.
                return r.status == 400 || r.status == 409 || r.status == 412 ? look()
                                                                             : Turn(*refusal_);
            }
        );
    }

    Turn look() {
        return ask(
            requests_.get(requests_.row_url("opportunity", id_) + "?$select=statecode,statuscode"),
            [this](const http::Response& r) { return looked(r); }
        );
    }

    Turn looked(const http::Response& response) {
        const auto row = read_object(response);
        const bool is_closed =
            is_success(response) && row && int_or(*row, "statecode", 0) == outcome_.state;
        if (purpose_ == Purpose::kProbe) {
            return probed(response, is_closed, row);
        }
        if (is_closed) {
            const std::int64_t status = int_or(*row, "statuscode", status_);
            return Done{to_payload(closed(status)), {"opportunity", id_, {}}};
        }
        if (refusal_) {
            return *refusal_;
        }
        if (!is_success(response)) {
            return answered(response, EffectClass::kIdempotent, requests_.now());
        }
        return close();
    }

    Turn probed(const http::Response& response, bool is_closed, const std::optional<Json>& row)
        const {
        if (!is_success(response) && response.status != 404) {
            return answered(response, EffectClass::kRead, requests_.now());
        }
        Json output = {{"found", is_closed}};
        if (is_closed) {
            output["output"] = closed(int_or(*row, "statuscode", status_));
        }
        return Done{to_payload(output), {"opportunity", id_, {}}};
    }

    Json closed(std::int64_t status) const {
        return {
            {"id", id_},
            {"table", "opportunity"},
            {"statecode", outcome_.state},
            {"statuscode", status}};
    }

    Requests requests_;
    Outcome outcome_;
    Purpose purpose_;
    std::string id_;
    std::string subject_;
    std::int64_t status_;
    bool is_repeat_;
    std::optional<Failed> refusal_;
};

class WhoAmI final : public connector::ChainedExchange {
  public:
    explicit WhoAmI(const connector::Call& call)
        : requests_(call.settings, call.now) {}

    Turn begin() override {
        return ask(
            requests_.get(requests_.api_url() + "/WhoAmI"),
            [this](const http::Response& r) -> Turn {
                if (!is_success(r)) {
                    return answered(r, EffectClass::kRead, requests_.now());
                }
                const auto body = read_object(r);
                if (!body || string_or(*body, "UserId").empty()) {
                    return connector::unreadable(r, "WhoAmI", EffectClass::kRead);
                }
                const Json output = {
                    {"user_id", string_or(*body, "UserId")},
                    {"organization_id", string_or(*body, "OrganizationId")}};
                return Done{to_payload(output), {}};
            }
        );
    }

  private:
    Requests requests_;
};

}  // namespace

ExchangePtr associate_rows(const connector::Call& call) {
    return std::make_unique<Link>(call, Link::Make::kLink);
}

ExchangePtr disassociate_rows(const connector::Call& call) {
    return std::make_unique<Link>(call, Link::Make::kUnlink);
}

ExchangePtr perform_action(const connector::Call& call) {
    return std::make_unique<PerformAction>(call);
}

ExchangePtr win_opportunity(const connector::Call& call) {
    return std::make_unique<CloseOpportunity>(call, kWon, Purpose::kClose);
}

ExchangePtr lose_opportunity(const connector::Call& call) {
    return std::make_unique<CloseOpportunity>(call, kLost, Purpose::kClose);
}

ExchangePtr probe_win(const connector::Call& call) {
    return std::make_unique<CloseOpportunity>(call, kWon, Purpose::kProbe);
}

ExchangePtr probe_lose(const connector::Call& call) {
    return std::make_unique<CloseOpportunity>(call, kLost, Purpose::kProbe);
}

ExchangePtr who_am_i(const connector::Call& call) {
    return std::make_unique<WhoAmI>(call);
}

}  // namespace tideway::connectors::dataverse
