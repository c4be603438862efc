#include "host_api/src/trust.h"

#include <algorithm>
#include <string>

namespace mpath::detail {
namespace {

// An ACL that lets others write shows in the group bits (they are its mask), so this covers ACLs.
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

bool is_trusted(uid_t owner, uid_t euid) { return owner == 0 || owner == euid; }

std::string owner_text(uid_t owner, uid_t euid) {
  std::string text = "is owned by uid " + std::to_string(owner) + "; it must be owned by root";
  if (euid != 0) text += " or by uid " + std::to_string(euid) + ", which runs this program";
  return text;
}

}  // namespace

DirectoryVerdict judge_directory(const struct stat& facts, std::string_view name, uid_t euid) {
  const std::string where = "directory " + quoted(name);
  if (!is_trusted(facts.st_uid, euid)) {
    return {{LoadError::kDirectoryOwner, where + " " + owner_text(facts.st_uid, euid) +
                                             ". Install the plugin elsewhere, or: chown root " +
                                             quoted(name)},
            DirectoryKind::kPrivate};
  }
  if ((facts.st_mode & kOthersWrite) == 0) return {{}, DirectoryKind::kPrivate};
  if ((facts.st_mode & S_ISVTX) != 0) return {{}, DirectoryKind::kShared};
  return {{LoadError::kDirectoryWritable,
           where + " is writable by its group or by others (" + mode_text(facts.st_mode) +
               "), who could replace what is in it. Install the plugin elsewhere, or: chmod go-w " +
               quoted(name)},
          DirectoryKind::kPrivate};
}

Refusal judge_name_in(DirectoryKind where, std::string_view directory) {
  if (where == DirectoryKind::kPrivate) return {};
  return {LoadError::kDirectoryWritable,
          "directory " + quoted(directory) +
              " lets everybody create files, so anybody may have put this one there. Move the "
              "plugin into a directory that only root or you can write to"};
}

Refusal judge_file(const struct stat& facts, std::string_view name, DirectoryKind where,
                   uid_t euid) {
  const std::string file = "file " + quoted(name);
  if (!S_ISREG(facts.st_mode)) {
    return {LoadError::kNotRegularFile,
            quoted(name) + " is not a regular file. Give the path of the shared object itself"};
  }
  if (!is_trusted(facts.st_uid, euid)) {
    return {LoadError::kFileOwner, file + " " + owner_text(facts.st_uid, euid) +
                                       ". Reinstall the plugin, or: chown root " + quoted(name)};
  }
  if ((facts.st_mode & kOthersWrite) != 0) {
    return {LoadError::kFileWritable,
            file + " is writable by its group or by others (" + mode_text(facts.st_mode) +
                "). Reinstall the plugin, or: chmod go-w " + quoted(name)};
  }
  return judge_name_in(where, name.substr(0, std::max<std::size_t>(name.rfind('/'), 1)));
}

}  // namespace mpath::detail
