#include <algorithm>
#include <exception>
#include <mpath/loader.hpp>
#include <mutex>
#include <new>
#include <utility>

#include "host_api/src/library.h"
#include "host_api/src/negotiate.h"
#include "host_api/src/sha256.h"
#include "host_api/src/trusted_file.h"

namespace mpath {
namespace {

using detail::Library;
using detail::quoted;
using detail::Refusal;
using detail::TrustedFile;
using detail::UniqueFd;

// A plugin that passed everything. Its code may be running on any thread, so it stays.
struct Loaded {
  dev_t device;
  ino_t inode;
  Sha256 sha256;
  Library library;
  UniqueFd fd;  // so that debuggers can open the path that the linker reports
};

struct Registry {
  std::mutex mutex;
  std::vector<Loaded> loaded;
};

// Never destroyed: threads of the host may outlive main().
Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

// The linker takes a file that it has mapped for the same library even if somebody wrote into it.
// What runs would then be neither the old content nor the hashed one.
Refusal judge_reload(const Loaded& before, const Sha256& now, std::string_view name) {
  if (before.sha256 == now) return {};
  return {LoadError::kChangedInPlace,
          quoted(name) +
              " was overwritten while it is loaded. Install upgrades by renaming a new " +
              "file into place, and restart this program"};
}

Refusal load_checked(const LoadOptions& options, TrustedFile file, LoadResult* out) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto known = std::find_if(all.loaded.begin(), all.loaded.end(), [&](const Loaded& one) {
    return one.device == file.facts.st_dev && one.inode == file.facts.st_ino;
  });
  Library library;
  if (known != all.loaded.end()) {
    if (Refusal changed = judge_reload(*known, out->sha256, options.path)) return changed;
    library = known->library;
  } else if (Refusal refused = Library::open(file.fd.get(), file.facts, options.path, &library)) {
    return refused;
  }
  mpath_negotiate_fn entry = nullptr;
  if (Refusal refused = library.find_entry(options.path, &entry)) return refused;
  if (Refusal refused = detail::negotiate(entry, options, &out->plugin)) return refused;
  if (known == all.loaded.end()) {
    all.loaded.push_back({file.facts.st_dev, file.facts.st_ino, out->sha256, std::move(library),
                          std::move(file.fd)});
  }
  return {};
}

// Opens, hashes and judges. What it leaves in `file` is what may be loaded.
Refusal judge(const LoadOptions& options, TrustedFile* file, Sha256* sha256) {
  *file = detail::open_trusted_file(options.path);
  if (file->refusal) return file->refusal;
  if (Refusal refused = detail::hash_file(file->fd.get(), options.path, sha256)) return refused;
  return detail::judge_digest(*sha256, options.pins, options.path);
}

Refusal load(const LoadOptions& options, LoadResult* out) {
  TrustedFile file;
  if (Refusal refused = judge(options, &file, &out->sha256)) return refused;
  return load_checked(options, std::move(file), out);
}

// Turns what the standard library may throw (memory, a lock) into an error.
template <typename Result, typename Call>
Result guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    Result failed;
    failed.error = LoadError::kOutOfMemory;
    failed.message = "out of memory";  // short enough not to allocate
    return failed;
  }
}

std::string init_message(const Plugin& plugin, Status status, const std::string& diagnostics) {
  std::string message = std::string("the plugin ") + plugin.name() + " " + plugin.version() +
                        " does not start: " + plugin.text(status);
  if (!diagnostics.empty()) message += ".\n" + diagnostics;
  return message;
}

}  // namespace

LoadResult load_plugin(const LoadOptions& options) noexcept {
  return guarded<LoadResult>([&] {
    LoadResult result;
    Refusal refusal = load(options, &result);
    result.error = refusal.error;
    result.message = std::move(refusal.message);
    if (!result) result.plugin = Plugin();
    return result;
  });
}

FileCheck check_plugin_file(const LoadOptions& options) noexcept {
  return guarded<FileCheck>([&] {
    FileCheck result;
    TrustedFile file;
    Refusal refusal = judge(options, &file, &result.sha256);
    result.error = refusal.error;
    result.message = std::move(refusal.message);
    return result;
  });
}

OpenResult open_plugin(const LoadOptions& options, const ConfigText& config) noexcept {
  return guarded<OpenResult>([&] {
    LoadResult loaded = load_plugin(options);
    OpenResult result;
    result.error = loaded.error;
    result.message = std::move(loaded.message);
    result.sha256 = loaded.sha256;
    if (!loaded) return result;
    std::string diagnostics;
    const Status status = Instance::open(loaded.plugin, config, &diagnostics, &result.instance);
    if (status == Status::kOk) {
      result.warnings = std::move(diagnostics);
    } else {
      result.error = LoadError::kInitFailed;
      result.message = init_message(loaded.plugin, status, diagnostics);
    }
    return result;
  });
}

const char* to_string(LoadError error) noexcept {
  switch (error) {
    case LoadError::kNone:
      return "none";
    case LoadError::kRelativePath:
      return "relative-path";
    case LoadError::kMissing:
      return "missing";
    case LoadError::kUnreadable:
      return "unreadable";
    case LoadError::kNotRegularFile:
      return "not-regular-file";
    case LoadError::kFileOwner:
      return "file-owner";
    case LoadError::kFileWritable:
      return "file-writable";
    case LoadError::kDirectoryOwner:
      return "directory-owner";
    case LoadError::kDirectoryWritable:
      return "directory-writable";
    case LoadError::kPinMismatch:
      return "pin-mismatch";
    case LoadError::kChangedInPlace:
      return "changed-in-place";
    case LoadError::kNotLoadable:
      return "not-loadable";
    case LoadError::kNoEntryPoint:
      return "no-entry-point";
    case LoadError::kNegotiationFailed:
      return "negotiation-failed";
    case LoadError::kNoCommonVersion:
      return "no-common-version";
    case LoadError::kTableTooSmall:
      return "table-too-small";
    case LoadError::kTableIncomplete:
      return "table-incomplete";
    case LoadError::kInitFailed:
      return "init-failed";
    case LoadError::kOutOfMemory:
      return "out-of-memory";
  }
  return "unknown";
}

FailurePlan plan_failure(OnFailure policy, const std::string& refusal) {
  if (policy == OnFailure::kSinglePath) {
    return {true,
            "multipath is off, going on with single circuits (plugin.on_failure: "
            "single_path): " +
                refusal};
  }
  return {false, refusal + "\nTo start without multipath, set plugin.on_failure: single_path"};
}

}  // namespace mpath
