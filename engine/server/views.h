// Rows as the API shows them. Pure.
#pragma once

#include "engine/base/json.h"
#include "engine/model/connection.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/history/cancellation.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::server {

Json view(const model::RunRecord& run, const runtime::FlowCatalog& catalog);
Json view(const runtime::FlowEntry& flow);
Json view(const model::EventRecord& event);
// `secured`: of its step. The record is named by what was sent or came back.
Json view(const model::EffectRecord& effect, model::Secured secured);
Json view(const model::ConnectionRecord& connection);
// The same with what the runtime knows: whether it is available, its budget and the forecast.
Json view(
    const model::ConnectionRecord& connection, const runtime::ConnectionStatus& status
);  // never a secret
Json view(const runtime::Admitted& admitted);
Json view(const runtime::CancelReport& report);
Json view(const runtime::TriggerStatus& status);
Json view(const model::OutlineNode& node);

// Stored JSON bytes as a tree; null when empty.
Json tree(const Payload& payload);

}  // namespace tideway::server
