// A connector with a function for each operation. Thread: any, as Connector.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/connector/connector.h"

namespace tideway::connector {

struct OperationBinding {
    using Make = std::unique_ptr<Exchange> (*)(const Call&);

    std::string_view id;
    Make start;
    Make probe;  // null: nothing to look for
};

class BoundConnector : public Connector {
  public:
    std::unique_ptr<Exchange> start(const Call& call) const final {
        const OperationBinding* const binding = binding_of(call);
        return binding == nullptr ? nullptr : binding->start(call);
    }

    std::unique_ptr<Exchange> probe(const Call& call) const final {
        const OperationBinding* const binding = binding_of(call);
        return binding == nullptr || binding->probe == nullptr ? nullptr : binding->probe(call);
    }

  protected:
    // `bindings` outlive the connector.
    explicit BoundConnector(std::span<const OperationBinding> bindings)
        : bindings_(bindings) {}

  private:
    const OperationBinding* binding_of(const Call& call) const {
        for (const OperationBinding& binding : bindings_) {
            if (call.operation != nullptr && binding.id == call.operation->id) {
                return &binding;
            }
        }
        return nullptr;
    }

    std::span<const OperationBinding> bindings_;
};

}  // namespace tideway::connector
