#pragma once

#include <openssl/ssl.h>

#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy::test {

/// Gives the context of a TLS server a fresh self-signed certificate; the SHA-256 of its DER.
Sha256Digest install_certificate(SSL_CTX* context);

/// The server's end of TLS on OpenSSL's own memory buffers.
class FakeTlsServer {
 public:
  FakeTlsServer();
  ~FakeTlsServer();
  FakeTlsServer(const FakeTlsServer&) = delete;
  FakeTlsServer& operator=(const FakeTlsServer&) = delete;

  const Sha256Digest& certificate_digest() const { return certificate_digest_; }

  /// Ciphertext from the client; answers the handshake, keeps clear text.
  void receive(ByteView ciphertext);
  const Bytes& received() const { return received_; }

  /// At least one record for the client.
  void send(ByteView clear);
  /// A KeyUpdate, which TLS must answer. Spec: RFC 8446, 4.6.3.
  void ask_for_new_keys();
  void say_goodbye();
  /// Ciphertext for the client: how much was there and fits.
  size_t take(MutableByteView out);

 private:
  SSL_CTX* context_;
  Sha256Digest certificate_digest_;
  SSL* ssl_;
  Bytes received_;
};

}  // namespace onion_proxy::test
