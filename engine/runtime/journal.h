// The journal of one run in memory: what was recorded before (for replay and the divergence check)
// and what is not durable yet.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/journal_row.h"
#include "engine/runtime/session/folded_loops.h"

namespace tideway::runtime {

// Codes of attempt rows: the step waits for its connection, and goes on.
inline constexpr std::string_view kConnectionUnavailable = "ConnectionUnavailable";
inline constexpr std::string_view kConnectionBack = "ConnectionBack";
// The service has taken the call and works on it.
inline constexpr std::string_view kUnderway = "Accepted";

// Thread: the shard's.
class Journal {
  public:
    // `recorded`: the durable rows in order.
    explicit Journal(std::vector<model::JournalRow> recorded);

    // What is recorded of one step path.
    struct Recorded {
        const model::JournalRow* opening = nullptr;   // value, scope begin, intent or wait
        const model::JournalRow* closing = nullptr;   // scope end
        const model::JournalRow* delivery = nullptr;  // result or wake
        const model::JournalRow* last_attempt = nullptr;
        const model::JournalRow* underway = nullptr;  // the newest attempt that says so
        int attempts = 0;
        std::optional<Timestamp> waiting_since;  // first wait for an unavailable connection
        bool is_matched = false;
        bool is_end_matched = false;
    };

    // Null: nothing was recorded there.
    Recorded* find(std::string_view path);

    // Null: the loop has no finished iterations that a replay leaves out.
    const FoldedLoop* folded(std::string_view loop) const;

    // The next recorded row that resumes a branch (result, wake) or the run (control), in order;
    // null when the replay has caught up.
    const model::JournalRow* next_delivery();

    bool has_deliveries() const { return !deliveries_.empty(); }

    // A recorded path that the script did not ask for although it should have; empty: none.
    std::string first_unmatched() const;

    // Adds a row: sets its seq and keeps it until it is flushed.
    const model::JournalRow& append(model::JournalRow row);

    bool has_unflushed() const { return !unflushed_.empty(); }

    std::vector<model::JournalRow> take_unflushed();

    std::int64_t next_seq() const { return next_seq_; }

    std::int64_t bytes() const { return bytes_; }

    std::size_t recorded_count() const { return recorded_.size(); }

  private:
    void index(const model::JournalRow& row);

    std::vector<model::JournalRow> recorded_;  // but what is folded
    FoldedLoops folded_;
    std::unordered_map<std::string_view, Recorded> by_path_;  // views into recorded_
    std::deque<const model::JournalRow*> deliveries_;
    std::vector<model::JournalRow> unflushed_;
    std::int64_t next_seq_;
    std::int64_t bytes_ = 0;
};

}  // namespace tideway::runtime
