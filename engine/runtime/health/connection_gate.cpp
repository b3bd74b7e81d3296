#include "engine/runtime/health/connection_gate.h"

#include <algorithm>
#include <utility>

#include "engine/base/json.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {

namespace {

constexpr const char* kLimitsKey = "connection_limits";
constexpr std::int64_t kCallsADayMax = 1'000'000'000;
constexpr Duration kStoreInterval = std::chrono::minutes(1);  // of counters

std::string why_wait(const std::string& connection, const std::optional<model::Outage>& outage) {
    if (!outage) {
        return "connection " + connection +
               " is available again; the runs that waited for it are let go one after the other";
    }
    return "connection " + connection + " is unavailable since " + format_utc(outage->since) +
           ": " + outage->reason;
}

}  // namespace

Status ConnectionGate::restore() {
    TIDEWAY_TRY(restore_limits());
    TIDEWAY_TRY_ASSIGN(auto records, store_.reader().connection_health());
    const Timestamp now = clock_.now();
    const Lock lock(mutex_);
    for (model::ConnectionHealthRecord& record : records) {
        Entry& entry = connections_[record.connection];
        entry.health = ConnectionHealth(std::move(record.outage), now);
        entry.budget = ConnectionBudget(record.use);
        entry.stored_at = now;
    }
    return {};
}

void ConnectionGate::start(Executor& executor, Wake wake) {
    executor_ = &executor;
    wake_ = std::move(wake);
}

void ConnectionGate::stop() {
    timer_.reset();
    const Lock lock(mutex_);
    for (auto& [name, entry] : connections_) {
        store_entry(name, entry);
    }
}

std::optional<std::string> ConnectionGate::must_wait(
    const std::string& connection, const ConnectionUser& user
) {
    std::string why;
    {
        const Lock lock(mutex_);
        ConnectionHealth& health = connections_[connection].health;
        if (health.ask(user, clock_.now())) {
            return std::nullopt;
        }
        why = why_wait(connection, health.outage());
    }
    look_soon();
    return why;
}

void ConnectionGate::note_answer(
    const std::string& connection, int http_status, const std::optional<connector::Quota>& quota
) {
    const Timestamp now = clock_.now();
    {
        const Lock lock(mutex_);
        Entry& entry = connections_[connection];
        entry.budget.note(http_status, quota, now);
        const bool was_out = entry.health.outage().has_value();
        if (blame_of(http_status) == Blame::kNone) {
            entry.health.answered(now);
        }
        const bool is_back = was_out && !entry.health.outage();
        if (is_back || now - entry.stored_at >= kStoreInterval) {
            store_entry(connection, entry);
        }
        if (!is_back) {
            return;
        }
    }
    log_.info("a connection is available again", {{"connection", connection}});
    look_soon();
}

void ConnectionGate::count_answer(
    const std::string& connection, int http_status, const std::optional<connector::Quota>& quota
) {
    const Timestamp now = clock_.now();
    const Lock lock(mutex_);
    Entry& entry = connections_[connection];
    entry.budget.note(http_status, quota, now);
    if (now - entry.stored_at >= kStoreInterval) {
        store_entry(connection, entry);
    }
}

Status ConnectionGate::restore_limits() {
    TIDEWAY_TRY_ASSIGN(const auto kept, store_.reader().meta(kLimitsKey));
    TIDEWAY_TRY_ASSIGN(const Json limits, parse_json(kept.value_or("{}"), "the limits of calls"));
    const Lock lock(mutex_);
    for (const auto& [connection, calls_a_day] : limits.items()) {
        limits_[connection] = calls_a_day.get<std::int64_t>();
    }
    return {};
}

Status ConnectionGate::limit_blocking(
    const std::string& connection, std::optional<std::int64_t> calls_a_day
) {
    if (calls_a_day && (*calls_a_day < 1 || *calls_a_day > kCallsADayMax)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidCallLimit",
            "The limit is " + std::to_string(*calls_a_day) + " calls a day.",
            "Give a whole number from 1 to " + std::to_string(kCallsADayMax) + ", or none."
        );
    }
    std::map<std::string, std::int64_t, std::less<>> limits;
    {
        const Lock lock(mutex_);
        limits = limits_;
    }
    limits.erase(connection);
    if (calls_a_day) {
        limits.emplace(connection, *calls_a_day);
    }
    TIDEWAY_TRY(submit_blocking(store_, {{store::SetMeta{kLimitsKey, dump(Json(limits))}}}));
    const Lock lock(mutex_);
    limits_ = std::move(limits);
    return {};
}

bool ConnectionGate::failed(const std::string& connection, const ConnectionFailure& failure) {
    {
        const Lock lock(mutex_);
        Entry& entry = connections_[connection];
        ConnectionHealth& health = entry.health;
        const bool was_out = health.outage().has_value();
        if (!health.failed(failure, clock_.now())) {
            return false;
        }
        if (was_out) {
            return true;
        }
        store_entry(connection, entry);
    }
    log_.warning(
        "a connection is unavailable", {{"connection", connection}, {"error", failure.error.text()}}
    );
    return true;
}

void ConnectionGate::forget(model::RunId run) {
    const Lock lock(mutex_);
    for (auto& [name, entry] : connections_) {
        entry.health.forget(run);
    }
}

void ConnectionGate::probe_now(const std::string& connection) {
    {
        const Lock lock(mutex_);
        connections_[connection].health.probe_now(clock_.now());
    }
    look_soon();
}

ConnectionStatus ConnectionGate::status(std::string_view connection) const {
    const Timestamp now = clock_.now();
    ConnectionStatus status;
    const Lock lock(mutex_);
    if (const auto it = connections_.find(connection); it != connections_.end()) {
        const Entry& entry = it->second;
        status.outage = entry.health.outage();
        status.next_probe = entry.health.next_probe();
        status.waiting_runs = entry.health.waiting();
        status.use = entry.budget.use(now);
        status.quota = entry.budget.quota(now);
        status.used_up_at = entry.budget.used_up_at(now);
    }
    if (const auto limit = limits_.find(connection); limit != limits_.end()) {
        status.limit = day_limit(limit->second, status.use, now);
    }
    return status;
}

void ConnectionGate::look_soon() {
    executor_->post([this] { look(); });
}

void ConnectionGate::look() {
    std::vector<ConnectionUser> released;
    std::optional<Timestamp> next;
    const Timestamp now = clock_.now();
    {
        const Lock lock(mutex_);
        for (auto& [name, entry] : connections_) {
            std::ranges::move(entry.health.release(now), std::back_inserter(released));
            const auto look = entry.health.next_look();
            if (look && (!next || *look < *next)) {
                next = look;
            }
        }
    }
    timer_.reset();
    if (next) {
        timer_ = executor_->after(std::max(Duration(0), *next - now), [this] { look(); });
    }
    for (const ConnectionUser& user : released) {
        wake_(user.run, user.path);
    }
}

// Under the lock: stored in the order of the changes.
void ConnectionGate::store_entry(const std::string& connection, Entry& entry) {
    entry.stored_at = clock_.now();
    store::PutConnectionHealth put;
    put.health.connection = connection;
    put.health.outage = entry.health.outage();
    put.health.use = entry.budget.use(entry.stored_at);
    store_.submit({{std::move(put)}}, [&log = log_](const Result<std::vector<store::Outcome>>& r) {
        if (!r) {
            log.warning("a connection's state could not be stored", {{"error", r.error().text()}});
        }
    });
}

}  // namespace tideway::runtime
