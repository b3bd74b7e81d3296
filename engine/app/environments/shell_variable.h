// What the shell that started the program has set.
#pragma once

#include <cstdlib>
#include <string>

namespace tideway::app {

// Empty when it is not set.
inline std::string shell_variable(const char* name) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
    return text == nullptr ? "" : text;
}

}  // namespace tideway::app
