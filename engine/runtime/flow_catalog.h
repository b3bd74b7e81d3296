// The packs of the environment in memory: flows, versions, variables, and which connection a pack's
// reference means. Changed by publishing and by administrators; read by admission and runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/threading.h"
#include "engine/connector/registry.h"
#include "engine/connector/secret_box.h"
#include "engine/model/concurrency.h"
#include "engine/model/retry_policy.h"
#include "engine/model/schedule.h"
#include "engine/runtime/pack.h"
#include "engine/runtime/triggers/trigger_input.h"
#include "engine/script/outline.h"
#include "engine/script/vm.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// A flow version ready to run. Immutable once published.
struct LoadedVersion {
    model::FlowId flow_id = 0;
    model::FlowVersion version;
    model::FlowDeclaration declaration;
    script::Analysis analysis;
    script::Program program;
    std::optional<model::Schedule> schedule;  // of trigger.recurrence; when a polling trigger polls
    TriggerInput input;                       // what the trigger demands of those who call it
    std::optional<model::Concurrency> concurrency;  // of the trigger; absent: no limit
    model::RetryPolicy retry;                       // of steps that have none of their own
    std::optional<Duration> timeout;                // of a run
};

struct FlowEntry {
    store::FlowRow row;
    std::shared_ptr<LoadedVersion> published;  // null: it has never been valid
    std::vector<script::Finding> problems;     // of the text on disk, when it differs
};

struct ConnectionBinding {
    std::string connection;
    std::string connector;
};

// Thread: any.
class FlowCatalog {
  public:
    // `box`: seals variables of type Secret; without one they cannot be set.
    FlowCatalog(
        store::Store& store,
        const connector::Registry& registry,
        const connector::SecretBox* box = nullptr
    )
        : store_(store),
          registry_(registry),
          box_(box) {}

    // Reads what the store has. Blocking; call before anything runs.
    Status load();

    // Checks every flow of a pack and publishes those whose text is new and right. A flow with
    // errors keeps its published version and shows its problems. Blocking.
    Status publish(const Pack& pack);

    std::vector<FlowEntry> flows() const;
    // By "pack/flow", or by "flow" when only one pack has it.
    Result<FlowEntry> flow(std::string_view name) const;
    Result<FlowEntry> flow(model::FlowId id) const;

    // Any version that history names. Blocking when it is not in memory.
    Result<std::shared_ptr<LoadedVersion>> version(model::VersionId id) const;

    // The child flow that a version calls: of the same pack, on.
    Result<std::shared_ptr<LoadedVersion>> child(const LoadedVersion& parent, std::string_view name)
        const;

    // JSON of an environment variable: its value, else its default, else null. Of a secret: a
    // handle.
    Payload variable(std::string_view pack, std::string_view name) const;
    Result<Secret> secret(std::string_view pack, std::string_view name) const;
    std::vector<store::Variable> variables() const;
    Status set_variable(std::string_view pack, std::string_view name, const Json& value);
    // Why the version cannot do its work: variables that are not declared, not set, or of another
    // type than the pack says now.
    std::vector<Error> variable_problems(const LoadedVersion& version) const;

    Result<ConnectionBinding> binding(std::string_view pack, std::string_view reference) const;
    Status bind(const store::BindReference& binding);
    std::vector<PackReference> references(std::string_view pack) const;
    std::vector<std::string> packs() const;
    std::optional<Pack> pack(std::string_view name) const;

    Status set_state(model::FlowId id, model::FlowState state, std::string reason);

    // Called after flows, their states or bindings have changed, on the thread that changed them.
    // Set before anything changes.
    void on_change(std::function<void()> listener) { listener_ = std::move(listener); }

  private:
    struct Checked {
        std::shared_ptr<LoadedVersion> loaded;  // null: has errors
        std::vector<script::Finding> problems;
    };

    Checked check(const Pack& pack, const std::string& flow) const;
    Result<std::shared_ptr<LoadedVersion>> prepare(model::FlowVersion version) const;
    std::string title_of(std::string_view pack, const std::string& name);
    void changed() const;
    Result<Payload> stored_value(const store::Variable& variable, const Json& value) const;
    FlowEntry* find_entry(std::string_view pack, std::string_view name) TIDEWAY_REQUIRES(mutex_);

    store::Store& store_;
    const connector::Registry& registry_;
    const connector::SecretBox* box_;
    std::function<void()> listener_;
    mutable Mutex mutex_;
    std::map<std::string, Pack, std::less<>> packs_ TIDEWAY_GUARDED_BY(mutex_);
    std::vector<FlowEntry> entries_ TIDEWAY_GUARDED_BY(mutex_);
    mutable std::map<model::VersionId, std::shared_ptr<LoadedVersion>> versions_
        TIDEWAY_GUARDED_BY(mutex_);
    std::vector<store::BindReference> bindings_ TIDEWAY_GUARDED_BY(mutex_);
    std::vector<store::Variable> variables_ TIDEWAY_GUARDED_BY(mutex_);
};

// Submits and waits for the commit. Blocking: never on a shard or the front.
Result<std::vector<store::Outcome>> submit_blocking(store::Store& store, store::Batch batch);

}  // namespace tideway::runtime
