#include "engine/runtime/session/folded_loops.h"

#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/json.h"

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;
using model::Status;

namespace {

struct Iteration {
    std::string_view loop;
    int number = 0;
};

// The iteration that the '[' at `bracket` begins.
Iteration iteration_at(std::string_view path, std::size_t bracket) {
    Iteration out{path.substr(0, bracket), 0};
    std::from_chars(path.data() + bracket + 1, path.data() + path.size(), out.number);
    return out;
}

Json said(const JournalRow& row) {
    return parse_json(row.input.view(), "a loop").value_or(Json());
}

bool begins_folding(const JournalRow& row) {
    const bool is_loop = row.operation == "foreach" || row.operation == "repeat_until";
    return row.kind == RowKind::kScopeBegin && is_loop && bool_or(said(row), "checkpoint", false);
}

class Folding {
  public:
    explicit Folding(const std::vector<JournalRow>& rows) {
        for (const JournalRow& row : rows) {
            note(row);
        }
    }

    // The outermost loop that has the row in a finished iteration.
    FoldedLoop* loop_around(const JournalRow& row) {
        const std::string_view path = row.path;
        for (auto at = path.find('['); at != std::string_view::npos; at = path.find('[', at + 1)) {
            const Iteration iteration = iteration_at(path, at);
            const auto found = loops_.find(iteration.loop);
            if (found != loops_.end() && iteration.number <= found->second.done) {
                return &found->second;
            }
        }
        return nullptr;
    }

    FoldedLoops take() { return std::move(loops_); }

  private:
    void note(const JournalRow& row) {
        if (begins_folding(row)) {
            folding_.insert(row.path);
            return;
        }
        const bool is_finished = row.kind == RowKind::kScopeEnd && row.operation == "iteration" &&
                                 row.status == Status::kSucceeded;
        const auto bracket = row.path.rfind('[');
        if (!is_finished || bracket == std::string::npos) {
            return;
        }
        const Iteration iteration = iteration_at(row.path, bracket);
        if (!folding_.contains(iteration.loop) || said(row).contains("ends")) {
            return;
        }
        FoldedLoop& loop = loops_[std::string(iteration.loop)];
        loop.done = iteration.number;
        loop.last = row.input;
    }

    std::set<std::string, std::less<>> folding_;
    FoldedLoops loops_;
};

bool is_kept(const JournalRow& row) {
    const bool is_value = row.kind == RowKind::kValue;
    const bool is_of_the_run = row.operation == "outcome" || row.operation == "track";
    const bool is_given_up = row.kind == RowKind::kWake && row.status == Status::kTimedOut;
    return (is_value && is_of_the_run) || is_given_up || row.secured != model::Secured::kNothing;
}

}  // namespace

FoldedLoops fold_loops(std::vector<JournalRow>& rows) {
    Folding folding(rows);
    std::vector<JournalRow> left;
    std::set<std::string> inside;
    for (JournalRow& row : rows) {
        FoldedLoop* const loop = folding.loop_around(row);
        if (loop == nullptr) {
            left.push_back(std::move(row));
            continue;
        }
        if (begins_folding(row)) {
            inside.insert(row.path);
        }
        if (is_kept(row)) {
            loop->kept.push_back(std::move(row));
        }
    }
    rows = std::move(left);
    FoldedLoops out = folding.take();
    std::erase_if(out, [&inside](const auto& loop) { return inside.contains(loop.first); });
    return out;
}

Payload resumed_at(const FoldedLoop& loop) {
    // As it was written: what a replay reads must be what the next iteration was given.
    return Payload(
        R"({"done":)" + std::to_string(loop.done) + R"(,"last":)" + loop.last.str() + "}"
    );
}

}  // namespace tideway::runtime
