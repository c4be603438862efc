// Small files, whole.
#pragma once

#include <string>

#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

/// The content of a regular file of at most `bytes_max`. The error names the file and the cause.
Result<std::string> read_file(const std::string& path, size_t bytes_max);

/// Replaces `path` in one step, so that readers never see half a document.
Status write_file_atomically(const std::string& path, const std::string& content);

}  // namespace onion_proxy
