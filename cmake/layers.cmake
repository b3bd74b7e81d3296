# How a layer, a connector, a program and a test program are added. Sources are found by folder, so
# adding a file needs no edit here.

# tideway_add_layer(<name> DEPENDS <targets>): engine/<name>/*.cpp becomes tideway_<name>.
function(tideway_add_layer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine/${name}/*.cpp
                                      ${CMAKE_SOURCE_DIR}/engine/${name}/*/*.cpp)
  if(sources)
    add_library(tideway_${name} STATIC ${sources})
    target_link_libraries(tideway_${name} PUBLIC ${ARG_DEPENDS} PRIVATE tideway_compile_options)
    target_include_directories(tideway_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_compile_definitions(tideway_${name} PUBLIC
      BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
  else()
    add_library(tideway_${name} INTERFACE)
    target_link_libraries(tideway_${name} INTERFACE ${ARG_DEPENDS})
  endif()
endfunction()

# tideway_add_program(<target> <folder> DEPENDS <targets>)
function(tideway_add_program target folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} tideway_compile_options)
endfunction()

# A test that takes longer has failed. Programs with a sanitizer are several times slower.
function(tideway_end_test_after test seconds)
  if(TIDEWAY_SANITIZE)
    math(EXPR seconds "${seconds} * 5")
  endif()
  set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()

# Half the time to compile: what runs long is in the libraries, which keep the optimisation of the build.
function(tideway_build_fast target)
  target_compile_options(${target} PRIVATE -O0 -g1)
endfunction()

# The target tests_<label> builds what the tests of that label need.
function(tideway_needs label)
  if(NOT TARGET tests_${label})
    add_custom_target(tests_${label})
  endif()
  add_dependencies(tests_${label} ${ARGN})
endfunction()

# tideway_add_test(<target> <folder> [LABEL l] DEPENDS <targets>): <folder>/*_test.cpp and those of its
# sub-folders in one program.
function(tideway_add_test target folder)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_test.cpp
                                      ${CMAKE_SOURCE_DIR}/${folder}/*/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main
                        tideway_compile_options)
  tideway_build_fast(${target})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${target} COMMAND ${target} --gtest_brief=1)
  set_tests_properties(${target} PROPERTIES LABELS ${ARG_LABEL}
                       WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  tideway_end_test_after(${target} ${ARG_TIMEOUT})
  tideway_needs(${ARG_LABEL} ${target})
endfunction()
