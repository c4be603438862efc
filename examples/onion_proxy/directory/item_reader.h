// The line grammar that all of Tor's directory documents share: a keyword, arguments, and for some
// an object between BEGIN and END lines. Spec: dir-spec "Document meta-format".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/onion_proxy/base/bytes.h"
#include "examples/onion_proxy/base/result.h"

namespace onion_proxy {

using UnixTime = std::chrono::sys_seconds;

struct DirectoryObject {
  std::string_view label;  ///< "RSA PUBLIC KEY" of `-----BEGIN RSA PUBLIC KEY-----`
  Bytes body;              ///< decoded
};

/// One item; the views point into the document.
struct DirectoryItem {
  std::string_view keyword;
  std::string_view arguments;  ///< the rest of the line, without the space before it
  std::optional<DirectoryObject> object;
  size_t line = 0;   ///< of the keyword, from 1
  size_t begin = 0;  ///< offset of the keyword
  size_t body = 0;   ///< offset behind the keyword line, where an object would start
  size_t end = 0;    ///< offset behind the item, its object included
};

/// Splits at runs of spaces and tabs.
std::vector<std::string_view> split_arguments(std::string_view arguments);

/// "line 12: `keyword`: `what`".
Error item_error(const DirectoryItem& item, std::string_view what);

/// `2038-01-01 00:00:00` as UTC, checked to exist in the calendar.
std::optional<UnixTime> parse_time(std::string_view date, std::string_view time);

/// Decimal digits only, at most `max`.
std::optional<uint64_t> parse_number(std::string_view text, uint64_t max);

/// Reads a document from front to back. Bounds: lines of `kLineMax` bytes, objects of `kObjectMax`
/// bytes of text; the caller bounds the document. Refuses NUL bytes and a last line without end.
class ItemReader {
 public:
  static constexpr size_t kLineMax = 64 * 1024;
  static constexpr size_t kObjectMax = 64 * 1024;

  explicit ItemReader(std::string_view document) : document_(document) {}

  /// The next item, nothing at the end, or an error with its line.
  Result<std::optional<DirectoryItem>> next();

 private:
  Result<std::string_view> next_line();
  Result<DirectoryObject> read_object(std::string_view begin_line);
  Error error(std::string_view what) const;

  std::string_view document_;
  size_t at_ = 0;
  size_t line_ = 0;
};

}  // namespace onion_proxy
