# tideway_embed(<target> <symbol> <root> <files...>): puts files into a target as one table
#   namespace tideway::embedded { std::span<const File> <symbol>(); }
# with names relative to <root>. See engine/base/embedded.h.
function(tideway_embed target symbol root)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded_${symbol}.gen.cpp)
  list(TRANSFORM ARGN REPLACE "^([^/].*)$" "${CMAKE_SOURCE_DIR}/\\1" OUTPUT_VARIABLE files)
  string(REPLACE ";" "\n" lines "${files}")
  file(GENERATE OUTPUT ${out}.list CONTENT "${lines}")
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DLIST=${out}.list -DOUT=${out} -DSYMBOL=${symbol} -DROOT=${root}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${out}.list ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
