// The outline of a flow: what its function `run` could do, in order, calls followed. Thread: any
// one.
#pragma once

#include <vector>

#include "engine/model/flow.h"
#include "engine/script/analysis/call_check.h"

namespace tideway::script::analysis {

// `run` is the value of the field `run` of flow{}. Names and calls that depend on parameters are
// checked on the way, where the parameters are known.
std::vector<model::OutlineNode> outline(
    const Expression& run, const SourceFile& file, const Sources& sources, CallCheck& check
);

}  // namespace tideway::script::analysis
