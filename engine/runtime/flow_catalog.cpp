#include "engine/runtime/flow_catalog.h"

#include <algorithm>
#include <future>
#include <utility>

#include "engine/model/retry_policy.h"
#include "engine/runtime/activation.h"
#include "engine/runtime/triggers/recurrence.h"

namespace tideway::runtime {

using model::FlowVersion;

namespace {

tl::unexpected<Error> bad_setting(std::string_view what, std::string_view wanted) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidFlowSetting",
        "The flow's " + std::string(what) + " must be " + std::string(wanted) + "."
    );
}

// What any trigger says about how many runs there are at a time.
Status read_concurrency(LoadedVersion& loaded) {
    const Payload& text = loaded.declaration.concurrency;
    if (text.empty()) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const Json value, parse_json(text.view(), "concurrency"));
    TIDEWAY_TRY_ASSIGN(loaded.concurrency, model::parse_concurrency(value));
    return {};
}

// What flow{} says about its runs.
Status read_settings(LoadedVersion& loaded) {
    TIDEWAY_TRY_ASSIGN(
        const Json settings, parse_json(loaded.declaration.settings.view(), "flow{}")
    );
    if (const Json* retry = find(settings, "retry")) {
        TIDEWAY_TRY_ASSIGN(loaded.retry, model::parse_retry_policy(*retry));
    }
    if (const Json* timeout = find(settings, "timeout")) {
        loaded.timeout = timeout->is_string() ? model::parse_duration(timeout->get<std::string>())
                                              : std::nullopt;
        if (!loaded.timeout || *loaded.timeout <= Duration(0)) {
            return bad_setting("timeout", "an ISO 8601 duration such as \"PT1H\"");
        }
    }
    return {};
}

}  // namespace

Result<std::vector<store::Outcome>> submit_blocking(store::Store& store, store::Batch batch) {
    std::promise<Result<std::vector<store::Outcome>>> promise;
    auto future = promise.get_future();
    store.submit(std::move(batch), [&promise](Result<std::vector<store::Outcome>> result) {
        promise.set_value(std::move(result));
    });
    return future.get();
}

Status FlowCatalog::load() {
    store::Reader& reader = store_.reader();
    TIDEWAY_TRY_ASSIGN(auto rows, reader.flows());
    TIDEWAY_TRY_ASSIGN(auto bindings, reader.references());
    TIDEWAY_TRY_ASSIGN(auto variables, reader.variables());
    TIDEWAY_TRY_ASSIGN(auto revisions, reader.revisions().live());
    std::map<std::string, PackState, std::less<>> packs;
    for (model::PackRevision& revision : revisions) {
        PackState& pack = packs[revision.pack];
        TIDEWAY_TRY_ASSIGN(auto files, reader.revisions().files(revision.id));
        TIDEWAY_TRY_ASSIGN(pack.published, parse_pack(std::move(files)));
        pack.live = std::move(revision);
    }
    std::vector<FlowEntry> entries;
    for (store::FlowRow& row : rows) {
        FlowEntry entry;
        entry.row = std::move(row);
        if (entry.row.published != 0) {
            TIDEWAY_TRY_ASSIGN(entry.published, version(entry.row.published));
            // A version that is published twice under one text belongs to its own flow row.
            entry.published->flow_id = entry.row.id;
        }
        entries.push_back(std::move(entry));
    }
    const Lock lock(mutex_);
    entries_ = std::move(entries);
    packs_ = std::move(packs);
    bindings_ = std::move(bindings);
    variables_ = std::move(variables);
    return {};
}

Result<std::shared_ptr<LoadedVersion>> FlowCatalog::prepare(FlowVersion version) const {
    auto loaded = std::make_shared<LoadedVersion>();
    TIDEWAY_TRY_ASSIGN(const auto references, references_of(version.files));
    loaded->program.main_file = version.main_file();
    loaded->program.files = version.files;
    for (const PackReference& reference : references) {
        if (const auto* spec = registry_.spec(reference.connector)) {
            loaded->program.connections[reference.name] = spec;
        }
    }
    loaded->program.connectors = registry_.specs();
    TIDEWAY_TRY_ASSIGN(auto vm, script::Vm::create(loaded->program));
    TIDEWAY_TRY_ASSIGN(loaded->declaration, vm->declaration());
    TIDEWAY_TRY(read_settings(*loaded));
    TIDEWAY_TRY(read_concurrency(*loaded));
    if (auto input = read_trigger_input(loaded->declaration)) {
        loaded->input = std::move(*input);
    } else if (version.id == 0) {
        return fail(std::move(input.error()));
    }  // else it was stored by a program that did not look; its callers may send anything
    TIDEWAY_TRY_ASSIGN(
        loaded->schedule,
        declared_schedule(
            loaded->declaration, find_trigger(registry_, loaded->declaration.trigger).spec
        )
    );
    loaded->analysis =
        script::analyse(version.main_file(), version.files, &loaded->program.connections);
    loaded->declaration.connections = loaded->analysis.connections;
    loaded->declaration.variables = loaded->analysis.variables;
    loaded->declaration.children = loaded->analysis.children;
    loaded->version = std::move(version);
    TIDEWAY_TRY(find_children(*loaded));
    return loaded;
}

// Where the revision has no flow of a name, it is called as it is then.
Status FlowCatalog::find_children(LoadedVersion& loaded) const {
    if (loaded.version.revision_id == 0) {
        return {};
    }
    for (const std::string& name : loaded.declaration.children) {
        TIDEWAY_TRY_ASSIGN(
            const auto found,
            store_.reader().revisions().version_of(loaded.version.revision_id, name)
        );
        if (found) {
            loaded.children[name] = *found;
        }
    }
    return {};
}

void FlowCatalog::changed() const {
    if (listener_) {
        listener_();
    }
}

FlowEntry* FlowCatalog::find_entry(std::string_view pack, std::string_view name) {
    for (FlowEntry& entry : entries_) {
        if (entry.row.pack == pack && entry.row.name == name) {
            return &entry;
        }
    }
    return nullptr;
}

std::vector<FlowEntry> FlowCatalog::flows() const {
    const Lock lock(mutex_);
    std::vector<FlowEntry> out = entries_;
    // In the order in which a pack wants them turned on.
    const auto& packs = packs_;
    const auto rank = [&packs](const FlowEntry& entry) {
        const auto pack = packs.find(entry.row.pack);
        if (pack == packs.end()) {
            return std::ptrdiff_t(0);
        }
        const auto& names = pack->second.any().flows;
        return std::ranges::find(names, entry.row.name) - names.begin();
    };
    std::ranges::stable_sort(out, [&rank](const FlowEntry& a, const FlowEntry& b) {
        return std::pair(a.row.pack, rank(a)) < std::pair(b.row.pack, rank(b));
    });
    return out;
}

Result<FlowEntry> FlowCatalog::flow(std::string_view name) const {
    const Lock lock(mutex_);
    const auto slash = name.find('/');
    const std::string_view pack = slash == std::string_view::npos ? "" : name.substr(0, slash);
    const std::string_view flow = slash == std::string_view::npos ? name : name.substr(slash + 1);
    const FlowEntry* found = nullptr;
    for (const FlowEntry& entry : entries_) {
        if (entry.row.name != flow || (!pack.empty() && entry.row.pack != pack)) {
            continue;
        }
        if (found != nullptr) {
            return fail(
                ErrorKind::kInvalidInput,
                "AmbiguousFlow",
                "More than one pack has a flow '" + std::string(flow) + "'.",
                "Write it as pack/flow, such as " + found->row.pack + "/" + found->row.name + "."
            );
        }
        found = &entry;
    }
    if (found == nullptr) {
        return fail(
            ErrorKind::kNotFound,
            "WorkflowNotFound",
            "There is no flow '" + std::string(name) + "'.",
            "List them with: tideway flows list"
        );
    }
    return *found;
}

Result<FlowEntry> FlowCatalog::flow(model::FlowId id) const {
    const Lock lock(mutex_);
    for (const FlowEntry& entry : entries_) {
        if (entry.row.id == id) {
            return entry;
        }
    }
    return fail(
        ErrorKind::kNotFound, "WorkflowNotFound", "There is no flow with id " + std::to_string(id)
    );
}

Result<std::shared_ptr<LoadedVersion>> FlowCatalog::version(model::VersionId id) const {
    {
        const Lock lock(mutex_);
        if (const auto it = versions_.find(id); it != versions_.end()) {
            return it->second;
        }
    }
    TIDEWAY_TRY_ASSIGN(auto stored, store_.reader().version(id));
    if (!stored) {
        return fail(
            ErrorKind::kNotFound,
            "WorkflowVersionNotFound",
            "The flow version " + std::to_string(id) + " is not in the store."
        );
    }
    TIDEWAY_TRY_ASSIGN(auto loaded, prepare(std::move(*stored)));
    const Lock lock(mutex_);
    for (const FlowEntry& entry : entries_) {
        if (entry.row.pack == loaded->version.pack && entry.row.name == loaded->version.flow) {
            loaded->flow_id = entry.row.id;
        }
    }
    return versions_.emplace(id, std::move(loaded)).first->second;
}

}  // namespace tideway::runtime
