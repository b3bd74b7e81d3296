// What is wrong with a file, wherever it stands in the text. Thread: any one.
#pragma once

#include "engine/script/analysis/call_check.h"

namespace tideway::script::analysis {

enum class FileRole { kFlow, kLibrary };

// Looks at every name, call and table of `file`.
void lint(const SourceFile& file, FileRole role, const Sources& sources, CallCheck& check);

// The table given to flow{}, when the file returns one; else null.
const Expression* flow_table(const SourceFile& file, const Sources& sources);

}  // namespace tideway::script::analysis
