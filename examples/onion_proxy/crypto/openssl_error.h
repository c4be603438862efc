#pragma once

#include <stdexcept>

namespace onion_proxy {

/// OpenSSL refused something that only lack of memory or a broken installation can cause.
/// What a peer sends never raises it.
class OpenSslError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require_openssl(bool done, const char* what) {
  if (!done) throw OpenSslError(what);
}

}  // namespace onion_proxy
