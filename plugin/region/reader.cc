#include "plugin/region/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace conflux::region {
namespace {

// How often a read that met the writer is repeated. A writer that died there leaves the number odd
// for ever.
constexpr int kTries = 16;
// Slots that are read at once.
constexpr std::size_t kChunk = 256;

bool lies_within(std::uint64_t at, std::uint64_t bytes, std::uint64_t size) {
  return at % kAlignment == 0 && at <= size && bytes <= size - at;
}

}  // namespace

const char* word_for(Health health) noexcept {
  switch (health) {
    case Health::kAbsent:
      return "absent";
    case Health::kUnreadable:
      return "unreadable";
    case Health::kUnsupported:
      return "unsupported";
    case Health::kCorrupt:
      return "corrupt";
    case Health::kLive:
      return "live";
    case Health::kStalled:
      return "stalled";
    case Health::kDead:
      return "dead";
    case Health::kClosed:
      return "closed";
  }
  return "unknown";
}

Reader::Reader(int file, std::string path) noexcept : file_(file), path_(std::move(path)) {}
Reader::~Reader() { close(file_); }

Reader::Result Reader::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const int error = errno;
    return {nullptr, error == ENOENT ? Health::kAbsent : Health::kUnreadable,
            path + ": " + std::strerror(error)};
  }
  std::unique_ptr<Reader> reader(new Reader(file, path));
  Result result = reader->attach();
  if (result.health == Health::kLive) result.reader = std::move(reader);
  return result;
}

Reader::Result Reader::attach() {
  struct stat status {};
  if (fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) {
    return {nullptr, Health::kUnreadable, path_ + ": not a regular file"};
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  // Once, into memory of our own: what is checked is what is used.
  Header header{};
  if (!read_at(0, header.data(), sizeof(header)) || header[kHeaderMagic] != kMagic) {
    return {nullptr, Health::kUnsupported, path_ + ": not a metrics region"};
  }
  identity_ = {.region_id = header[kHeaderRegionId],
               .major = static_cast<std::uint32_t>(header[kHeaderVersion] >> 32U),
               .minor = static_cast<std::uint32_t>(header[kHeaderVersion]),
               .started_at = header[kHeaderStartedAt],
               .fine_grained = (header[kHeaderFlags] & kFlagFineGrained) != 0,
               .debug_build = (header[kHeaderFlags] & kFlagDebugBuild) != 0};
  if (identity_.major != kMajor) {
    return {nullptr, Health::kUnsupported,
            path_ + ": version " + std::to_string(identity_.major) + "." +
                std::to_string(identity_.minor) + ", and this program reads version 1; upgrade it"};
  }
  const char* problem = adopt_layout(header, static_cast<std::uint64_t>(status.st_size));
  if (problem == nullptr) problem = adopt_schema(header);
  if (problem != nullptr) return {nullptr, Health::kCorrupt, path_ + ": " + problem};
  heartbeat_ = header[kHeaderHeartbeat];
  return {nullptr, Health::kLive, {}};
}

const char* Reader::adopt_layout(const Header& header, std::uint64_t size) {
  if (header[kHeaderReady] != 1) return "not ready";
  if (size > kRegionBytesMax || header[kHeaderBytes] > size) return "cut short";
  if (header[kHeaderAggregateCount] > kAggregatesMax || header[kHeaderSlotCount] > kSlotsMax ||
      header[kHeaderSchemaBytes] > kSchemaBytesMax || header[kHeaderSlotBytes] < kSlotBytes ||
      header[kHeaderSlotBytes] > 4 * kSlotBytes || header[kHeaderSlotBytes] % kAlignment != 0) {
    return "sizes out of range";
  }
  aggregates_at_ = header[kHeaderAggregatesAt];
  aggregate_count_ = header[kHeaderAggregateCount];
  slots_at_ = header[kHeaderSlotsAt];
  slot_count_ = header[kHeaderSlotCount];
  slot_bytes_ = header[kHeaderSlotBytes];
  if (!lies_within(header[kHeaderSchemaAt], header[kHeaderSchemaBytes], size) ||
      !lies_within(aggregates_at_, aggregate_count_ * sizeof(Word), size) ||
      !lies_within(slots_at_, slot_count_ * slot_bytes_, size)) {
    return "parts lie outside of it";
  }
  return nullptr;
}

const char* Reader::adopt_schema(const Header& header) {
  std::vector<std::byte> schema(header[kHeaderSchemaBytes]);
  if (!read_at(header[kHeaderSchemaAt], schema.data(), schema.size())) return "cut short";
  if (crc32(schema) != header[kHeaderSchemaCrc]) return "its schema is damaged";
  std::optional<std::vector<Description>> metrics = decode_schema(schema, aggregate_count_);
  if (!metrics) return "its schema makes no sense";
  metrics_ = std::move(*metrics);
  return nullptr;
}

bool Reader::read_at(std::uint64_t at, void* out, std::size_t bytes) const {
  auto* to = static_cast<std::byte*>(out);
  while (bytes > 0) {
    const ssize_t got = pread(file_, to, bytes, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    at += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<Word> Reader::read_word(std::size_t header_word) const {
  Word value = 0;
  if (!read_at(header_word * sizeof(Word), &value, sizeof(value))) return std::nullopt;
  return value;
}

bool Reader::was_replaced() const {
  struct stat there {};
  return ::lstat(path_.c_str(), &there) != 0 || there.st_ino != inode_ || there.st_dev != device_;
}

Health Reader::check(std::chrono::steady_clock::time_point now,
                     std::chrono::milliseconds patience) {
  const std::optional<Word> state = read_word(kHeaderState);
  const std::optional<Word> heartbeat = read_word(kHeaderHeartbeat);
  if (!state || !heartbeat) return Health::kCorrupt;
  if (!beat_seen_ || *heartbeat != heartbeat_) beat_seen_ = now;
  heartbeat_ = *heartbeat;
  age_ = std::chrono::duration_cast<std::chrono::milliseconds>(now - *beat_seen_);
  if (*state == static_cast<Word>(WriterState::kClosed)) return Health::kClosed;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  if (fcntl(file_, F_OFD_GETLK, &lock) != 0) return Health::kUnreadable;
  if (lock.l_type == F_UNLCK) return Health::kDead;
  return age_ > patience ? Health::kStalled : Health::kLive;
}

// The number before and the number after, each in a read of its own: whatever order the system
// copies one read in, words of two publications are never taken for one.
bool Reader::read(Counters& out) {
  out.aggregates.resize(aggregate_count_);
  for (int i = 0; i < kTries; ++i) {
    const std::optional<Word> before = read_word(kHeaderAggregateSequence);
    if (!before ||
        !read_at(aggregates_at_, out.aggregates.data(), out.aggregates.size() * sizeof(Word))) {
      return false;
    }
    const std::optional<Word> after = read_word(kHeaderAggregateSequence);
    if (!after) return false;
    if (*before == *after && (*before & 1U) == 0) {
      out.slots_rejected = read_word(kHeaderSlotsRejected).value_or(0);
      return true;
    }
    ++out.retries;
  }
  out.aggregates.clear();
  return true;
}

bool Reader::read_tunnels(std::vector<TunnelSlot>& out) {
  out.clear();
  out.reserve(slot_count_);
  for (std::size_t first = 0; first < slot_count_; first += kChunk) {
    if (!read_chunk(first, std::min(kChunk, slot_count_ - first), out)) return false;
  }
  return true;
}

bool Reader::read_chunk(std::size_t first, std::size_t count, std::vector<TunnelSlot>& out) {
  const std::uint64_t at = slots_at_ + first * slot_bytes_;
  const std::size_t bytes = count * slot_bytes_;
  // The first and the last are read for their numbers alone: one read is cheaper than many.
  for (std::vector<std::byte>& buffer : chunk_) {
    buffer.resize(bytes);
    if (!read_at(at, buffer.data(), bytes)) return false;
  }
  const auto word_of = [&](std::size_t look, std::size_t slot) {
    Word value = 0;
    std::memcpy(&value, chunk_[look].data() + slot * slot_bytes_, sizeof(value));
    return value;
  };
  for (std::size_t slot = 0; slot < count; ++slot) {
    const Word sequence = word_of(0, slot);
    if ((sequence & 1U) != 0 || word_of(2, slot) != sequence) continue;
    TunnelSlot tunnel{.index = first + slot};
    std::memcpy(tunnel.words.data(), chunk_[1].data() + slot * slot_bytes_, kSlotBytes);
    if ((tunnel.words[kSlotGeneration] & 1U) != 0) out.push_back(tunnel);
  }
  return true;
}

}  // namespace conflux::region
