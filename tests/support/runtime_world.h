// A whole runtime for a test: real SQLite file, real Lua machine, a pack of texts, a LedgerService.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/connector/no_tokens.h"
#include "engine/runtime/runtime.h"
#include "tests/support/ledger_connector.h"
#include "tests/support/manual_clock.h"
#include "tests/support/poll.h"
#include "tests/support/temp_folder.h"
#include "tests/support/trigger_world.h"
#include "tests/support/world_options.h"

namespace tideway::testing {

// Thread: the test's.
class RuntimeWorld {
  public:
    // The pack's connection reference "ledger" is bound.
    explicit RuntimeWorld(std::initializer_list<FlowText> flows, WorldOptions options = {})
        : RuntimeWorld(options, std::vector<FlowText>(flows)) {}

    RuntimeWorld(WorldOptions options, const std::vector<FlowText>& flows)
        : options_(options),
          clock_(options.speed) {
        if (options_.now) {
            clock_.set(*options_.now);
        }
        for (const FlowText& flow : flows) {
            files_[flow.name + ".lua"] = flow.text;
        }
        EXPECT_TRUE(connections_.put(ledger_connection()));
        files_["pack.json"] = pack_json(options_);
        start();
    }

    RuntimeWorld(std::initializer_list<FlowText> flows, Timestamp now)
        : RuntimeWorld(flows, WorldOptions{.now = now}) {}

    ~RuntimeWorld() { stop(); }

    LedgerService& service() { return service_; }

    runtime::Runtime& runtime() { return *runtime_; }

    store::Reader& reader() { return store_->reader(); }

    store::Store& store() { return *store_; }

    std::string store_file() const { return folder_.file("test.db"); }

    runtime::FlowCatalog& catalog() { return *catalog_; }

    connector::Registry& registry() { return *registry_; }

    runtime::Activation& activation() { return triggers_->activation(); }

    runtime::Environment& environment() { return *environment_; }

    // Time stands still from the first use on; look() after changing it.
    testing_support::SettableClock& clock() { return clock_; }

    // Triggers act on what is due by the clock.
    void look() { triggers_->timers().look(); }

    std::optional<runtime::TriggerStatus> trigger_status(const std::string& flow) {
        return triggers_->timers().status(catalog_->flow(flow)->row.id);
    }

    // What triggers of the flow delivered, oldest first.
    std::vector<model::EventRecord> events(const std::string& flow) {
        const auto page = reader().events({.flow_id = catalog_->flow(flow)->row.id, .limit = 500});
        EXPECT_TRUE(page);
        std::vector<model::EventRecord> events;
        for (const store::FoundEvent& found : page->events) {
            events.insert(events.begin(), found.event);
        }
        return events;
    }

    // Waits until something is true that changes on another thread; 20 s at most.
    static bool becomes(const std::function<bool()>& is_true) { return tests::becomes(is_true); }

    // The address that services call; it changes with the next restart().
    void set_public_url(std::string url) { public_url_ = std::move(url); }

    // From the next restart on.
    void set_limits(runtime::RunLimits limits) { options_.limits = limits; }

    // The process ends (runs are dropped as they are) and starts again on the same file.
    void restart(const std::function<void()>& meanwhile = [] {}) {
        stop();
        meanwhile();
        start();
    }

    // Changes a flow's text and publishes it.
    void edit(const std::string& flow, std::string text) {
        files_[flow + ".lua"] = std::move(text);
        publish();
    }

    Result<runtime::Admitted> admit(const std::string& flow, const std::string& event = "{}") {
        TIDEWAY_TRY_ASSIGN(auto delivery, delivery_to(flow, "manual", event));
        return wait<runtime::Admitted>([&](auto done) {
            runtime_->admit(std::move(delivery), done);
        });
    }

    Result<runtime::Admitted> admit_change(const std::string& flow, runtime::RecordChange change) {
        TIDEWAY_TRY_ASSIGN(auto delivery, delivery_to(flow, "ledger.changed", "{}"));
        delivery.change = std::move(change);
        return wait<runtime::Admitted>([&](auto done) {
            runtime_->admit(std::move(delivery), done);
        });
    }

    Result<runtime::Admitted> resubmit(const model::RunRecord& run, runtime::CodeChoice code) {
        return wait<runtime::Admitted>([&](auto done) { runtime_->resubmit(run, {code}, "", done); }
        );
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
        const bool has_run = admitted && !admitted->runs.empty();
        return has_run ? ended(admitted->runs.front()) : model::RunRecord();
    }

    model::RunRecord ended(const Uid& uid) {
        return when(uid, [](const model::RunRecord& run) { return model::is_final(run.status); });
    }

    model::RunRecord paused(const Uid& uid) {
        return when(uid, [](const model::RunRecord& run) {
            return run.status == model::Status::kPaused;
        });
    }

    // Waits (on changes, not on time) until the stored run satisfies `is_there`.
    model::RunRecord when(
        const Uid& uid, const std::function<bool(const model::RunRecord&)>& is_there
    ) {
        const auto deadline = std::chrono::steady_clock::now() + tests::kPatience;
        while (true) {
            const auto found = reader().run_by_uid(uid);
            const model::RunRecord run = found && *found ? **found : model::RunRecord();
            if (found && *found && is_there(run)) {
                return run;
            }
            if (std::chrono::steady_clock::now() >= deadline) {
                ADD_FAILURE() << "the run did not get there: " << to_string(run.status);
                return run;
            }
            const Lock lock(mutex_);
            changed_.wait_for(mutex_, std::chrono::milliseconds(20));
        }
    }

    std::vector<model::JournalRow> journal(const model::RunRecord& run) {
        return reader().journal(run.id).value_or(std::vector<model::JournalRow>());
    }

  private:
    Result<runtime::Delivery> delivery_to(
        const std::string& flow, std::string source, const std::string& event
    ) {
        runtime::Delivery delivery;
        TIDEWAY_TRY_ASSIGN(delivery.flow, catalog_->flow(flow));
        delivery.source = std::move(source);
        delivery.event = Payload(event);
        return delivery;
    }

    template <typename Value, typename Start>
    Result<Value> wait(Start start) {
        auto promise = std::make_shared<std::promise<Result<Value>>>();
        auto future = promise->get_future();
        start([promise](Result<Value> result) { promise->set_value(std::move(result)); });
        return future.get();
    }

    void start() {
        std::vector<connector::Registry::Source> sources;
        auto ledger = std::make_unique<LedgerConnector>(service_.url());
        sources.push_back({"ledger", kLedgerSpec, std::move(ledger)});
        auto registry = connector::Registry::create(std::move(sources));
        ASSERT_TRUE(registry) << registry.error().text();
        registry_ = std::move(*registry);
        auto opened = store::open_sqlite({.path = store_file(), .durability = options_.durability});
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
        environment_ = std::make_unique<runtime::Environment>(*store_);
        ASSERT_TRUE(environment_->load());
        catalog_ = std::make_unique<runtime::FlowCatalog>(*store_, *registry_, &box_);
        ASSERT_TRUE(catalog_->load());
        publish();
        runtime::RuntimeDependencies dependencies;
        dependencies.store = store_.get();
        dependencies.catalog = catalog_.get();
        dependencies.registry = registry_.get();
        dependencies.connections = &connections_;
        dependencies.settings = environment_.get();
        dependencies.tokens = &tokens_;
        dependencies.clock = &clock_;
        dependencies.log = &log_;
        dependencies.environment = "test";
        dependencies.public_url = public_url_;
        dependencies.timer_speed = options_.speed;
        dependencies.run_limits = options_.limits;
        runtime_ = std::make_unique<runtime::Runtime>(dependencies);
        runtime_->on_change([this](const model::RunRecord&) { changed_.notify_all(); });
        ASSERT_TRUE(runtime_->start());
        TriggerWorldParts parts;
        parts.runtime = runtime_.get();
        parts.store = store_.get();
        parts.catalog = catalog_.get();
        parts.registry = registry_.get();
        parts.connections = &connections_;
        parts.tokens = &tokens_;
        parts.environment = environment_.get();
        parts.clock = &clock_;
        parts.log = &log_;
        parts.public_url = public_url_;
        triggers_ = std::make_unique<TriggerWorld>(parts);
        environment_->on_change([this] { return triggers_->follow_settings(*runtime_); });
    }

    void publish() {
        const auto pack = runtime::parse_pack(files_);
        ASSERT_TRUE(pack) << pack.error().text();
        ASSERT_TRUE(catalog_->publish(catalog_->check(*pack), {}));
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
        triggers_->stop();
        runtime_.reset();
        triggers_.reset();
        catalog_.reset();
        environment_.reset();
        store_.reset();
        registry_.reset();
    }

    WorldOptions options_;
    tests::TempFolder folder_;
    LedgerService service_;
    std::map<std::string, std::string> files_;
    connector::SecretBox box_{Secret(std::string(32, 'k'))};
    connector::Connections connections_{box_};
    connector::NoTokens tokens_;
    testing_support::SettableClock clock_;
    std::string public_url_ = "https://contoso.example";
    NullLog log_;
    Mutex mutex_;
    Condition changed_;
    std::unique_ptr<connector::Registry> registry_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<runtime::Environment> environment_;
    std::unique_ptr<runtime::FlowCatalog> catalog_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::unique_ptr<TriggerWorld> triggers_;
};

}  // namespace tideway::testing
