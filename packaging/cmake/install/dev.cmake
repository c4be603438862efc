# Component dev: what hosts and plugins are built with, and judged by.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/host_api/include/mpath
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(TARGETS mpath_loader ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)

# The conformance kit.
install(TARGETS mpath_validate mpath_replay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  COMPONENT dev)
install(TARGETS mpath_probe mpath_check LIBRARY DESTINATION ${MPATH_PLUGIN_DIR} COMPONENT dev)

# find_package(mpath CONFIG)
set(mpath_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mpath)
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/install/mpath-config.cmake.in
  ${generated}/mpath-config.cmake INSTALL_DESTINATION ${mpath_cmake_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_BINDIR MPATH_PLUGIN_DIR
  NO_SET_AND_CHECK_MACRO)
# Within a major nothing breaks (ABI.md), so that is how a request is judged.
write_basic_package_version_file(${generated}/mpath-config-version.cmake
  VERSION ${MPATH_ABI_VERSION} COMPATIBILITY SameMajorVersion)
install(FILES ${generated}/mpath-config.cmake ${generated}/mpath-config-version.cmake
  DESTINATION ${mpath_cmake_dir} COMPONENT dev)

# pkg-config: all paths from where the .pc file is found.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pc /prefix/${pc_dir} /prefix)
string(REGEX REPLACE "/$" "" prefix_from_pc ${prefix_from_pc})
set(MPATH_PC_PREFIX \${pcfiledir}/${prefix_from_pc} CACHE STRING
  "Prefix in the .pc files; an absolute one is nicer to read, and cannot be moved")
foreach(module IN ITEMS mpath mpath-host)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/install/${module}.pc.in
    ${generated}/${module}.pc @ONLY)
  install(FILES ${generated}/${module}.pc DESTINATION ${pc_dir} COMPONENT dev)
endforeach()

# The contract in words, and hosts to copy from.
set(mpath_doc ${CMAKE_INSTALL_DATADIR}/doc/libmpath-dev)
install(FILES ${PROJECT_SOURCE_DIR}/host_api/README.md ${PROJECT_SOURCE_DIR}/host_api/ABI.md
  DESTINATION ${mpath_doc} COMPONENT dev)
foreach(part IN ITEMS . check probe)
  install(FILES ${PROJECT_SOURCE_DIR}/host_api/conformance/${part}/README.md
    DESTINATION ${mpath_doc}/conformance/${part} COMPONENT dev)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/host_api/embedding DESTINATION ${mpath_doc} COMPONENT dev)
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*_host)
install(DIRECTORY ${examples} ${PROJECT_SOURCE_DIR}/examples/onion_proxy
  DESTINATION ${mpath_doc}/examples COMPONENT dev
  PATTERN "target" EXCLUDE PATTERN "CMakeLists.txt" EXCLUDE PATTERN "*.cmake" EXCLUDE)
