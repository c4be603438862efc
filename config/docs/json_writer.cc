#include "config/docs/json_writer.h"

#include <utility>

namespace conflux::config {

void JsonWriter::begin(std::string_view key) {
  if (depth_ > 0) {
    out_ += first_ ? "\n" : ",\n";
    out_.append(2 * depth_, ' ');
  }
  if (!key.empty()) {
    append_string(key);
    out_ += ": ";
  }
  first_ = false;
}

void JsonWriter::end(char bracket) {
  --depth_;
  if (!first_) {
    out_ += "\n";
    out_.append(2 * depth_, ' ');
  }
  out_ += bracket;
  first_ = false;
}

void JsonWriter::begin_object(std::string_view key) {
  begin(key);
  out_ += "{";
  ++depth_;
  first_ = true;
}

void JsonWriter::end_object() { end('}'); }

void JsonWriter::begin_array(std::string_view key) {
  begin(key);
  out_ += "[";
  ++depth_;
  first_ = true;
}

void JsonWriter::end_array() { end(']'); }

void JsonWriter::string(std::string_view key, std::string_view value) {
  begin(key);
  append_string(value);
}

void JsonWriter::integer(std::string_view key, std::uint64_t value) {
  begin(key);
  out_ += std::to_string(value);
}

void JsonWriter::boolean(std::string_view key, bool value) {
  begin(key);
  out_ += value ? "true" : "false";
}

void JsonWriter::strings(std::string_view key, std::span<const std::string_view> values) {
  begin(key);
  out_ += "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    out_ += i == 0 ? "" : ", ";
    append_string(values[i]);
  }
  out_ += "]";
}

std::string JsonWriter::take() { return std::exchange(out_, {}) + "\n"; }

// The table's texts are ASCII; control characters cannot stand there except line ends.
void JsonWriter::append_string(std::string_view text) {
  out_ += '"';
  for (const char c : text) {
    if (c == '\n') {
      out_ += "\\n";
    } else {
      out_ += c == '"' || c == '\\' ? "\\" : "";
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace conflux::config
