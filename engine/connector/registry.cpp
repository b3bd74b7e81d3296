#include "engine/connector/registry.h"

namespace tideway::connector {
namespace {

tl::unexpected<Error> refuse(const std::string& message) {
    return fail(
        ErrorKind::kInvalidInput,
        "ConnectorSpecInvalid",
        message,
        "The format is described in docs/connectors.md."
    );
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::create(std::vector<Source> sources) {
    auto out = std::make_unique<Registry>();
    for (Source& source : sources) {
        auto spec = model::parse_connector_spec(source.spec_json);
        if (!spec) {
            Error error = std::move(spec.error());
            error.message = "connectors/" + source.id + "/connector.json: " + error.message;
            return fail(std::move(error));
        }
        if (spec->id != source.id) {
            return refuse(
                "connectors/" + source.id + "/connector.json has the id '" + spec->id + "'."
            );
        }
        if (source.implementation == nullptr) {
            return refuse("Connector '" + source.id + "' has no implementation.");
        }
        if (out->entries_.contains(source.id)) {
            return refuse("Connector '" + source.id + "' is there twice.");
        }
        out->entries_.emplace(source.id, Entry{std::move(*spec), std::move(source.implementation)});
    }
    return out;
}

const model::ConnectorSpec* Registry::spec(std::string_view id) const {
    const auto it = entries_.find(id);
    return it == entries_.end() ? nullptr : &it->second.spec;
}

const Connector* Registry::implementation(std::string_view id) const {
    const auto it = entries_.find(id);
    return it == entries_.end() ? nullptr : it->second.implementation.get();
}

std::vector<const model::ConnectorSpec*> Registry::specs() const {
    std::vector<const model::ConnectorSpec*> out;
    out.reserve(entries_.size());
    for (const auto& [id, entry] : entries_) {
        out.push_back(&entry.spec);
    }
    return out;
}

}  // namespace tideway::connector
