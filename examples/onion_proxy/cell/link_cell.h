#pragma once

#include <cstdint>
#include <string_view>

#include "examples/onion_proxy/base/byte_queue.h"
#include "examples/onion_proxy/base/wire.h"

namespace onion_proxy {

/// tor-spec "Cell Packet format". The commands of link protocols 4 and 5.
enum class LinkCommand : uint8_t {
  kPadding = 0,
  kCreate = 1,
  kCreated = 2,
  kRelay = 3,
  kDestroy = 4,
  kCreateFast = 5,
  kCreatedFast = 6,
  kVersions = 7,
  kNetinfo = 8,
  kRelayEarly = 9,
  kCreate2 = 10,
  kCreated2 = 11,
  kPaddingNegotiate = 12,
  kVpadding = 128,
  kCerts = 129,
  kAuthChallenge = 130,
  kAuthenticate = 131,
  kAuthorize = 132,
};

inline constexpr size_t kCellPayloadSize = 509;
inline constexpr size_t kFixedCellSize = 514;
inline constexpr size_t kMaxVariableBody = 65535;

constexpr bool is_variable_length(LinkCommand command) {
  return command == LinkCommand::kVersions || static_cast<uint8_t>(command) >= 128;
}

/// Two bytes until versions are negotiated (both VERSIONS cells), four afterwards.
enum class CircuitIdWidth : uint8_t { kTwo = 2, kFour = 4 };

/// One cell inside the decoder's buffer. `command` may hold a value with no enumerator: unknown
/// commands are for the caller to ignore.
struct LinkCell {
  uint32_t circuit_id = 0;
  LinkCommand command = LinkCommand::kPadding;
  MutableByteView body;  ///< 509 bytes if fixed, else as many as the header said. Borrowed.
};

/// Cuts a byte stream into cells. Sans-I/O: bytes go in by `prepare`/`commit` (read into it
/// directly) or `append`, cells come out by `next`.
/// Bound: holds at most `kMaxBuffered` bytes plus one read.
class LinkCellDecoder {
 public:
  static constexpr size_t kMaxBuffered = 4 + 1 + 2 + kMaxVariableBody;

  /// From the first cell after VERSIONS on, circuit ids have four bytes.
  void set_circuit_id_width(CircuitIdWidth width) { width_ = width; }

  /// Room for `size` bytes at the end of the buffer; follow with `commit` of what was read.
  /// Invalidates cells.
  MutableByteView prepare(size_t size) { return input_.prepare(size); }
  void commit(size_t size) { input_.commit(size); }
  void append(ByteView bytes);

  /// The next whole cell, into `cell`; false if more bytes are needed. The body may be changed in
  /// place (decryption) and stays valid until the next `prepare` or `append`.
  bool next(LinkCell& cell);

  size_t buffered() const { return input_.size(); }

 private:
  ByteQueue input_;
  CircuitIdWidth width_ = CircuitIdWidth::kTwo;
};

/// Appends a fixed cell with a four-byte circuit id; `payload` (at most 509 bytes) is zero-padded.
void append_fixed_cell(Bytes& out, uint32_t circuit_id, LinkCommand command, ByteView payload);

struct VariableCell {
  CircuitIdWidth width = CircuitIdWidth::kFour;
  uint32_t circuit_id = 0;
  LinkCommand command = LinkCommand::kVpadding;
  ByteView body;  ///< at most 65535 bytes
};
void append_variable_cell(Bytes& out, const VariableCell& cell);

/// The command's name in the specification, "unknown" for others.
std::string_view link_command_name(LinkCommand command);

}  // namespace onion_proxy
