// The client's end of TLS without a socket: ciphertext in and out as bytes.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>

#include "examples/onion_proxy/base/byte_queue.h"
#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy {

/// TLS as Tor links use it: version 1.2 or later, no certificate authorities, no session reuse, no
/// renegotiation. The relay's identity comes from the CERTS cell instead.
class TlsContext {
 public:
  TlsContext();
  SSL_CTX* native() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// One TLS connection. Its owner moves ciphertext in large pieces: what several records hold is
/// read from the network at once, and what several records make is sent at once. Not thread-safe.
/// Bound: holds `kInputSize` bytes of input, and of output what the owner has not taken: what it
/// wrote, and what TLS answers by itself, which is as much as the peer asks for.
class TlsEngine {
 public:
  /// Four records, as many as are worth one system call.
  static constexpr size_t kInputSize = 64 * 1024;
  /// The most clear text that one record holds.
  static constexpr size_t kRecordMax = 16 * 1024;

  explicit TlsEngine(const TlsContext& context);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Where to put ciphertext from the peer; follow with `commit_input` of what came. Never empty
  /// once `read` has answered 0, or `handshake` false.
  MutableByteView input_room() { return input_.prepare(kInputSize - input_.size()); }
  void commit_input(size_t size) { input_.commit(size); }

  /// Ciphertext for the peer; any call but the two above may add to it and move it, reading too:
  /// TLS answers KeyUpdates and HelloRequests by itself.
  ByteView output() const { return output_; }
  /// Swaps all of it into `spent`, to be sent from there; what `spent` held is lost.
  void take_output(Bytes& spent) {
    spent.clear();
    spent.swap(output_);
  }

  /// Goes on with the handshake: true once it is done, false while it waits for the peer.
  Result<bool> handshake();

  /// After the handshake: the clear text of the next record, at most `out.size()` bytes; 0 if more
  /// input is needed. Fails when the peer ends the connection or what it sent is no TLS.
  Result<size_t> read(MutableByteView out);

  /// After the handshake: encrypts all of `clear` in records as large as possible.
  Status write(ByteView clear);

  /// SHA-256 of the peer's certificate, which is not verified; nullopt before the handshake.
  std::optional<Sha256Digest> peer_certificate_digest() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  struct BioCallbacks;

  std::unique_ptr<SSL, Free> ssl_;
  ByteQueue input_;
  Bytes output_;
};

}  // namespace onion_proxy
