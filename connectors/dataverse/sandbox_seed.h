// What a fresh Dataverse sandbox holds: currencies, a few people of Contoso, customers, connection
// roles, the co-sell
// solution's environment variables. Thread: the sandbox's loop.
#pragma once

#include <string>

#include "connectors/dataverse/sandbox_database.h"
#include "engine/base/clock.h"

namespace tideway::connectors::dataverse::sandbox {

// Ids are the same in every sandbox: "<kind>0000000-0000-4000-8000-<number>".
std::string seed_id(char kind, int number);

// Empties the database first.
void seed(Database& database, Timestamp now);

}  // namespace tideway::connectors::dataverse::sandbox
