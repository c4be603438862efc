#include "plugin/abi/address_range.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace conflux {
namespace {

constexpr std::size_t kHugePage = AddressRange::kHugePage;

TEST(AddressRange, BeginsAtAHugePageAndIsZeroUpToItsEnd) {
  for (int i = 0; i < 5; ++i) {
    const AddressRange range(2 * kHugePage);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(range.begin()) % kHugePage, 0U);
    EXPECT_EQ(range.count_huge_pages(), 2U);
    EXPECT_EQ(range.begin()[0], std::byte{0});
    EXPECT_EQ(range.begin()[2 * kHugePage - 1], std::byte{0});
    std::memset(range.begin(), 0xa5, 2 * kHugePage);
  }
}

TEST(AddressRange, KeepsWhatIsInItWhenAHugePageIsGathered) {
  AddressRange range(2 * kHugePage);
  for (std::size_t at = 0; at < 2 * kHugePage; at += 4096) range.begin()[at] = std::byte{7};
  range.ask_for_huge_pages();
  range.gather_huge_page(0);
  range.gather_huge_page(1);
  for (std::size_t at = 0; at < 2 * kHugePage; at += 4096) {
    ASSERT_EQ(range.begin()[at], std::byte{7}) << at;
  }
}

TEST(AddressRange, HasOneOwner) {
  AddressRange first(kHugePage);
  std::byte* const begin = first.begin();
  AddressRange second(std::move(first));
  EXPECT_EQ(second.begin(), begin);
  EXPECT_EQ(first.begin(), nullptr);  // NOLINT(bugprone-use-after-move)
  AddressRange third;
  EXPECT_EQ(third.begin(), nullptr);
  third = std::move(second);
  EXPECT_EQ(third.begin(), begin);
  third.begin()[kHugePage - 1] = std::byte{1};
}

TEST(AddressRange, SaysThatThereIsNoRoom) {
  EXPECT_THROW(AddressRange(std::size_t{1} << 62U), std::bad_alloc);
}

#ifdef __SANITIZE_ADDRESS__
// More than what registers and old stack frames may still name by chance.
[[gnu::noinline]] std::span<int*> fill(const AddressRange& range) {
  const std::span<int*> places(reinterpret_cast<int**>(range.begin()), 1000);
  for (int*& place : places) place = std::make_unique<int>(1).release();
  return places;
}

TEST(AddressRange, IsSearchedByALeakChecker) {
  const AddressRange range(kHugePage);
  const std::span<int*> places = fill(range);
  EXPECT_EQ(__lsan_do_recoverable_leak_check(), 0);
  for (int* place : places) const std::unique_ptr<int> owner(place);
}
#endif

}  // namespace
}  // namespace conflux
