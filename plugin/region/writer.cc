#include "plugin/region/writer.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include "plugin/region/catalogue.h"
#include "plugin/region/schema.h"
#include "plugin/region/writer_file.h"

namespace conflux::region {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kRelease = std::memory_order_release;
static_assert(std::atomic_ref<Word>::is_always_lock_free);

struct Layout {
  std::uint64_t schema_at;
  std::uint64_t aggregates_at;
  std::uint64_t slots_at;
  std::uint64_t bytes;
};

Layout plan_layout(std::uint64_t schema_bytes, std::uint64_t slots) {
  Layout layout{};
  layout.schema_at = aligned(kHeaderWords * sizeof(Word));
  layout.aggregates_at = aligned(layout.schema_at + schema_bytes);
  layout.slots_at = aligned(layout.aggregates_at + aggregate_words() * sizeof(Word));
  layout.bytes = layout.slots_at + slots * kSlotBytes;
  return layout;
}

void fill_header(Word* header, const WriterOptions& options, const Layout& layout,
                 std::span<const std::byte> schema) {
  header[kHeaderMagic] = kMagic;
  header[kHeaderVersion] = std::uint64_t{kMajor} << 32U | kMinor;
  header[kHeaderBytes] = layout.bytes;
  header[kHeaderStartedAt] = static_cast<Word>(std::time(nullptr));
  header[kHeaderSchemaAt] = layout.schema_at;
  header[kHeaderSchemaBytes] = schema.size();
  header[kHeaderSchemaCrc] = crc32(schema);
  header[kHeaderAggregatesAt] = layout.aggregates_at;
  header[kHeaderAggregateCount] = aggregate_words();
  header[kHeaderSlotsAt] = layout.slots_at;
  header[kHeaderSlotCount] = options.slots;
  header[kHeaderSlotBytes] = kSlotBytes;
  header[kHeaderFlags] = options.flags;
  header[kHeaderState] = static_cast<Word>(WriterState::kRunning);
}

}  // namespace

WriterResult Writer::create(const WriterOptions& options) {
  const std::vector<std::byte> schema = encode_schema(catalogue());
  const std::size_t slots = std::min<std::size_t>(options.slots, kSlotsMax);
  const Layout layout = plan_layout(schema.size(), slots);
  auto file = std::make_unique<File>();
  if (!file->open_directory(options) || !file->allocate(options.instance, layout.bytes) ||
      !file->map()) {
    return {nullptr, file->problem};
  }
  auto* words = static_cast<Word*>(file->data);
  fill_header(words, options, layout, schema);
  std::memcpy(static_cast<std::byte*>(file->data) + layout.schema_at, schema.data(), schema.size());
  std::unique_ptr<Writer> writer(new Writer(std::move(file), slots));
  if (RAND_bytes(writer->key_.data(), static_cast<int>(writer->key_.size())) != 1 ||
      RAND_bytes(reinterpret_cast<unsigned char*>(&words[kHeaderRegionId]), sizeof(Word)) != 1) {
    return {nullptr, "metrics region: no random bytes to be had; check the system's entropy"};
  }
  writer->word(kHeaderReady).store(1, kRelease);
  if (!writer->file_->publish()) return {nullptr, writer->file_->problem};
  return {std::move(writer), {}};
}

Writer::Writer(std::unique_ptr<File> file, std::size_t slots) noexcept
    : file_(std::move(file)), words_(static_cast<Word*>(file_->data)), slot_count_(slots), key_{} {
  aggregates_at_ = words_[kHeaderAggregatesAt] / sizeof(Word);
  slots_at_ = words_[kHeaderSlotsAt] / sizeof(Word);
}

Writer::~Writer() {
  word(kHeaderState).store(static_cast<Word>(WriterState::kClosed), kRelease);
  OPENSSL_cleanse(key_.data(), key_.size());
}

void Writer::beat() noexcept {
  const std::atomic_ref<Word> heartbeat = word(kHeaderHeartbeat);
  heartbeat.store(heartbeat.load(kRelaxed) + 1, kRelease);
}

void Writer::tell_rejected(Word tunnels) noexcept {
  word(kHeaderSlotsRejected).store(tunnels, kRelaxed);
}

void Writer::publish_aggregates(std::span<const Word> words) noexcept {
  const std::atomic_ref<Word> sequence = word(kHeaderAggregateSequence);
  const Word before = sequence.load(kRelaxed);
  sequence.store(before + 1, kRelaxed);
  // Release on each word orders the odd number before all of them, without a fence, which
  // ThreadSanitizer does not know.
  for (std::size_t i = 0; i < words.size(); ++i) {
    word(aggregates_at_ + i).store(words[i], kRelease);
  }
  sequence.store(before + 2, kRelease);
}

void Writer::publish_slot(std::size_t slot, const Slot& words) noexcept {
  const std::size_t at = slots_at_ + slot * kSlotWords;
  const std::atomic_ref<Word> sequence = word(at + kSlotSequence);
  const std::atomic_ref<Word> generation = word(at + kSlotGeneration);
  const Word before = sequence.load(kRelaxed);
  sequence.store(before + 1, kRelaxed);
  generation.store(generation.load(kRelaxed) | 1U, kRelease);
  for (std::size_t i = kSlotDisplayId; i < kSlotWords; ++i) word(at + i).store(words[i], kRelease);
  sequence.store(before + 2, kRelease);
}

void Writer::clear_slot(std::size_t slot) noexcept {
  const std::size_t at = slots_at_ + slot * kSlotWords;
  const std::atomic_ref<Word> generation = word(at + kSlotGeneration);
  if ((generation.load(kRelaxed) & 1U) == 0) return;
  const std::atomic_ref<Word> sequence = word(at + kSlotSequence);
  const Word before = sequence.load(kRelaxed);
  sequence.store(before + 1, kRelaxed);
  generation.store(generation.load(kRelaxed) + 1, kRelease);
  for (std::size_t i = kSlotDisplayId; i < kSlotWords; ++i) word(at + i).store(0, kRelease);
  sequence.store(before + 2, kRelease);
}

}  // namespace conflux::region
