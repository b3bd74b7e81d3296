#include "connectors/dataverse/callbacks.h"

#include <array>
#include <utility>

#include "connectors/dataverse/changes.h"
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

constexpr std::string_view kTable = "callbackregistration";
constexpr std::size_t kUrlMax = 2000;  // of Dataverse's column

using Numbers = std::pair<std::string_view, int>;
constexpr std::array<Numbers, 7> kMessages{{
    {"added", 1},
    {"deleted", 2},
    {"modified", 3},
    {"added_or_modified", 4},
    {"added_or_deleted", 5},
    {"modified_or_deleted", 6},
    {"added_modified_or_deleted", 7},
}};
constexpr std::array<Numbers, 4> kScopes{{
    {"user", 1},
    {"business_unit", 2},
    {"parent_child_business_units", 3},
    {"organization", 4},
}};
constexpr int kRunAsFlowOwner = 3;

template <std::size_t N>
Result<int> number_of(
    const std::array<Numbers, N>& numbers,
    const Json& config,
    std::string_view key,
    std::string_view fallback
) {
    const std::string word = string_or(config, key, fallback);
    std::string known;
    for (const auto& [name, number] : numbers) {
        if (name == word) {
            return number;
        }
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidTriggerConfiguration",
        "The trigger's `" + std::string(key) + "` is \"" + word + "\".",
        "Write one of " + known + "."
    );
}

std::string registration_id(const Json& row) {
    return connector::stable_guid("callbackregistration " + dump(row));
}

class Subscribe final : public connector::ChainedExchange {
  public:
    explicit Subscribe(const connector::Subscription& subscription)
        : requests_(subscription.settings, Timestamp{}),
          row_(registration_row(subscription)),
          old_id_(string_or(subscription.state, "id")) {}

    Turn begin() override {
        if (!row_) {
            return Failed{row_.error(), model::AttemptClass::kNotDone};
        }
        id_ = registration_id(*row_);
        (*row_)["callbackregistrationid"] = id_;
        return ask(
            requests_.write("POST", requests_.set_url(kTable), *row_, Requests::Answer::kNothing),
            [this](const http::Response& r) { return created(r); }
        );
    }

  private:
    Turn created(const http::Response& response) {
        const bool is_there_already =
            response.status == 412 && service_code(response) == kDuplicateKey;
        if (!is_success(response) && !is_there_already) {
            return answered(response, EffectClass::kIdempotent, requests_.now());
        }
        if (!is_row_id(old_id_) || old_id_ == id_) {
            return done();
        }
        return ask(
            requests_.write(
                "DELETE", requests_.row_url(kTable, old_id_), Json(), Requests::Answer::kNothing
            ),
            [this](const http::Response& r) -> Turn {
                if (!is_success(r) && r.status != 404) {
                    return answered(r, EffectClass::kIdempotent, requests_.now());
                }
                return done();
            }
        );
    }

    Turn done() const {
        return Done{to_payload(Json{{"id", id_}}), {std::string(kTable), id_, {}}};
    }

    Requests requests_;
    Result<Json> row_;
    std::string old_id_;
    std::string id_;
};

class Unsubscribe final : public connector::ChainedExchange {
  public:
    explicit Unsubscribe(const connector::Subscription& subscription)
        : requests_(subscription.settings, Timestamp{}),
          id_(string_or(subscription.state, "id")) {}

    Turn begin() override {
        if (!is_row_id(id_)) {
            return Done{Payload("null"), {}};  // it was never registered
        }
        return ask(
            requests_.write(
                "DELETE", requests_.row_url(kTable, id_), Json(), Requests::Answer::kNothing
            ),
            [this](const http::Response& r) -> Turn {
                if (!is_success(r) && r.status != 404) {
                    return answered(r, EffectClass::kIdempotent, requests_.now());
                }
                return Done{Payload("null"), {}};
            }
        );
    }

  private:
    Requests requests_;
    std::string id_;
};

Failed bad_callback(const std::string& problem) {
    Failed failed = connector::refused("CallbackInvalid", problem);
    failed.error.http_status = 400;
    return failed;
}

}  // namespace

Result<Json> registration_row(const connector::Subscription& subscription) {
    const Json& config = subscription.config;
    const std::string table = string_or(config, "table");
    if (!is_table_name(table)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidTriggerConfiguration",
            "The trigger's `table` is \"" + table + "\".",
            "Write a table's logical name, such as \"opportunity\"."
        );
    }
    if (subscription.callback_url.size() > kUrlMax) {
        return fail(
            ErrorKind::kLimit,
            "CallbackUrlTooLong",
            "The trigger's address is longer than the " + std::to_string(kUrlMax) +
                " characters that Dataverse keeps.",
            "Use a shorter public_url."
        );
    }
    TIDEWAY_TRY_ASSIGN(
        const int message, number_of(kMessages, config, "message", "added_or_modified")
    );
    TIDEWAY_TRY_ASSIGN(const int scope, number_of(kScopes, config, "scope", "organization"));
    Json row = {
        {"name", subscription.flow},
        {"url", subscription.callback_url},
        {"entityname", table},
        {"message", message},
        {"scope", scope},
        {"version", 1},
        {"runas", kRunAsFlowOwner}};
    if (const std::string columns = connector::option_text(config, "columns"); !columns.empty()) {
        row["filteringattributes"] = columns;
    }
    if (const std::string filter = string_or(config, "filter"); !filter.empty()) {
        row["filterexpression"] = filter;
    }
    return row;
}

ExchangePtr subscribe(const connector::Subscription& subscription) {
    return std::make_unique<Subscribe>(subscription);
}

ExchangePtr unsubscribe(const connector::Subscription& subscription) {
    return std::make_unique<Unsubscribe>(subscription);
}

ExchangePtr receive_row(const connector::Incoming& incoming) {
    const auto answer = [](Turn turn) {
        return std::make_unique<connector::ImmediateExchange>(std::move(turn));
    };
    const auto body = parse_json(incoming.body, "the callback");
    if (!body || !body->is_object()) {
        return answer(bad_callback("The callback's body is not a JSON object."));
    }
    const std::string table = string_or(incoming.config, "table");
    const std::string message = string_or(*body, "SdkMessage");
    const auto row_version = int_or(*body, "RowVersion", 0);
    Json row = *body;
    row.erase("SdkMessage");
    row.erase("RunAsSystemUserId");
    row = flat_row(table, row);
    const std::string id = string_or(row, "id");
    if (message != "Create" && message != "Update" && message != "Delete") {
        return answer(bad_callback("The callback's SdkMessage is \"" + message + "\"."));
    }
    if (!is_row_id(id)) {
        return answer(bad_callback("The callback lacks " + primary_key(table) + "."));
    }
    if (message == "Delete") {
        row = {{"id", id}, {"table", table}};  // what the row was says nothing of who deleted it
    } else if (row_version > 0 && !row.contains("etag")) {
        row["etag"] = "W/\"" + std::to_string(row_version) + "\"";
    }
    const Json event = {{"message", message}, {"table", table}, {"id", id}, {"row", row}};
    Json item = {{"event", event}, {"dedupe_key", nullptr}};
    if (row.contains("etag")) {
        item["change"] = change_of(row, incoming.config);
    }
    return answer(Done{to_payload(Json{{"events", Json::array({item})}}), {}});
}

}  // namespace tideway::connectors::dataverse
