#include "engine/runtime/brake/brake.h"

#include <algorithm>

#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {
namespace {

constexpr Duration kRemembered = std::chrono::hours(1);
constexpr Duration kCountInterval = std::chrono::minutes(10);

std::string key_of(std::string_view pack) {
    return "brake/" + std::string(pack);
}

std::string why_wait(const std::string& pack, const BrakeState& state) {
    return "the brake of the pack " + pack + ", since " + format_utc(*state.held_since) + ": " +
           state.reason;
}

// "connector.operation" as the ledger has it.
bool makes_records(const connector::Registry& registry, std::string_view operation) {
    const auto dot = operation.find('.');
    const auto* spec = registry.spec(operation.substr(0, dot));
    if (spec == nullptr || dot == std::string_view::npos) {
        return false;
    }
    const model::OperationSpec* found = spec->operation(operation.substr(dot + 1));
    return found != nullptr && found->creates;
}

}  // namespace

std::string record_name(const model::EffectRecord& effect) {
    if (effect.record_id.empty()) {
        return {};
    }
    return effect.connection + "/" + effect.object + "/" + effect.record_id;
}

Status Brake::restore() {
    store::Reader& reader = services_.store->reader();
    TIDEWAY_TRY_ASSIGN(
        const auto effects, reader.ledger().effects_since(services_.clock->now() - kRemembered)
    );
    std::map<std::string, BrakeState> states;
    for (const std::string& pack : services_.catalog->packs()) {
        if (services_.catalog->has_brake(pack)) {
            TIDEWAY_TRY_ASSIGN(const auto kept, reader.meta(key_of(pack)));
            states[pack] = kept ? parse_brake_state(*kept) : BrakeState();
        }
    }
    const Lock lock(mutex_);
    for (auto& [pack, state] : states) {
        packs_[pack].brake = PackBrake(std::move(state));
    }
    for (const store::PackEffect& one : effects) {
        if (!states.contains(one.pack)) {
            continue;
        }
        PackWrite write;
        write.at = one.effect.created;
        write.run = one.effect.run_id;
        write.path = one.effect.path;
        write.record = record_name(one.effect);
        write.creates = makes_records(*services_.registry, one.effect.operation);
        packs_[one.pack].brake.remember(std::move(write));
    }
    return {};
}

void Brake::start(Executor& executor, Wake wake) {
    executor_ = &executor;
    wake_ = std::move(wake);
    executor_->post([this] { count_linked(); });
}

void Brake::count_linked() {
    timer_ = executor_->after(kCountInterval, [this] { count_linked(); });
    services_.readers->run([this](store::Reader& reader) {
        if (const auto counted = reader.ledger().records_of_connections()) {
            take_linked(*counted);
        }
    });
}

// The linked records of a pack are those that its connections have.
void Brake::take_linked(const std::map<std::string, std::int64_t>& of_connection) {
    for (const std::string& pack : services_.catalog->packs()) {
        if (!services_.catalog->has_brake(pack)) {
            continue;
        }
        std::set<std::string> connections;
        for (const PackReference& reference : services_.catalog->references(pack)) {
            if (const auto binding = services_.catalog->binding(pack, reference.name)) {
                connections.insert(binding->connection);
            }
        }
        std::int64_t linked = 0;
        for (const std::string& connection : connections) {
            const auto found = of_connection.find(connection);
            linked += found == of_connection.end() ? 0 : found->second;
        }
        const Lock lock(mutex_);
        packs_[pack].brake.set_linked(linked);
    }
}

std::optional<std::string> Brake::must_wait(const std::string& pack, PackWrite write) {
    if (!services_.catalog->has_brake(pack)) {
        return std::nullopt;
    }
    const BrakeSettings settings = services_.environment->settings().brake;
    std::pair<model::RunId, std::string> who(write.run, write.path);
    const Lock lock(mutex_);
    Entry& entry = packs_[pack];
    const bool was_held = entry.brake.state().held_since.has_value();
    if (entry.brake.ask(std::move(write), settings, services_.clock->now())) {
        entry.waiting.erase(who);
        return std::nullopt;
    }
    entry.waiting.insert(std::move(who));
    const BrakeState& state = entry.brake.state();
    if (!was_held) {
        services_.log->warning(
            "a pack is held by its brake", {{"pack", pack}, {"reason", state.reason}}
        );
        // Lost with this process, it is found again: the writes are counted anew from the ledger.
        services_.store->submit(
            {{store::SetMeta{key_of(pack), to_text(state)}}},
            [](const Result<std::vector<store::Outcome>>&) {}
        );
    }
    return why_wait(pack, state);
}

void Brake::withdraw(const std::string& pack, model::RunId run, const std::string& path) {
    const Lock lock(mutex_);
    if (const auto found = packs_.find(pack); found != packs_.end()) {
        found->second.brake.withdraw(run, path);
    }
}

void Brake::forget(model::RunId run) {
    const Lock lock(mutex_);
    for (auto& [pack, entry] : packs_) {
        std::erase_if(entry.waiting, [run](const auto& who) { return who.first == run; });
    }
}

std::vector<HeldPack> Brake::held() const {
    std::vector<HeldPack> out;
    const Lock lock(mutex_);
    for (const auto& [pack, entry] : packs_) {
        const BrakeState& state = entry.brake.state();
        if (!state.held_since) {
            continue;
        }
        HeldPack held{pack, *state.held_since, state.reason, {}};
        for (const auto& [run, path] : entry.waiting) {
            if (held.runs.empty() || held.runs.back() != run) {
                held.runs.push_back(run);
            }
        }
        out.push_back(std::move(held));
    }
    return out;
}

Status Brake::follow_settings_blocking() {
    if (services_.environment->settings().brake.is_on) {
        return {};
    }
    for (const HeldPack& pack : held()) {
        TIDEWAY_TRY(release_blocking(pack.pack, Release::kCountAnew));
    }
    return {};
}

Status Brake::release_blocking(const std::string& pack, Release release) {
    std::optional<Timestamp> until;
    if (release == Release::kForAWhile) {
        until = services_.clock->now() + limits::kBrakeReleased;
    }
    BrakeState released;
    released.released_until = until;
    {
        const Lock lock(mutex_);
        const auto found = packs_.find(pack);
        if (found == packs_.end() || !found->second.brake.state().held_since) {
            return fail(
                ErrorKind::kNotFound,
                "NothingHeld",
                "The brake holds nothing of the pack '" + pack + "'.",
                "See what waits for a person: tideway decisions list"
            );
        }
    }
    // Stored first: nothing goes on that a restart would hold again.
    TIDEWAY_TRY(
        submit_blocking(*services_.store, {{store::SetMeta{key_of(pack), to_text(released)}}})
    );
    Waiting waiting;
    {
        const Lock lock(mutex_);
        Entry& entry = packs_[pack];
        entry.brake.release(until);
        waiting = std::exchange(entry.waiting, {});
    }
    executor_->post([this, waiting = std::move(waiting)] {
        for (const auto& [run, path] : waiting) {
            wake_(run, path);
        }
    });
    return {};
}

}  // namespace tideway::runtime
