# The parts of the proxy that face the network, the directory and the user. Each library may link
# only what stands above it.
find_package(Boost 1.74 REQUIRED)
find_package(fmt 9 REQUIRED)

conflux_library(onion_base
  SOURCES base/bytes.cc
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

conflux_library(onion_net
  SOURCES
    net/directory_client.cc
    net/http_get.cc
  DEPS onion_directory)
