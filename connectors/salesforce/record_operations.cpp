#include "connectors/salesforce/record_operations.h"

#include <functional>
#include <utility>
#include <vector>

#include "connectors/salesforce/page.h"
#include "connectors/salesforce/records.h"
#include "connectors/salesforce/requests.h"
#include "connectors/salesforce/soql.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

// The clocks of two machines differ.
constexpr std::chrono::minutes kClockSkew{5};

Json object_at(const Json& input, std::string_view key) {
    const Json* value = find(input, key);
    return service_record(value == nullptr ? Json() : *value);
}

Turn done_with(const Json& record) {
    connector::RecordRef ref{string_or(record, "object"), string_or(record, "id"), {}};
    return Done{to_payload(record), std::move(ref)};
}

Turn found(const Json& record) {
    connector::RecordRef ref{string_or(record, "object"), string_or(record, "id"), {}};
    return Done{to_payload(Json{{"found", true}, {"output", record}}), std::move(ref)};
}

Turn absent() {
    return Done{to_payload(Json{{"found", false}}), {}};
}

// Exchanges about the records of one object.
class RecordExchange : public connector::ChainedExchange {
  public:
    explicit RecordExchange(const connector::Call& call)
        : requests_(call.settings, call.now),
          object_(string_or(call.input, "object")),
          id_(string_or(call.input, "id")) {}

    Turn begin() final {
        if (auto problem = bad_object(object_)) {
            return std::move(*problem);
        }
        if (auto problem = refuse_input()) {
            return std::move(*problem);
        }
        return start();
    }

  protected:
    virtual std::optional<Failed> refuse_input() const { return bad_id(id_); }

    virtual Turn start() = 0;

    std::string url() const { return requests_.record_url(object_, id_); }

    // {"id","object"}: what a write returns; Salesforce answers no more without being asked again.
    Json reference(const std::string& id) const { return {{"id", id}, {"object", object_}}; }

    Turn read_record(const std::string& address) {
        return ask(requests_.get(address), [this](const http::Response& r) -> Turn {
            if (!is_success(r)) {
                return answered(r, EffectClass::kRead, requests_.now());
            }
            const auto record = read_object(r);
            if (!record) {
                return connector::unreadable(r, object_, EffectClass::kRead);
            }
            return done_with(flat_record(object_, *record));
        });
    }

    Requests requests_;
    std::string object_;
    std::string id_;
};

// "?fields=Name,Amount" of an input's `select`; an own field's name can need no escape.
std::string fields_of(const Json& input) {
    return connector::print_options({{"fields", connector::option_text(input, "select")}});
}

class GetRecord final : public RecordExchange {
  public:
    explicit GetRecord(const connector::Call& call)
        : RecordExchange(call),
          fields_(fields_of(call.input)) {}

  private:
    Turn start() override { return read_record(url() + fields_); }

    std::string fields_;
};

// A record that is named by an external id.
struct ExternalId {
    explicit ExternalId(const Json& input)
        : field(string_or(input, "field")) {
        if (const Json* given = find(input, "value")) {
            value = *given;
        }
    }

    std::optional<Failed> problem() const {
        if (auto bad = bad_field(field)) {
            return bad;
        }
        if (text().empty()) {
            return connector::refused(
                "InvalidExternalId",
                "The external id in " + field + " is empty.",
                "Give the value that names the record; an empty one would name any."
            );
        }
        return std::nullopt;
    }

    std::string text() const {
        return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : dump(value);
    }

    std::string path() const { return "/" + field + "/" + http::encode_component(text()); }

    std::string condition() const { return field + " = " + soql_literal(value); }

    std::string field;
    Json value;
};

class GetRecordByExternalId final : public RecordExchange {
  public:
    explicit GetRecordByExternalId(const connector::Call& call)
        : RecordExchange(call),
          external_id_(call.input),
          fields_(fields_of(call.input)) {}

  private:
    std::optional<Failed> refuse_input() const override { return external_id_.problem(); }

    Turn start() override {
        return read_record(requests_.object_url(object_) + external_id_.path() + fields_);
    }

    ExternalId external_id_;
    std::string fields_;
};

class CreateRecord final : public RecordExchange {
  public:
    explicit CreateRecord(const connector::Call& call)
        : RecordExchange(call),
          body_(object_at(call.input, "record")) {}

  private:
    std::optional<Failed> refuse_input() const override { return std::nullopt; }

    Turn start() override {
        return ask(
            requests_.write("POST", requests_.object_url(object_), body_),
            [this](const http::Response& r) -> Turn {
                if (!is_success(r)) {
                    return answered(r, EffectClass::kOnce, requests_.now());
                }
                const auto body = read_object(r);
                const std::string id = body ? string_or(*body, "id") : std::string();
                if (!is_record_id(id)) {
                    return connector::unreadable(r, "create " + object_, EffectClass::kOnce);
                }
                return done_with(reference(id));
            }
        );
    }

    Json body_;
};

class ProbeCreate final : public RecordExchange {
  public:
    explicit ProbeCreate(const connector::Call& call)
        : RecordExchange(call),
          since_(call.intent_at - kClockSkew) {
        const Json record = object_at(call.input, "record");
        const Json* match = find(call.input, "match");
        for (const Json& field : match == nullptr ? Json::array() : *match) {
            const std::string name = field.is_string() ? field.get<std::string>() : std::string();
            wanted_[name] = record.value(name, Json());
        }
    }

  private:
    std::optional<Failed> refuse_input() const override {
        if (!wanted_.empty()) {
            return std::nullopt;
        }
        return connector::refused(
            "NothingToMatch",
            "It is not known whether the " + object_ +
                " was created: the step names no fields by which it could be found.",
            "Look in Salesforce. Let the step say `match`, or write with upsert_record."
        );
    }

    Turn start() override {
        std::string soql = "SELECT Id";
        std::string condition = "CreatedDate >= " + soql_time(since_);
        for (const auto& [field, value] : wanted_.items()) {
            if (auto problem = bad_field(field)) {
                return std::move(*problem);
            }
            soql += "," + field;
            // A text that is a date may be meant for a date field, whose literals have no quotes.
            const bool is_date = value.is_string() && parse_utc(value.get<std::string>());
            if (!is_date && !value.is_structured()) {
                condition += " AND " + field + " = " + soql_literal(value);
            }
        }
        soql += " FROM " + object_ + " WHERE " + condition + " ORDER BY CreatedDate LIMIT 2000";
        return ask(
            requests_.get(requests_.api_url() + "/query" + query_of(soql)),
            [this](const http::Response& r) { return judge(r); }
        );
    }

    Turn judge(const http::Response& response) const {
        const auto page = read_page(response, requests_);
        if (!page) {
            return page.error();
        }
        std::vector<std::string> ids;
        for (const Json& record : page->records) {
            if (record_holds(record, wanted_)) {
                ids.push_back(string_or(record, "Id"));
            }
        }
        if (ids.empty()) {
            return absent();
        }
        if (ids.size() == 1) {
            return found(reference(ids.front()));
        }
        return connector::refused(
            "SeveralMatch",
            std::to_string(ids.size()) + " records of " + object_ +
                " were created meanwhile that hold what `match` names: " + listed(ids) + ".",
            "Choose the record that this step made, and let `match` name fields that tell them "
            "apart."
        );
    }

    Timestamp since_;
    Json wanted_ = Json::object();
};

// PATCH of a record, as update (never creates) or upsert.
class WriteRecord : public RecordExchange {
  public:
    WriteRecord(const connector::Call& call, Json written)
        : RecordExchange(call),
          written_(std::move(written)),
          intent_at_(call.intent_at),
          is_repeat_(call.is_repeat) {}

  protected:
    virtual std::string address() const = 0;
    virtual std::string condition() const = 0;
    virtual Turn wrote(const http::Response& response) = 0;

    // Nothing there to compare with.
    virtual Turn is_absent() = 0;

    Turn start() override {
        // Nothing would stop a repeat from overwriting somebody's later change.
        return is_repeat_ ? compare() : write(address(), unmodified_since_);
    }

    Turn write(const std::string& to, std::optional<Timestamp> unmodified_since) {
        connector::Send send = requests_.write("PATCH", to, written_);
        if (unmodified_since) {
            send.request.headers.set("If-Unmodified-Since", http_date(*unmodified_since));
        }
        return ask(std::move(send), [this](const http::Response& r) -> Turn {
            if (!is_success(r)) {
                return answered(r, EffectClass::kIdempotent, requests_.now());
            }
            return wrote(r);
        });
    }

    using Judge = std::function<Turn(const Json& record)>;

    // Reads the fields that are written; `judge` gets the record.
    Turn read_written(Judge judge) {
        std::string soql = "SELECT Id,LastModifiedDate";
        for (const std::string& path : written_paths(written_)) {
            soql += "," + path;
        }
        soql += " FROM " + object_ + " WHERE " + condition() + " LIMIT 2";
        return ask(
            requests_.get(requests_.api_url() + "/query" + query_of(soql)),
            [this, judge = std::move(judge)](const http::Response& r) -> Turn {
                const auto page = read_page(r, requests_);
                if (!page) {
                    return page.error();
                }
                if (page->records.empty()) {
                    return is_absent();
                }
                if (page->records.size() > 1) {
                    http::Response several = r;
                    several.status = 300;
                    return answered(several, EffectClass::kRead, requests_.now());
                }
                return judge(page->records[0]);
            }
        );
    }

    Json written_;
    std::optional<Timestamp> unmodified_since_;

  private:
    // An earlier attempt may have landed: the record itself tells.
    Turn compare() {
        return read_written([this](const Json& record) { return write_if_untouched(record); });
    }

    Turn write_if_untouched(const Json& record) {
        const std::string id = string_or(record, "Id");
        if (record_holds(record, written_)) {
            return done_with(reference(id));
        }
        const auto modified = parse_utc(string_or(record, "LastModifiedDate"));
        if (!modified || *modified > intent_at_) {
            return changed_meanwhile(object_, id);
        }
        return write(requests_.record_url(object_, id), *modified);
    }

    Timestamp intent_at_;
    bool is_repeat_;
};

std::optional<Failed> nothing_to_change(const Json& written) {
    if (!written.empty()) {
        return std::nullopt;
    }
    return connector::refused(
        "NothingToChange",
        "`changes` names no field.",
        "Call update_record only when there is a difference."
    );
}

class UpdateRecord : public WriteRecord {
  public:
    explicit UpdateRecord(const connector::Call& call)
        : WriteRecord(call, object_at(call.input, "changes")) {
        const std::string since = string_or(call.input, "unmodified_since");
        unmodified_since_ = parse_utc(since);
        has_bad_time_ = !since.empty() && !unmodified_since_;
    }

  protected:
    Turn is_absent() override {
        Failed failed = connector::refused(
            "NotFound",
            "There is no " + object_ + " " + id_ + " any more.",
            "It was deleted; restore it from the recycle bin if it is needed."
        );
        failed.error.kind = ErrorKind::kNotFound;
        return failed;
    }

  private:
    std::optional<Failed> refuse_input() const override {
        if (has_bad_time_) {
            return connector::refused(
                "InvalidTime",
                "`unmodified_since` is no time.",
                "Give the record's LastModifiedDate as it was read."
            );
        }
        auto problem = nothing_to_change(written_);
        return problem ? problem : bad_id(id_);
    }

    std::string address() const override { return url(); }

    std::string condition() const override { return "Id = " + soql_literal(id_); }

    Turn wrote(const http::Response& /*response*/) override { return done_with(reference(id_)); }

    bool has_bad_time_ = false;
};

class UpsertRecord : public WriteRecord {
  public:
    explicit UpsertRecord(const connector::Call& call)
        : WriteRecord(call, object_at(call.input, "record")),
          external_id_(call.input) {
        written_.erase(external_id_.field);  // the address says it
    }

  protected:
    Turn is_absent() override { return write(address(), std::nullopt); }

  private:
    std::optional<Failed> refuse_input() const override { return external_id_.problem(); }

    std::string address() const override {
        return requests_.object_url(object_) + external_id_.path();
    }

    std::string condition() const override { return external_id_.condition(); }

    // 201 or 200 with the id; older versions answer an update with 204 and nothing.
    Turn wrote(const http::Response& response) override {
        const auto body = read_object(response);
        const std::string id = body ? string_or(*body, "id") : std::string();
        if (is_record_id(id)) {
            Json out = reference(id);
            out["created"] = bool_or(*body, "created", response.status == 201);
            return done_with(out);
        }
        if (!response.body.empty()) {
            return connector::unreadable(response, "upsert " + object_, EffectClass::kIdempotent);
        }
        return read_written([this](const Json& record) { return done_with_id(record); });
    }

    Turn done_with_id(const Json& record) {
        Json out = reference(string_or(record, "Id"));
        out["created"] = false;
        return done_with(out);
    }

    ExternalId external_id_;
};

// Reads what a write addressed and compares.
template <typename Write>
class ProbeWrite final : public Write {
  public:
    using Write::Write;

  private:
    Turn start() override {
        return this->read_written([this](const Json& record) { return judge(record); });
    }

    Turn is_absent() override { return absent(); }

    Turn judge(const Json& record) {
        const bool holds = record_holds(record, this->written_);
        return holds ? found(this->reference(string_or(record, "Id"))) : absent();
    }
};

class DeleteRecord final : public RecordExchange {
  public:
    explicit DeleteRecord(const connector::Call& call)
        : RecordExchange(call),
          is_repeat_(call.is_repeat) {}

  private:
    Turn start() override {
        return ask(
            requests_.write("DELETE", url(), Json()),
            [this](const http::Response& r) -> Turn {
                const bool is_gone_already = r.status == 404 && is_repeat_;
                if (is_success(r) || is_gone_already) {
                    return Done{Payload("null"), {object_, id_, {}}};
                }
                return answered(r, EffectClass::kIdempotent, requests_.now());
            }
        );
    }

    bool is_repeat_;
};

}  // namespace

ExchangePtr get_record(const connector::Call& call) {
    return std::make_unique<GetRecord>(call);
}

ExchangePtr get_record_by_external_id(const connector::Call& call) {
    return std::make_unique<GetRecordByExternalId>(call);
}

ExchangePtr create_record(const connector::Call& call) {
    return std::make_unique<CreateRecord>(call);
}

ExchangePtr update_record(const connector::Call& call) {
    return std::make_unique<UpdateRecord>(call);
}

ExchangePtr upsert_record(const connector::Call& call) {
    return std::make_unique<UpsertRecord>(call);
}

ExchangePtr delete_record(const connector::Call& call) {
    return std::make_unique<DeleteRecord>(call);
}

ExchangePtr probe_create(const connector::Call& call) {
    return std::make_unique<ProbeCreate>(call);
}

ExchangePtr probe_update(const connector::Call& call) {
    return std::make_unique<ProbeWrite<UpdateRecord>>(call);
}

ExchangePtr probe_upsert(const connector::Call& call) {
    return std::make_unique<ProbeWrite<UpsertRecord>>(call);
}

}  // namespace tideway::connectors::salesforce
