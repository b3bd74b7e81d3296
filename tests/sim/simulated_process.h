// A process on the simulated machine that can die between any two things that it does. What it has
// committed is there, and what it has sent arrives; nothing of what it would do afterwards does,
// though its objects live until they are destroyed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/threading.h"
#include "tests/sim/simulated_host.h"

namespace tideway::sim {

inline constexpr std::string_view kProcessIsDead = "The process is dead.";

inline Error process_is_dead() {
    Error out;
    out.kind = ErrorKind::kUnavailable;
    out.code = "ProcessDead";
    out.message = kProcessIsDead;
    return out;
}

// Errors, but not those of a process that is dead. Thread: any.
class LivingLog final : public Log {
  public:
    void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields)
        override {
        const bool is_dead = std::ranges::any_of(fields, [](const LogField& field) {
            return field.value.find(kProcessIsDead) != std::string::npos;
        });
        if (!is_dead) {
            errors_.write(level, message, fields);
        }
    }

  private:
    StderrLog errors_{LogLevel::kError};
};

// Who waits for an answer of the network, on one loop. Thread: any.
class PendingCalls {
  public:
    using Done = std::function<void(http::Exchange)>;

    explicit PendingCalls(Loop& loop)
        : loop_(&loop) {}

    std::int64_t add(Done done) {
        const Lock lock(mutex_);
        calls_[++last_] = std::move(done);
        return last_;
    }

    // On the loop's thread.
    void answer(std::int64_t id, http::Exchange exchange) {
        Done done;
        {
            const Lock lock(mutex_);
            if (auto call = calls_.extract(id)) {
                done = std::move(call.mapped());
            }
        }
        if (done) {
            done(std::move(exchange));
        }
    }

    // Nobody will answer.
    void cut() {
        const Lock lock(mutex_);
        for (auto& [id, done] : std::exchange(calls_, {})) {
            if (loop_ != nullptr) {
                loop_->post([done = std::move(done)] {
                    done(tl::unexpected(http::TransportError{true, process_is_dead()}));
                });
            }
        }
    }

    // The loop may be gone now, and nobody waits any more.
    void close() {
        std::map<std::int64_t, Done> gone;  // with what they hold
        const Lock lock(mutex_);
        loop_ = nullptr;
        gone = std::exchange(calls_, {});
    }

  private:
    Mutex mutex_;
    Loop* loop_ TIDEWAY_GUARDED_BY(mutex_);
    std::map<std::int64_t, Done> calls_ TIDEWAY_GUARDED_BY(mutex_);
    std::int64_t last_ TIDEWAY_GUARDED_BY(mutex_) = 0;
};

// Thread: any.
class Life {
  public:
    // Instead of the n-th step from now on: a commit that is asked for or told, or something that
    // leaves to the network or comes from it.
    void end_at_step(std::int64_t n) { left_ = n; }

    bool is_over() const { return is_over_; }

    // False: it is over, and nothing of the step may happen.
    bool step() {
        if (left_ > 0 && left_.fetch_sub(1) == 1) {
            end();
        }
        return !is_over_;
    }

    void end() {
        is_over_ = true;
        const Lock lock(mutex_);
        for (const auto& each : calls_) {
            if (const auto calls = each.lock()) {
                calls->cut();
            }
        }
    }

    std::shared_ptr<PendingCalls> calls_on(Loop& loop) {
        auto out = std::make_shared<PendingCalls>(loop);
        const Lock lock(mutex_);
        calls_.push_back(out);
        return out;
    }

  private:
    std::atomic<std::int64_t> left_ = 0;
    std::atomic<bool> is_over_ = false;
    Mutex mutex_;
    std::vector<std::weak_ptr<PendingCalls>> calls_ TIDEWAY_GUARDED_BY(mutex_);
};

class ProcessStore final : public store::Store {
  public:
    ProcessStore(std::shared_ptr<Life> life, std::unique_ptr<store::Store> inner)
        : life_(std::move(life)),
          inner_(std::move(inner)) {}

    void submit(store::Batch batch, store::Completion done) override {
        inner_->submit(
            life_->step() ? std::move(batch) : store::Batch(),
            [life = life_, done = std::move(done)](Result<std::vector<store::Outcome>> outcomes) {
                done(life->step() ? std::move(outcomes) : fail(process_is_dead()));
            }
        );
    }

    store::Reader& reader() override { return inner_->reader(); }

    Counters counters() const override { return inner_->counters(); }

  private:
    std::shared_ptr<Life> life_;
    std::unique_ptr<store::Store> inner_;
};

class ProcessClient final : public http::Client {
  public:
    ProcessClient(std::shared_ptr<Life> life, Loop& loop, std::unique_ptr<http::Client> inner)
        : life_(std::move(life)),
          calls_(life_->calls_on(loop)),
          inner_(std::move(inner)) {}

    ~ProcessClient() override { calls_->close(); }

    ProcessClient(const ProcessClient&) = delete;
    ProcessClient& operator=(const ProcessClient&) = delete;

    void send(
        http::Request request,
        const http::NetworkPolicy& policy,
        std::function<void(http::Exchange)> done
    ) override {
        const std::int64_t id = calls_->add(std::move(done));
        if (!life_->step()) {
            calls_->cut();
            return;
        }
        inner_->send(
            std::move(request),
            policy,
            [life = life_, calls = calls_, id](http::Exchange exchange) {
                if (life->step()) {
                    calls->answer(id, std::move(exchange));
                }
            }
        );
    }

  private:
    std::shared_ptr<Life> life_;
    std::shared_ptr<PendingCalls> calls_;
    std::unique_ptr<http::Client> inner_;
};

class ProcessResponder final : public http::Responder {
  public:
    ProcessResponder(std::shared_ptr<Life> life, std::shared_ptr<http::Responder> inner)
        : life_(std::move(life)),
          inner_(std::move(inner)) {}

    ~ProcessResponder() override {
        if (life_->is_over()) {
            inner_->cut();
        }
    }

    ProcessResponder(const ProcessResponder&) = delete;
    ProcessResponder& operator=(const ProcessResponder&) = delete;

    void send(http::Response response) override {
        if (life_->step()) {
            inner_->send(std::move(response));
        } else {
            inner_->cut();
        }
    }

    std::shared_ptr<http::EventStream> stream() override { return inner_->stream(); }

    void cut() override { inner_->cut(); }

  private:
    std::shared_ptr<Life> life_;
    std::shared_ptr<http::Responder> inner_;
};

// Thread: any.
class SimulatedProcess final : public app::Host {
  public:
    explicit SimulatedProcess(std::shared_ptr<SimulatedHost> machine)
        : machine_(std::move(machine)) {}

    Life& life() { return *life_; }

    const Clock& clock() const override { return machine_->clock(); }

    std::unique_ptr<Loop> make_loop() override { return machine_->make_loop(); }

    std::unique_ptr<http::Client> make_client(Loop& loop, http::ClientOptions options) override {
        auto inner = machine_->make_client(loop, std::move(options));
        return std::make_unique<ProcessClient>(life_, loop, std::move(inner));
    }

    Result<std::unique_ptr<http::Server>> listen(
        Loop& loop, http::ServerOptions options, http::Handler handler
    ) override {
        return machine_->listen(
            loop,
            std::move(options),
            [life = life_, handler = std::move(handler)](
                http::ServerRequest request, std::shared_ptr<http::Responder> responder
            ) {
                auto ours = std::make_shared<ProcessResponder>(life, std::move(responder));
                if (life->step()) {
                    handler(std::move(request), std::move(ours));
                } else {
                    ours->cut();
                }
            }
        );
    }

    Result<std::unique_ptr<store::Store>> open_store(store::SqliteOptions options) override {
        TIDEWAY_TRY_ASSIGN(auto store, machine_->open_store(std::move(options)));
        return std::make_unique<ProcessStore>(life_, std::move(store));
    }

    bool watches_folders() const override { return machine_->watches_folders(); }

    int reader_threads() const override { return machine_->reader_threads(); }

  private:
    std::shared_ptr<SimulatedHost> machine_;
    std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

}  // namespace tideway::sim
