#include "examples/onion_proxy/net/tls_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>

#include "examples/onion_proxy/crypto/openssl_error.h"

namespace onion_proxy {
namespace {

std::string last_tls_error() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "TLS failed" : reason;
}

}  // namespace

// OpenSSL asks for bytes through a BIO. Its own memory BIO clears its whole buffer at each reset,
// and its socket BIO makes two system calls of each record.
struct TlsEngine::BioCallbacks {
  static TlsEngine& engine(BIO* bio) { return *static_cast<TlsEngine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, size_t size, size_t* done) {
    BIO_clear_retry_flags(bio);
    ByteQueue& input = engine(bio).input_;
    *done = std::min(size, input.size());
    if (*done == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(out, input.bytes().data(), *done);
    input.consume(*done);
    return 1;
  }

  static int write(BIO* bio, const char* data, size_t size, size_t* done) {
    append(engine(bio).output_, std::string_view(data, size));
    *done = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* make() {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "engine");
    require_openssl(method != nullptr && BIO_meth_set_read_ex(method, read) == 1 &&
                        BIO_meth_set_write_ex(method, write) == 1 &&
                        BIO_meth_set_ctrl(method, control) == 1,
                    "preparing TLS failed");
    return method;
  }

  static BIO* bio_for(TlsEngine& engine) {
    // Never freed: connections may live as long as the process.
    static BIO_METHOD* const method = make();
    BIO* bio = BIO_new(method);
    require_openssl(bio != nullptr, "preparing TLS failed");
    BIO_set_data(bio, &engine);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsContext::TlsContext() : context_(SSL_CTX_new(TLS_client_method())) {
  require_openssl(context_ && SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION) == 1,
                  "preparing TLS failed");
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
  // Writing never has to wait for the peer without it.
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION);
}

TlsEngine::TlsEngine(const TlsContext& context) : ssl_(SSL_new(context.native())) {
  require_openssl(ssl_ != nullptr, "preparing TLS failed");
  BIO* bio = BioCallbacks::bio_for(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
}

TlsEngine::~TlsEngine() = default;

Result<bool> TlsEngine::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return true;
  if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return false;
  return Error{last_tls_error()};
}

Result<size_t> TlsEngine::read(MutableByteView out) {
  ERR_clear_error();
  size_t size = 0;
  const int done = SSL_read_ex(ssl_.get(), out.data(), out.size(), &size);
  if (done == 1) return size;
  const int error = SSL_get_error(ssl_.get(), done);
  if (error == SSL_ERROR_WANT_READ) return size_t{0};
  if (error == SSL_ERROR_ZERO_RETURN) return Error{"the relay closed the connection"};
  return Error{last_tls_error()};
}

Status TlsEngine::write(ByteView clear) {
  if (clear.empty()) return Status();
  ERR_clear_error();
  size_t size = 0;
  // Without renegotiation and with a BIO that takes everything it is all or nothing.
  if (SSL_write_ex(ssl_.get(), clear.data(), clear.size(), &size) == 1) return Status();
  return Error{last_tls_error()};
}

std::optional<Sha256Digest> TlsEngine::peer_certificate_digest() const {
  X509* certificate = SSL_get1_peer_certificate(ssl_.get());
  if (certificate == nullptr) return std::nullopt;
  Sha256Digest digest;
  unsigned int length = 0;
  const int done = X509_digest(certificate, EVP_sha256(), digest.data(), &length);
  X509_free(certificate);
  if (done != 1 || length != digest.size()) return std::nullopt;
  return digest;
}

}  // namespace onion_proxy
