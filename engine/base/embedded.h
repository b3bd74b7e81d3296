// Files that the build put into the program (cmake/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace tideway::embedded {

struct File {
    std::string_view name;   // relative to the embedding root, '/' between folders
    std::string_view bytes;  // lives as long as the program
};

}  // namespace tideway::embedded
