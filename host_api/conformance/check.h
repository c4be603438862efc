// A check: one claim about a plugin, tried in a process of its own.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpath::kit {

// What a check is run with.
struct Settings {
  std::string plugin;         // path
  std::string config_file;    // whose text is `config`; empty: none was named
  std::string config;         // what instances are opened with; empty: the defaults
  std::uint64_t seed = 1;     // of random histories
  std::uint32_t steps = 400;  // operations of one random history
  bool in_process = false;    // no process of its own: for a debugger
};

// Thrown by expectations; never crosses the plugin.
struct Failure : std::runtime_error {
  Failure(std::string_view id, const std::string& what)
      : std::runtime_error(what), requirement(id) {}
  std::string requirement;
};
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct CannotLoad : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What a running check tells. One thread; checks with threads collect first.
class Context {
 public:
  explicit Context(Settings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

  // The check fails with `requirement` unless `holds`.
  template <class... Args>
  void expect(bool holds, std::string_view requirement, fmt::format_string<Args...> words,
              Args&&... args) {
    ++expectations_;
    if (!holds) throw Failure(requirement, fmt::format(words, std::forward<Args>(args)...));
  }
  // Allowed, but not what the best plugins do.
  template <class... Args>
  void advise(bool good, fmt::format_string<Args...> words, Args&&... args) {
    ++expectations_;
    if (!good) warnings_.push_back(fmt::format(words, std::forward<Args>(args)...));
  }
  [[noreturn]] void skip(const std::string& why) const { throw Skipped(why); }

  [[nodiscard]] std::uint64_t expectations() const noexcept { return expectations_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  Settings settings_;
  std::uint64_t expectations_ = 0;
  std::vector<std::string> warnings_;
};

// The requirement that a crash from here to the end of the scope breaks. Without one it is P-29.
class Blame {
 public:
  explicit Blame(std::string_view requirement) noexcept;
  ~Blame();
  Blame(const Blame&) = delete;
  Blame& operator=(const Blame&) = delete;
  // nullptr: none. Read by signal handlers.
  [[nodiscard]] static const char* current() noexcept;

 private:
  std::string_view before_;
};

struct Check {
  std::string name;  // group.claim_in_small_letters
  std::vector<std::string_view> requirements;
  void (*run)(Context&);
  std::string_view claim;       // a sentence for --list
  bool alters_process = false;  // cannot be undone: not in a process with other checks

  [[nodiscard]] std::string_view group() const noexcept {
    return std::string_view(name).substr(0, name.find('.'));
  }
};

// All of the kit, in the order in which they run.
[[nodiscard]] const std::vector<Check>& all_checks();
// Names of the checks that prove a requirement.
[[nodiscard]] std::vector<std::string> checks_of(std::string_view requirement);

// Was the kit itself built with a sanitizer that owns malloc and makes system calls of its own?
[[nodiscard]] constexpr bool is_sanitized() noexcept {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

}  // namespace mpath::kit
