// Calls as gRPC's callback API has them: no call holds a thread while it waits, and none has more
// than one message under way. A client that does not read therefore holds one place (admission.h)
// and one message; what changes meanwhile it learns from the next message.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "plugin/sidecar/serve/admission.h"
#include "plugin/sidecar/serve/hub.h"

namespace conflux::sidecar {

inline grpc::Status too_many_calls() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          "too many calls at once; end some, or raise sidecar.limits.streams"};
}
inline grpc::Status stopping() { return {grpc::StatusCode::UNAVAILABLE, "the sidecar stops"}; }

// Ends at once.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // `answer` fills the response.
  UnaryCall(Admission& admission, const std::function<grpc::Status()>& answer)
      : admission_(admission), admitted_(admission.try_enter()) {
    Finish(admitted_ ? answer() : too_many_calls());
  }

 private:
  void OnDone() override {
    if (admitted_) admission_.leave();
    delete this;
  }
  // Else OnDone waits for a thread of gRPC's executor, and on a busy machine clients that ask one
  // after the other find all places taken.
  bool InternalInlineable() override { return true; }

  Admission& admission_;
  bool admitted_;
};

// Ends before it began.
template <class Message>
class RefusedWatch final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedWatch(const grpc::Status& status) { this->Finish(status); }

 private:
  void OnDone() override { delete this; }
};

// Lives until gRPC says that it is done, and deletes itself then.
template <class Message>
class WatchCall final : public grpc::ServerWriteReactor<Message>, private Hub::Listener {
 public:
  // The message for a snapshot; null: nothing to say.
  using Compose = std::function<std::unique_ptr<Message>(const std::shared_ptr<const Snapshot>&)>;

  static grpc::ServerWriteReactor<Message>* start(Hub& hub, Admission& admission,
                                                  std::chrono::milliseconds interval,
                                                  Compose compose) {
    if (!admission.try_enter()) return new RefusedWatch<Message>(too_many_calls());
    auto* call = new WatchCall(hub, admission, std::move(compose));
    if (!hub.add(call, interval)) call->handle_stop();
    return call;
  }

 private:
  WatchCall(Hub& hub, Admission& admission, Compose compose)
      : hub_(hub), admission_(admission), compose_(std::move(compose)) {}

  void handle_snapshot(const std::shared_ptr<const Snapshot>& snapshot) override {
    const std::lock_guard lock(lock_);
    if (message_ != nullptr || ended_) return;
    message_ = compose_(snapshot);
    if (message_ != nullptr) this->StartWrite(message_.get());
  }

  void handle_stop() override { leave(stopping()); }

  void OnCancel() override { leave(grpc::Status::CANCELLED); }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(lock_);
    message_.reset();
    if (!ok) {
      end(grpc::Status::CANCELLED);
    } else if (leaving_) {
      end(*leaving_);
    }
  }

  void OnDone() override {
    hub_.remove(this);
    admission_.leave();
    delete this;
  }

  // A message under way comes back first, and may have arrived although the client has gone since.
  void leave(const grpc::Status& status) {
    const std::lock_guard lock(lock_);
    if (!leaving_) leaving_ = status;
    if (message_ == nullptr) end(*leaving_);
  }

  void end(const grpc::Status& status) {
    if (!std::exchange(ended_, true)) this->Finish(status);
  }

  Hub& hub_;
  Admission& admission_;
  Compose compose_;
  std::mutex lock_;
  std::unique_ptr<Message> message_;     // under way
  std::optional<grpc::Status> leaving_;  // once nothing is under way any more
  bool ended_ = false;
};

}  // namespace conflux::sidecar
