// The flows of a pack folder, read without a server. Thread: one.
#pragma once

#include <map>
#include <string>

#include "engine/model/connector_spec.h"
#include "engine/model/flow.h"
#include "engine/runtime/pack.h"

namespace tideway::app {

class PackFlows {
  public:
    static Result<PackFlows> read(const std::string& folder);
    PackFlows(PackFlows&&) = default;
    PackFlows& operator=(PackFlows&&) = default;
    PackFlows(const PackFlows&) = delete;
    PackFlows& operator=(const PackFlows&) = delete;
    ~PackFlows() = default;

    const runtime::Pack& pack() const { return pack_; }

    // Connection reference -> spec.
    const std::map<std::string, const model::ConnectorSpec*>& connections() const {
        return connections_;
    }

    // What the flow's file says of itself: runs its declaration.
    Result<model::FlowDeclaration> declaration(const std::string& flow) const;

    // "<connector id>.<trigger id>"; null for built-in triggers.
    const model::TriggerSpec* trigger(const std::string& name) const;

  private:
    PackFlows() = default;

    runtime::Pack pack_;
    std::map<std::string, model::ConnectorSpec> specs_;
    std::map<std::string, const model::ConnectorSpec*> connections_;
};

}  // namespace tideway::app
