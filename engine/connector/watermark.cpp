#include "engine/connector/watermark.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace tideway::connector {

Watermark::Watermark(const Json& cursor) {
    if (!cursor.is_object()) {
        return;
    }
    is_first_ = false;
    newest_ = parse_utc(string_or(cursor, "newest"));
    since_ = parse_utc(string_or(cursor, "since"));
    const Json* seen = find(cursor, "seen");
    if (seen == nullptr) {
        return;
    }
    for (const auto& [id, entry] : seen->items()) {
        const auto changed = parse_utc(string_or(entry, "changed"));
        if (changed) {
            before_[id] = {string_or(entry, "version"), *changed};
        }
    }
    seen_ = before_;
}

std::optional<Timestamp> Watermark::since() const {
    return since_;
}

bool Watermark::is_seen(const std::string& id, const std::string& version) const {
    const auto it = seen_.find(id);
    return it != seen_.end() && it->second.version == version;
}

bool Watermark::is_created(const std::string& id, std::optional<Timestamp> created) const {
    return created && (!since_ || *created >= *since_) && !before_.contains(id);
}

void Watermark::see(const std::string& id, const std::string& version, Timestamp changed) {
    seen_[id] = {version, changed};
    newest_ = newest_ ? std::max(*newest_, changed) : changed;
}

Timestamp Watermark::next_since() const {
    const Timestamp since = *newest_ - kOverlap;
    std::vector<Timestamp> times;
    for (const auto& [id, seen] : seen_) {
        if (seen.changed >= since) {
            times.push_back(seen.changed);
        }
    }
    if (times.size() <= kSeenMax) {
        return since;
    }
    const auto oldest_kept = times.begin() + static_cast<std::ptrdiff_t>(kSeenMax - 1);
    std::ranges::nth_element(times, oldest_kept, std::greater());
    return *oldest_kept;
}

Json Watermark::cursor() const {
    Json out = {{"seen", Json::object()}};
    if (!newest_) {
        return out;
    }
    const Timestamp since = next_since();
    out["newest"] = format_utc(*newest_);
    out["since"] = format_utc(since);
    for (const auto& [id, seen] : seen_) {
        if (seen.changed >= since) {
            out["seen"][id] = {{"version", seen.version}, {"changed", format_utc(seen.changed)}};
        }
    }
    return out;
}

}  // namespace tideway::connector
