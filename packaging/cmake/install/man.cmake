# Manual pages, made of what the programs say, each in the component of what it tells about.
find_package(Python3 3.11 QUIET COMPONENTS Interpreter)
set(man_script ${PROJECT_SOURCE_DIR}/packaging/man/build.sh)
if(NOT EXISTS ${man_script} OR NOT Python3_FOUND OR NOT TARGET conflux-sidecar
    OR CMAKE_CROSSCOMPILING)
  message(STATUS "no manual pages: they need python3 and programs that run here, all of them")
  return()
endif()

execute_process(COMMAND ${man_script} --list OUTPUT_VARIABLE pages
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" pages "${pages}")
list(TRANSFORM pages PREPEND ${CMAKE_BINARY_DIR}/man/ OUTPUT_VARIABLE page_files)
file(GLOB man_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/man/*)
set(man_programs confluxctl conflux-sidecar mpath_validate mpath_replay onion-proxy)
add_custom_command(OUTPUT ${page_files}
  COMMAND ${man_script} ${CMAKE_BINARY_DIR}/man ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
  DEPENDS ${man_sources} ${man_programs}
  COMMENT "Manual pages" VERBATIM)
add_custom_target(man_pages ALL DEPENDS ${page_files})

foreach(page IN LISTS pages)
  string(REGEX MATCH "[1-8]$" section ${page})
  set(component plugin)
  if(page MATCHES "^mpath")
    set(component dev)
  elseif(page MATCHES "^confluxctl")
    set(component tools)
  elseif(page MATCHES "^conflux-(sidecar|region)")
    set(component sidecar)
  elseif(page MATCHES "^onion-proxy")
    set(component examples)
  endif()
  install(FILES ${CMAKE_BINARY_DIR}/man/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
    COMPONENT ${component})
endforeach()
