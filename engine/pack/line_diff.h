// What has to be done to one list of lines to get another. Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::pack {

using Lines = std::vector<std::string_view>;

// Each with its line end; the last may have none.
Lines lines_of(std::string_view text);

// Lines [from_begin, from_end) become [to_begin, to_end).
struct Hunk {
    std::size_t from_begin = 0;
    std::size_t from_end = 0;
    std::size_t to_begin = 0;
    std::size_t to_end = 0;
};

// In order, with at least one equal line between two. The fewest changed lines; of texts that have
// next to nothing in common, what is between their equal beginnings and ends as one hunk.
std::vector<Hunk> diff_lines(const Lines& from, const Lines& to);

// For people, as `diff -u` has it, with three lines around each change. Empty when they are equal.
std::string unified_diff(
    const std::string& from_name,
    const std::string& to_name,
    std::string_view from,
    std::string_view to
);

}  // namespace tideway::pack
