#include "examples/onion_proxy/cell/relay_command.h"

namespace onion_proxy {

std::string_view relay_command_name(RelayCommand command) {
  switch (command) {
    case RelayCommand::kBegin:
      return "BEGIN";
    case RelayCommand::kData:
      return "DATA";
    case RelayCommand::kEnd:
      return "END";
    case RelayCommand::kConnected:
      return "CONNECTED";
    case RelayCommand::kSendme:
      return "SENDME";
    case RelayCommand::kExtend:
      return "EXTEND";
    case RelayCommand::kExtended:
      return "EXTENDED";
    case RelayCommand::kTruncate:
      return "TRUNCATE";
    case RelayCommand::kTruncated:
      return "TRUNCATED";
    case RelayCommand::kDrop:
      return "DROP";
    case RelayCommand::kResolve:
      return "RESOLVE";
    case RelayCommand::kResolved:
      return "RESOLVED";
    case RelayCommand::kBeginDir:
      return "BEGIN_DIR";
    case RelayCommand::kExtend2:
      return "EXTEND2";
    case RelayCommand::kExtended2:
      return "EXTENDED2";
    case RelayCommand::kConfluxLink:
      return "CONFLUX_LINK";
    case RelayCommand::kConfluxLinked:
      return "CONFLUX_LINKED";
    case RelayCommand::kConfluxLinkedAck:
      return "CONFLUX_LINKED_ACK";
    case RelayCommand::kConfluxSwitch:
      return "CONFLUX_SWITCH";
    case RelayCommand::kXoff:
      return "XOFF";
    case RelayCommand::kXon:
      return "XON";
  }
  return "unknown";
}

std::string_view end_reason_text(EndReason reason) {
  switch (reason) {
    case EndReason::kMisc:
      return "no reason given";
    case EndReason::kResolveFailed:
      return "the exit could not resolve the name";
    case EndReason::kConnectRefused:
      return "the target refused the connection";
    case EndReason::kExitPolicy:
      return "the exit's policy forbids the target";
    case EndReason::kDestroy:
      return "the circuit is being destroyed";
    case EndReason::kDone:
      return "closed normally";
    case EndReason::kTimeout:
      return "the target did not answer in time";
    case EndReason::kNoRoute:
      return "the exit has no route to the target";
    case EndReason::kHibernating:
      return "the exit is hibernating";
    case EndReason::kInternal:
      return "internal error at the exit";
    case EndReason::kResourceLimit:
      return "the exit has no resources";
    case EndReason::kConnReset:
      return "the target reset the connection";
    case EndReason::kTorProtocol:
      return "protocol violation";
    case EndReason::kNotDirectory:
      return "the relay serves no directory";
  }
  return "unknown reason";
}

std::string_view destroy_reason_text(DestroyReason reason) {
  switch (reason) {
    case DestroyReason::kNone:
      return "no reason given";
    case DestroyReason::kProtocol:
      return "protocol violation";
    case DestroyReason::kInternal:
      return "internal error at the relay";
    case DestroyReason::kRequested:
      return "requested by TRUNCATE";
    case DestroyReason::kHibernating:
      return "the relay is hibernating";
    case DestroyReason::kResourceLimit:
      return "the relay has no resources";
    case DestroyReason::kConnectFailed:
      return "the next relay could not be reached";
    case DestroyReason::kOrIdentity:
      return "the next relay has another identity";
    case DestroyReason::kChannelClosed:
      return "a connection between relays closed";
    case DestroyReason::kFinished:
      return "the circuit expired";
    case DestroyReason::kTimeout:
      return "the circuit took too long";
    case DestroyReason::kDestroyed:
      return "destroyed by a relay further on";
    case DestroyReason::kNoSuchService:
      return "no such onion service";
  }
  return "unknown reason";
}

}  // namespace onion_proxy
