// Opens a file such that nobody but root and the effective user could have put it there.
#pragma once

#include <sys/stat.h>

#include <string>

#include "host_api/src/refusal.h"
#include "host_api/src/unique_fd.h"

namespace mpath::detail {

struct TrustedFile {
  Refusal refusal;
  UniqueFd fd;           // for reading, close-on-exec
  struct stat facts {};  // of that descriptor
};

// Walks from the root, one directory at a time, each opened below the one before and judged once
// it is open; symbolic links are read and walked the same way. A rename in between therefore leads
// to another walk's file or to a refusal, never past a check.
TrustedFile open_trusted_file(const std::string& path);

}  // namespace mpath::detail
