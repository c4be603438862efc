#include "host_api/conformance/check/recorder.h"

#include <fcntl.h>
#include <unistd.h>

namespace mpath::layer {

Recorder::Recorder(const std::string& path, bool secrets) : secrets_(secrets) {
  // For the owner's eyes alone: a trace may hold nonces.
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return;
  file_ = ::fdopen(descriptor, "w");
  if (file_ == nullptr) {
    ::close(descriptor);
    return;
  }
  trace::Writer head;
  head.number<std::uint32_t>(secrets ? trace::kTraceHasSecrets : 0);
  std::fwrite(trace::kTraceMagic.data(), 1, trace::kTraceMagic.size(), file_);
  std::fwrite(head.bytes().data(), 1, head.bytes().size(), file_);
}

Recorder::~Recorder() {
  if (file_ != nullptr) std::fclose(file_);
}

void Recorder::begin(const judge::Call& call, std::uint32_t instance) {
  record_ = {};
  trace::write_inputs(call, instance, secrets_, pseudonyms_, record_);
}

void Recorder::end(const judge::Call& call, mpath_status status) {
  trace::write_parts(trace::outputs_of(call, status, secrets_, pseudonyms_), record_);
  trace::Writer whole;
  whole.text(record_.bytes());
  std::fwrite(whole.bytes().data(), 1, whole.bytes().size(), file_);
  if (call.slot == judge::Slot::kInstanceClose) std::fflush(file_);
}

}  // namespace mpath::layer
