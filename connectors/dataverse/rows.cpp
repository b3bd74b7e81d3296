#include "connectors/dataverse/rows.h"

#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/base/uid.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

Turn done_or_failed(const tl::expected<Json, Failed>& row) {
    return row ? done_with_row(*row) : Turn(row.error());
}

Turn probe_answer(const Json* row) {
    if (row == nullptr) {
        return Done{to_payload(Json{{"found", false}}), {}};
    }
    connector::RecordRef record{
        string_or(*row, "table"), string_or(*row, "id"), string_or(*row, "etag")};
    return Done{to_payload(Json{{"found", true}, {"output", *row}}), std::move(record)};
}

// Exchanges about one table.
class RowExchange : public connector::ChainedExchange {
  public:
    explicit RowExchange(const connector::Call& call)
        : requests_(call.settings, call.now),
          table_(string_or(call.input, "table")),
          id_(string_or(call.input, "id")) {}

    Turn begin() final {
        if (auto problem = bad_table(table_)) {
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

    std::string url() const { return requests_.row_url(table_, id_); }

    Turn read_row(const std::string& address, EffectClass effect) {
        return ask(requests_.get(address), [this, effect](const http::Response& r) {
            return done_or_failed(row_of(table_, r, effect, requests_.now()));
        });
    }

    Requests requests_;
    std::string table_;
    std::string id_;
};

class GetRow final : public RowExchange {
  public:
    explicit GetRow(const connector::Call& call)
        : RowExchange(call),
          options_({
              {"$select", connector::option_text(call.input, "select")},
              {"$expand", connector::option_text(call.input, "expand")},
          }) {}

  private:
    Turn start() override {
        return read_row(url() + connector::print_options(options_), EffectClass::kRead);
    }

    connector::QueryOptions options_;
};

std::string id_of_new_row(const connector::Call& call) {
    const Json* row = find(call.input, "row");
    const Json empty = Json::object();
    const Json& given = row == nullptr ? empty : *row;
    std::string id = string_or(given, primary_key(string_or(call.input, "table")));
    if (id.empty()) {
        id = string_or(given, "id");
    }
    return id.empty() ? client_made_id(call.idempotency_key) : id;
}

class CreateRow final : public RowExchange {
  public:
    explicit CreateRow(const connector::Call& call)
        : RowExchange(call) {
        id_ = id_of_new_row(call);
        if (const Json* row = find(call.input, "row"); row != nullptr) {
            body_ = service_row(*row);
        }
        body_[primary_key(table_)] = id_;
    }

  private:
    Turn start() override {
        return ask(
            requests_.write("POST", requests_.set_url(table_), body_, Requests::Answer::kRow),
            [this](const http::Response& r) { return created(r); }
        );
    }

    Turn created(const http::Response& response) {
        if (response.status == 412 && service_code(response) == kDuplicateKey) {
            refusal_ = answered(response, EffectClass::kIdempotent, requests_.now());
            return ask(requests_.get(url()), [this](const http::Response& r) {
                return settle_duplicate(r);
            });
        }
        if (is_success(response) && response.body.empty()) {  // 204: Prefer was not honoured
            return read_row(url(), EffectClass::kIdempotent);
        }
        return done_or_failed(row_of(table_, response, EffectClass::kIdempotent, requests_.now()));
    }

    // The id is ours: if it is there, this very create took place; else another row has the same
    // alternate key.
    Turn settle_duplicate(const http::Response& response) {
        if (response.status == 404) {
            refusal_.error.kind = ErrorKind::kConflict;
            refusal_.error.remedy = "Another row of " + table_ +
                                    " has the same alternate key. Find it with list_rows and "
                                    "update it, or give this row another key.";
            return refusal_;
        }
        return done_or_failed(row_of(table_, response, EffectClass::kIdempotent, requests_.now()));
    }

    Json body_ = Json::object();
    Failed refusal_;
};

class ProbeCreate final : public RowExchange {
  public:
    explicit ProbeCreate(const connector::Call& call)
        : RowExchange(call) {
        id_ = id_of_new_row(call);
    }

  private:
    Turn start() override {
        return ask(requests_.get(url()), [this](const http::Response& r) -> Turn {
            if (r.status == 404) {
                return probe_answer(nullptr);
            }
            const auto row = row_of(table_, r, EffectClass::kRead, requests_.now());
            return row ? probe_answer(&*row) : Turn(row.error());
        });
    }
};

Json object_at(const Json& input, std::string_view key) {
    const Json* value = find(input, key);
    return service_row(value == nullptr ? Json() : *value);
}

// "(accountnumber='C-1',name='Contoso')": how a row is addressed by an alternate key.
std::string alternate_key_text(const Json& key) {
    std::string out;
    for (const auto& [column, value] : key.items()) {
        const std::string text =
            value.is_string() ? connector::quote_literal(value.get<std::string>()) : dump(value);
        out += (out.empty() ? "" : ",") + column + "=" + http::encode_component(text);
    }
    return "(" + out + ")";
}

// PATCH of a row, as update (never creates) or upsert.
class WriteRow : public RowExchange {
  public:
    WriteRow(const connector::Call& call, Json written)
        : RowExchange(call),
          etag_(string_or(call.input, "etag")),
          written_(std::move(written)),
          intent_at_(call.intent_at),
          is_repeat_(call.is_repeat) {
        address_ = url();
    }

  protected:
    enum class IfAbsent { kFail, kCreate };

    virtual IfAbsent if_absent() const = 0;

    Turn start() override {
        // Without a version nothing would stop a repeat from overwriting somebody's later change.
        return is_repeat_ && etag_.empty() ? compare(&WriteRow::write_if_untouched) : write(etag_);
    }

    std::string address_;
    std::string etag_;
    Json written_;

  private:
    using IfDifferent = Turn (WriteRow::*)(const Json& row);

    Turn write(const std::string& version) {
        connector::Send send = requests_.write("PATCH", address_, written_, Requests::Answer::kRow);
        if (!version.empty()) {
            send.request.headers.set("If-Match", version);
        } else if (if_absent() == IfAbsent::kFail) {
            send.request.headers.set("If-Match", "*");
        }
        if (send.request.headers.get("If-Match")) {
            send.request.headers.remove("If-None-Match");
        }
        return ask(std::move(send), [this](const http::Response& r) { return wrote(r); });
    }

    Turn wrote(const http::Response& response) {
        if (response.status == 412 && is_repeat_) {
            refusal_ = answered(response, EffectClass::kIdempotent, requests_.now());
            return compare(&WriteRow::repeat_refusal);
        }
        if (is_success(response) && response.body.empty()) {  // 204: Prefer was not honoured
            return read_row(address_, EffectClass::kIdempotent);
        }
        return done_or_failed(row_of(table_, response, EffectClass::kIdempotent, requests_.now()));
    }

    // An earlier attempt may have landed: the row itself tells.
    Turn compare(IfDifferent if_different) {
        return ask(requests_.get(address_), [this, if_different](const http::Response& r) -> Turn {
            if (r.status == 404 && if_absent() == IfAbsent::kCreate) {
                return write({});
            }
            const auto row = row_of(table_, r, EffectClass::kIdempotent, requests_.now());
            if (!row) {
                return row.error();
            }
            return row_holds(*row, written_) ? done_with_row(*row) : (this->*if_different)(*row);
        });
    }

    Turn repeat_refusal(const Json& /*row*/) { return refusal_; }

    Turn write_if_untouched(const Json& row) {
        const auto modified = parse_utc(string_or(row, "modifiedon"));
        if (modified && *modified > intent_at_) {
            return changed_meanwhile(table_, string_or(row, "id"));
        }
        return write(string_or(row, "etag"));
    }

    Timestamp intent_at_;
    bool is_repeat_;
    Failed refusal_;
};

class UpdateRow final : public WriteRow {
  public:
    explicit UpdateRow(const connector::Call& call)
        : WriteRow(call, object_at(call.input, "changes")) {}

  private:
    IfAbsent if_absent() const override { return IfAbsent::kFail; }

    std::optional<Failed> refuse_input() const override {
        if (written_.empty()) {
            return connector::refused(
                "NothingToChange",
                "`changes` names no column.",
                "Call update_row only when there is a difference."
            );
        }
        return bad_id(id_);
    }
};

class UpsertRow final : public WriteRow {
  public:
    explicit UpsertRow(const connector::Call& call)
        : WriteRow(call, object_at(call.input, "row")) {
        if (const Json* key = find(call.input, "alternate_key");
            key != nullptr && key->is_object() && !key->empty()) {
            by_key_ = true;
            address_ = requests_.set_url(table_) + alternate_key_text(*key);
        }
    }

  private:
    IfAbsent if_absent() const override { return IfAbsent::kCreate; }

    std::optional<Failed> refuse_input() const override {
        if (by_key_ && !id_.empty()) {
            return connector::refused(
                "AmbiguousRow",
                "upsert_row was given both `id` and `alternate_key`.",
                "Give one of them."
            );
        }
        return by_key_ ? std::nullopt : bad_id(id_);
    }

    bool by_key_ = false;
};

// Reads the row that a write addressed and compares.
class ProbeWrite final : public RowExchange {
  public:
    ProbeWrite(const connector::Call& call, Json written)
        : RowExchange(call),
          written_(std::move(written)) {
        const Json* key = find(call.input, "alternate_key");
        if (key != nullptr && key->is_object() && !key->empty()) {
            key_ = alternate_key_text(*key);
        }
    }

  private:
    std::optional<Failed> refuse_input() const override {
        return key_.empty() ? bad_id(id_) : std::nullopt;
    }

    Turn start() override {
        const std::string address = key_.empty() ? url() : requests_.set_url(table_) + key_;
        return ask(requests_.get(address), [this](const http::Response& r) -> Turn {
            if (r.status == 404) {
                return probe_answer(nullptr);
            }
            const auto row = row_of(table_, r, EffectClass::kRead, requests_.now());
            if (!row) {
                return row.error();
            }
            return probe_answer(row_holds(*row, written_) ? &*row : nullptr);
        });
    }

    Json written_;
    std::string key_;
};

class DeleteRow final : public RowExchange {
  public:
    explicit DeleteRow(const connector::Call& call)
        : RowExchange(call),
          etag_(string_or(call.input, "etag")),
          is_repeat_(call.is_repeat) {}

  private:
    Turn start() override {
        connector::Send send = requests_.write("DELETE", url(), Json(), Requests::Answer::kNothing);
        if (!etag_.empty()) {
            send.request.headers.set("If-Match", etag_);
            send.request.headers.remove("If-None-Match");
        }
        return ask(std::move(send), [this](const http::Response& r) -> Turn {
            const bool is_gone_already = r.status == 404 && is_repeat_;
            if (is_success(r) || is_gone_already) {
                return Done{Payload("null"), {table_, id_, {}}};
            }
            return answered(r, EffectClass::kIdempotent, requests_.now());
        });
    }

    std::string etag_;
    bool is_repeat_;
};

}  // namespace

std::string client_made_id(std::string_view idempotency_key) {
    const auto id = Uid::parse(idempotency_key.substr(0, 32));
    return id ? id->guid() : std::string();
}

tl::expected<Json, Failed> row_of(
    std::string_view table, const http::Response& response, EffectClass effect, Timestamp now
) {
    if (!is_success(response)) {
        return tl::unexpected(answered(response, effect, now));
    }
    const auto row = read_object(response);
    if (!row) {
        return tl::unexpected(connector::unreadable(response, table, effect));
    }
    return flat_row(table, *row);
}

Turn done_with_row(const Json& row) {
    connector::RecordRef record{
        string_or(row, "table"), string_or(row, "id"), string_or(row, "etag")};
    return Done{to_payload(row), std::move(record)};
}

ExchangePtr create_row(const connector::Call& call) {
    return std::make_unique<CreateRow>(call);
}

ExchangePtr get_row(const connector::Call& call) {
    return std::make_unique<GetRow>(call);
}

ExchangePtr update_row(const connector::Call& call) {
    return std::make_unique<UpdateRow>(call);
}

ExchangePtr upsert_row(const connector::Call& call) {
    return std::make_unique<UpsertRow>(call);
}

ExchangePtr delete_row(const connector::Call& call) {
    return std::make_unique<DeleteRow>(call);
}

ExchangePtr probe_create(const connector::Call& call) {
    return std::make_unique<ProbeCreate>(call);
}

ExchangePtr probe_update(const connector::Call& call) {
    return std::make_unique<ProbeWrite>(call, object_at(call.input, "changes"));
}

ExchangePtr probe_upsert(const connector::Call& call) {
    return std::make_unique<ProbeWrite>(call, object_at(call.input, "row"));
}

}  // namespace tideway::connectors::dataverse
