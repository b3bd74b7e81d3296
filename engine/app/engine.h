// The whole server of one environment, wired: store, catalog, runtime, listeners. The only place
// that constructs and passes; nothing is global.
#pragma once

#include <memory>
#include <string>

#include "engine/app/config.h"
#include "engine/app/host.h"
#include "engine/base/log.h"
#include "engine/base/result.h"
#include "engine/store/store.h"

namespace tideway::app {

class Engine {
  public:
    // Opens the store, loads packs, recovers runs and listens. On return it serves.
    static Result<std::unique_ptr<Engine>> start(
        Config config, Log& log, std::shared_ptr<Host> host = std::make_shared<Host>()
    );

    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    int api_port() const;
    int trigger_port() const;
    std::string public_url() const;
    store::Store::Counters store_counters() const;

  private:
    struct Parts;
    explicit Engine(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tideway::app
