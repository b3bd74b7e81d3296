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
    // The flows that it calls, of the pack as it was then; others are those that are live.
    std::map<std::string, model::VersionId, std::less<>> children{};
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
    std::vector<script::Finding> problems;     // of the draft, where there is one
    bool has_draft = false;                    // what is edited differs from what is published
};

// A pack that was looked at before anything is done with it.
struct CheckedPack {
    struct Flow {
        std::string name;
        std::shared_ptr<LoadedVersion> loaded;  // null: has errors
        std::vector<script::Finding> findings;
    };

    Pack pack;
    std::vector<Flow> flows;
    std::vector<script::Finding> findings;  // of all flows and files, each once

    bool has_errors() const;
};

// Who makes what is written live, and why.
struct Publication {
    std::string person;  // empty: the program itself
    std::string note;
    Timestamp at{};
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

    // Everything that is wrong with a pack; changes nothing.
    CheckedPack check(Pack pack) const;

    // What is edited: its problems are shown beside what is published, its new flows are known.
    // Blocking.
    Status put_draft(const CheckedPack& checked);

    // Every flow of the pack at once, or, when something is wrong, none: code "PackHasErrors" with
    // every finding in the details. Blocking.
    Result<model::PackRevision> publish(const CheckedPack& checked, const Publication& publication);

    // Published packs whose flows would have other versions with the connectors of this program are
    // published again as they are. Blocking.
    Status renew(Timestamp at);

    // The version of a draft's flow, kept so that runs can be made with it. Blocking.
    Result<FlowEntry> keep_draft(
        const CheckedPack& checked, const std::string& flow, const Publication& publication
    );

    std::vector<FlowEntry> flows() const;
    // By "pack/flow", or by "flow" when only one pack has it.
    Result<FlowEntry> flow(std::string_view name) const;
    Result<FlowEntry> flow(model::FlowId id) const;

    // Any version that history names. Blocking when it is not in memory.
    Result<std::shared_ptr<LoadedVersion>> version(model::VersionId id) const;

    // The child flow that a version calls: of the pack as it was when the version was published.
    // It must be on, unless its effects are muted.
    Result<std::shared_ptr<LoadedVersion>> child(
        const LoadedVersion& parent,
        std::string_view name,
        model::Effects effects = model::Effects::kLive
    ) const;

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
    // What is published, and what is edited.
    std::optional<Pack> pack(std::string_view name) const;
    std::optional<Pack> draft(std::string_view name) const;
    // The names of a pack's flows, in the order in which it wants them edited and turned on; those
    // that only its draft has come last.
    std::vector<std::string> order_of(std::string_view pack) const;
    std::optional<model::PackRevision> live_revision(std::string_view pack) const;
    // Whether pack.json asks for it.
    bool has_brake(std::string_view pack) const;

    Status set_state(model::FlowId id, model::FlowState state, std::string reason);

    // Called after flows, their states or bindings have changed, on the thread that changed them.
    // Set before anything changes.
    void on_change(std::function<void()> listener) { listener_ = std::move(listener); }

  private:
    struct PackState {
        std::optional<Pack> published;
        model::PackRevision live;  // of `published`
        std::optional<Pack> draft;

        const Pack& any() const { return published ? *published : *draft; }

        // Declared by either; what is published counts.
        const PackVariable* variable(std::string_view name) const;
        const PackReference* reference(std::string_view name) const;
        std::vector<PackVariable> variables() const;
        std::vector<PackReference> references() const;
    };

    CheckedPack::Flow check_flow(const Pack& pack, const std::string& flow) const;
    model::FlowVersion version_of(const Pack& pack, const std::string& flow) const;
    Result<model::PackRevision> store_revision(
        const CheckedPack& checked, model::RevisionKind kind, const Publication& publication
    );
    Status know_flows(const CheckedPack& checked);
    Status take_up(const CheckedPack& checked, const model::PackRevision& revision);
    Status find_children(LoadedVersion& loaded) const;
    void mark_drafts(const std::string& pack) TIDEWAY_REQUIRES(mutex_);
    Result<std::shared_ptr<LoadedVersion>> prepare(model::FlowVersion version) const;
    void changed() const;
    Result<Payload> stored_value(const store::Variable& variable, const Json& value) const;
    FlowEntry* find_entry(std::string_view pack, std::string_view name) TIDEWAY_REQUIRES(mutex_);

    store::Store& store_;
    const connector::Registry& registry_;
    const connector::SecretBox* box_;
    std::function<void()> listener_;
    mutable Mutex mutex_;
    std::map<std::string, PackState, std::less<>> packs_ TIDEWAY_GUARDED_BY(mutex_);
    std::vector<FlowEntry> entries_ TIDEWAY_GUARDED_BY(mutex_);
    mutable std::map<model::VersionId, std::shared_ptr<LoadedVersion>> versions_
        TIDEWAY_GUARDED_BY(mutex_);
    std::vector<store::BindReference> bindings_ TIDEWAY_GUARDED_BY(mutex_);
    std::vector<store::Variable> variables_ TIDEWAY_GUARDED_BY(mutex_);
};

// Submits and waits for the commit. Blocking: never on a shard or the front.
Result<std::vector<store::Outcome>> submit_blocking(store::Store& store, store::Batch batch);

}  // namespace tideway::runtime
