// Mutual TLS that follows its files: the one place that uses gRPC's experimental namespace.
#pragma once

#include <memory>

#include "plugin/sidecar/serve/tls_files.h"

namespace grpc {
class ServerCredentials;
}

namespace conflux::sidecar {

// Clients must show a certificate that the authority has signed. All three files are read again
// every second; what changed counts for the next connection.
[[nodiscard]] std::shared_ptr<grpc::ServerCredentials> mutual_tls(const TlsFiles& files);

}  // namespace conflux::sidecar
