#include "engine/pack/line_diff.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace tideway::pack {

namespace {

constexpr std::size_t kContext = 3;

std::string number(std::size_t value) {
    return std::to_string(value);
}

// The greedy algorithm of Myers (1986): the furthest place on each diagonal for each number of
// edits, and the way back.
class ShortestEdit {
  public:
    ShortestEdit(const Lines& from, const Lines& to, std::size_t equal_before)
        : from_(from),
          to_(to),
          skip_(equal_before) {}

    // Which lines of `from` are gone and which of `to` are new. False: it takes too many edits.
    bool find(std::size_t from_size, std::size_t to_size) {
        n_ = static_cast<long>(from_size);
        m_ = static_cast<long>(to_size);
        const long most = std::min(n_ + m_, static_cast<long>(limits::kMergedEditsMax));
        std::vector<long> reach(static_cast<std::size_t>(2 * most + 3), 0);
        const auto at = [&reach, most](long k) -> long& {
            return reach[static_cast<std::size_t>(k + most + 1)];
        };
        for (long d = 0; d <= most; ++d) {
            trace_.emplace_back(
                reach.begin() + (most + 1 - d - 1), reach.begin() + (most + 1 + d + 2)
            );
            for (long k = -d; k <= d; k += 2) {
                const bool is_down = k == -d || (k != d && at(k - 1) < at(k + 1));
                long x = is_down ? at(k + 1) : at(k - 1) + 1;
                while (x < n_ && x - k < m_ && is_equal(x, x - k)) {
                    ++x;
                }
                at(k) = x;
                if (x >= n_ && x - k >= m_) {
                    walk_back(d);
                    return true;
                }
            }
        }
        return false;
    }

    bool is_gone(std::size_t index) const { return gone_[index]; }

    bool is_new(std::size_t index) const { return new_[index]; }

  private:
    bool is_equal(long x, long y) const {
        return from_[skip_ + static_cast<std::size_t>(x)] ==
               to_[skip_ + static_cast<std::size_t>(y)];
    }

    void walk_back(long edits) {
        gone_.assign(static_cast<std::size_t>(n_), false);
        new_.assign(static_cast<std::size_t>(m_), false);
        long x = n_;
        long y = m_;
        for (long d = edits; d > 0; --d) {
            // The places after d - 1 edits, of the diagonals -d-1 .. d+1.
            const std::vector<long>& before = trace_[static_cast<std::size_t>(d)];
            const auto at = [&before, d](long k) {
                return before[static_cast<std::size_t>(k + d + 1)];
            };
            const long k = x - y;
            const bool is_down = k == -d || (k != d && at(k - 1) < at(k + 1));
            const long previous = is_down ? k + 1 : k - 1;
            x = at(previous);
            y = x - previous;
            if (is_down) {
                new_[static_cast<std::size_t>(y)] = true;
            } else {
                gone_[static_cast<std::size_t>(x)] = true;
            }
        }
    }

    const Lines& from_;
    const Lines& to_;
    std::size_t skip_;
    long n_ = 0;
    long m_ = 0;
    std::vector<std::vector<long>> trace_;
    std::vector<bool> gone_;
    std::vector<bool> new_;
};

std::vector<Hunk> hunks_of(
    const ShortestEdit& edit, std::size_t skip, std::size_t from_size, std::size_t to_size
) {
    std::vector<Hunk> out;
    std::size_t x = 0;
    std::size_t y = 0;
    while (x < from_size || y < to_size) {
        const Hunk begin{skip + x, skip + x, skip + y, skip + y};
        Hunk hunk = begin;
        while (x < from_size && edit.is_gone(x)) {
            ++x;
        }
        while (y < to_size && edit.is_new(y)) {
            ++y;
        }
        hunk.from_end = skip + x;
        hunk.to_end = skip + y;
        if (hunk.from_end != begin.from_end || hunk.to_end != begin.to_end) {
            out.push_back(hunk);
        } else {
            ++x;
            ++y;
        }
    }
    return out;
}

// "12,3", or "12" of one line; of no lines the place before them.
std::string range(std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    const std::string line = number(count == 0 ? begin : begin + 1);
    return count == 1 ? line : line + "," + number(count);
}

void add_lines(
    char sign, const Lines& lines, std::size_t begin, std::size_t end, std::string& out
) {
    for (std::size_t i = begin; i < end; ++i) {
        out += sign;
        out += lines[i];
        if (!lines[i].ends_with('\n')) {
            out += "\n\\ No newline at end of file\n";
        }
    }
}

}  // namespace

Lines lines_of(std::string_view text) {
    Lines out;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
        out.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return out;
}

std::vector<Hunk> diff_lines(const Lines& from, const Lines& to) {
    const std::size_t shorter = std::min(from.size(), to.size());
    std::size_t begin = 0;
    while (begin < shorter && from[begin] == to[begin]) {
        ++begin;
    }
    std::size_t end = 0;
    while (end < shorter - begin && from[from.size() - 1 - end] == to[to.size() - 1 - end]) {
        ++end;
    }
    const std::size_t from_size = from.size() - begin - end;
    const std::size_t to_size = to.size() - begin - end;
    if (from_size == 0 && to_size == 0) {
        return {};
    }
    ShortestEdit edit(from, to, begin);
    if (!edit.find(from_size, to_size)) {
        return {{begin, begin + from_size, begin, begin + to_size}};
    }
    return hunks_of(edit, begin, from_size, to_size);
}

std::string unified_diff(
    const std::string& from_name,
    const std::string& to_name,
    std::string_view from,
    std::string_view to
) {
    const Lines before = lines_of(from);
    const Lines after = lines_of(to);
    const auto hunks = diff_lines(before, after);
    std::string out = hunks.empty() ? "" : "--- " + from_name + "\n+++ " + to_name + "\n";
    for (std::size_t first = 0; first < hunks.size();) {
        std::size_t last = first;
        while (last + 1 < hunks.size() &&
               hunks[last + 1].from_begin - hunks[last].from_end <= 2 * kContext) {
            ++last;
        }
        const std::size_t lead = std::min(kContext, hunks[first].from_begin);
        const std::size_t tail = std::min(kContext, before.size() - hunks[last].from_end);
        out += "@@ -" + range(hunks[first].from_begin - lead, hunks[last].from_end + tail) + " +" +
               range(hunks[first].to_begin - lead, hunks[last].to_end + tail) + " @@\n";
        std::size_t shown = hunks[first].from_begin - lead;
        for (std::size_t i = first; i <= last; ++i) {
            add_lines(' ', before, shown, hunks[i].from_begin, out);
            add_lines('-', before, hunks[i].from_begin, hunks[i].from_end, out);
            add_lines('+', after, hunks[i].to_begin, hunks[i].to_end, out);
            shown = hunks[i].from_end;
        }
        add_lines(' ', before, shown, shown + tail, out);
        first = last + 1;
    }
    return out;
}

}  // namespace tideway::pack
