// What an application says before its stream: SOCKS5 with and without a password, and other
// protocols that come to the wrong port. Input: one byte that says how the bytes are cut into
// reads, then the bytes.
#include <algorithm>
#include <string>

#include "examples/onion_proxy/socks/socks5.h"
#include "test/fuzz/support/expect.h"
#include "test/fuzz/support/input.h"

namespace conflux::fuzz {
namespace {

using onion_proxy::Bytes;
using onion_proxy::ByteView;
using onion_proxy::Socks5Negotiation;
using onion_proxy::SocksCommand;
using onion_proxy::SocksRequest;

enum class End { kHungry, kDone, kRefused };

// How one negotiation went.
struct Story {
  End end = End::kHungry;
  Bytes sent;
  std::size_t consumed = 0;
  std::string host;
  std::uint16_t port = 0;
  std::string isolation;
  bool operator==(const Story&) const = default;
};

void note_done(const SocksRequest& request, Story& story) {
  story.end = End::kDone;
  story.host = request.host;
  story.port = request.port;
  story.isolation = request.isolation;
  expect(!request.host.empty() && request.host.size() <= 255, "a target has a host");
  expect(std::ranges::all_of(request.host, [](char c) { return c > ' ' && c < '\x7f'; }),
         "a host is printable");
  expect(request.port != 0 || request.command == SocksCommand::kResolve, "CONNECT names a port");
  expect(!request.host_is_ipv6 || request.host.find(':') != std::string::npos, "IPv6 has colons");
}

Story negotiate(ByteView bytes, std::size_t read_size) {
  Story story;
  Socks5Negotiation negotiation;
  std::size_t seen = 0;
  while (story.end == End::kHungry && seen < bytes.size()) {
    seen = std::min(bytes.size(), seen + read_size);
    bool hungry = false;
    while (story.end == End::kHungry && !hungry) {
      std::size_t consumed = 0;
      const ByteView input = bytes.subspan(story.consumed, seen - story.consumed);
      const auto outcome = negotiation.handle_input(input, consumed);
      expect(consumed <= input.size(), "no more is consumed than there is");
      story.consumed += consumed;
      hungry = std::holds_alternative<Socks5Negotiation::NeedMore>(outcome);
      expect(!hungry || input.size() < Socks5Negotiation::kMessageMax, "messages are bounded");
      expect(!hungry || consumed == 0, "what is incomplete stays");
      if (const auto* send = std::get_if<Socks5Negotiation::Send>(&outcome)) {
        expect(consumed > 0 && send->bytes.size() == 2, "each answer answers something");
        story.sent.insert(story.sent.end(), send->bytes.begin(), send->bytes.end());
      } else if (const auto* done = std::get_if<Socks5Negotiation::Done>(&outcome)) {
        note_done(done->request, story);
      } else if (const auto* refused = std::get_if<Socks5Negotiation::Refused>(&outcome)) {
        story.end = End::kRefused;
        expect(!refused->reason.empty() && refused->reason.size() < 200, "a refusal has its words");
        story.sent.insert(story.sent.end(), refused->farewell.begin(), refused->farewell.end());
      }
    }
  }
  return story;
}

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  Input in(data, size);
  const std::size_t read_size = 1 + in.below(32);
  const ByteView bytes = in.rest();
  expect(negotiate(bytes, SIZE_MAX / 2) == negotiate(bytes, read_size),
         "how the bytes are cut into reads does not matter");
  return 0;
}
