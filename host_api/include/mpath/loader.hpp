// mpath/loader.hpp - finds out whether a plugin file may be trusted, and loads it. Link
// mpath_loader.
//
// What is checked is what is loaded: the path is walked directory by directory, the file is opened
// once, and that descriptor is checked, hashed and mapped. Whoever renames files meanwhile gets the
// old file loaded or a refusal, never a file that was not checked.
// The loaded code runs with all rights of the host; SECURITY.md says what these checks are worth.
//
// When: after fork() and daemonising, before a seccomp sandbox, chroot or change of user.
// A plugin that was loaded stays loaded, and one descriptor of it stays open, until the process
// ends. Loading the same file again is cheap. All functions: [any-thread], no exceptions.
#pragma once

#include <array>
#include <cstdint>
#include <mpath/plugin.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpath {

using Sha256 = std::array<std::uint8_t, 32>;

// Why a plugin was refused. Numbers are stable: hosts may count or log them.
enum class LoadError : std::uint8_t {
  kNone = 0,
  kRelativePath = 1,        // a path that depends on the working directory
  kMissing = 2,             // no such file, or a part of its path
  kUnreadable = 3,          // it, or a directory above it, cannot be opened or read
  kNotRegularFile = 4,      // a directory, device, FIFO or socket
  kFileOwner = 5,           // neither root nor the effective user owns the file
  kFileWritable = 6,        // its group or others may write to the file
  kDirectoryOwner = 7,      // neither root nor the effective user owns a directory above it
  kDirectoryWritable = 8,   // others may rename what is in a directory above it
  kPinMismatch = 9,         // its SHA-256 is none of the pins
  kChangedInPlace = 10,     // the same file was loaded before with other content
  kNotLoadable = 11,        // the dynamic linker refused it
  kNoEntryPoint = 12,       // it does not export MPATH_NEGOTIATE_SYMBOL
  kNegotiationFailed = 13,  // it answered neither yes nor "no common version"
  kNoCommonVersion = 14,    // it speaks other major versions of the ABI than the host
  kTableTooSmall = 15,      // its function table is shorter than its version promises
  kTableIncomplete = 16,    // a function of its table is null
  kInitFailed = 17,         // it would not open with the configuration
  kOutOfMemory = 18,
};

struct LoadOptions {
  std::string path;          // absolute; symbolic links are followed as far as they are safe
  std::vector<Sha256> pins;  // allowed contents, such as the old and the new release; empty: any
  std::uint32_t major_min = MPATH_ABI_MAJOR;  // ABI versions that the host speaks
  std::uint32_t major_max = MPATH_ABI_MAJOR;
};

struct LoadResult {
  LoadError error = LoadError::kNone;
  std::string message;  // for people: what is wrong, with what, and what to do about it
  Plugin plugin;        // empty on error
  Sha256 sha256{};      // of the file; zero if it was refused before it was read

  explicit operator bool() const noexcept { return error == LoadError::kNone; }
};

// Checks, loads and negotiates.
[[nodiscard]] LoadResult load_plugin(const LoadOptions& options) noexcept;

struct FileCheck {
  LoadError error = LoadError::kNone;
  std::string message;  // as above
  Sha256 sha256{};      // of the file; zero if it was refused before it was read

  explicit operator bool() const noexcept { return error == LoadError::kNone; }
};

// Only checks path, owners, modes and pins; nothing of the file runs. For tools that tell operators
// whether a host that runs as this user would load it.
[[nodiscard]] FileCheck check_plugin_file(const LoadOptions& options) noexcept;

struct OpenResult {
  LoadError error = LoadError::kNone;
  std::string message;   // as above
  std::string warnings;  // of the configuration; may be filled on success
  Instance instance;     // empty on error
  Sha256 sha256{};

  explicit operator bool() const noexcept { return error == LoadError::kNone; }
};

// load_plugin(), then opens it with the configuration.
[[nodiscard]] OpenResult open_plugin(const LoadOptions& options, const ConfigText& config) noexcept;

// The name of an error for logs: "directory-writable". Never null.
[[nodiscard]] const char* to_string(LoadError error) noexcept;

// 64 hexadecimal digits of either case; nothing else.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view hex) noexcept;
[[nodiscard]] std::string to_hex(const Sha256& digest);

// What the operator wants when the plugin is refused (plugin.on_failure).
enum class OnFailure : std::uint8_t {
  kRefuse,      // the host does not start
  kSinglePath,  // the host starts without multipath, and says so
};

struct FailurePlan {
  bool start = false;   // may the host go on?
  std::string message;  // to be shown: an error if it may not, else a warning
};

// Pure: what the host should do about a refusal.
[[nodiscard]] FailurePlan plan_failure(OnFailure policy, const std::string& refusal);

}  // namespace mpath
