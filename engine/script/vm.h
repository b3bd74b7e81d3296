// One Lua state for one flow version: compiled text, read-only libraries, memory cap. The runs of
// that version in one shard execute in it (script/execution.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/base/result.h"
#include "engine/model/connector_spec.h"
#include "engine/model/flow.h"

struct lua_State;

namespace tideway::script {

// What a VM is made from. Borrowed things live longer than the VM.
struct Program {
    std::string main_file;                     // "partner_center_to_dynamics365.lua"
    std::map<std::string, std::string> files;  // as in model::FlowVersion
    // Connection reference -> spec of its connector: decides which operations exist.
    std::map<std::string, const model::ConnectorSpec*> connections;
    std::vector<const model::ConnectorSpec*> connectors;  // all: decides which triggers exist
};

struct VmLimits {
    std::size_t vm_bytes = limits::kVmMemoryBytesMax;
    std::size_t run_bytes = limits::kScriptMemoryBytesMax;
    std::int64_t quantum = limits::kQuantumInstructions;
    std::int64_t run_instructions = limits::kRunInstructionsMax;
    std::int64_t trigger_instructions = limits::kTriggerInstructionsMax;
};

// Thread: the shard's (or any one thread).
class Vm {
  public:
    // Compiles every file. A syntax error is an Error with code "ScriptSyntaxError" whose message
    // starts with "file.lua:12:" and whose details hold {file, line, message}.
    static Result<std::unique_ptr<Vm>> create(Program program, VmLimits limits = {});

    virtual ~Vm() = default;

    // Executes the flow's file without a run: what it declares. Errors name file and line.
    virtual Result<model::FlowDeclaration> declaration() = 0;

    // Calls a function of the trigger table ("condition", "dedupe_by", "split_on",
    // "one_at_a_time_by", "coalesce_by") with the event, without steps and under the small budget.
    virtual Result<Payload> call_trigger_function(std::string_view name, const Payload& event) = 0;

    // True after its memory cap was met: throw it away; its other runs replay in a new one.
    virtual bool is_lost() const = 0;

    virtual std::size_t memory_bytes() const = 0;
};

}  // namespace tideway::script
