// What a built-in trigger is given in a flow's text, against what it takes: its fields, the inputs
// of trigger.manual, the address of trigger.http_request. Thread: any one.
#pragma once

#include <string>

#include "engine/script/analysis/sources.h"
#include "engine/script/analysis/table_check.h"

namespace tideway::script::analysis {

// `table` is the argument of trigger.<name>; `check` as for check_table().
void check_built_in_trigger(
    const Expression& table, const std::string& name, const Frame& frame, const TableCheck& check
);

}  // namespace tideway::script::analysis
