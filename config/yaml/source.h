// The text of a configuration: checked byte by byte before YAML sees it, and the map from byte
// offsets to positions.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"

namespace conflux::config {

class Source {
 public:
  // Borrows `text`, whose byte order mark (UTF-8) is skipped.
  explicit Source(std::string_view text);

  std::string_view body() const { return body_; }

  // `offset` is in bytes of body() and is clamped to it; `length` in bytes, cut at the line's end.
  Position position(std::size_t offset, std::size_t length = 1) const;

  // The byte offset of the line that holds `offset`.
  std::size_t line_start(std::size_t offset) const;

 private:
  std::string_view body_;
  std::vector<std::size_t> line_starts_;
};

// Reports what keeps the text from being read at all: too long, UTF-16 or UTF-32, NUL, other
// control characters, bytes that are not UTF-8, %-directives. False if anything was reported.
// yaml-cpp 0.7 lets all of them pass, some with other bytes than the file's.
bool check_text(const Source& source, Report& report);

}  // namespace conflux::config
