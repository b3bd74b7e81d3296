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
constexpr const char* kLookup = "lookup";

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
    ColumnKind{kLookup, "Lookup", nullptr},
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
    } else if (kind.format != nullptr) {
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

// A table is made with the column that names its rows.
Json table_body(const Json& input) {
    const Json names = input.value("primary_name", Json::object());
    Json name = column_body(*kind_of("text"), names);
    name["IsPrimaryName"] = true;
    return {
        {"@odata.type", "Microsoft.Dynamics.CRM.EntityMetadata"},
        {"SchemaName", string_or(input, "table")},
        {"DisplayName", label(string_or(input, "label"))},
        {"DisplayCollectionName", label(string_or(input, "plural"))},
        {"Description", label(string_or(input, "description"))},
        {"OwnershipType", "UserOwned"},
        {"IsActivity", false},
        {"HasActivities", false},
        {"HasNotes", false},
        {"Attributes", Json::array({name})}};
}

// A lookup is made with its relationship: rows lose it when the row goes that they point to.
Json relationship_body(const Json& input) {
    const std::string name = string_or(input, "name");
    const std::string target = string_or(input, "target");
    Json cascades = {{"Delete", "RemoveLink"}};
    for (const char* what : {"Assign", "Merge", "Reparent", "Share", "Unshare"}) {
        cascades[what] = "NoCascade";
    }
    return {
        {"@odata.type", "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"},
        {"SchemaName", name + "_" + string_or(input, "table")},
        {"ReferencedEntity", target},
        {"ReferencedAttribute", primary_key(target)},
        {"ReferencingEntity", string_or(input, "table")},
        {"CascadeConfiguration", cascades},
        {"Lookup", column_body(*kind_of(kLookup), input)}};
}

Json key_body(const Json& input) {
    return {
        {"SchemaName", string_or(input, "name")},
        {"DisplayName", label(string_or(input, "label"))},
        {"KeyAttributes", input.value("columns", Json::array())}};
}

enum class Purpose { kCreate, kProbe };

// Makes one definition. One that is there under this name already is fine when it is as asked.
class Define : public connector::ChainedExchange {
  public:
    Define(const connector::Call& call, Purpose purpose)
        : requests_(call.settings, call.now),
          input_(call.input),
          purpose_(purpose) {}

    Turn begin() final {
        for (const std::string& each : names()) {
            if (auto problem = bad_table(each)) {
                return std::move(*problem);
            }
        }
        return purpose_ == Purpose::kProbe ? look() : create();
    }

  protected:
    virtual std::vector<std::string> names() const = 0;
    virtual std::string collection_url() const = 0;

    virtual std::string create_url() const { return collection_url(); }

    virtual Json body() const = 0;
    virtual bool is_as_asked(const Json& definition) const = 0;
    virtual Json output() const = 0;

    std::string text(const char* field) const { return string_or(input_, field); }

    const Json& input() const { return input_; }

    const std::string& api_url() const { return requests_.api_url(); }

  private:
    Turn create() {
        return ask(
            requests_.write("POST", create_url(), body(), Requests::Answer::kNothing),
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
            requests_.get(collection_url() + "(LogicalName='" + names().back() + "')"),
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

    // "opportunity.msft_audit"
    connector::RecordRef record() const {
        std::string id;
        for (const std::string& each : names()) {
            id += (id.empty() ? "" : ".") + each;
        }
        return {"definition", id, {}};
    }

    Requests requests_;
    Json input_;
    Purpose purpose_;
    std::optional<connector::Failed> refusal_;
};

class DefineTable final : public Define {
  public:
    using Define::Define;

  private:
    std::vector<std::string> names() const override { return {text("table")}; }

    std::string collection_url() const override { return api_url() + "/EntityDefinitions"; }

    Json body() const override { return table_body(input()); }

    bool is_as_asked(const Json& definition) const override {
        const Json names = input().value("primary_name", Json::object());
        return string_or(definition, "PrimaryNameAttribute") == string_or(names, "name");
    }

    Json output() const override { return {{"table", text("table")}}; }
};

// A definition that a table has.
class DefinePart : public Define {
  public:
    DefinePart(const connector::Call& call, Purpose purpose, const char* collection)
        : Define(call, purpose),
          collection_(collection) {}

  protected:
    std::vector<std::string> names() const final { return {text("table"), text("name")}; }

    std::string collection_url() const final {
        return api_url() + "/EntityDefinitions(LogicalName='" + text("table") + "')/" + collection_;
    }

    Json output() const final { return {{"table", text("table")}, {"name", text("name")}}; }

  private:
    const char* collection_;
};

class DefineColumn final : public DefinePart {
  public:
    DefineColumn(const connector::Call& call, Purpose purpose)
        : DefinePart(call, purpose, "Attributes") {}

  private:
    bool is_lookup() const { return text("type") == kLookup; }

    std::string create_url() const override {
        return is_lookup() ? api_url() + "/RelationshipDefinitions" : collection_url();
    }

    // The schema has the words of kKinds.
    Json body() const override {
        return is_lookup() ? relationship_body(input())
                           : column_body(*kind_of(text("type")), input());
    }

    bool is_as_asked(const Json& definition) const override {
        return string_or(definition, "AttributeType") == kind_of(text("type"))->type;
    }
};

class DefineKey final : public DefinePart {
  public:
    DefineKey(const connector::Call& call, Purpose purpose)
        : DefinePart(call, purpose, "Keys") {}

  private:
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

ExchangePtr create_table(const connector::Call& call) {
    return std::make_unique<DefineTable>(call, Purpose::kCreate);
}

ExchangePtr probe_table(const connector::Call& call) {
    return std::make_unique<DefineTable>(call, Purpose::kProbe);
}

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
