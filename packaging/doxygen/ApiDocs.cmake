# Target api_docs: the reference of the contract, in api/html of the build directory. A warning fails it.
find_program(DOXYGEN_EXECUTABLE doxygen)
if(DOXYGEN_EXECUTABLE)
  file(STRINGS ${PROJECT_SOURCE_DIR}/host_api/include/mpath/base.h numbers
    REGEX "^#define MPATH_ABI_(MAJOR|MINOR) ")
  string(REGEX REPLACE "[^0-9]+([0-9]+)u?[^0-9]+([0-9]+).*" "\\1.\\2" MPATH_ABI_VERSION "${numbers}")
  set(MPATH_DOCS_DIR ${PROJECT_BINARY_DIR}/api)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/doxygen/Doxyfile.in
    ${PROJECT_BINARY_DIR}/api/Doxyfile @ONLY)
  add_custom_target(api_docs
    COMMAND ${DOXYGEN_EXECUTABLE} ${PROJECT_BINARY_DIR}/api/Doxyfile
    COMMENT "The reference of the contract: ${PROJECT_BINARY_DIR}/api/html/index.html"
    VERBATIM)
endif()
