#include "plugin/sidecar/serve/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace conflux::sidecar {
namespace {

struct Free {
  void operator()(BIO* it) const { BIO_free_all(it); }
  void operator()(X509* it) const { X509_free(it); }
  void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
};
using Certificate = std::unique_ptr<X509, Free>;

// No terminal to ask for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

class Checker {
 public:
  const std::string& problem() const { return problem_; }

  Certificate certificate(const std::string& path) {
    const std::unique_ptr<BIO, Free> file = open(path);
    if (file == nullptr) return nullptr;
    Certificate found(PEM_read_bio_X509(file.get(), nullptr, no_passphrase, nullptr));
    if (found == nullptr) {
      problem_ = path + ": no certificate in it; expected PEM (-----BEGIN CERTIFICATE-----)";
    } else if (X509_cmp_current_time(X509_get0_notAfter(found.get())) < 0) {
      problem_ = path + ": the certificate has expired; make a new one";
    }
    return found;
  }

  void key(const std::string& path, const Certificate& certificate) {
    const std::unique_ptr<BIO, Free> file = open(path);
    if (file == nullptr) return;
    const std::unique_ptr<EVP_PKEY, Free> found(
        PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr));
    if (found == nullptr) {
      problem_ = path + ": no key in it; expected PEM without a passphrase";
    } else if (certificate != nullptr &&
               X509_check_private_key(certificate.get(), found.get()) != 1) {
      problem_ = path + ": not the key of the certificate; give the pair that belongs together";
    }
  }

 private:
  std::unique_ptr<BIO, Free> open(const std::string& path) {
    errno = 0;
    std::unique_ptr<BIO, Free> file(BIO_new_file(path.c_str(), "r"));
    if (file == nullptr) {
      problem_ = path + ": " + std::generic_category().message(errno) +
                 "; name a file that the sidecar's user may read";
    }
    return file;
  }

  std::string problem_;
};

}  // namespace

std::string check_tls_files(const TlsFiles& files) {
  Checker checker;
  Certificate certificate;
  if (!files.certificate.empty()) certificate = checker.certificate(files.certificate);
  if (checker.problem().empty() && !files.key.empty()) checker.key(files.key, certificate);
  if (checker.problem().empty() && !files.authority.empty()) {
    static_cast<void>(checker.certificate(files.authority));
  }
  ERR_clear_error();
  return checker.problem();
}

}  // namespace conflux::sidecar
