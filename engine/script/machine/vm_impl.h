// Vm over a Machine.
#pragma once

#include "engine/script/machine/machine.h"

namespace tideway::script {

class VmImpl final : public Vm {
  public:
    VmImpl(Program program, VmLimits limits)
        : machine_(std::move(program), limits) {}

    Status build() { return machine_.build(); }

    Machine& machine() { return machine_; }

    Result<model::FlowDeclaration> declaration() override;
    Result<Payload> call_trigger_function(std::string_view name, const Payload& event) override;

    bool is_lost() const override { return machine_.is_lost(); }

    std::size_t memory_bytes() const override;

  private:
    mutable Machine machine_;
};

}  // namespace tideway::script
