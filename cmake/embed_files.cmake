# Run by tideway_embed: writes the bytes of the listed files as C++ arrays.
file(STRINGS ${LIST} files)
set(arrays "")
set(rows "")
set(index 0)
foreach(path IN LISTS files)
  file(READ ${path} hex HEX)
  file(RELATIVE_PATH name ${ROOT} ${path})
  string(LENGTH "${hex}" length)
  math(EXPR size "${length} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
  # A string literal of up to 64 KiB pieces: compiles faster than a list of numbers.
  set(pieces "")
  string(LENGTH "${bytes}" total)
  set(at 0)
  while(at LESS total)
    string(SUBSTRING "${bytes}" ${at} 4000 piece)
    string(APPEND pieces "    \"${piece}\"\n")
    math(EXPR at "${at} + 4000")
  endwhile()
  if(NOT pieces)
    set(pieces "    \"\"\n")
  endif()
  string(APPEND arrays "constexpr char kBytes${index}[] =\n${pieces};\n")
  string(APPEND rows "    {\"${name}\", std::string_view(kBytes${index}, ${size})},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT} "// Written by the build from the listed files.
#include \"engine/base/embedded.h\"

namespace tideway::embedded {
namespace {
${arrays}
constexpr File kFiles[] = {
${rows}};
}  // namespace

std::span<const File> ${SYMBOL}() { return kFiles; }
}  // namespace tideway::embedded
")
