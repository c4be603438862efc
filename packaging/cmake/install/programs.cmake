# Components sidecar, tools and examples: programs that run beside a proxy, or are one.
set(conflux_doc ${CMAKE_INSTALL_DATADIR}/doc)
set(monitoring ${PROJECT_SOURCE_DIR}/packaging/monitoring)

if(TARGET conflux-sidecar)
  install(TARGETS conflux-sidecar RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT sidecar)
  set(systemd ${PROJECT_SOURCE_DIR}/packaging/systemd)
  install_configured(${systemd}/conflux-sidecar.service.in ${CONFLUX_SYSTEMD_UNIT_DIR}
    conflux-sidecar.service sidecar)
  install(FILES ${systemd}/conflux.sysusers DESTINATION lib/sysusers.d RENAME conflux.conf
    COMPONENT sidecar)
  install(FILES ${systemd}/conflux.tmpfiles DESTINATION lib/tmpfiles.d RENAME conflux.conf
    COMPONENT sidecar)
  install(DIRECTORY ${systemd}/examples DESTINATION ${conflux_doc}/conflux-sidecar
    COMPONENT sidecar)
  install(DIRECTORY ${monitoring}/grafana DESTINATION ${conflux_data} COMPONENT sidecar)
  install(DIRECTORY ${monitoring}/prometheus DESTINATION ${conflux_data} COMPONENT sidecar
    PATTERN "*.test.yaml" EXCLUDE)
  install(FILES ${monitoring}/README.md ${monitoring}/METRICS.md
    DESTINATION ${conflux_doc}/conflux-sidecar COMPONENT sidecar)
  install(FILES ${PROJECT_SOURCE_DIR}/plugin/sidecar/proto/conflux/metrics/v1/metrics.proto
    DESTINATION ${conflux_data}/proto/conflux/metrics/v1 COMPONENT sidecar)
endif()

install(TARGETS confluxctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/completion/confluxctl.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME confluxctl
  COMPONENT tools)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/OPERATING.md
  DESTINATION ${conflux_doc}/conflux-tools COMPONENT tools)

# Not in the search path: what gives no anonymity should not be met by accident.
install(TARGETS onion-proxy minimal_host RUNTIME DESTINATION ${CONFLUX_EXAMPLES_DIR}
  COMPONENT examples)
set(examples_data ${CMAKE_INSTALL_DATADIR}/conflux-examples)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/examples/private_network/private_network.py
  DESTINATION ${examples_data}/private_network COMPONENT examples)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/private_network/privnet
  ${PROJECT_SOURCE_DIR}/examples/private_network/traffic
  DESTINATION ${examples_data}/private_network COMPONENT examples
  FILES_MATCHING PATTERN "*.py")
install(PROGRAMS ${PROJECT_SOURCE_DIR}/examples/quickstart.py DESTINATION ${examples_data}
  COMPONENT examples)
install(FILES ${PROJECT_SOURCE_DIR}/examples/private_network/README.md
  DESTINATION ${conflux_doc}/conflux-examples COMPONENT examples)
foreach(directory IN ITEMS MPATH_PLUGIN_DIR CMAKE_INSTALL_BINDIR examples_data)
  file(RELATIVE_PATH ${directory}_FROM_EXAMPLES /prefix/${CONFLUX_EXAMPLES_DIR}
    /prefix/${${directory}})
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/packaging/install/quickstart.in ${generated}/quickstart @ONLY)
install(PROGRAMS ${generated}/quickstart DESTINATION ${CONFLUX_EXAMPLES_DIR} COMPONENT examples)
