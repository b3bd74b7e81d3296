#include "engine/runtime/journal.h"

#include <algorithm>
#include <utility>

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;

Journal::Journal(std::vector<JournalRow> recorded)
    : recorded_(std::move(recorded)),
      next_seq_(recorded_.empty() ? 1 : recorded_.back().seq + 1) {
    for (const JournalRow& row : recorded_) {
        bytes_ += static_cast<std::int64_t>(row.bytes());
    }
    folded_ = fold_loops(recorded_);
    by_path_.reserve(recorded_.size());
    for (const JournalRow& row : recorded_) {
        index(row);
    }
}

void Journal::index(const JournalRow& row) {
    if (row.kind == RowKind::kControl || row.kind == RowKind::kEnd) {
        if (row.kind == RowKind::kControl) {
            deliveries_.push_back(&row);
        }
        return;
    }
    Recorded& recorded = by_path_[row.path];
    switch (row.kind) {
        case RowKind::kScopeBegin:
        case RowKind::kValue:
        case RowKind::kStatic:
        case RowKind::kIntent:
        case RowKind::kWait:
            recorded.opening = &row;
            return;
        case RowKind::kScopeEnd:
            recorded.closing = &row;
            return;
        case RowKind::kAttempt:
            recorded.attempts = std::max(recorded.attempts, row.attempt);
            recorded.last_attempt = &row;
            if (row.code == kUnderway) {
                recorded.underway = &row;
            }
            if (row.code == kConnectionUnavailable && !recorded.waiting_since) {
                recorded.waiting_since = row.at;
            }
            return;
        case RowKind::kResult:
        case RowKind::kWake:
            recorded.delivery = &row;
            // A read leaves no intent: its result says what was asked.
            if (recorded.opening == nullptr) {
                recorded.opening = &row;
            }
            deliveries_.push_back(&row);
            return;
        case RowKind::kControl:
        case RowKind::kEnd:
            return;
    }
}

Journal::Recorded* Journal::find(std::string_view path) {
    const auto it = by_path_.find(path);
    return it == by_path_.end() ? nullptr : &it->second;
}

const FoldedLoop* Journal::folded(std::string_view loop) const {
    const auto it = folded_.find(loop);
    return it == folded_.end() ? nullptr : &it->second;
}

const JournalRow* Journal::next_delivery() {
    if (deliveries_.empty()) {
        return nullptr;
    }
    const JournalRow* row = deliveries_.front();
    deliveries_.pop_front();
    return row;
}

std::string Journal::first_unmatched() const {
    // In recorded order, so that the message names where the script left its own history.
    for (const JournalRow& row : recorded_) {
        const auto it = by_path_.find(row.path);
        if (it == by_path_.end() || it->second.opening == nullptr) {
            continue;
        }
        const Recorded& recorded = it->second;
        if (!recorded.is_matched || (recorded.closing != nullptr && !recorded.is_end_matched)) {
            return row.path;
        }
    }
    return {};
}

const JournalRow& Journal::append(JournalRow row) {
    row.seq = next_seq_++;
    bytes_ += static_cast<std::int64_t>(row.bytes());
    unflushed_.push_back(std::move(row));
    return unflushed_.back();
}

std::vector<JournalRow> Journal::take_unflushed() {
    return std::exchange(unflushed_, {});
}

}  // namespace tideway::runtime
