// What a fresh Salesforce sandbox holds: the stages, a few people of Contoso, customers. Thread:
// the sandbox's loop.
#pragma once

#include "connectors/salesforce/sandbox_sign_in.h"
#include "connectors/salesforce/sandbox_store.h"

namespace tideway::connectors::salesforce::sandbox {

// Empties the store first. Ids are the same in every sandbox.
void seed(Store& store, SignIns& sign_ins);

}  // namespace tideway::connectors::salesforce::sandbox
