#include "engine/runtime/health/connection_gate.h"

#include <algorithm>
#include <utility>

namespace tideway::runtime {

namespace {

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
    TIDEWAY_TRY_ASSIGN(auto records, store_.reader().connection_health());
    const Timestamp now = clock_.now();
    const Lock lock(mutex_);
    for (model::ConnectionHealthRecord& record : records) {
        connections_.insert_or_assign(
            record.connection, ConnectionHealth(std::move(record.outage), now)
        );
    }
    return {};
}

void ConnectionGate::start(Executor& executor, Wake wake) {
    executor_ = &executor;
    wake_ = std::move(wake);
}

void ConnectionGate::stop() {
    timer_.reset();
}

std::optional<std::string> ConnectionGate::must_wait(
    const std::string& connection, const ConnectionUser& user
) {
    std::string why;
    {
        const Lock lock(mutex_);
        ConnectionHealth& health = connections_[connection];
        if (health.ask(user, clock_.now())) {
            return std::nullopt;
        }
        why = why_wait(connection, health.outage());
    }
    look_soon();
    return why;
}

void ConnectionGate::answered(const std::string& connection) {
    {
        const Lock lock(mutex_);
        ConnectionHealth& health = connections_[connection];
        const bool was_out = health.outage().has_value();
        health.answered(clock_.now());
        if (!was_out) {
            return;
        }
        store_health(connection);
    }
    log_.info("a connection is available again", {{"connection", connection}});
    look_soon();
}

bool ConnectionGate::failed(const std::string& connection, const ConnectionFailure& failure) {
    {
        const Lock lock(mutex_);
        ConnectionHealth& health = connections_[connection];
        const bool was_out = health.outage().has_value();
        if (!health.failed(failure, clock_.now())) {
            return false;
        }
        if (was_out) {
            return true;
        }
        store_health(connection);
    }
    log_.warning(
        "a connection is unavailable", {{"connection", connection}, {"error", failure.error.text()}}
    );
    return true;
}

void ConnectionGate::forget(model::RunId run) {
    const Lock lock(mutex_);
    for (auto& [name, health] : connections_) {
        health.forget(run);
    }
}

void ConnectionGate::probe_now(const std::string& connection) {
    {
        const Lock lock(mutex_);
        connections_[connection].probe_now(clock_.now());
    }
    look_soon();
}

ConnectionStatus ConnectionGate::status(std::string_view connection) const {
    const Lock lock(mutex_);
    const auto it = connections_.find(connection);
    if (it == connections_.end()) {
        return {};
    }
    return {it->second.outage(), it->second.next_probe(), it->second.waiting()};
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
        for (auto& [name, health] : connections_) {
            std::ranges::move(health.release(now), std::back_inserter(released));
            const auto look = health.next_look();
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
void ConnectionGate::store_health(const std::string& connection) {
    store::PutConnectionHealth put;
    put.health.connection = connection;
    put.health.outage = connections_[connection].outage();
    store_.submit({{std::move(put)}}, [&log = log_](const Result<std::vector<store::Outcome>>& r) {
        if (!r) {
            log.warning("a connection's state could not be stored", {{"error", r.error().text()}});
        }
    });
}

}  // namespace tideway::runtime
