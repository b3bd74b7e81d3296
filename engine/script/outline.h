// What can be known of a flow from its text alone: outline and findings, without running it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/connector_spec.h"
#include "engine/model/flow.h"

namespace tideway::script {

struct Finding {
    enum class Severity { kError, kWarning };
    Severity severity = Severity::kError;
    std::string
        code;  // "syntax", "unknown-name", "arity", "name-not-literal", "unknown-connection",
               // "unknown-operation", "unknown-field", "missing-field", "create-without-key"...
    std::string file;
    int line = 0;
    int column = 0;
    std::string message;
    std::string suggestion;  // may be empty
};

struct Analysis {
    std::vector<model::OutlineNode> outline;  // of the function `run`, calls into lib/ inlined
    std::vector<std::string> connections;     // literals of connection "..."
    std::vector<std::string> variables;       // literals of env "..."
    std::vector<std::string> children;        // literals of run_child_flow(name, "flow")
    std::vector<Finding> findings;
};

// Never fails: a text that cannot be parsed gives one finding with code "syntax". `connections`
// maps references to specs; null when the checks against specs are not wanted.
Analysis analyse(
    std::string_view main_file,
    const std::map<std::string, std::string>& files,
    const std::map<std::string, const model::ConnectorSpec*>* connections
);

}  // namespace tideway::script
