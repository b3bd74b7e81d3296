#include "engine/runtime/deadlines/scope_deadlines.h"

#include <utility>

namespace tideway::runtime {
namespace {

bool is_inside(std::string_view path, std::string_view scope) {
    return path.size() > scope.size() && path.starts_with(scope) && path[scope.size()] == '/';
}

}  // namespace

void ScopeDeadlines::enter(const std::string& path, Timestamp due) {
    due_.insert_or_assign(path, due);
}

void ScopeDeadlines::leave(std::string_view path) {
    if (const auto found = due_.find(path); found != due_.end()) {
        due_.erase(found);
    }
}

std::optional<Timestamp> ScopeDeadlines::next(Timestamp now) const {
    std::optional<Timestamp> out;
    for (const auto& [path, due] : due_) {
        if (due > now && (!out || due < *out)) {
            out = due;
        }
    }
    return out;
}

void ScopeDeadlines::watch(Executor& executor, Timestamp now, std::function<void()> late) {
    const auto due = next(now);
    if (due == watched_) {
        return;
    }
    watched_ = due;
    timer_ = due ? executor.after(*due - now, std::move(late)) : nullptr;
}

const std::string* ScopeDeadlines::late_around(std::string_view path, Timestamp now) const {
    for (const auto& [scope, due] : due_) {
        if (due <= now && is_inside(path, scope)) {
            return &scope;
        }
    }
    return nullptr;
}

}  // namespace tideway::runtime
