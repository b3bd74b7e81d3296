#include "connectors/dataverse/definitions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/connector/chained_exchange.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

constexpr int kEnglish = 1033;
constexpr std::int64_t kTextLength = 100;
constexpr std::int64_t kMemoLength = 2000;

// A word of the input, and what the service calls such a column.
struct ColumnKind {
    std::string_view word;
    const char* type;    // AttributeType, and AttributeTypeName without "Type"
    const char* format;  // of FormatName or Format; null: none
};

constexpr std::array kKinds{
    ColumnKind{"text", "String", "Text"},
    ColumnKind{"url", "String", "Url"},
    ColumnKind{"email", "String", "Email"},
    ColumnKind{"memo", "Memo", "TextArea"},
    ColumnKind{"integer", "Integer", "None"},
    ColumnKind{"decimal", "Decimal", nullptr},
    ColumnKind{"money", "Money", nullptr},
    ColumnKind{"boolean", "Boolean", nullptr},
    ColumnKind{"choice", "Picklist", nullptr},
    ColumnKind{"date", "DateTime", "DateOnly"},
    ColumnKind{"datetime", "DateTime", "DateAndTime"},
};

const ColumnKind* kind_of(std::string_view word) {
    const auto it = std::ranges::find(kKinds, word, &ColumnKind::word);
    return it == kKinds.end() ? nullptr : &*it;
}

Json label(const std::string& text) {
    return {
        {"@odata.type", "Microsoft.Dynamics.CRM.Label"},
        {"LocalizedLabels",
         {{{"@odata.type", "Microsoft.Dynamics.CRM.LocalizedLabel"},
           {"Label", text},
           {"LanguageCode", kEnglish}}}}};
}

Json option(std::int64_t value, const std::string& text) {
    return {{"Value", value}, {"Label", label(text)}};
}

Json options_of(const Json& choices) {
    Json options = Json::array();
    for (const Json& choice : choices) {
        options.push_back(option(int_or(choice, "value", 0), string_or(choice, "label")));
    }
    return {
        {"@odata.type", "Microsoft.Dynamics.CRM.OptionSetMetadata"},
        {"IsGlobal", false},
        {"OptionSetType", "Picklist"},
        {"Options", options}};
}

Json yes_or_no() {
    return {
        {"OptionSetType", "Boolean"},
        {"TrueOption", option(1, "Yes")},
        {"FalseOption", option(0, "No")}};
}

// What differs from type to type.
void put_bounds(const ColumnKind& kind, const Json& input, Json& out) {
    const std::string_view word = kind.word;
    if (word == "text" || word == "url" || word == "email") {
        out["MaxLength"] = int_or(input, "max_length", kTextLength);
        out["FormatName"] = {{"Value", kind.format}};
    } else if (word == "memo") {
        out["MaxLength"] = int_or(input, "max_length", kMemoLength);
        out["Format"] = kind.format;
    } else if (word == "decimal" || word == "money") {
        out["Precision"] = int_or(input, "precision", 2);
    } else if (word == "boolean") {
        out["DefaultValue"] = false;
        out["OptionSet"] = yes_or_no();
    } else if (word == "choice") {
        out["OptionSet"] = options_of(input.value("choices", Json::array()));
    } else {
        out["Format"] = kind.format;
    }
}

Json column_body(const ColumnKind& kind, const Json& input) {
    const std::string type = kind.type;
    Json out = {
        {"@odata.type", "Microsoft.Dynamics.CRM." + type + "AttributeMetadata"},
        {"AttributeType", type},
        {"AttributeTypeName", {{"Value", type + "Type"}}},
        {"SchemaName", string_or(input, "name")},
        {"DisplayName", label(string_or(input, "label"))},
        {"Description", label(string_or(input, "description"))},
        {"RequiredLevel", {{"Value", "None"}}}};
    put_bounds(kind, input, out);
    return out;
}

Json key_body(const Json& input) {
    return {
        {"SchemaName", string_or(input, "name")},
        {"DisplayName", label(string_or(input, "label"))},
        {"KeyAttributes", input.value("columns", Json::array())}};
}

enum class Purpose { kCreate, kProbe };

// Makes one definition of a table. One that is there under this name already is fine when it is as
// asked.
class Define : public connector::ChainedExchange {
  public:
    Define(const connector::Call& call, Purpose purpose)
        : requests_(call.settings, call.now),
          input_(call.input),
          purpose_(purpose) {}

    Turn begin() final {
        for (auto problem : {bad_table(text("table")), bad_table(text("name"))}) {
            if (problem) {
                return std::move(*problem);
            }
        }
        return purpose_ == Purpose::kProbe ? look() : create();
    }

  protected:
    virtual const char* collection() const = 0;
    virtual Json body() const = 0;
    virtual bool is_as_asked(const Json& definition) const = 0;

    std::string text(const char* field) const { return string_or(input_, field); }

    const Json& input() const { return input_; }

  private:
    std::string url() const {
        return requests_.api_url() + "/EntityDefinitions(LogicalName='" + text("table") + "')/" +
               collection();
    }

    Turn create() {
        return ask(
            requests_.write("POST", url(), body(), Requests::Answer::kNothing),
            [this](const http::Response& response) -> Turn {
                if (is_success(response)) {
                    return done();
                }
                refusal_ = answered(response, EffectClass::kIdempotent, requests_.now());
                const bool may_be_there = response.status == 400 || response.status == 412;
                return may_be_there ? look() : Turn(*refusal_);
            }
        );
    }

    Turn look() {
        return ask(
            requests_.get(url() + "(LogicalName='" + text("name") + "')"),
            [this](const http::Response& response) { return looked(response); }
        );
    }

    Turn looked(const http::Response& response) const {
        const auto definition = read_object(response);
        const bool is_there = is_success(response) && definition && is_as_asked(*definition);
        if (purpose_ == Purpose::kCreate) {
            return is_there ? done() : Turn(*refusal_);
        }
        if (!is_success(response) && response.status != 404) {
            return answered(response, EffectClass::kRead, requests_.now());
        }
        Json out = {{"found", is_there}};
        if (is_there) {
            out["output"] = output();
        }
        return Done{to_payload(out), record()};
    }

    Turn done() const { return Done{to_payload(output()), record()}; }

    Json output() const { return {{"table", text("table")}, {"name", text("name")}}; }

    connector::RecordRef record() const {
        return {"definition", text("table") + "." + text("name"), {}};
    }

    Requests requests_;
    Json input_;
    Purpose purpose_;
    std::optional<connector::Failed> refusal_;
};

class DefineColumn final : public Define {
  public:
    using Define::Define;

  private:
    const char* collection() const override { return "Attributes"; }

    // The schema has the words of kKinds.
    Json body() const override { return column_body(*kind_of(text("type")), input()); }

    bool is_as_asked(const Json& definition) const override {
        return string_or(definition, "AttributeType") == kind_of(text("type"))->type;
    }
};

class DefineKey final : public Define {
  public:
    using Define::Define;

  private:
    const char* collection() const override { return "Keys"; }

    Json body() const override { return key_body(input()); }

    bool is_as_asked(const Json& definition) const override {
        return definition.value("KeyAttributes", Json()) == input().at("columns");
    }
};

class Publish final : public connector::ChainedExchange {
  public:
    explicit Publish(const connector::Call& call)
        : requests_(call.settings, call.now),
          tables_(call.input.value("tables", Json::array())) {}

    Turn begin() override {
        std::string entities;
        for (const Json& table : tables_) {
            if (auto problem = bad_table(table.get<std::string>())) {
                return std::move(*problem);
            }
            entities += "<entity>" + table.get<std::string>() + "</entity>";
        }
        const Json body = {
            {"ParameterXml",
             "<importexportxml><entities>" + entities + "</entities></importexportxml>"}};
        return ask(
            requests_.write(
                "POST", requests_.api_url() + "/PublishXml", body, Requests::Answer::kNothing
            ),
            [this](const http::Response& response) -> Turn {
                if (!is_success(response)) {
                    return answered(response, EffectClass::kIdempotent, requests_.now());
                }
                return Done{Payload("null"), {}};
            }
        );
    }

  private:
    Requests requests_;
    Json tables_;
};

}  // namespace

ExchangePtr create_column(const connector::Call& call) {
    return std::make_unique<DefineColumn>(call, Purpose::kCreate);
}

ExchangePtr create_key(const connector::Call& call) {
    return std::make_unique<DefineKey>(call, Purpose::kCreate);
}

ExchangePtr probe_column(const connector::Call& call) {
    return std::make_unique<DefineColumn>(call, Purpose::kProbe);
}

ExchangePtr probe_key(const connector::Call& call) {
    return std::make_unique<DefineKey>(call, Purpose::kProbe);
}

ExchangePtr publish_customizations(const connector::Call& call) {
    return std::make_unique<Publish>(call);
}

}  // namespace tideway::connectors::dataverse
