# The parts of the proxy that face the network, the directory and the user. Each library may link
# only what stands above it.
find_package(Boost 1.74 REQUIRED)
find_package(fmt 9 REQUIRED)

conflux_library(onion_base
  SOURCES
    base/bytes.cc
    base/file.cc
  DEPS fmt::fmt
  PRIVATE_DEPS OpenSSL::Crypto)

conflux_library(onion_signature
  SOURCES crypto/signature.cc
  DEPS onion_crypto)

conflux_library(onion_directory
  SOURCES
    directory/authority_certificate.cc
    directory/authority_config.cc
    directory/consensus.cc
    directory/consensus_signature.cc
    directory/item_reader.cc
    directory/microdescriptor.cc
    directory/network_view.cc
    directory/path_choice.cc
    directory/protocol_set.cc
  DEPS onion_signature Boost::headers)

conflux_library(onion_link
  SOURCES
    link/certs.cc
    link/ed_certificate.cc
    link/link_handshake.cc
  DEPS onion_cell onion_signature)

conflux_library(onion_socks
  SOURCES socks/socks5.cc
  DEPS onion_base)

conflux_library(onion_net
  SOURCES
    net/app_socket.cc
    net/channel.cc
    net/channel_pool.cc
    net/directory_client.cc
    net/http_get.cc
    net/http_reply.cc
    net/socks_listener.cc
    net/tls_engine.cc
  DEPS onion_directory onion_link onion_socks OpenSSL::SSL Threads::Threads)

find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)

conflux_library(onion_app
  SOURCES
    app/check_network.cc
    app/console.cc
    app/network_summary.cc
    app/options.cc
    app/stats.cc
  DEPS onion_net
  PRIVATE_DEPS CLI11::CLI11 nlohmann_json::nlohmann_json)
