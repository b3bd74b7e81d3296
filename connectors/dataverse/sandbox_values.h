// One column's values: checked and put into stored form on the way in, written for people on the
// way out. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/dataverse/sandbox_database.h"
#include "connectors/dataverse/sandbox_error.h"
#include "connectors/dataverse/sandbox_schema.h"
#include "engine/base/clock.h"

namespace tideway::connectors::dataverse::sandbox {

// The stored form of what a client sent for a column (not a lookup), or 400 in the service's way.
// null stays null. Numbers are not read from text, dates not from date-times: the service refuses
// both.
Outcome<Json> read_value(const Table& table, const Column& column, const Json& sent);

// "8-4-4-4-12" in lower case, also from upper case and braces.
std::optional<std::string> read_guid(std::string_view text);

// Rounds half away from zero to a number of decimals.
double round_to(double value, int decimals);

// Seconds precision: "2026-02-03T10:11:12Z".
std::string print_time(Timestamp at);

// The text of @OData.Community.Display.V1.FormattedValue; nothing when there is none.
std::optional<std::string> formatted_value(
    const Database& database, const Table& table, const Column& column, const Row& row
);

}  // namespace tideway::connectors::dataverse::sandbox
