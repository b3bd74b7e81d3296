#include "engine/runtime/cases/case_world.h"

#include <algorithm>
#include <future>
#include <utility>

#include "engine/runtime/cases/scripted_service.h"

namespace tideway::runtime {

namespace {

// After a run is over, what it left behind gets so long: rows on their way, its other branches.
constexpr Duration kRest = std::chrono::seconds(1);

std::string errors_of(const FlowEntry& flow) {
    std::string out;
    for (const script::Finding& finding : flow.problems) {
        if (finding.severity == script::Finding::Severity::kError) {
            out +=
                "\n  " + finding.file + ":" + std::to_string(finding.line) + ": " + finding.message;
        }
    }
    return out;
}

// As the trigger would take it: a case cannot show what no event brings about.
Result<Json> event_of(const LoadedVersion& version, const Json& event) {
    TIDEWAY_TRY(check_body(version.input, version.declaration, event));
    return manual_event(version.input, version.declaration, event);
}

}  // namespace

CaseWorld::CaseWorld(const connector::Registry& registry, Timestamp start)
    : time_(start),
      registry_(registry),
      box_(Secret(std::string(32, '\0'))),
      connections_(box_) {}

CaseWorld::~CaseWorld() {
    if (callbacks_) {
        // Its timers go when the loop stands still, and before the loop goes.
        runtime_->stop();
        callbacks_.reset();
    }
    runtime_.reset();
    catalog_.reset();
    store_.reset();
}

Status CaseWorld::open(const Pack& pack, const Case& test) {
    store::SqliteOptions options;
    options.path = folder_.file("case.db");
    options.durability = store::Durability::kProcess;
    TIDEWAY_TRY_ASSIGN(auto opened, store::open_sqlite(std::move(options)));
    store_ = std::make_unique<CountedStore>(std::move(opened), time_);
    catalog_ = std::make_unique<FlowCatalog>(*store_, registry_, &box_);
    TIDEWAY_TRY(catalog_->load());
    TIDEWAY_TRY(publish(pack, test));
    TIDEWAY_TRY(connect(pack));
    return start_runtime(test);
}

Status CaseWorld::publish(const Pack& pack, const Case& test) {
    const CheckedPack checked = catalog_->check(pack);
    TIDEWAY_TRY(catalog_->put_draft(checked));
    for (const FlowEntry& flow : catalog_->flows()) {
        if (const std::string errors = errors_of(flow); !errors.empty()) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidTemplate",
                "The flow " + flow.row.name + " has errors:" + errors,
                "Correct it; check it with: tideway flows check FOLDER"
            );
        }
    }
    TIDEWAY_TRY(catalog_->publish(checked, {}));
    for (const FlowEntry& flow : catalog_->flows()) {
        TIDEWAY_TRY(catalog_->set_state(flow.row.id, model::FlowState::kOn, {}));
    }
    for (const auto& [name, value] : test.variables) {
        TIDEWAY_TRY(catalog_->set_variable(pack.name, name, value));
    }
    return {};
}

Status CaseWorld::connect(const Pack& pack) {
    for (const PackReference& reference : pack.references) {
        model::ConnectionRecord record;
        record.name = reference.name;
        record.connector = reference.connector;
        record.settings = to_payload(case_connection_settings(reference.name));
        record.sealed = box_.seal_all(connector::secrets_purpose(record.name), {});
        TIDEWAY_TRY(connections_.put(record));
        TIDEWAY_TRY(submit_blocking(*store_, {{store::PutConnection{record}}}));
        TIDEWAY_TRY(catalog_->bind({pack.name, reference.name, record.name}));
    }
    return {};
}

Status CaseWorld::start_runtime(const Case& test) {
    EnvironmentSettings settings;
    settings.brake.is_on = false;  // a case may do as much as it says
    environment_ = std::make_unique<Environment>(*store_, settings);
    RuntimeDependencies dependencies;
    dependencies.store = store_.get();
    dependencies.catalog = catalog_.get();
    dependencies.registry = &registry_;
    dependencies.connections = &connections_;
    dependencies.settings = environment_.get();
    dependencies.tokens = &tokens_;
    dependencies.clock = &time_;
    dependencies.log = &log_;
    dependencies.environment = "case";
    dependencies.public_url = "https://flows.example";
    dependencies.reader_threads = 0;
    dependencies.make_loop = [this] {
        auto loop = std::make_unique<SimulatedLoop>(time_);
        loop_ = loop.get();
        return loop;
    };
    runtime_ = std::make_unique<Runtime>(dependencies);
    callbacks_ = std::make_unique<CaseCallbacks>(test.callbacks, *loop_, *runtime_);
    store_->on_callback([this](const store::PutCallback& put) {
        loop_->post([this, put] { callbacks_->on_address(put.path, put.token); });
    });
    runtime_->on_change([this](const model::RunRecord& run) {
        if (model::is_final(run.status) || run.status == model::Status::kPaused) {
            const Lock lock(mutex_);
            settled_.push_back(run.uid);
        }
    });
    return runtime_->start();
}

Result<Admitted> CaseWorld::deliver(const Case& test) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, catalog_->flow(test.flow));
    Delivery delivery;
    delivery.flow = flow;
    delivery.source = flow.published->declaration.trigger;
    delivery.effects = test.effects;
    TIDEWAY_TRY_ASSIGN(const Json event, event_of(*flow.published, test.event));
    delivery.event = to_payload(event);
    std::promise<Result<Admitted>> promise;
    auto future = promise.get_future();
    runtime_->admit(std::move(delivery), [&promise](Result<Admitted> admitted) {
        promise.set_value(std::move(admitted));
    });
    TIDEWAY_TRY_ASSIGN(Admitted admitted, future.get());
    if (admitted.runs.empty()) {
        return admitted;
    }
    const Uid awaited = admitted.runs.front();
    const auto is_over = [this, awaited] {
        const Lock lock(mutex_);
        return std::ranges::find(settled_, awaited) != settled_.end();
    };
    time_.go_on(is_over, time_.now() + test.time_limit, kRest);
    return admitted;
}

Result<SeenRun> CaseWorld::seen(const model::RunRecord& record) const {
    SeenRun out;
    out.record = record;
    TIDEWAY_TRY_ASSIGN(const auto rows, store_->reader().journal(record.id));
    TIDEWAY_TRY_ASSIGN(const auto version, catalog_->version(record.version_id));
    out.steps = build_step_tree(rows, version->analysis.outline, record);
    TIDEWAY_TRY_ASSIGN(out.tracked, store_->reader().tracked(record.id));
    return out;
}

Result<SeenRun> CaseWorld::run(const Uid& uid) const {
    TIDEWAY_TRY_ASSIGN(const auto record, store_->reader().run_by_uid(uid));
    if (!record) {
        return fail(ErrorKind::kNotFound, "WorkflowRunNotFound", "The run is not in the store.");
    }
    return seen(*record);
}

Result<std::optional<SeenRun>> CaseWorld::child(const SeenRun& parent, const std::string& step_path)
    const {
    const Uid uid = Uid::derive(parent.record.uid, step_path);
    TIDEWAY_TRY_ASSIGN(const auto record, store_->reader().run_by_uid(uid));
    if (!record) {
        return std::optional<SeenRun>();
    }
    TIDEWAY_TRY_ASSIGN(auto out, seen(*record));
    return std::optional(std::move(out));
}

}  // namespace tideway::runtime
