#include "connectors/salesforce/collections.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "connectors/salesforce/page.h"
#include "connectors/salesforce/records.h"
#include "connectors/salesforce/requests.h"
#include "connectors/salesforce/soql.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

Json list_at(const Json& input, std::string_view key) {
    const Json* list = find(input, key);
    return list != nullptr && list->is_array() ? *list : Json::array();
}

// {"results":[{"id","success","errors"}],"failed":1}, in the order of the records.
Json output_of(Json results) {
    const auto failed = std::count_if(results.begin(), results.end(), [](const Json& result) {
        return !bool_or(result, "success", false);
    });
    return {{"results", std::move(results)}, {"failed", failed}};
}

// Requests to /composite/sobjects.
class CollectionExchange : public connector::ChainedExchange {
  public:
    explicit CollectionExchange(const connector::Call& call)
        : requests_(call.settings, call.now),
          object_(string_or(call.input, "object")),
          all_or_none_(bool_or(call.input, "all_or_none", false)) {}

    Turn begin() final {
        if (auto problem = bad_object(object_)) {
            return std::move(*problem);
        }
        return start();
    }

  protected:
    virtual Turn start() = 0;

    std::string url() const { return requests_.api_url() + "/composite/sobjects"; }

    Json body_of(const Json& records) const {
        Json list = Json::array();
        for (const Json& record : records) {
            Json sent = service_record(record);
            sent["attributes"] = {{"type", object_}};
            if (const std::string id = string_or(record, "id"); !id.empty()) {
                sent["id"] = id;
            }
            list.push_back(std::move(sent));
        }
        return {{"allOrNone", all_or_none_}, {"records", std::move(list)}};
    }

    // The results of a write of `count` records.
    tl::expected<Json, Failed> results_of(
        const http::Response& response, EffectClass effect, std::size_t count
    ) const {
        if (!is_success(response)) {
            return tl::unexpected(answered(response, effect, requests_.now()));
        }
        auto results = read_list(response);
        if (!results || results->size() != count) {
            return tl::unexpected(connector::unreadable(response, "write " + object_, effect));
        }
        return std::move(*results);
    }

    Requests requests_;
    std::string object_;
    bool all_or_none_;
};

class CreateRecords final : public CollectionExchange {
  public:
    explicit CreateRecords(const connector::Call& call)
        : CollectionExchange(call),
          records_(list_at(call.input, "records")) {}

  private:
    Turn start() override {
        return ask(
            requests_.write("POST", url(), body_of(records_)),
            [this](const http::Response& r) -> Turn {
                auto results = results_of(r, EffectClass::kOnce, records_.size());
                if (!results) {
                    return results.error();
                }
                return Done{to_payload(output_of(std::move(*results))), {}};
            }
        );
    }

    Json records_;
};

class UpdateRecords : public CollectionExchange {
  public:
    explicit UpdateRecords(const connector::Call& call)
        : CollectionExchange(call),
          records_(list_at(call.input, "records")),
          intent_at_(call.intent_at),
          is_repeat_(call.is_repeat) {}

  protected:
    using Held = std::map<std::string, Json>;  // first 15 characters of the id -> record
    using Judge = std::function<Turn(const Held&)>;

    Turn start() override {
        if (auto problem = bad_records()) {
            return std::move(*problem);
        }
        return is_repeat_ ? read_held([this](const Held& held) { return write_rest(held); })
                          : write(records_);
    }

    std::optional<Failed> bad_records() const {
        std::set<std::string> ids;
        for (const Json& record : records_) {
            const std::string id = string_or(record, "id");
            if (auto problem = bad_id(id)) {
                return problem;
            }
            if (!ids.insert(key_of(id)).second) {
                return connector::refused(
                    "RecordTwice", "The record " + id + " is in `records` twice.", "Write it once."
                );
            }
        }
        return std::nullopt;
    }

    static std::string key_of(const std::string& id) { return id.substr(0, 15); }

    Turn read_held(Judge judge) {
        std::set<std::string> fields;
        std::string ids;
        for (const Json& record : records_) {
            ids += (ids.empty() ? "" : ",") + soql_literal(string_or(record, "id"));
            for (std::string& path : written_paths(service_record(record))) {
                fields.insert(std::move(path));
            }
        }
        std::string soql = "SELECT Id,LastModifiedDate";
        for (const std::string& field : fields) {
            soql += "," + field;
        }
        soql += " FROM " + object_ + " WHERE Id IN (" + ids + ")";
        return ask(
            requests_.get(requests_.api_url() + "/query" + query_of(soql)),
            [this, judge = std::move(judge)](const http::Response& r) -> Turn {
                const auto page = read_page(r, requests_);
                if (!page) {
                    return page.error();
                }
                Held held;
                for (const Json& record : page->records) {
                    held[key_of(string_or(record, "Id"))] = record;
                }
                return judge(held);
            }
        );
    }

    bool holds(const Held& held, const Json& record) const {
        const auto it = held.find(key_of(string_or(record, "id")));
        return it != held.end() && record_holds(it->second, service_record(record));
    }

    Turn done_with_all() const {
        Json results = Json::array();
        for (const Json& record : records_) {
            results.push_back(done_result(record));
        }
        return Done{to_payload(output_of(std::move(results))), {}};
    }

    Json records_;

  private:
    static Json done_result(const Json& record) {
        return {{"id", string_or(record, "id")}, {"success", true}, {"errors", Json::array()}};
    }

    // An earlier attempt may have landed, wholly or in part.
    Turn write_rest(const Held& held) {
        Json rest = Json::array();
        for (const Json& record : records_) {
            if (holds(held, record)) {
                continue;
            }
            const auto it = held.find(key_of(string_or(record, "id")));
            const auto modified = it == held.end()
                                      ? std::nullopt
                                      : parse_utc(string_or(it->second, "LastModifiedDate"));
            if (modified && *modified > intent_at_) {
                return changed_meanwhile(object_, string_or(record, "id"));
            }
            rest.push_back(record);
        }
        return rest.empty() ? done_with_all() : write(rest);
    }

    Turn write(const Json& records) {
        written_ = records;
        return ask(
            requests_.write("PATCH", url(), body_of(records)),
            [this](const http::Response& r) -> Turn {
                auto results = results_of(r, EffectClass::kIdempotent, written_.size());
                if (!results) {
                    return results.error();
                }
                return Done{to_payload(output_of(with_earlier(std::move(*results)))), {}};
            }
        );
    }

    // In the order of the input: what an earlier attempt wrote is a success too.
    Json with_earlier(Json results) const {
        std::size_t next = 0;
        Json out = Json::array();
        for (const Json& record : records_) {
            const bool is_written = next < written_.size() && written_[next] == record;
            out.push_back(is_written ? results[next] : done_result(record));
            next += is_written ? 1 : 0;
        }
        return out;
    }

    Timestamp intent_at_;
    bool is_repeat_;
    Json written_;
};

class ProbeUpdateRecords final : public UpdateRecords {
  public:
    using UpdateRecords::UpdateRecords;

  private:
    Turn start() override {
        if (auto problem = bad_records()) {
            return std::move(*problem);
        }
        return read_held([this](const Held& held) -> Turn {
            const bool all = std::ranges::all_of(records_, [&](const Json& record) {
                return holds(held, record);
            });
            if (!all) {
                return Done{to_payload(Json{{"found", false}}), {}};
            }
            const Turn done = done_with_all();
            const auto output = parse_json(std::get<Done>(done).output.view(), "output");
            return Done{to_payload(Json{{"found", true}, {"output", output.value_or(Json())}}), {}};
        });
    }
};

class DeleteRecords final : public CollectionExchange {
  public:
    explicit DeleteRecords(const connector::Call& call)
        : CollectionExchange(call),
          ids_(list_at(call.input, "ids")),
          is_repeat_(call.is_repeat) {}

  private:
    Turn start() override {
        std::string joined;
        for (const Json& id : ids_) {
            const std::string text = id.is_string() ? id.get<std::string>() : dump(id);
            if (auto problem = bad_id(text)) {
                return std::move(*problem);
            }
            joined += (joined.empty() ? "" : ",") + text;
        }
        const std::string address =
            url() + "?ids=" + joined + "&allOrNone=" + (all_or_none_ ? "true" : "false");
        return ask(requests_.write("DELETE", address, Json()), [this](const http::Response& r) {
            return deleted(r);
        });
    }

    Turn deleted(const http::Response& response) const {
        auto results = results_of(response, EffectClass::kIdempotent, ids_.size());
        if (!results) {
            return results.error();
        }
        for (std::size_t i = 0; i < ids_.size(); ++i) {
            Json& result = (*results)[i];
            if (is_repeat_ && is_gone(result)) {
                result = {{"id", ids_[i]}, {"success", true}, {"errors", Json::array()}};
            }
        }
        return Done{to_payload(output_of(std::move(*results))), {}};
    }

    static bool is_gone(const Json& result) {
        const Json errors = list_at(result, "errors");
        return !errors.empty() && string_or(errors[0], "statusCode") == kEntityIsDeleted;
    }

    Json ids_;
    bool is_repeat_;
};

// Paths go below the API's own address; anything that could lead elsewhere is none.
bool is_api_path(std::string_view path) {
    return !path.empty() && path.front() != '/' && path.find("..") == std::string_view::npos &&
           path.find("://") == std::string_view::npos &&
           std::all_of(path.begin(), path.end(), [](unsigned char c) {
               return c > 0x20 && c < 0x7F && c != '#';
           });
}

class Composite final : public connector::ChainedExchange {
  public:
    explicit Composite(const connector::Call& call)
        : requests_(call.settings, call.now),
          operations_(list_at(call.input, "operations")),
          all_or_none_(bool_or(call.input, "all_or_none", true)) {}

    Turn begin() override {
        Json list = Json::array();
        for (const Json& operation : operations_) {
            const std::string path = string_or(operation, "path");
            if (!is_api_path(path)) {
                return connector::refused(
                    "InvalidBatch",
                    "\"" + path + "\" is not a path below the API's address.",
                    "Write it without a leading slash, such as sobjects/Account."
                );
            }
            Json request = {
                {"method", string_or(operation, "method")},
                {"url", "/services/data/" + requests_.version() + "/" + path},
                {"referenceId", string_or(operation, "reference")}};
            if (const Json* body = find(operation, "body")) {
                request["body"] = *body;
            }
            list.push_back(std::move(request));
        }
        const Json body = {{"allOrNone", all_or_none_}, {"compositeRequest", std::move(list)}};
        return ask(
            requests_.write("POST", requests_.api_url() + "/composite", body),
            [this](const http::Response& r) { return read(r); }
        );
    }

  private:
    Turn read(const http::Response& response) const {
        if (!is_success(response)) {
            return answered(response, EffectClass::kOnce, requests_.now());
        }
        const auto body = read_object(response);
        const Json* answers = body ? find(*body, "compositeResponse") : nullptr;
        if (answers == nullptr || !answers->is_array() || answers->size() != operations_.size()) {
            return connector::unreadable(response, "composite", EffectClass::kOnce);
        }
        Json out = Json::array();
        for (const Json& answer : *answers) {
            const auto status = static_cast<int>(int_or(answer, "httpStatusCode", 0));
            if (all_or_none_ && status >= 400 && !is_halted(answer)) {
                return rolled_back(answer, status);
            }
            out.push_back(
                {{"reference", string_or(answer, "referenceId")},
                 {"status", status},
                 {"body", answer.value("body", Json())}}
            );
        }
        return Done{to_payload(Json{{"answers", std::move(out)}}), {}};
    }

    // Rolled back because of another one.
    static bool is_halted(const Json& answer) {
        const Json errors = list_at(answer, "body");
        return !errors.empty() && string_or(errors[0], "errorCode") == "PROCESSING_HALTED";
    }

    Turn rolled_back(const Json& answer, int status) const {
        http::Response said;
        said.status = status;
        said.body = dump(answer.value("body", Json()));
        Failed failed = answered(said, EffectClass::kOnce, requests_.now());
        failed.error.message =
            string_or(answer, "referenceId") + ": " + failed.error.message + " Nothing was done.";
        failed.attempt_class = model::AttemptClass::kNotDone;
        return failed;
    }

    Requests requests_;
    Json operations_;
    bool all_or_none_;
};

}  // namespace

ExchangePtr create_records(const connector::Call& call) {
    return std::make_unique<CreateRecords>(call);
}

ExchangePtr update_records(const connector::Call& call) {
    return std::make_unique<UpdateRecords>(call);
}

ExchangePtr delete_records(const connector::Call& call) {
    return std::make_unique<DeleteRecords>(call);
}

ExchangePtr composite(const connector::Call& call) {
    return std::make_unique<Composite>(call);
}

ExchangePtr probe_update_records(const connector::Call& call) {
    return std::make_unique<ProbeUpdateRecords>(call);
}

}  // namespace tideway::connectors::salesforce
