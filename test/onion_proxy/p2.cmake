find_package(fmt 9 REQUIRED)

conflux_library(onion_directory_support
  SOURCES
    support/fake_authority.cc
    support/fake_link_certs.cc
    support/signers.cc
  DEPS onion_directory onion_link)

conflux_library(onion_net_support
  SOURCES
    support/fake_link_server.cc
    support/fake_tls_server.cc
  DEPS onion_directory_support onion_net)

conflux_test(onion_base_test
  SOURCES
    base/byte_queue_test.cc
    base/bytes_test.cc
  DEPS onion_base
  LABELS unit)

conflux_test(onion_directory_test
  SOURCES
    crypto/signature_test.cc
    directory/authority_test.cc
    directory/consensus_test.cc
    directory/item_reader_test.cc
    directory/microdescriptor_test.cc
    directory/path_choice_test.cc
    directory/stock_tor_test.cc
  DEPS onion_directory_support
  LABELS unit)

conflux_test(onion_link_test
  SOURCES
    link/certs_test.cc
    link/link_handshake_test.cc
  DEPS onion_directory_support
  LABELS unit)

conflux_test(onion_socks_test
  SOURCES
    socks/socks5_test.cc
  DEPS onion_socks
  LABELS unit)

conflux_test(onion_net_test
  SOURCES
    net/app_socket_test.cc
    net/channel_test.cc
    net/directory_client_test.cc
    net/http_reply_test.cc
    net/socks_listener_test.cc
    net/tls_engine_test.cc
  DEPS onion_net_support
  LABELS unit)

conflux_test(onion_app_test
  SOURCES
    app/options_test.cc
    app/stats_test.cc
  DEPS onion_app nlohmann_json::nlohmann_json
  LABELS unit)
