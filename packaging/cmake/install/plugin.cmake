# Component plugin: conflux.so, its digest for pins, its configuration.

# For the code below, of all components: directories of the prefix that is installed to.
install(CODE "
  set(plugin_dir \"\${CMAKE_INSTALL_PREFIX}/${MPATH_PLUGIN_DIR}\")
  set(bin_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(etc_dir \"${CMAKE_INSTALL_SYSCONFDIR}\")
  if(NOT IS_ABSOLUTE \"\${etc_dir}\")
    set(etc_dir \"\${CMAKE_INSTALL_PREFIX}/\${etc_dir}\")
    # As GNUInstallDirs has it.
    string(REGEX REPLACE \"^/usr/etc\$\" \"/etc\" etc_dir \"\${etc_dir}\")
  endif()
" ALL_COMPONENTS)

# install_configured(INPUT DIRECTORY NAME COMPONENT): a template with @plugin_dir@, @bin_dir@ and
# @etc_dir@. DIRECTORY may begin with one of them: \${etc_dir}/more.
function(install_configured input directory name component)
  install(CODE "
    set(to \"${directory}\")
    if(NOT IS_ABSOLUTE \"\${to}\")
      set(to \"\${CMAKE_INSTALL_PREFIX}/\${to}\")
    endif()
    message(STATUS \"Installing: \$ENV{DESTDIR}\${to}/${name}\")
    configure_file(\"${input}\" \"\$ENV{DESTDIR}\${to}/${name}\" @ONLY
      FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  " COMPONENT ${component})
endfunction()

install(TARGETS conflux LIBRARY DESTINATION ${MPATH_PLUGIN_DIR} COMPONENT plugin)
# After the line above, which may have stripped it.
install(CODE "
  file(SHA256 \"\$ENV{DESTDIR}\${plugin_dir}/conflux.so\" digest)
  file(WRITE \"\$ENV{DESTDIR}\${plugin_dir}/conflux.so.sha256\" \"\${digest}  conflux.so\\n\")
" COMPONENT plugin)
install(FILES ${PROJECT_SOURCE_DIR}/config/conflux.schema.json DESTINATION ${conflux_data}
  COMPONENT plugin)
install(FILES ${PROJECT_SOURCE_DIR}/config/REFERENCE.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/conflux-plugin COMPONENT plugin)

# The operator's file is the operator's: it is made once, and never written over.
install(CODE "
  if(EXISTS \"\$ENV{DESTDIR}\${etc_dir}/conflux/conflux.yaml\")
    message(STATUS \"Kept: \$ENV{DESTDIR}\${etc_dir}/conflux/conflux.yaml\")
  else()
    file(INSTALL \"${PROJECT_SOURCE_DIR}/config/conflux.yaml\" DESTINATION \"\${etc_dir}/conflux\")
  endif()
" COMPONENT plugin)
install_configured(${PROJECT_SOURCE_DIR}/packaging/apparmor/conflux-plugin.in
  "\${etc_dir}/apparmor.d/abstractions" conflux-plugin plugin)
