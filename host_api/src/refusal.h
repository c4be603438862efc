#pragma once

#include <mpath/loader.hpp>
#include <string>
#include <string_view>

namespace mpath::detail {

// Why the loader stops, with the words for people. kNone: it goes on.
struct Refusal {
  LoadError error = LoadError::kNone;
  std::string message;

  explicit operator bool() const noexcept { return error != LoadError::kNone; }
};

// A path for messages: in quotes, with control characters made visible, so that a file name cannot
// forge a line of a log.
std::string quoted(std::string_view path);

// "mode 0775"
std::string mode_text(unsigned mode);

}  // namespace mpath::detail
