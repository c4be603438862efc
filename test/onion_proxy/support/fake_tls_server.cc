#include "test/onion_proxy/support/fake_tls_server.h"

#include <openssl/bio.h>
#include <openssl/x509.h>

#include <stdexcept>

namespace onion_proxy::test {

Sha256Digest install_certificate(SSL_CTX* context) {
  // Real relays have RSA here; an elliptic curve key is made a hundred times faster.
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  Sha256Digest digest{};
  unsigned int length = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &length);
  const bool installed = SSL_CTX_use_certificate(context, certificate) == 1 &&
                         SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!installed) throw std::runtime_error("TLS certificate of the fake relay");
  return digest;
}

FakeTlsServer::FakeTlsServer()
    : context_(SSL_CTX_new(TLS_server_method())),
      certificate_digest_(install_certificate(context_)),
      ssl_(SSL_new(context_)) {
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(ssl_);
}

FakeTlsServer::~FakeTlsServer() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

void FakeTlsServer::receive(ByteView ciphertext) {
  if (!ciphertext.empty()) {
    BIO_write(SSL_get_rbio(ssl_), ciphertext.data(), static_cast<int>(ciphertext.size()));
  }
  Bytes record(16 * 1024);
  size_t size = 0;
  while (SSL_read_ex(ssl_, record.data(), record.size(), &size) == 1) {
    append(received_, ByteView(record).first(size));
  }
}

void FakeTlsServer::send(ByteView clear) {
  size_t size = 0;
  if (SSL_write_ex(ssl_, clear.data(), clear.size(), &size) != 1 || size != clear.size()) {
    throw std::runtime_error("the fake TLS server cannot send");
  }
}

void FakeTlsServer::ask_for_new_keys() {
  if (SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED) != 1 || SSL_do_handshake(ssl_) != 1) {
    throw std::runtime_error("the fake TLS server cannot ask for new keys");
  }
}

void FakeTlsServer::say_goodbye() { SSL_shutdown(ssl_); }

size_t FakeTlsServer::take(MutableByteView out) {
  const int size = BIO_read(SSL_get_wbio(ssl_), out.data(), static_cast<int>(out.size()));
  return size > 0 ? static_cast<size_t>(size) : 0;
}

}  // namespace onion_proxy::test
