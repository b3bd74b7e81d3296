// The options of a step and the `secure` of a trigger as written in a flow. A misspelt one would be
// ignored by a run without a word. Thread: any one.
#pragma once

#include <span>
#include <string_view>

#include "engine/script/analysis/table_check.h"

namespace tideway::script::analysis {

// What `secure` may be.
Json secure_schema();

// A table of options: no other fields than `known`, `secure` and `static_result` as they may be.
void check_options(
    const Expression& table, std::span<const std::string_view> known, const TableCheck& check
);

// What a question of `wait_for_decision` has, besides its timeout.
Json question_schema();

// What `static_result` may be.
Json static_result_schema();

// `secure` alone, in a table with fields of its own.
void check_secure(const Expression& table, const TableCheck& check);

}  // namespace tideway::script::analysis
