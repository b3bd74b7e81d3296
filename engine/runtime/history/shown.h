// Values as readers of history see them. A value that its flow keeps secured is null, and
// `secured`, a list beside it, names it: {"output": null, "secured": ["output"]}. Pure.
#pragma once

#include "engine/base/json.h"
#include "engine/model/journal_row.h"

namespace tideway::runtime {

enum class Sight { kShown, kSecured };

// Of the values of a step. An error quotes what was sent as well as what came back.
Sight input_sight(model::Secured secured);
Sight output_sight(model::Secured secured);
Sight error_sight(model::Secured secured);

// Sets out[key]; nothing where there is no value.
void put_shown(Json& out, const char* key, const Payload& value, Sight sight);

// The error of a step or a run, or the note of an attempt. Secured: what names the failure is
// shown and nothing else of it; details hold the service's whole answer.
Json shown_error(const Payload& error, Sight sight);

// A row's output is an error or the note of an attempt.
bool holds_error(const model::JournalRow& row);

}  // namespace tideway::runtime
