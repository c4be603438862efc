// Who may change a file or what is found under its name. Pure: takes the facts of fstat().
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string_view>

#include "host_api/src/refusal.h"

namespace mpath::detail {

// What others may do to the entries of a directory whose owner is trusted.
enum class DirectoryKind {
  kPrivate,  // nothing
  kShared,   // add entries, but not rename or remove those of its owner or of ours (sticky)
};

struct DirectoryVerdict {
  Refusal refusal;
  DirectoryKind kind = DirectoryKind::kPrivate;
};

// `name` is how messages call it. `euid` is the user that the host runs as.
DirectoryVerdict judge_directory(const struct stat& facts, std::string_view name, uid_t euid);

// A regular file that lies in a directory of kind `where`.
Refusal judge_file(const struct stat& facts, std::string_view name, DirectoryKind where,
                   uid_t euid);

// Anything but a directory, looked up by its name in a shared directory: refused, because anybody
// may have been first to use that name (with a symbolic or hard link).
Refusal judge_name_in(DirectoryKind where, std::string_view directory);

}  // namespace mpath::detail
