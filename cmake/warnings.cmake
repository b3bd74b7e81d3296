# tideway_compile_options: what every target of ours is compiled with.
add_library(tideway_compile_options INTERFACE)
target_compile_options(tideway_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(tideway_compile_options INTERFACE -Wuseless-cast)
endif()
target_include_directories(tideway_compile_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(tideway_compile_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  TIDEWAY_VERSION="${PROJECT_VERSION}")

if(TIDEWAY_SANITIZE)
  # A finding ends the program, so that a test that meets one fails.
  add_compile_options(-fsanitize=${TIDEWAY_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TIDEWAY_SANITIZE})
  if(TIDEWAY_SANITIZE MATCHES "thread")
    # g++ refuses std::atomic_thread_fence under the thread sanitizer.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
