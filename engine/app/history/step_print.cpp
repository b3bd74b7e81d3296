#include "engine/app/history/step_print.h"

#include <algorithm>
#include <iostream>
#include <string_view>

namespace tideway::app {
namespace {

std::string mark_of(const std::string& status) {
    if (status == "Succeeded") {
        return "+";
    }
    if (status == "Skipped") {
        return "-";
    }
    return status == "Running" || status == "Waiting" ? "~" : "!";
}

bool is_secured(const Json& node, std::string_view key) {
    const Json* secured = find(node, "secured");
    return secured != nullptr && std::ranges::find(*secured, Json(key)) != secured->end();
}

void print_value(const Json& node, const char* key, const std::string& indent) {
    if (const Json* value = find(node, key)) {
        std::cout << indent << "    " << key << ": "
                  << (is_secured(node, key) ? "(not shown: the flow keeps it secured)"
                                            : dump(*value))
                  << "\n";
    }
}

void print_below(const Json& nodes, int depth, Contents contents) {
    for (const Json& node : nodes) {
        const bool is_empty_branch =
            string_or(node, "kind") == "branch" && find(node, "children") == nullptr;
        if (is_empty_branch) {
            continue;
        }
        const std::string indent(static_cast<std::size_t>(depth) * 2 + 2, ' ');
        const std::string status = string_or(node, "status");
        std::cout << indent << mark_of(status) << " " << string_or(node, "name") << "  [" << status;
        if (const auto attempts = int_or(node, "attempts", 0); attempts > 1) {
            std::cout << ", " << attempts << " attempts";
        }
        if (string_or(node, "code") == "Reused") {
            std::cout << ", reused";
        }
        if (bool_or(node, "static", false)) {
            std::cout << ", static";
        }
        if (string_or(node, "code") == "Muted") {
            std::cout << ", muted";
        }
        if (find(node, "duration_ms") != nullptr) {
            std::cout << ", " << int_or(node, "duration_ms", 0) << " ms";
        }
        std::cout << "]";
        if (const Json* value = find(node, "value")) {
            std::cout << (*value == Json(true) ? "  yes" : "  no");
        }
        if (const std::string operation = string_or(node, "operation"); !operation.empty()) {
            std::cout << "  " << operation;
        }
        std::cout << "\n";
        const bool is_skipped = string_or(node, "status") == "Skipped";
        if (const Json* error = find(node, "error"); error != nullptr && !is_skipped) {
            std::cout << indent << "    " << string_or(*error, "code") << ": "
                      << string_or(*error, "message") << "\n";
        }
        print_changes(std::cout, node.value("changes", Json::array()), indent + "    ");
        if (const std::string run = string_or(node, "run"); !run.empty()) {
            std::cout << indent << "    run " << run << "\n";
        }
        if (contents == Contents::kWith) {
            print_value(node, "input", indent);
            for (const Json& attempt : node.value("attempt_notes", Json::array())) {
                std::cout << indent << "    attempt: " << dump(attempt) << "\n";
            }
            print_value(node, "output", indent);
        }
        if (const Json* children = find(node, "children")) {
            print_below(*children, depth + 1, contents);
        }
    }
}

}  // namespace

void print_steps(const Json& steps, Contents contents) {
    print_below(steps, 0, contents);
}

void print_changes(std::ostream& out, const Json& changes, const std::string& indent) {
    for (const Json& change : changes) {
        out << indent << string_or(change, "field") << ": " << dump(change.value("before", Json()))
            << " -> " << dump(change.at("after")) << "\n";
    }
}

}  // namespace tideway::app
