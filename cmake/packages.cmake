# Every outside library, from Debian 12 packages only. docs/decisions says why each is here.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
find_package(date REQUIRED)
# The C++ build of Lua: errors and yields unwind destructors. CMake's FindLua takes the C build.
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.4-c++)
# Its CMake files want the zip tools installed.
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)

# tideway_allocator: malloc of the programs. Sanitizers bring their own.
add_library(tideway_allocator INTERFACE)
if(NOT TIDEWAY_SANITIZE)
  find_package(mimalloc 2.0 REQUIRED)
  target_link_libraries(tideway_allocator INTERFACE mimalloc)
endif()
