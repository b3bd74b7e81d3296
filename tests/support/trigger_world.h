// The triggers of a runtime under test: timers on a loop of their own with a real HTTP client, and
// a desk for what blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/connector/token_cache.h"
#include "engine/runtime/activation.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/triggers/trigger_timers.h"
#include "tests/support/loop_thread.h"

namespace tideway::testing {

// Borrowed.
struct TriggerWorldParts {
    runtime::Runtime* runtime = nullptr;
    store::Store* store = nullptr;
    runtime::FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
    const connector::Connections* connections = nullptr;
    connector::TokenCache* tokens = nullptr;
    const runtime::Environment* environment = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::string public_url;
};

// Thread: the test's.
class TriggerWorld {
  public:
    explicit TriggerWorld(const TriggerWorldParts& parts)
        : catalog_(*parts.catalog),
          authorizer_(*parts.tokens, *parts.registry),
          client_(front_.run([this] { return http::make_curl_client(front_.loop(), {}); })),
          driver_(front_.loop(), *client_, authorizer_),
          activation_(activation_services(parts)) {
        runtime::TriggerServices services;
        services.executor = &front_.loop();
        services.desk = &desk_.loop();
        services.runtime = parts.runtime;
        services.catalog = parts.catalog;
        services.registry = parts.registry;
        services.activation = &activation_;
        services.environment = parts.environment;
        services.driver = &driver_;
        services.clock = parts.clock;
        services.log = parts.log;
        timers_ = std::make_unique<runtime::TriggerTimers>(services);
        catalog_.on_change([this] { timers_->refresh(); });
    }

    // Before the runtime goes, which may still call back.
    void stop() {
        catalog_.on_change({});
        desk_.stop();
        front_.stop();
        client_.reset();  // as the program does: what a loop still has to do may use it
        timers_.reset();
    }

    // What the program does when its environment's settings have changed.
    Status follow_settings(runtime::Runtime& runtime) {
        timers_->refresh();
        return runtime.brake().follow_settings_blocking();
    }

    runtime::Activation& activation() { return activation_; }

    runtime::TriggerTimers& timers() { return *timers_; }

  private:
    runtime::ActivationServices activation_services(const TriggerWorldParts& parts) {
        runtime::ActivationServices out;
        out.store = parts.store;
        out.catalog = parts.catalog;
        out.registry = parts.registry;
        out.connections = parts.connections;
        out.driver = &driver_;
        out.environment = parts.environment;
        out.clock = parts.clock;
        out.log = parts.log;
        out.public_url = parts.public_url;
        return out;
    }

    runtime::FlowCatalog& catalog_;
    LoopThread front_;
    LoopThread desk_;
    connector::Authorizer authorizer_;
    std::unique_ptr<http::Client> client_;
    runtime::ExchangeDriver driver_;
    runtime::Activation activation_;
    std::unique_ptr<runtime::TriggerTimers> timers_;
};

}  // namespace tideway::testing
