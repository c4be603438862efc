#include "plugin/codec/link_message.h"

#include <algorithm>

#include "plugin/codec/big_endian.h"
#include "plugin/types/desired_ux.h"

namespace conflux {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kNonceAt = 1;
constexpr std::size_t kSentAt = kNonceAt + Nonce::kSize;
constexpr std::size_t kReceivedAt = kSentAt + sizeof(std::uint64_t);
constexpr std::size_t kUxAt = kReceivedAt + sizeof(std::uint64_t);
static_assert(kUxAt + 1 == LinkMessage::kSize);

}  // namespace

std::array<std::uint8_t, LinkMessage::kSize> encode(const LinkMessage& message) noexcept {
  std::array<std::uint8_t, LinkMessage::kSize> body;
  const std::span<std::uint8_t, LinkMessage::kSize> out(body);
  body[0] = kVersion;
  std::ranges::copy(message.nonce.bytes(), body.begin() + kNonceAt);
  store_big_endian(message.last_seq_sent.raw(), out.subspan<kSentAt, 8>());
  store_big_endian(message.last_seq_received.raw(), out.subspan<kReceivedAt, 8>());
  body[kUxAt] = message.desired_ux;
  return body;
}

std::optional<LinkMessage> parse_link(std::span<const std::uint8_t> body) noexcept {
  if (body.size() < LinkMessage::kSize || body[0] != kVersion) return std::nullopt;
  const auto in = body.first<LinkMessage::kSize>();
  if (in[kUxAt] > kDesiredUxMax) return std::nullopt;
  return LinkMessage{
      .nonce = Nonce(in.subspan<kNonceAt, Nonce::kSize>()),
      .last_seq_sent = SeqNo{load_big_endian<std::uint64_t>(in.subspan<kSentAt, 8>())},
      .last_seq_received = SeqNo{load_big_endian<std::uint64_t>(in.subspan<kReceivedAt, 8>())},
      .desired_ux = in[kUxAt]};
}

}  // namespace conflux
