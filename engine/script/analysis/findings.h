// Collects findings: each place and code once. Thread: any one.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/script/outline.h"
#include "engine/script/syntax/lua_lexer.h"

namespace tideway::script::analysis {

// A bound for what one analysis reports; the rest is cut.
constexpr std::size_t kFindingsMax = 500;

class Findings {
  public:
    struct Note {
        Finding::Severity severity = Finding::Severity::kError;
        std::string code;
        std::string message;
        std::string suggestion;
    };

    void add(const std::string& file, Position at, Note note);

    // In the order of the text: the main file first, then the others by name.
    std::vector<Finding> take(const std::string& main_file);

  private:
    std::vector<Finding> findings_;
    std::set<std::tuple<std::string, int, int, std::string, std::string>> seen_;
};

}  // namespace tideway::script::analysis
