# Compiler settings and the helpers that every directory uses.

option(CONFLUX_BUILD_TESTS "Build the tests" ON)
option(CONFLUX_WERROR "Treat warnings as errors" ON)
option(CONFLUX_FUZZ "Build the fuzz targets, with clang, and no other tests" OFF)
option(CONFLUX_COVERAGE "Count which lines run, with clang (test/coverage.sh)" OFF)
option(CONFLUX_JOIN_SOURCES "Compile some source files of a target at a time (not those of conflux.so)" OFF)
set(CONFLUX_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# Debian's own interpreter, whatever else is in the path: the packages of the tests are its packages.
# Before anything looks for one, since the first to find it decides for all.
if(EXISTS /usr/bin/python3 AND NOT Python3_EXECUTABLE)
  set(Python3_EXECUTABLE /usr/bin/python3)
endif()

find_program(CONFLUX_CCACHE ccache)
if(CONFLUX_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CONFLUX_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CONFLUX_CCACHE})
endif()

# Headers take most of the time of a whole build. The test command joins sources, everybody else
# compiles them one by one.
if(CONFLUX_JOIN_SOURCES)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
endif()

# conflux_never_joined(TARGET): neither it nor what it links of ours. What goes into somebody's process
# is tested as it is shipped.
function(conflux_never_joined target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
  get_target_property(linked ${target} LINK_LIBRARIES)
  foreach(library IN LISTS linked)
    if(TARGET ${library})
      get_target_property(type ${library} TYPE)
      get_target_property(imported ${library} IMPORTED)
      if(NOT imported AND NOT type STREQUAL INTERFACE_LIBRARY)
        conflux_never_joined(${library})
      endif()
    endif()
  endforeach()
endfunction()

# conflux_alone(SOURCE...): these have names of their own that other files of the target have too.
function(conflux_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# conflux_hurry(): first in a directory where nothing is hot. The optimiser takes 40 % of the time that
# a file with sanitizers takes, and what is tested there waits for sockets.
macro(conflux_hurry)
  if(CONFLUX_JOIN_SOURCES AND CONFLUX_SANITIZE)
    add_compile_options(-O0)
  endif()
endmacro()

add_library(conflux_options INTERFACE)
target_compile_options(conflux_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Woverloaded-virtual;-Wswitch-enum>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fno-gnu-unique>
  # g++ 12 sees overlapping copies in std::string where there are none (GCC bug 105329).
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>
  $<$<BOOL:${CONFLUX_WERROR}>:-Werror>)
if(CONFLUX_SANITIZE)
  target_compile_options(conflux_options INTERFACE
    -fsanitize=${CONFLUX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(conflux_options INTERFACE -fsanitize=${CONFLUX_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # As g++ does, so that sources need to ask in one way only.
    string(REPLACE "," ";" sanitizers "${CONFLUX_SANITIZE}")
    list(TRANSFORM sanitizers TOUPPER)
    list(TRANSFORM sanitizers PREPEND __SANITIZE_)
    list(TRANSFORM sanitizers APPEND __=1)
    target_compile_definitions(conflux_options INTERFACE ${sanitizers})
    # A host in C loads what is written in C++.
    target_link_options(conflux_options INTERFACE -fsanitize-link-c++-runtime)
    target_link_libraries(conflux_options INTERFACE $<$<LINK_LANGUAGE:C>:stdc++>)
  endif()
endif()

if(CONFLUX_FUZZ)
  # A fuzzer steers by the branches of all that it reaches.
  target_compile_options(conflux_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CONFLUX_COVERAGE)
  target_compile_options(conflux_options INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(conflux_options INTERFACE -fprofile-instr-generate)
endif()

# conflux_library(NAME SOURCES a.cc ... DEPS x y): one static library, a ring or a part.
# Headers are included by their path from the repository's top level, also those that the build makes.
function(conflux_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR} ${CONFLUX_GENERATED})
  target_link_libraries(${name} PRIVATE conflux_options ${arg_PRIVATE_DEPS} PUBLIC ${arg_DEPS})
endfunction()

# The headers of GoogleTest, compiled once for all tests that are built the same way.
function(conflux_share_test_headers name)
  if(NOT TARGET conflux_test_headers)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "int main() {}\n")
    add_executable(conflux_test_headers ${CMAKE_BINARY_DIR}/test_headers.cc)
    target_compile_options(conflux_test_headers PRIVATE -O0 -g1 -pthread)
    target_link_libraries(conflux_test_headers PRIVATE conflux_options GTest::gtest GTest::gmock)
    target_precompile_headers(conflux_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>
      <algorithm> <array> <chrono> <cstdint> <filesystem> <fstream> <functional> <memory> <optional>
      <span> <sstream> <string> <string_view> <thread> <vector>)
  endif()
  target_precompile_headers(${name} REUSE_FROM conflux_test_headers)
  target_compile_options(${name} PRIVATE -pthread)  # as some of their libraries want it: it defines a macro
endfunction()

# conflux_test(NAME SOURCES a_test.cc ... DEPS x y LABELS unit): a GoogleTest binary whose tests
# CTest knows one by one.
function(conflux_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  # Assertions need no optimiser: it halves the time of a whole test run to do without. What a test
  # measures or repeats a million times stands in a library.
  target_compile_options(${name} PRIVATE -O0 -g1)
  target_compile_definitions(${name} PRIVATE CONFLUX_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    CONFLUX_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE conflux_options ${arg_DEPS} GTest::gtest_main GTest::gmock)
  if(CONFLUX_JOIN_SOURCES)
    conflux_share_test_headers(${name})
  endif()
  # At test time, so that a build does not run what it has just built.
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60)
  # Not by PROPERTIES: lists do not survive it, and with the second label the timeout would go too.
  set(properties_file ${CMAKE_CURRENT_BINARY_DIR}/${name}_properties.cmake)
  file(CONFIGURE OUTPUT ${properties_file} @ONLY CONTENT
    "set_tests_properties(\${@name@_TESTS} PROPERTIES LABELS \"@arg_LABELS@\" TIMEOUT @arg_TIMEOUT@)\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${properties_file})
endfunction()
