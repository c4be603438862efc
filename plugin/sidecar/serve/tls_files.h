// Are the files of a TLS configuration usable?
#pragma once

#include <string>

namespace conflux::sidecar {

struct TlsFiles {
  std::string certificate;  // paths; empty: not used
  std::string key;
  std::string authority;
};

// Empty, or the first thing that is wrong with a path and what to do: unreadable, not PEM, expired,
// or a key that is not the certificate's. Reads only.
[[nodiscard]] std::string check_tls_files(const TlsFiles& files);

}  // namespace conflux::sidecar
