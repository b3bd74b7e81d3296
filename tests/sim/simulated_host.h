// The machine that a simulated program runs on: one clock that only goes on when all is done, and a
// network without sockets. The store is real.
#pragma once

#include <memory>
#include <utility>

#include "engine/app/host.h"
#include "engine/base/simulated_time.h"
#include "engine/runtime/cases/counted_store.h"
#include "tests/sim/simulated_network.h"

namespace tideway::sim {

// Thread: any.
class SimulatedHost final : public app::Host {
  public:
    explicit SimulatedHost(Timestamp start)
        : time_(start) {}

    SimulatedTime& time() { return time_; }

    SimulatedNetwork& network() { return network_; }

    const Clock& clock() const override { return time_; }

    std::unique_ptr<Loop> make_loop() override { return std::make_unique<SimulatedLoop>(time_); }

    std::unique_ptr<http::Client> make_client(Loop& loop, http::ClientOptions /*options*/)
        override {
        return network_.make_client(loop);
    }

    Result<std::unique_ptr<http::Server>> listen(
        Loop& loop, http::ServerOptions options, http::Handler handler
    ) override {
        return network_.listen(loop, std::move(handler), options.port);
    }

    Result<std::unique_ptr<store::Store>> open_store(store::SqliteOptions options) override {
        options.durability = store::Durability::kProcess;
        TIDEWAY_TRY_ASSIGN(auto store, store::open_sqlite(std::move(options)));
        return std::make_unique<runtime::CountedStore>(std::move(store), time_);
    }

    bool watches_folders() const override { return false; }

    // A read on another thread would be work that nobody counts.
    int reader_threads() const override { return 0; }

  private:
    SimulatedTime time_;
    SimulatedNetwork network_;
};

}  // namespace tideway::sim
