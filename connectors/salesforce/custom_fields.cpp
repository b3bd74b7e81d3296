#include "connectors/salesforce/custom_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/salesforce/records.h"
#include "connectors/salesforce/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Turn;
using model::EffectClass;

constexpr std::string_view kCustom = "__c";
constexpr std::int64_t kTextLength = 255;
constexpr std::int64_t kLongTextLength = 32'768;
constexpr int kDigits = 18;

// A word of the input, and the type of Salesforce's CustomField.
struct FieldKind {
    std::string_view word;
    const char* type;
};

constexpr std::array kKinds{
    FieldKind{"text", "Text"},
    FieldKind{"url", "Url"},
    FieldKind{"long_text", "LongTextArea"},
    FieldKind{"checkbox", "Checkbox"},
    FieldKind{"picklist", "Picklist"},
    FieldKind{"number", "Number"},
    FieldKind{"currency", "Currency"},
    FieldKind{"date", "Date"},
    FieldKind{"datetime", "DateTime"},
};

// The schema has the words of kKinds.
const char* type_of(std::string_view word) {
    const auto it = std::ranges::find(kKinds, word, &FieldKind::word);
    return it == kKinds.end() ? "" : it->type;
}

Json value_set(const Json& values) {
    Json list = Json::array();
    for (const Json& value : values) {
        list.push_back({{"fullName", value}, {"label", value}, {"default", false}});
    }
    return {{"restricted", false}, {"valueSetDefinition", {{"sorted", false}, {"value", list}}}};
}

Json metadata_of(const Json& input) {
    const std::string word = string_or(input, "type");
    Json out = {
        {"label", string_or(input, "label")},
        {"type", type_of(word)},
        {"description", string_or(input, "description")}};
    if (word == "text") {
        out["length"] = int_or(input, "length", kTextLength);
        out["externalId"] = bool_or(input, "external_id", false);
        out["unique"] = bool_or(input, "unique", false);
    } else if (word == "long_text") {
        out["length"] = int_or(input, "length", kLongTextLength);
        out["visibleLines"] = 4;
    } else if (word == "checkbox") {
        out["defaultValue"] = "false";
    } else if (word == "picklist") {
        out["valueSet"] = value_set(input.value("values", Json::array()));
    } else if (word == "number" || word == "currency") {
        out["precision"] = kDigits;
        out["scale"] = 2;
    }
    return out;
}

enum class Purpose { kCreate, kProbe };

// A field that is there under this name already is fine when it is of the same type.
class CustomField final : public connector::ChainedExchange {
  public:
    CustomField(const connector::Call& call, Purpose purpose)
        : requests_(call.settings, call.now),
          input_(call.input),
          object_(string_or(call.input, "object")),
          name_(string_or(call.input, "name")),
          purpose_(purpose) {}

    Turn begin() override {
        for (auto problem : {bad_object(object_), bad_field(name_)}) {
            if (problem) {
                return std::move(*problem);
            }
        }
        return purpose_ == Purpose::kProbe ? look() : create();
    }

  private:
    std::string tooling() const { return requests_.api_url() + "/tooling"; }

    Turn create() {
        const Json body = {{"FullName", object_ + "." + name_}, {"Metadata", metadata_of(input_)}};
        return ask(
            requests_.write("POST", tooling() + "/sobjects/CustomField", body),
            [this](const http::Response& response) -> Turn {
                if (is_success(response)) {
                    return done();
                }
                refusal_ = answered(response, EffectClass::kIdempotent, requests_.now());
                return response.status == 400 ? look() : Turn(*refusal_);
            }
        );
    }

    Turn look() {
        // Names of fields have no quotes: bad_field() has looked.
        const std::string developer_name = name_.substr(0, name_.size() - kCustom.size());
        const std::string soql = "SELECT Id FROM CustomField WHERE TableEnumOrId = '" + object_ +
                                 "' AND DeveloperName = '" + developer_name + "'";
        return ask(
            requests_.get(tooling() + "/query?q=" + http::encode_component(soql)),
            [this](const http::Response& response) -> Turn {
                const auto body = is_success(response) ? read_object(response) : std::nullopt;
                if (!body) {
                    return missing_or(response);
                }
                const Json records = body->value("records", Json::array());
                const std::string id = records.empty() ? "" : string_or(records[0], "Id");
                return is_record_id(id) ? read(id) : is_there(false);
            }
        );
    }

    Turn read(const std::string& id) {
        return ask(
            requests_.get(tooling() + "/sobjects/CustomField/" + id),
            [this](const http::Response& response) -> Turn {
                const auto body = is_success(response) ? read_object(response) : std::nullopt;
                if (!body) {
                    return missing_or(response);
                }
                const Json metadata = body->value("Metadata", Json::object());
                return is_there(string_or(metadata, "type") == type_of(string_or(input_, "type")));
            }
        );
    }

    // The refusal of the create says more than that of the look behind it.
    Turn missing_or(const http::Response& response) const {
        return refusal_ ? Turn(*refusal_)
                        : Turn(answered(response, EffectClass::kRead, requests_.now()));
    }

    Turn is_there(bool found) const {
        if (purpose_ == Purpose::kCreate) {
            return found ? done() : Turn(*refusal_);
        }
        Json out = {{"found", found}};
        if (found) {
            out["output"] = output();
        }
        return Done{to_payload(out), record()};
    }

    Turn done() const { return Done{to_payload(output()), record()}; }

    Json output() const { return {{"object", object_}, {"name", name_}}; }

    connector::RecordRef record() const { return {"field", object_ + "." + name_, {}}; }

    Requests requests_;
    Json input_;
    std::string object_;
    std::string name_;
    Purpose purpose_;
    std::optional<connector::Failed> refusal_;
};

}  // namespace

ExchangePtr create_field(const connector::Call& call) {
    return std::make_unique<CustomField>(call, Purpose::kCreate);
}

ExchangePtr probe_field(const connector::Call& call) {
    return std::make_unique<CustomField>(call, Purpose::kProbe);
}

}  // namespace tideway::connectors::salesforce
