// What travels: a cell without its bytes.
#pragma once

#include <cstdint>

namespace scheduler_lab {

enum class CellKind : std::uint8_t { kData, kSendme, kControl };

struct Cell {
  std::uint32_t circuit = 0;  ///< unique in a simulation
  CellKind kind = CellKind::kData;
  std::uint8_t command = 0;  ///< relay command of a control cell
  /// kData: the client's number of the cell. kControl: where its body is kept.
  std::uint64_t content = 0;
};

inline constexpr std::uint32_t kCellBytes = 514;
/// Bytes of application data in a full RELAY cell with the 498-byte format.
inline constexpr std::uint32_t kPayloadBytes = 498;
/// Tor hands its output to TLS in buffer chunks of 4 KiB, and TLS 1.3 with an AEAD cipher adds 22
/// bytes to each record: 3 bytes for a cell.
inline constexpr std::uint32_t kWireBytes = kCellBytes + 3;
/// DATA cells that one SENDME acknowledges.
inline constexpr std::uint32_t kSendmeInc = 31;

}  // namespace scheduler_lab
