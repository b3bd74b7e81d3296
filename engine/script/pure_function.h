// A function of values in a file of Lua that is no flow: executed in the sandbox of flows, without
// steps, connections, variables and clock. The same arguments give the same value.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/payload.h"
#include "engine/base/result.h"
#include "engine/script/vm.h"

namespace tideway::script {

// Thread: one after the other.
class PureFunction {
  public:
    // The main file ends with `return function(...) ... end`. Compiles every file; errors are those
    // of Vm::create.
    static Result<std::unique_ptr<PureFunction>> create(Program program, VmLimits limits = {});

    virtual ~PureFunction() = default;

    // Executes the file anew, so that nothing is left of other calls, and calls what it returned,
    // under the memory and the small budget of a trigger function. Empty: it gave nothing. Errors
    // name file and line.
    virtual Result<Payload> call(const std::vector<Payload>& arguments) = 0;

    // True after its memory cap was met: throw it away.
    virtual bool is_lost() const = 0;
};

}  // namespace tideway::script
