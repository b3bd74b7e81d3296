#include <algorithm>

#include "engine/pack/line_diff.h"
#include "engine/pack/merge.h"

namespace tideway::pack {

namespace {

std::string joined(const Lines& lines, std::size_t begin, std::size_t end) {
    std::string out;
    for (std::size_t i = begin; i < end; ++i) {
        out += lines[i];
    }
    return out;
}

// One side of the merge: its hunks against the base, passed from the front.
class SideChanges {
  public:
    SideChanges(const Lines& base, const Lines& lines)
        : lines_(lines),
          hunks_(diff_lines(base, lines)) {}

    bool is_done() const { return next_ == hunks_.size(); }

    std::size_t next_begin() const { return hunks_[next_].from_begin; }

    // Whether the next hunk touches the lines of the base before `end`.
    bool touches(std::size_t end) const { return !is_done() && next_begin() <= end; }

    // Passes the next hunk; where it ends in the base.
    std::size_t pass() {
        const Hunk& hunk = hunks_[next_++];
        offset_ =
            static_cast<std::ptrdiff_t>(hunk.to_end) - static_cast<std::ptrdiff_t>(hunk.from_end);
        return hunk.from_end;
    }

    // The line that stands where this one of the base does, outside of hunks.
    std::size_t here(std::size_t base_line) const {
        return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(base_line) + offset_);
    }

    const Lines& lines() const { return lines_; }

  private:
    const Lines& lines_;
    std::vector<Hunk> hunks_;
    std::size_t next_ = 0;
    std::ptrdiff_t offset_ = 0;
};

std::string ended(std::string text) {
    if (!text.empty() && text.back() != '\n') {
        text += '\n';
    }
    return text;
}

std::string with_markers(const Conflict& conflict) {
    return "<<<<<<< local\n" + ended(*conflict.local) + "||||||| installed version\n" +
           ended(*conflict.base) + "=======\n" + ended(*conflict.vendor) + ">>>>>>> vendor\n";
}

class ThreeWayMerge {
  public:
    ThreeWayMerge(const Lines& base, const Lines& local, const Lines& vendor)
        : base_(base),
          local_(base, local),
          vendor_(base, vendor) {}

    TextMerge run(const Preference& preference) {
        std::size_t at = 0;
        while (!local_.is_done() || !vendor_.is_done()) {
            const std::size_t begin = next_begin();
            out_.text += joined(base_, at, begin);
            at = pass_group(begin, preference);
        }
        out_.text += joined(base_, at, base_.size());
        return std::move(out_);
    }

  private:
    std::size_t next_begin() const {
        if (local_.is_done() || vendor_.is_done()) {
            return local_.is_done() ? vendor_.next_begin() : local_.next_begin();
        }
        return std::min(local_.next_begin(), vendor_.next_begin());
    }

    // Hunks of both sides that touch each other, as one change. Where it ends in the base.
    std::size_t pass_group(std::size_t begin, const Preference& preference) {
        const std::size_t local_begin = local_.here(begin);
        const std::size_t vendor_begin = vendor_.here(begin);
        std::size_t end = begin;
        while (local_.touches(end) || vendor_.touches(end)) {
            end = std::max(end, local_.touches(end) ? local_.pass() : vendor_.pass());
        }
        Conflict change;
        change.place = "line " + std::to_string(local_begin + 1);
        change.base = joined(base_, begin, end);
        change.local = joined(local_.lines(), local_begin, local_.here(end));
        change.vendor = joined(vendor_.lines(), vendor_begin, vendor_.here(end));
        take(std::move(change), preference);
        return end;
    }

    void take(Conflict change, const Preference& preference) {
        if (change.local == change.vendor || change.vendor == change.base) {
            out_.text += *change.local;
            return;
        }
        if (change.local == change.base) {
            out_.text += *change.vendor;
            return;
        }
        if (const auto side = preference(change.place)) {
            out_.text += *side == Side::kLocal ? *change.local : *change.vendor;
            return;
        }
        out_.text += with_markers(change);
        out_.conflicts.push_back(std::move(change));
    }

    const Lines& base_;
    SideChanges local_;
    SideChanges vendor_;
    TextMerge out_;
};

}  // namespace

Preference no_preference() {
    return [](std::string_view) { return std::optional<Side>(); };
}

TextMerge merge_text(
    std::string_view base,
    std::string_view local,
    std::string_view vendor,
    const Preference& preference
) {
    const Lines base_lines = lines_of(base);
    const Lines local_lines = lines_of(local);
    const Lines vendor_lines = lines_of(vendor);
    return ThreeWayMerge(base_lines, local_lines, vendor_lines).run(preference);
}

}  // namespace tideway::pack
