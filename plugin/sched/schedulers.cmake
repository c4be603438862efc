# Makes the lists of schedulers from what each header here says in its line
#
#   CONFLUX_SCHEDULER(place, Type, "what it does");
#
# so that a new scheduler is one new header. The plugin's variant and enumeration come of it
# (scheduler_list.h), and the configuration's enumeration, names and help: it may not include a header
# of the plugin, so the build hands it what it needs to know.
#
# The build includes this; who does without the build runs it with `cmake -P`. What is made lies in
# `generated` of the build directory, or of the one where it runs, by the same paths as the sources.
set(conflux_root ${CMAKE_CURRENT_LIST_DIR}/../..)
set(CONFLUX_GENERATED ${CMAKE_BINARY_DIR}/generated)

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB headers ${CMAKE_CURRENT_LIST_DIR}/*.h)
else()
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.h)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})
endif()

# "PLACE|NAME|TYPE|HELP" of each; the name is that of the file.
set(found "")
foreach(header IN LISTS headers)
  file(READ ${header} text)
  string(REGEX MATCHALL "\nCONFLUX_SCHEDULER" lines "${text}")
  list(LENGTH lines count)
  if(count EQUAL 0)
    continue()
  endif()
  cmake_path(GET header STEM name)
  if(count GREATER 1 OR NOT text MATCHES
      "\nCONFLUX_SCHEDULER\\(([0-9]+),[ \n]+([A-Za-z0-9]+),[ \n]+\"([^\";|\\\n]+)\"\\);")
    message(FATAL_ERROR "plugin/sched/${name}.h: CONFLUX_SCHEDULER is not understood: expected "
      "CONFLUX_SCHEDULER(place, Type, \"what it does\"); once, and none of ;|\\ in the words")
  endif()
  list(APPEND found "${CMAKE_MATCH_1}|${name}|${CMAKE_MATCH_2}|${CMAKE_MATCH_3}")
endforeach()
list(SORT found COMPARE NATURAL)

set(place 0)
foreach(scheduler IN LISTS found)
  math(EXPR place "${place} + 1")
  string(REGEX MATCH "^(.*)\\|(.*)\\|(.*)\\|(.*)$" all "${scheduler}")
  set(name ${CMAKE_MATCH_2})
  set(type ${CMAKE_MATCH_3})
  if(NOT CMAKE_MATCH_1 EQUAL place)
    message(FATAL_ERROR "plugin/sched/${name}.h: CONFLUX_SCHEDULER has place ${CMAKE_MATCH_1}: "
      "expected ${place}, since places count from 1 without a gap")
  endif()
  list(APPEND includes "#include \"plugin/sched/${name}.h\"")
  list(APPEND types ${type})
  list(APPEND kinds "  k${type},")
  list(APPEND values "    named(\"${name}\", Scheduler::k${type}, \"${CMAKE_MATCH_4}\"),")
endforeach()
list(JOIN includes "\n" CONFLUX_SCHEDULER_INCLUDES)
list(JOIN types ", " CONFLUX_SCHEDULER_TYPES)
list(JOIN kinds "\n" CONFLUX_SCHEDULER_KINDS)
list(JOIN values "\n" CONFLUX_SCHEDULER_VALUES)

# Writes only what has changed.
foreach(made IN ITEMS plugin/sched/scheduler_list.h config/scheduler.h
    config/options/tables/scheduler_values.h)
  configure_file(${conflux_root}/${made}.in ${CONFLUX_GENERATED}/${made} @ONLY)
endforeach()
