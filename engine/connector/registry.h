// All connectors of this program: spec and implementation, by id. Immutable after create().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/connector/connector.h"
#include "engine/model/connector_spec.h"

namespace tideway::connector {

// Thread: any.
class Registry {
  public:
    struct Source {
        std::string id;
        std::string spec_json;
        std::unique_ptr<Connector> implementation;
    };

    // Refuses, by name, a spec that does not load.
    static Result<std::unique_ptr<Registry>> create(std::vector<Source> sources);

    const model::ConnectorSpec* spec(std::string_view id) const;
    const Connector* implementation(std::string_view id) const;
    std::vector<const model::ConnectorSpec*> specs() const;

  private:
    struct Entry {
        model::ConnectorSpec spec;
        std::unique_ptr<Connector> implementation;
    };

    std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace tideway::connector
