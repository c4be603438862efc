# What `cmake --install` puts where. Components are the Debian packages: plugin, dev, sidecar,
# tools, examples. All destinations are relative to the prefix, so that an installed tree may be
# moved; what must name an absolute path (the systemd unit, the AppArmor abstraction) takes the
# prefix of the installation, not that of the configuration.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(MPATH_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/mpath CACHE STRING
  "Where hosts look for plugins, relative to the prefix")
set(CONFLUX_SYSTEMD_UNIT_DIR lib/systemd/system CACHE STRING "Where systemd looks for units")
set(CONFLUX_EXAMPLES_DIR ${CMAKE_INSTALL_LIBEXECDIR}/conflux-examples)
set(conflux_data ${CMAKE_INSTALL_DATADIR}/conflux)
set(generated ${CMAKE_BINARY_DIR}/install)

foreach(directory IN ITEMS MPATH_PLUGIN_DIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR
    CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DATADIR CMAKE_INSTALL_LIBEXECDIR)
  if(IS_ABSOLUTE "${${directory}}")
    message(FATAL_ERROR "${directory} is ${${directory}}: give it relative to the prefix, such as "
      "lib, or the installed tree cannot be moved")
  endif()
endforeach()

# The contract's version, for find_package and pkg-config: what a host is compatible with, which the
# version of this release is not.
set(base_header ${PROJECT_SOURCE_DIR}/host_api/include/mpath/base.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${base_header})
file(STRINGS ${base_header} version_lines
  REGEX "^#define MPATH_ABI_(MAJOR|MINOR) ")
string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
list(JOIN version_numbers . MPATH_ABI_VERSION)

include(${CMAKE_CURRENT_LIST_DIR}/install/plugin.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/install/dev.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/install/programs.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/install/man.cmake)
