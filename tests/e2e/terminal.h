// Somebody at a terminal, who types an answer.
#pragma once

#include <string>

#include "tests/e2e/program.h"

namespace tideway::testing {

// What the terminal shows of a command of the program. script(1) is the terminal.
inline std::string at_terminal(
    const Program& program, const std::string& arguments, const std::string& typed
) {
    const std::string command = "'" + std::string(TIDEWAY_PROGRAM) + "' --data '" +
                                program.data_folder() + "' --server " + program.api_url() + " " +
                                arguments;
    Child terminal(
        {.arguments =
             {"/bin/sh",
              "-c",
              "printf '" + typed + "\\n' | script -qec \"" + command + "\" /dev/null"},
         .error_file = program.folder() + "/terminal.err"}
    );
    return terminal.read_all();
}

}  // namespace tideway::testing
