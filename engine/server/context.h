// What every route uses. Borrowed; made by app, lives as long as the server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/connector/connections.h"
#include "engine/connector/registry.h"
#include "engine/connector/secret_box.h"
#include "engine/connector/token_cache.h"
#include "engine/http/router.h"
#include "engine/runtime/activation.h"
#include "engine/runtime/decisions/decisions.h"
#include "engine/runtime/drafts/drafts.h"
#include "engine/runtime/environment/environment.h"
#include "engine/runtime/exchange_driver.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/notices/notifier.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/triggers/trigger_timers.h"
#include "engine/server/authentication.h"
#include "engine/server/production/production.h"

namespace tideway::runtime {
class PackInstaller;
}

namespace tideway::server {

struct Context {
    runtime::Runtime* runtime = nullptr;
    runtime::FlowCatalog* catalog = nullptr;
    runtime::Drafts* drafts = nullptr;  // on the desk
    runtime::Activation* activation = nullptr;
    runtime::TriggerTimers* timers = nullptr;
    runtime::Notifier* notifier = nullptr;
    runtime::PackInstaller* installer = nullptr;
    runtime::Environment* settings = nullptr;
    runtime::Decisions* decisions = nullptr;
    runtime::ExchangeDriver* driver = nullptr;
    store::Store* store = nullptr;
    connector::Registry* registry = nullptr;
    connector::Connections* connections = nullptr;
    connector::SecretBox* box = nullptr;
    connector::TokenCache* tokens = nullptr;
    Authentication* authentication = nullptr;
    Executor* front = nullptr;  // the listeners' loop
    Executor* desk = nullptr;   // one thread for administrative work that blocks
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::string environment;
    EnvironmentKind environment_kind = EnvironmentKind::kStandard;
    std::string public_url;
};

using Answer = std::shared_ptr<http::Responder>;

// Runs `work` on the desk and answers with its JSON or its error.
void answer_from_desk(
    const Context& context, const Answer& answer, std::function<Result<Json>()> work
);

// Runs `work` on a reader thread and answers with its JSON or its error.
void answer_from_store(
    const Context& context, const Answer& answer, std::function<Result<Json>(store::Reader&)> work
);

// Writes the administrative act with its person. Blocking: on the desk.
Status audit(
    const Context& context,
    const http::ServerRequest& request,
    std::string act,
    std::string object,
    Payload before,
    Payload after
);

// The body as a JSON object; empty is {}.
Result<Json> body_of(const http::ServerRequest& request);

}  // namespace tideway::server
