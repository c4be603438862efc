// Writes indented JSON in the order of the calls. The library has no JSON dependency for the sake
// of one document.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace conflux::config {

class JsonWriter {
 public:
  // Inside an array the key is empty.
  void begin_object(std::string_view key = {});
  void end_object();
  void begin_array(std::string_view key);
  void end_array();
  void string(std::string_view key, std::string_view value);
  void integer(std::string_view key, std::uint64_t value);
  void boolean(std::string_view key, bool value);
  void strings(std::string_view key, std::span<const std::string_view> values);

  // The document, ended by '\n'.
  std::string take();

 private:
  void begin(std::string_view key);
  void end(char bracket);
  void append_string(std::string_view text);

  std::string out_;
  std::size_t depth_ = 0;
  bool first_ = true;  // nothing stands yet in the innermost object or array
};

}  // namespace conflux::config
