// A whole runtime for a test: a real SQLite file, the real Lua machine, one pack made of texts, and
// a LedgerService as the outside world.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/runtime/runtime.h"
#include "tests/support/ledger_service.h"
#include "tests/support/poll.h"
#include "tests/support/temp_folder.h"

namespace tideway::testing {

// No connector of these tests asks for a token.
class NoTokens final : public connector::TokenCache {
  public:
    void get(
        const std::string&,
        const std::string&,
        Executor& back,
        std::function<void(Result<Secret>)> done
    ) override {
        back.post([done] { done(fail(ErrorKind::kInternal, "NoTokens", "no tokens here")); });
    }

    void invalidate(const std::string&, const std::string&) override {}

    void forget(const std::string&) override {}
};

// Runs `speed` times faster than the world's clock, from now on.
class FastClock final : public Clock {
  public:
    explicit FastClock(double speed)
        : speed_(speed) {}

    Timestamp now() const override {
        const auto real = std::chrono::steady_clock::now() - started_;
        return epoch_ + std::chrono::duration_cast<Duration>(real * speed_);
    }

  private:
    double speed_;
    Timestamp epoch_ = SystemClock().now();
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

struct WorldOptions {
    double speed = 1.0;  // of the runtime's clock and timers
    runtime::RunLimits limits;
    bool has_connection = false;  // "ledger" is a connection, not only a connector
};

struct FlowText {
    std::string name;
    std::string text;
};

// Thread: the test's.
class RuntimeWorld {
  public:
    // The pack's connection reference "ledger" is bound.
    explicit RuntimeWorld(std::initializer_list<FlowText> flows, WorldOptions options = {})
        : options_(options),
          clock_(options.speed) {
        if (options_.has_connection) {
            model::ConnectionRecord record;
            record.name = "ledger";
            record.connector = "ledger";
            record.settings = Payload("{}");
            EXPECT_TRUE(connections_.put(record));
        }
        for (const FlowText& flow : flows) {
            files_[flow.name + ".lua"] = flow.text;
        }
        files_["pack.json"] =
            R"({"name":"test","version":"1.0.0","connections":{"ledger":{"connector":"ledger"}},
               "variables":{"greeting":{"type":"String","default":"hello"}}})";
        start();
    }

    ~RuntimeWorld() { stop(); }

    LedgerService& service() { return service_; }

    runtime::Runtime& runtime() { return *runtime_; }

    store::Reader& reader() { return store_->reader(); }

    const Clock& clock() { return clock_; }

    store::Store& store() { return *store_; }

    runtime::FlowCatalog& catalog() { return *catalog_; }

    // From the next restart on.
    void set_limits(runtime::RunLimits limits) { options_.limits = limits; }

    // The process ends (runs are dropped as they are) and starts again on the same file.
    void restart() {
        stop();
        start();
    }

    // Changes a flow's text and publishes it.
    void edit(const std::string& flow, std::string text) {
        files_[flow + ".lua"] = std::move(text);
        publish();
    }

    Result<runtime::Admitted> admit(const std::string& flow, const std::string& event = "{}") {
        auto entry = catalog_->flow(flow);
        if (!entry) {
            return fail(entry.error());
        }
        runtime::Delivery delivery;
        delivery.flow = *entry;
        delivery.source = "manual";
        delivery.event = Payload(event);
        return wait<runtime::Admitted>([&](auto done) {
            runtime_->admit(std::move(delivery), done);
        });
    }

    Result<runtime::Admitted> resubmit(const model::RunRecord& run, runtime::CodeChoice code) {
        return wait<runtime::Admitted>([&](auto done) { runtime_->resubmit(run, code, done); });
    }

    Status decide(
        const model::RunRecord& run,
        const std::string& path,
        runtime::RunSession::Decision decision,
        Payload adopted = {}
    ) {
        std::promise<Status> promise;
        runtime_->decide(run.id, path, decision, std::move(adopted), [&](Status done) {
            promise.set_value(std::move(done));
        });
        return promise.get_future().get();
    }

    // Admits and waits for the end.
    model::RunRecord run(const std::string& flow, const std::string& event = "{}") {
        const auto admitted = admit(flow, event);
        EXPECT_TRUE(admitted) << (admitted ? "" : admitted.error().text());
        return admitted && !admitted->runs.empty() ? ended(admitted->runs.front())
                                                   : model::RunRecord();
    }

    model::RunRecord ended(const Uid& uid) {
        return when(uid, [](const model::RunRecord& run) { return model::is_final(run.status); });
    }

    model::RunRecord paused(const Uid& uid) {
        return when(uid, [](const model::RunRecord& run) {
            return run.status == model::Status::kPaused;
        });
    }

    // Waits (on changes, not on time) until the stored run satisfies `is_there`; 20 s at most.
    model::RunRecord when(
        const Uid& uid, const std::function<bool(const model::RunRecord&)>& is_there
    ) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (true) {
            const auto found = reader().run_by_uid(uid);
            if (found && *found && is_there(**found)) {
                return **found;
            }
            Lock lock(mutex_);
            if (changed_.wait_until(
                    mutex_,
                    std::min(
                        deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(20)
                    )
                ) == std::cv_status::timeout &&
                std::chrono::steady_clock::now() >= deadline) {
                ADD_FAILURE() << "the run did not get there: "
                              << (found && *found ? std::string(to_string((*found)->status))
                                                  : "not found");
                return found && *found ? **found : model::RunRecord();
            }
        }
    }

    // Lets the runtime work for a moment of real time.
    static void pause() { tests::between_looks(); }

    std::vector<model::JournalRow> journal(const model::RunRecord& run) {
        auto rows = reader().journal(run.id);
        return rows ? *rows : std::vector<model::JournalRow>();
    }

  private:
    template <typename Value, typename Start>
    Result<Value> wait(Start start) {
        auto promise = std::make_shared<std::promise<Result<Value>>>();
        auto future = promise->get_future();
        start([promise](Result<Value> result) { promise->set_value(std::move(result)); });
        return future.get();
    }

    void start() {
        std::vector<connector::Registry::Source> sources;
        sources.push_back({"ledger", kLedgerSpec, std::make_unique<LedgerConnector>(service_.url())}
        );
        auto registry = connector::Registry::create(std::move(sources));
        ASSERT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
        store::SqliteOptions options;
        options.path = folder_.file("test.db");
        auto opened = store::open_sqlite(options);
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
        catalog_ = std::make_unique<runtime::FlowCatalog>(*store_, *registry_);
        ASSERT_TRUE(catalog_->load());
        publish();
        runtime::RuntimeDependencies dependencies;
        dependencies.store = store_.get();
        dependencies.catalog = catalog_.get();
        dependencies.registry = registry_.get();
        dependencies.connections = &connections_;
        dependencies.tokens = &tokens_;
        dependencies.clock = &clock_;
        dependencies.log = &log_;
        dependencies.environment = "test";
        dependencies.timer_speed = options_.speed;
        dependencies.run_limits = options_.limits;
        runtime_ = std::make_unique<runtime::Runtime>(dependencies);
        runtime_->on_change([this](const model::RunRecord&) { changed_.notify_all(); });
        const auto started = runtime_->start();
        ASSERT_TRUE(started) << started.error().text();
    }

    void publish() {
        const auto pack = runtime::parse_pack(files_);
        ASSERT_TRUE(pack) << pack.error().text();
        const auto published = catalog_->publish(*pack);
        ASSERT_TRUE(published) << published.error().text();
        for (const runtime::FlowEntry& flow : catalog_->flows()) {
            for (const script::Finding& finding : flow.problems) {
                if (finding.severity == script::Finding::Severity::kError) {
                    ADD_FAILURE() << finding.file << ":" << finding.line << ": " << finding.message;
                }
            }
            if (flow.row.state != model::FlowState::kOn) {
                ASSERT_TRUE(catalog_->set_state(flow.row.id, model::FlowState::kOn, {}));
            }
        }
    }

    void stop() {
        runtime_.reset();
        catalog_.reset();
        store_.reset();
        registry_.reset();
    }

    WorldOptions options_;
    tests::TempFolder folder_;
    LedgerService service_;
    std::map<std::string, std::string> files_;
    connector::SecretBox box_{Secret(std::string(32, 'k'))};
    connector::Connections connections_{box_};
    NoTokens tokens_;
    FastClock clock_;
    NullLog log_;
    Mutex mutex_;
    Condition changed_;
    std::unique_ptr<connector::Registry> registry_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<runtime::FlowCatalog> catalog_;
    std::unique_ptr<runtime::Runtime> runtime_;
};

}  // namespace tideway::testing
