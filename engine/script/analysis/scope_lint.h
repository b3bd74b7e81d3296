// Names that hide others, code that is never reached, values that nobody reads. Thread: any one.
#pragma once

#include <functional>

#include "engine/script/analysis/findings.h"
#include "engine/script/syntax/lua_syntax.h"

namespace tideway::script::analysis {

using AddNote = std::function<void(Position at, Findings::Note note)>;

// Warnings: "shadowed-local", "unreachable", "unused-value".
void lint_scopes(const Chunk& chunk, const AddNote& add);

}  // namespace tideway::script::analysis
