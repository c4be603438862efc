# The parts of the proxy that face the network, the directory and the user. Each library may link
# only what stands above it.

conflux_library(onion_base
  SOURCES base/bytes.cc
  PRIVATE_DEPS OpenSSL::Crypto)

conflux_library(onion_signature
  SOURCES crypto/signature.cc
  DEPS onion_crypto)
