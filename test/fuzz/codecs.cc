// LINK, LINKED and SWITCH: what parses is what the format allows, and nothing gets lost on the way.
#include <algorithm>
#include <cstring>

#include "plugin/codec/link_message.h"
#include "plugin/codec/switch_message.h"
#include "test/fuzz/support/expect.h"
#include "test/fuzz/support/input.h"

namespace conflux::fuzz {
namespace {

using Body = std::span<const std::uint8_t>;

// Spec: prop329 [LINKING_CIRCUITS], read a second time and without the codec's own helpers.
std::uint64_t field(Body body, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value * 256 + body[at + i];
  return value;
}

bool is_link(Body body) { return body.size() >= 50 && body[0] == 1 && body[49] <= 4; }

void check_link(Body body) {
  const std::optional<LinkMessage> message = parse_link(body);
  expect(message.has_value() == is_link(body), "a LINK parses exactly if the format allows it");
  if (!message) return;
  expect(std::memcmp(message->nonce.bytes().data(), &body[1], 32) == 0, "the nonce is copied");
  expect(message->last_seq_sent.raw() == field(body, 33, 8), "last_seqno_sent is big endian");
  expect(message->last_seq_received.raw() == field(body, 41, 8), "last_seqno_recv is big endian");
  expect(message->desired_ux == body[49], "the desired UX is the last byte");
  const auto again = encode(*message);
  expect(std::equal(again.begin(), again.end(), body.begin()), "LINK: parse, encode, equal");
}

void check_switch(Body body) {
  const std::optional<SeqDelta> delta = parse_switch(body);
  expect(delta.has_value() == (body.size() >= 4), "a SWITCH parses exactly if it is long enough");
  if (!delta) return;
  expect(delta->raw() == field(body, 0, 4), "the delta is big endian");
  const auto again = encode_switch(*delta);
  expect(std::equal(again.begin(), again.end(), body.begin()), "SWITCH: parse, encode, equal");
}

// From values to bytes and back.
void check_round_trip(Input in) {
  std::array<std::uint8_t, Nonce::kSize> nonce{};
  std::ranges::copy(in.take(nonce.size()), nonce.begin());
  const LinkMessage message{.nonce = Nonce(std::span<const std::uint8_t, Nonce::kSize>(nonce)),
                            .last_seq_sent = SeqNo{in.number()},
                            .last_seq_received = SeqNo{in.number()},
                            .desired_ux = in.byte()};
  const auto body = encode(message);
  const std::optional<LinkMessage> again = parse_link(body);
  expect(again.has_value() == (message.desired_ux <= 4), "what is encoded parses");
  if (!again) return;
  expect(again->nonce.equals(message.nonce) && again->last_seq_sent == message.last_seq_sent &&
             again->last_seq_received == message.last_seq_received &&
             again->desired_ux == message.desired_ux,
         "LINK: encode, parse, equal");
}

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  check_link({data, size});
  check_switch({data, size});
  check_round_trip(Input(data, size));
  return 0;
}
