// A trace: every call of a host with what went in and what came out, to be replayed elsewhere.
//
// File: kTraceMagic, u32 flags, then records. Record: u32 length, u8 slot, the inputs, then parts
// of output. All numbers are little-endian. What a host or its circuits could be known by does not
// get in: cookies, tokens and relay tags are numbered 1, 2, 3, ... in the order of their appearance
// (0 stays 0), payload is left out, and so are nonces and seeds unless kTraceHasSecrets is set.
// Only a trace with secrets can be replayed, for the plugin draws all randomness from the seed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host_api/conformance/judge/call.h"

namespace mpath::trace {

inline constexpr std::string_view kTraceMagic = "mpath trace 1\n";
inline constexpr std::uint32_t kTraceHasSecrets = 1;

// Numbers for what must not be known, the same for the same.
class Pseudonyms {
 public:
  enum class Kind : std::uint8_t { kCookie, kToken, kRelay };
  // `identity`: everything keeps its number, for what was numbered before.
  explicit Pseudonyms(bool identity) : identity_(identity) {}
  [[nodiscard]] std::uint64_t of(Kind kind, std::uint64_t value);

 private:
  bool identity_;
  std::map<std::pair<Kind, std::uint64_t>, std::uint64_t> known_;
  std::uint64_t counts_[3] = {};
};

class Writer {
 public:
  template <class T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> 8 * i));
    }
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }
  template <class T>
  void plain(const T& value) {
    text({reinterpret_cast<const char*>(&value), sizeof value});
  }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

// Reads what a Writer wrote; past the end it is not ok() and gives zeros.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  [[nodiscard]] T number() {
    const std::string_view raw = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(raw[i])} << 8 * i;
    }
    return static_cast<T>(value);
  }
  [[nodiscard]] std::string_view text() { return take(number<std::uint32_t>()); }
  template <class T>
  void plain(T& value) {
    const std::string_view raw = text();
    ok_ = ok_ && raw.size() == sizeof value;
    if (ok_) __builtin_memcpy(&value, raw.data(), sizeof value);
  }
  // What was read cannot be right.
  void fail_unless(bool right) noexcept { ok_ = ok_ && right; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }

 private:
  std::string_view take(std::size_t size) {
    ok_ = ok_ && size <= bytes_.size();
    if (!ok_) return {};
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view bytes_;
  bool ok_ = true;
};

// `instance`: its ordinal, 0 for null. Without `secrets`, seeds and nonces become zeros.
void write_inputs(const judge::Call& call, std::uint32_t instance, bool secrets,
                  Pseudonyms& pseudonyms, Writer& out);

// What a call answered, part by part: labels say what a difference is in.
struct Part {
  std::string label;  // "status", "events[2]"
  std::string bytes;
};
[[nodiscard]] std::vector<Part> outputs_of(const judge::Call& call, mpath_status status,
                                           bool secrets, Pseudonyms& pseudonyms);
void write_parts(const std::vector<Part>& parts, Writer& out);
[[nodiscard]] std::vector<Part> read_parts(Reader& in);

// A call that was read back, with the memory that it points to.
struct StoredCall {
  judge::Call call;
  std::uint32_t instance = 0;
  std::string config_text, config_name, body, seed, text_room;
  mpath_config_text config{};
  mpath_text text{};
  std::vector<mpath_leg_view> view_items;
  mpath_leg_views views{};
  std::deque<std::vector<mpath_hop>> hops;
  mpath_path path{};
  std::vector<mpath_leg_params> legs;
  mpath_leg_params first_leg{};
  mpath_tunnel_params params{};
  mpath_route_request request{};
  mpath_cell cell{};
  std::vector<std::uint64_t> out;  // the struct or head, and items behind it
  std::vector<std::uint64_t> items;
  std::vector<std::uint64_t> ids;
  std::uint64_t leg = 0;
  std::uint32_t number = 0;
  mpath_instance* opened = nullptr;
};
// False if it is damaged. `stored` must stay where it is.
[[nodiscard]] bool read_inputs(Reader& in, StoredCall& stored);

}  // namespace mpath::trace
