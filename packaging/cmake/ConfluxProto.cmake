# gRPC and protobuf: for the sidecar and its clients, never for the plugin. Without them the rest is
# built all the same.
find_package(Protobuf 3.21 QUIET)  # Debian has no CONFIG for it, and gRPC's own wants it first
find_package(gRPC 1.51 CONFIG QUIET)
if(Protobuf_FOUND AND gRPC_FOUND)
  set(CONFLUX_HAS_GRPC ON)
else()
  set(CONFLUX_HAS_GRPC OFF)
  message(STATUS "conflux-sidecar is not built: install libgrpc++-dev libprotobuf-dev "
    "protobuf-compiler-grpc")
endif()

# conflux_proto_library(NAME ROOT dir PROTOS a/b.proto ...): messages and services of .proto files,
# which are named, and import each other, by their path from ROOT. Includes are the same path:
# "a/b.pb.h". (CMake's protobuf_generate() puts them elsewhere if ROOT is not the source directory.)
function(conflux_proto_library name)
  cmake_parse_arguments(arg "" "ROOT" "PROTOS;DEPS" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}.gen)
  file(MAKE_DIRECTORY ${out})
  add_library(${name} STATIC)
  foreach(proto IN LISTS arg_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" base ${proto})
    add_custom_command(
      OUTPUT ${out}/${base}.pb.cc ${out}/${base}.pb.h ${out}/${base}.grpc.pb.cc
        ${out}/${base}.grpc.pb.h
      COMMAND protobuf::protoc -I ${arg_ROOT} --cpp_out=${out} --grpc_out=${out}
        --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${arg_ROOT}/${proto}
      DEPENDS ${arg_ROOT}/${proto} protobuf::protoc gRPC::grpc_cpp_plugin
      VERBATIM)
    target_sources(${name} PRIVATE ${out}/${base}.pb.cc ${out}/${base}.grpc.pb.cc)
  endforeach()
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)  # generated files share their names
  # SYSTEM, and nothing of our warnings: generated code does not keep them.
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC gRPC::grpc++ protobuf::libprotobuf ${arg_DEPS})
  if(CONFLUX_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${CONFLUX_SANITIZE})
  endif()
endfunction()
