#include "engine/runtime/drafts/text_diff.h"

#include <algorithm>
#include <cstdint>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr std::size_t kContext = 3;
constexpr const char* kNoNewline = "\\ No newline at end of file";

struct Lines {
    std::vector<std::string_view> lines;
    bool ends_with_newline = true;
};

Lines lines_of(std::string_view text) {
    Lines out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out.lines.push_back(text.substr(0, end));
        out.ends_with_newline = end != std::string_view::npos;
        text = out.ends_with_newline ? text.substr(end + 1) : std::string_view();
    }
    return out;
}

enum class Mark : char { kSame = ' ', kGone = '-', kNew = '+' };

struct Edit {
    Mark mark = Mark::kSame;
    std::string_view line;
    bool lacks_newline = false;
};

// Lines of two texts side by side; the last lines differ where only one of them is ended.
class Comparison {
  public:
    Comparison(const Lines& from, const Lines& to)
        : from_(from),
          to_(to) {}

    std::vector<Edit> edits() const {
        const std::size_t from_end = from_.lines.size();
        const std::size_t to_end = to_.lines.size();
        std::size_t begin = 0;
        while (begin < std::min(from_end, to_end) && same(begin, begin)) {
            ++begin;
        }
        std::size_t tail = 0;
        while (begin + tail < std::min(from_end, to_end) &&
               same(from_end - tail - 1, to_end - tail - 1)) {
            ++tail;
        }
        std::vector<Edit> out;
        for (std::size_t i = 0; i < begin; ++i) {
            out.push_back(edit(Mark::kSame, i));
        }
        middle(begin, from_end - tail, to_end - tail, out);
        for (std::size_t i = from_end - tail; i < from_end; ++i) {
            out.push_back(edit(Mark::kSame, i));
        }
        return out;
    }

  private:
    static bool is_unended(const Lines& lines, std::size_t i) {
        return !lines.ends_with_newline && i + 1 == lines.lines.size();
    }

    bool same(std::size_t i, std::size_t j) const {
        return from_.lines[i] == to_.lines[j] && is_unended(from_, i) == is_unended(to_, j);
    }

    Edit edit(Mark mark, std::size_t i) const {
        const Lines& lines = mark == Mark::kNew ? to_ : from_;
        return {mark, lines.lines[i], is_unended(lines, i)};
    }

    // The longest common subsequence of what the ends do not share.
    void middle(std::size_t begin, std::size_t from_end, std::size_t to_end, std::vector<Edit>& out)
        const {
        const std::size_t rows = from_end - begin;
        const std::size_t columns = to_end - begin;
        std::size_t i = 0;
        std::size_t j = 0;
        if (rows * columns <= limits::kDiffCellsMax) {
            const std::vector<std::uint32_t> common = common_lengths(begin, rows, columns);
            const auto at = [&](std::size_t row, std::size_t column) {
                return common[row * (columns + 1) + column];
            };
            while (i < rows && j < columns) {
                if (same(begin + i, begin + j)) {
                    out.push_back(edit(Mark::kSame, begin + i));
                    ++i;
                    ++j;
                } else if (at(i + 1, j) >= at(i, j + 1)) {
                    out.push_back(edit(Mark::kGone, begin + i++));
                } else {
                    out.push_back(edit(Mark::kNew, begin + j++));
                }
            }
        }
        while (i < rows) {
            out.push_back(edit(Mark::kGone, begin + i++));
        }
        while (j < columns) {
            out.push_back(edit(Mark::kNew, begin + j++));
        }
    }

    // [i][j]: of the lines from i and from j on.
    std::vector<std::uint32_t> common_lengths(
        std::size_t begin, std::size_t rows, std::size_t columns
    ) const {
        const std::size_t width = columns + 1;
        std::vector<std::uint32_t> out((rows + 1) * width);
        for (std::size_t i = rows; i-- > 0;) {
            for (std::size_t j = columns; j-- > 0;) {
                out[i * width + j] =
                    same(begin + i, begin + j)
                        ? out[(i + 1) * width + j + 1] + 1
                        : std::max(out[(i + 1) * width + j], out[i * width + j + 1]);
            }
        }
        return out;
    }

    const Lines& from_;
    const Lines& to_;
};

// "12,3"; of no lines the place before them.
std::string range(std::size_t begin, std::size_t count) {
    const std::size_t line = count == 0 ? begin : begin + 1;
    return count == 1 ? std::to_string(line) : std::to_string(line) + "," + std::to_string(count);
}

// One piece of the diff: edits [begin, end).
std::string hunk(
    const std::vector<Edit>& edits,
    std::size_t begin,
    std::size_t end,
    std::size_t from_line,
    std::size_t to_line
) {
    std::string body;
    std::size_t from_count = 0;
    std::size_t to_count = 0;
    for (std::size_t i = begin; i < end; ++i) {
        const Edit& edit = edits[i];
        from_count += edit.mark == Mark::kNew ? 0U : 1U;
        to_count += edit.mark == Mark::kGone ? 0U : 1U;
        body += static_cast<char>(edit.mark);
        body += edit.line;
        body += '\n';
        if (edit.lacks_newline) {
            body += kNoNewline;
            body += '\n';
        }
    }
    return "@@ -" + range(from_line, from_count) + " +" + range(to_line, to_count) + " @@\n" + body;
}

std::string escaped(std::string_view key) {
    std::string out;
    for (const char c : key) {
        out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
}

void compare(
    const std::string& at, const Json& before, const Json& after, std::vector<KeyChange>& out
) {
    if (before == after) {
        return;
    }
    if (!before.is_object() || !after.is_object()) {
        out.push_back({at, before, after});
        return;
    }
    for (const auto& [key, value] : before.items()) {
        const std::string place = at + "/" + escaped(key);
        if (const Json* now = find(after, key)) {
            compare(place, value, *now, out);
        } else {
            out.push_back({place, value, std::nullopt});
        }
    }
    for (const auto& [key, value] : after.items()) {
        if (find(before, key) == nullptr) {
            out.push_back({at + "/" + escaped(key), std::nullopt, value});
        }
    }
}

}  // namespace

std::string unified_diff(
    std::string_view from_name, std::string_view to_name, std::string_view from, std::string_view to
) {
    if (from == to) {
        return {};
    }
    const Lines from_lines = lines_of(from);
    const Lines to_lines = lines_of(to);
    const std::vector<Edit> edits = Comparison(from_lines, to_lines).edits();
    std::string out;
    std::size_t from_line = 0;
    std::size_t to_line = 0;
    std::size_t at = 0;
    const auto pass = [&](std::size_t until) {
        for (; at < until; ++at) {
            from_line += edits[at].mark == Mark::kNew ? 0U : 1U;
            to_line += edits[at].mark == Mark::kGone ? 0U : 1U;
        }
    };
    const auto changed_from = [&edits](std::size_t i) {
        while (i < edits.size() && edits[i].mark == Mark::kSame) {
            ++i;
        }
        return i;
    };
    for (std::size_t next = changed_from(0); next < edits.size();) {
        pass(next - std::min(kContext, next - at));
        // Changes with few lines between them are shown together.
        std::size_t end = next;
        std::size_t further = next;
        while (further < edits.size() && further <= end + 2 * kContext) {
            end = further + 1;
            further = changed_from(end);
        }
        const std::size_t shown = std::min(edits.size(), end + kContext);
        out += hunk(edits, at, shown, from_line, to_line);
        pass(shown);
        next = further;
    }
    return "--- " + std::string(from_name) + "\n+++ " + std::string(to_name) + "\n" + out;
}

std::vector<KeyChange> key_changes(const Json& before, const Json& after) {
    std::vector<KeyChange> out;
    compare("", before, after, out);
    std::ranges::stable_sort(out, {}, &KeyChange::key);
    return out;
}

}  // namespace tideway::runtime
