#include "engine/runtime/health/connection_health.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace tideway::runtime {

namespace {

constexpr Duration kRampStep = std::chrono::seconds(1);

}  // namespace

Blame blame_of(int http_status) {
    switch (http_status) {
        case 401:
        case 502:
        case 503:
            return Blame::kUnreachable;
        case 504:
            return Blame::kNoAnswerYet;
        case 429:
        case 509:
            return Blame::kThrottled;
        default:
            return Blame::kNone;
    }
}

Blame blame_of(const Error& error) {
    if (error.http_status != 0) {
        return blame_of(error.http_status);
    }
    switch (error.kind) {
        case ErrorKind::kUnauthenticated:
        case ErrorKind::kUnavailable:
            return Blame::kUnreachable;
        case ErrorKind::kTimeout:
            return Blame::kNoAnswerYet;
        case ErrorKind::kThrottled:
            return Blame::kThrottled;
        default:
            return Blame::kNone;
    }
}

ConnectionHealth::ConnectionHealth(std::optional<model::Outage> restored, Timestamp now)
    : outage_(std::move(restored)),
      next_probe_(now),
      probe_interval_(limits::kConnectionProbeFirst) {}

bool ConnectionHealth::ask(const ConnectionUser& user, Timestamp now) {
    if (is_calm() || (probe_ && probe_->user == user)) {
        return true;
    }
    if (!outage_ && let_go_.contains(user.run)) {
        return true;
    }
    if (may_probe(now) && waiting_.empty()) {
        probe_ = Probe{user, now + limits::kConnectionProbeTimeout};
        ++probes_made_[user.run];
        return true;
    }
    WaitingRun& run = waiting_[user.run];
    run.event = user.event;
    run.paths.insert(user.path);
    return false;
}

void ConnectionHealth::answered(Timestamp now) {
    failures_ = 0;
    unanswered_ = 0;
    if (!outage_) {
        return;
    }
    outage_.reset();
    let_go_.clear();
    if (probe_) {
        let_go_.insert(probe_->user.run);
    }
    probe_.reset();
    probes_made_.clear();
    releases_ = 1;
    next_release_ = now;
    if (waiting_.empty()) {
        let_go_.clear();
    }
}

bool ConnectionHealth::failed(const ConnectionFailure& failure, Timestamp now) {
    if (outage_) {
        if (probe_ && probe_->user == failure.user) {
            note_failed_probe(failure.error, now);
        }
        return true;
    }
    const Blame blame = blame_of(failure.error);
    ++failures_;
    if (blame == Blame::kThrottled) {
        // While runs are let go again: slower.
        releases_ = std::max(1, releases_ / 2);
    } else {
        ++unanswered_;
    }
    // A step that gives up speaks for the connection only if nobody else was answered meanwhile.
    const bool others_were_answered = failures_ < failure.attempts;
    const bool gives_up =
        failure.is_last &&
        (blame == Blame::kThrottled || (blame == Blame::kUnreachable && !others_were_answered));
    if (!gives_up && unanswered_ < limits::kConnectionFailuresMax) {
        return false;
    }
    open(failure, now);
    return true;
}

void ConnectionHealth::open(const ConnectionFailure& failure, Timestamp now) {
    // Without a calm moment since the last one it is the same outage: probes stay as rare.
    if (waiting_.empty()) {
        probe_interval_ = limits::kConnectionProbeFirst;
    }
    outage_ = model::Outage{now, failure.error.text()};
    let_go_.clear();
    probe_.reset();
    plan_probe(failure.error, now);
}

void ConnectionHealth::note_failed_probe(const Error& error, Timestamp now) {
    probe_.reset();
    probe_interval_ = std::min(probe_interval_ * 2, Duration(limits::kConnectionProbeLast));
    outage_->reason = error.text();
    plan_probe(error, now);
}

void ConnectionHealth::plan_probe(const Error& error, Timestamp now) {
    const Duration asked = error.retry_after.value_or(std::chrono::milliseconds(0));
    next_probe_ = now + std::max(probe_interval_, asked);
}

bool ConnectionHealth::may_probe(Timestamp now) const {
    return outage_ && now >= (probe_ ? probe_->given_up_at : next_probe_);
}

void ConnectionHealth::forget(model::RunId run) {
    waiting_.erase(run);
    probes_made_.erase(run);
    let_go_.erase(run);
    if (probe_ && probe_->user.run == run) {
        probe_.reset();
    }
}

void ConnectionHealth::probe_now(Timestamp now) {
    if (outage_) {
        probe_.reset();
        next_probe_ = now;
        probe_interval_ = limits::kConnectionProbeFirst;
    }
}

std::vector<ConnectionUser> ConnectionHealth::release(Timestamp now) {
    return outage_ ? release_probe(now) : release_ramp(now);
}

// The run that has probed least, the freshest among them: a request that fails for a reason of its
// own does not keep the others waiting.
std::vector<ConnectionUser> ConnectionHealth::release_probe(Timestamp now) {
    if (!may_probe(now) || waiting_.empty()) {
        return {};
    }
    const auto rank = [this](const auto& entry) {
        const auto made = probes_made_.find(entry.first);
        return std::pair(
            made == probes_made_.end() ? 0 : made->second, -to_micros(entry.second.event)
        );
    };
    const auto chosen = std::ranges::min_element(waiting_, [&rank](const auto& a, const auto& b) {
        return rank(a) < rank(b);
    });
    ConnectionUser user{chosen->first, *chosen->second.paths.begin(), chosen->second.event};
    chosen->second.paths.erase(user.path);
    if (chosen->second.paths.empty()) {
        waiting_.erase(chosen);
    }
    ++probes_made_[user.run];
    probe_ = Probe{user, now + limits::kConnectionProbeTimeout};
    return {user};
}

std::vector<ConnectionUser> ConnectionHealth::release_ramp(Timestamp now) {
    std::vector<ConnectionUser> out;
    if (waiting_.empty() || now < next_release_) {
        return out;
    }
    std::vector<std::pair<Timestamp, model::RunId>> order;
    order.reserve(waiting_.size());
    for (const auto& [run, waiting] : waiting_) {
        order.emplace_back(waiting.event, run);
    }
    const auto count = std::min(order.size(), static_cast<std::size_t>(releases_));
    std::ranges::partial_sort(
        order, order.begin() + static_cast<std::ptrdiff_t>(count), std::ranges::greater()
    );
    for (std::size_t i = 0; i < count; ++i) {
        const auto it = waiting_.find(order[i].second);
        for (const std::string& path : it->second.paths) {
            out.push_back({it->first, path, it->second.event});
        }
        let_go_.insert(it->first);
        waiting_.erase(it);
    }
    releases_ = std::min(releases_ * 2, limits::kConnectionReleasesMax);
    next_release_ = now + kRampStep;
    if (waiting_.empty()) {
        let_go_.clear();
    }
    return out;
}

std::optional<Timestamp> ConnectionHealth::next_look() const {
    if (waiting_.empty()) {
        return std::nullopt;
    }
    if (outage_) {
        return probe_ ? probe_->given_up_at : next_probe_;
    }
    return next_release_;
}

std::optional<Timestamp> ConnectionHealth::next_probe() const {
    return outage_ && !probe_ ? std::optional(next_probe_) : std::nullopt;
}

}  // namespace tideway::runtime
