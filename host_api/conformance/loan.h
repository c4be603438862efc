// The arguments of one call of a plugin, lent and taken back.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "host_api/conformance/driver.h"

namespace mpath::kit {

// The names that Skew goes by.
template <class T>
inline constexpr std::string_view kTypeName = "";
#define MPATH_KIT_NAME(type) \
  template <>                \
  inline constexpr std::string_view kTypeName<type> = #type;
MPATH_KIT_NAME(mpath_config_text)
MPATH_KIT_NAME(mpath_instance_info)
MPATH_KIT_NAME(mpath_tunnel_params)
MPATH_KIT_NAME(mpath_leg_params)
MPATH_KIT_NAME(mpath_tunnel_info)
MPATH_KIT_NAME(mpath_detail)
MPATH_KIT_NAME(mpath_activity)
MPATH_KIT_NAME(mpath_leg_info)
MPATH_KIT_NAME(mpath_route_request)
MPATH_KIT_NAME(mpath_grant)
MPATH_KIT_NAME(mpath_cell)
MPATH_KIT_NAME(mpath_receipt)
MPATH_KIT_NAME(mpath_leg_view)
MPATH_KIT_NAME(mpath_hop)
MPATH_KIT_NAME(mpath_token)
MPATH_KIT_NAME(mpath_event)
MPATH_KIT_NAME(mpath_log_record)
MPATH_KIT_NAME(mpath_leg_summary)
#undef MPATH_KIT_NAME

class Loan {
 public:
  Loan(Driver& driver, const char* call) : driver_(driver), call_(call) {}
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() { take_back(); }

  // A struct that says its size, to read.
  template <class T>
  const T* in(const T& value) {
    const std::uint32_t said = size_of<T>();
    return reinterpret_cast<const T*>(lend_in(sized(value, said), said));
  }
  // A struct without a size, or bytes.
  template <class T>
  const T* plain_in(const T& value) {
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return reinterpret_cast<const T*>(lend_in(bytes, sizeof value));
  }
  const std::byte* bytes_in(const void* data, std::size_t size);
  // A struct that says its size, to be filled; `value` gets it.
  template <class T>
  T* out(T& value) {
    const std::uint32_t said = size_of<T>();
    const Layout layout{.known = sizeof(T), .stride = said, .count = 1, .is_sized = true};
    return reinterpret_cast<T*>(lend_out(sized(value, said), &value, layout));
  }
  template <class T>
  T* plain_out(T& value) {
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    const Layout layout{.known = sizeof(T), .stride = sizeof(T), .count = 1};
    return reinterpret_cast<T*>(lend_out(bytes, &value, layout));
  }
  // An array that is filled: `items` has its length and gets the elements.
  template <class T>
  T* array_out(std::vector<T>& items, std::uint32_t stride) {
    const std::vector<std::byte> bytes = spread(items, stride);
    const Layout layout{.known = sizeof(T), .stride = stride, .count = items.size()};
    return reinterpret_cast<T*>(lend_out(bytes, items.data(), layout));
  }
  template <class T>
  const T* array_in(const std::vector<T>& items, std::uint32_t stride) {
    const std::vector<std::byte> bytes = spread(items, stride);
    return reinterpret_cast<const T*>(lend_in(bytes, bytes.size()));
  }
  const mpath_leg_views* views(const Views& views);
  mpath_path path(const mpath_path& path);
  mpath_leg_params leg_params(const mpath_leg_params& params);

  template <class T>
  [[nodiscard]] std::uint32_t size_of() const {
    if (driver_.skew.type == kTypeName<T>) return driver_.skew.size;
    return static_cast<std::uint32_t>(sizeof(T)) + driver_.stretch;
  }
  template <class T>
  [[nodiscard]] std::uint32_t stride_of() const {
    if (driver_.skew.type == std::string(kTypeName<T>) + "[]") return driver_.skew.size;
    return static_cast<std::uint32_t>(sizeof(T)) + driver_.stretch;
  }

  // Calls, judges, copies what came out, takes everything back.
  mpath_status run(const std::function<mpath_status()>& call);

 private:
  static constexpr std::byte kTail{0xA5};

  struct Layout {
    std::size_t known;  // bytes of an element that we know
    std::size_t stride;
    std::size_t count;
    bool is_sized = false;  // its struct_size is ours and stays
  };
  struct Piece {
    std::byte* data;
    std::size_t size;
    std::byte* back = nullptr;  // nullptr: an input
    Layout layout{};
    std::vector<std::byte> before{};
  };

  template <class T>
  static std::vector<std::byte> sized(const T& value, std::uint32_t said) {
    std::vector<std::byte> bytes(std::max<std::size_t>(said, sizeof said), kTail);
    std::memcpy(bytes.data(), &value, std::min(bytes.size(), sizeof value));
    std::memcpy(bytes.data(), &said, sizeof said);
    return bytes;
  }
  // `items`, `stride` bytes apart.
  template <class T>
  static std::vector<std::byte> spread(const std::vector<T>& items, std::uint32_t stride) {
    std::vector<std::byte> bytes(items.size() * stride, kTail);
    for (std::size_t i = 0; stride > 0 && i < items.size(); ++i) {
      std::memcpy(bytes.data() + i * stride, &items[i], std::min<std::size_t>(stride, sizeof(T)));
    }
    return bytes;
  }
  const std::byte* lend_in(const std::vector<std::byte>& bytes, std::size_t size);
  std::byte* lend_out(const std::vector<std::byte>& bytes, void* back, const Layout& layout);
  void judge(mpath_status status) const;
  void judge_piece(const Piece& piece, mpath_status status) const;
  void take_back() noexcept;

  Driver& driver_;
  const char* call_;
  std::vector<Piece> pieces_;
};

}  // namespace mpath::kit
