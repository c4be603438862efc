#include "plugin/abi/address_range.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "plugin/abi/slot_table.h"

#ifdef __SANITIZE_ADDRESS__
#define CONFLUX_LOOKS_FOR_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

namespace conflux {
namespace {

constexpr std::size_t kHugePage = AddressRange::kHugePage;

// Addresses that the process has, in bytes. Allocates nothing, which could add some.
std::size_t address_bytes() {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  std::array<char, 128> text{};
  EXPECT_GT(::read(file, text.data(), text.size() - 1), 0);
  ::close(file);
  return std::strtoull(text.data(), nullptr, 10) *
         static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// What the system says of the mapping that holds this byte: permissions, and flags by two letters.
struct Mapping {
  std::string permissions;
  std::string flags;
};
Mapping mapping_of(const std::byte* byte) {
  const auto address = reinterpret_cast<std::uintptr_t>(byte);
  std::ifstream smaps("/proc/self/smaps");
  std::optional<Mapping> found;
  for (std::string line; std::getline(smaps, line);) {
    char* rest = nullptr;
    const std::uintptr_t begin = std::strtoull(line.c_str(), &rest, 16);
    if (*rest == '-') {
      const std::uintptr_t end = std::strtoull(rest + 1, &rest, 16);
      if (begin <= address && address < end) found = Mapping{std::string(rest + 1, 4), ""};
    } else if (found && line.starts_with("VmFlags:")) {
      found->flags = line + " ";
      return *found;
    }
  }
  return {};
}

TEST(AddressRange, BeginsAtAHugePageAndTakesNoMoreAddressesThanItSays) {
  static_cast<void>(address_bytes());
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = address_bytes();
    std::optional<AddressRange> range(std::in_place, 3 * kHugePage);
    EXPECT_EQ(address_bytes() - before, 3 * kHugePage);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(range->begin()) % kHugePage, 0U);
    range.reset();
    EXPECT_EQ(address_bytes(), before);
  }
}

TEST(AddressRange, OpensZeroedMemoryAHugePageAtATime) {
  AddressRange range(3 * kHugePage);
  EXPECT_EQ(mapping_of(range.begin()).permissions, "r--p") << "no memory to charge";
  EXPECT_EQ(range.begin()[2 * kHugePage], std::byte{0}) << "but what is asked for is answered";
  range.open(1);
  EXPECT_EQ(mapping_of(range.begin()).permissions, "rw-p");
  EXPECT_EQ(mapping_of(range.begin() + kHugePage).permissions, "r--p");
  range.begin()[kHugePage - 1] = std::byte{1};
  range.open(kHugePage + 1);
  EXPECT_EQ(range.begin()[kHugePage - 1], std::byte{1}) << "what was open stays as it is";
  EXPECT_EQ(range.begin()[2 * kHugePage - 1], std::byte{0});
  EXPECT_EQ(mapping_of(range.begin() + 2 * kHugePage).permissions, "r--p");
  range.open(1);
  EXPECT_EQ(mapping_of(range.begin() + kHugePage).permissions, "rw-p") << "never less";
}

TEST(AddressRange, HasSmallPagesUntilItIsAskedForHugeOnes) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
    GTEST_SKIP() << "this system has none";
  }
  AddressRange range(2 * kHugePage);
  range.open(kHugePage);
  EXPECT_NE(mapping_of(range.begin()).flags.find(" nh "), std::string::npos);
  range.ask_for_huge_pages();
  const bool fits = ::sysconf(_SC_PAGESIZE) == 4096;
  EXPECT_EQ(mapping_of(range.begin()).flags.find(" hg ") != std::string::npos, fits);
  range.open(2 * kHugePage);
  EXPECT_EQ(mapping_of(range.begin() + kHugePage).flags.find(" hg ") != std::string::npos, fits)
      << "also of what is opened later";
}

TEST(AddressRange, HasOneOwner) {
  AddressRange first(kHugePage);
  first.open(kHugePage);
  std::byte* const begin = first.begin();
  AddressRange second(std::move(first));
  EXPECT_EQ(second.begin(), begin);
  EXPECT_EQ(first.begin(), nullptr);  // NOLINT(bugprone-use-after-move)
  AddressRange third;
  EXPECT_EQ(third.begin(), nullptr);
  third = std::move(second);
  EXPECT_EQ(third.begin(), begin);
  third.open(kHugePage);
  third.begin()[kHugePage - 1] = std::byte{1};
}

// No more than `more` bytes of addresses than now, while it lives.
class AddressLimit {
 public:
  explicit AddressLimit(std::size_t more) {
    ::getrlimit(RLIMIT_AS, &before_);
    const rlimit limit{.rlim_cur = address_bytes() + more, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
  }
  ~AddressLimit() { ::setrlimit(RLIMIT_AS, &before_); }
  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(AddressRange, SaysThatThereAreNoAddressesAndTheSlotTableTriesAgain) {
  // Given a table that has used up its first piece of addresses:
  constexpr std::uint32_t kSegment = SlotTable::kSegment;
  SlotTable table;
  for (std::uint32_t index = 0; index < kSegment; ++index) ASSERT_EQ(table.acquire(), index);
  {
    const AddressLimit limit(8 * kHugePage);
    EXPECT_THROW(AddressRange(16 * kHugePage), std::bad_alloc);
    EXPECT_THROW(SlotTable(), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(table.acquire()), std::bad_alloc);
    EXPECT_EQ(table.high_mark(), kSegment);
  }
  EXPECT_EQ(table.acquire(), kSegment);
  EXPECT_EQ(table.high_mark(), kSegment + 1);
}

#ifdef CONFLUX_LOOKS_FOR_LEAKS
// More than what registers and old stack frames may still name by chance.
[[gnu::noinline]] std::span<int*> fill(const AddressRange& range) {
  const std::span<int*> places(reinterpret_cast<int**>(range.begin()), 1000);
  for (int*& place : places) place = std::make_unique<int>(1).release();
  return places;
}

TEST(AddressRange, IsSearchedByALeakChecker) {
  AddressRange range(2 * kHugePage);
  range.open(kHugePage);
  const std::span<int*> places = fill(range);
  EXPECT_EQ(__lsan_do_recoverable_leak_check(), 0);
  range.open(2 * kHugePage);
  EXPECT_EQ(__lsan_do_recoverable_leak_check(), 0) << "still, when more of it is open";
  for (int* place : places) const std::unique_ptr<int> owner(place);
}
#endif

}  // namespace
}  // namespace conflux
