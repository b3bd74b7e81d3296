// The identity of a step in a run: scope path + name + occurrence + iteration, as one text.
//
//   (Scope) Synchronize/For each line[3]/Create line#2
//
// '/' separates scopes; "[3]" is an iteration (from 1) of a loop; "#2" the second step of that name
// in its scope (the first has no mark). In names the characters / % [ ] # are written %2F %25 %5B
// %5D %23.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tideway::model {

struct PathSegment {
    std::string name;    // as the author wrote it
    int occurrence = 1;  // of this name in its scope
    int iteration = 0;   // 0: not a loop iteration

    friend bool operator==(const PathSegment&, const PathSegment&) = default;
};

std::string print_segment(const PathSegment& segment);

// "" for an empty list.
std::string print_path(const std::vector<PathSegment>& segments);

// Never fails: a text that is not a path is one odd name.
std::vector<PathSegment> parse_path(std::string_view path);

// For people: "(Scope) Synchronize > For each line (3) > Create line (2)".
std::string describe_path(std::string_view path);

// The path of the enclosing scope; "" at the top.
std::string_view parent_path(std::string_view path);

}  // namespace tideway::model
