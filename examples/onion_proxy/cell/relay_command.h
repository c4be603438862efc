#pragma once

#include <cstdint>
#include <string_view>

namespace onion_proxy {

/// tor-spec "Relay cells". A parsed cell may hold a value with no enumerator.
enum class RelayCommand : uint8_t {
  kBegin = 1,
  kData = 2,
  kEnd = 3,
  kConnected = 4,
  kSendme = 5,
  kExtend = 6,
  kExtended = 7,
  kTruncate = 8,
  kTruncated = 9,
  kDrop = 10,
  kResolve = 11,
  kResolved = 12,
  kBeginDir = 13,
  kExtend2 = 14,
  kExtended2 = 15,
  kConfluxLink = 19,
  kConfluxLinked = 20,
  kConfluxLinkedAck = 21,
  kConfluxSwitch = 22,
  kXoff = 43,
  kXon = 44,
};

/// tor-spec "Closing streams", reason byte of RELAY_END.
enum class EndReason : uint8_t {
  kMisc = 1,
  kResolveFailed = 2,
  kConnectRefused = 3,
  kExitPolicy = 4,
  kDestroy = 5,
  kDone = 6,
  kTimeout = 7,
  kNoRoute = 8,
  kHibernating = 9,
  kInternal = 10,
  kResourceLimit = 11,
  kConnReset = 12,
  kTorProtocol = 13,
  kNotDirectory = 14,
};

/// tor-spec "Tearing down circuits", reason byte of DESTROY and TRUNCATED.
enum class DestroyReason : uint8_t {
  kNone = 0,
  kProtocol = 1,
  kInternal = 2,
  kRequested = 3,
  kHibernating = 4,
  kResourceLimit = 5,
  kConnectFailed = 6,
  kOrIdentity = 7,
  kChannelClosed = 8,
  kFinished = 9,
  kTimeout = 10,
  kDestroyed = 11,
  kNoSuchService = 12,
};

/// Names for logs; "unknown" for values without an enumerator.
std::string_view relay_command_name(RelayCommand command);
std::string_view end_reason_text(EndReason reason);
std::string_view destroy_reason_text(DestroyReason reason);

}  // namespace onion_proxy
