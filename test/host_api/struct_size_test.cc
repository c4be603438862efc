// Hosts of other ages: every struct that says its size, smaller and larger than today's, in heap
// blocks of exactly that size. Run under AddressSanitizer, this shows that the plugin reads and
// writes nothing past what the host has.
#include <gtest/gtest.h>
#include <mpath/plugin.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "test/host_api/heap_block.h"
#include "test/host_api/live_tunnel.h"

namespace conflux::test {
namespace {

constexpr std::size_t kTailLength = 64;

// A call with one struct of interest, which begins with struct_size.
struct SizedCase {
  std::string name;
  std::size_t size;                              // in version 1.0
  mpath_status answer;                           // to the right size
  std::function<void(LiveTunnel&, void*)> fill;  // all `size` bytes
  std::function<mpath_status(LiveTunnel&, void*)> call;
  bool single_path = false;
};

std::ostream& operator<<(std::ostream& out, const SizedCase& c) { return out << c.name; }

template <typename T>
void put(void* block, const T& value) {
  std::memcpy(block, &value, sizeof value);
}

template <typename T>
SizedCase in_case(std::string name, mpath_status answer, std::function<T(LiveTunnel&)> make,
                  std::function<mpath_status(LiveTunnel&, const T*)> call) {
  return {std::move(name), sizeof(T), answer,
          [make](LiveTunnel& live, void* block) { put(block, make(live)); },
          [call](LiveTunnel& live, void* block) { return call(live, static_cast<T*>(block)); }};
}

template <typename T>
SizedCase out_case(std::string name, mpath_status answer,
                   std::function<mpath_status(LiveTunnel&, T*)> call) {
  return {std::move(name), sizeof(T), answer, [](LiveTunnel&, void* block) { put(block, T{}); },
          [call](LiveTunnel& live, void* block) { return call(live, static_cast<T*>(block)); }};
}

mpath_config_text config_text(LiveTunnel&) { return {sizeof(mpath_config_text), 0, "", "test"}; }

std::vector<SizedCase> instance_cases() {
  return {
      in_case<mpath_config_text>("config_check", MPATH_OK, config_text,
                                 [](LiveTunnel& l, const mpath_config_text* in) {
                                   mpath_text text{};
                                   return l.table.config_check(in, &text);
                                 }),
      in_case<mpath_config_text>("instance_open", MPATH_OK, config_text,
                                 [](LiveTunnel& l, const mpath_config_text* in) {
                                   mpath_text text{};
                                   mpath_instance* out = nullptr;
                                   const auto status = l.table.instance_open(in, &text, &out);
                                   EXPECT_EQ(out != nullptr, status == MPATH_OK);
                                   EXPECT_EQ(l.table.instance_close(out), MPATH_OK);
                                   return status;
                                 }),
      in_case<mpath_config_text>("instance_reload", MPATH_OK, config_text,
                                 [](LiveTunnel& l, const mpath_config_text* in) {
                                   mpath_text text{};
                                   return l.table.instance_reload(l.instance, in, &text);
                                 }),
      out_case<mpath_instance_info>("instance_info", MPATH_OK,
                                    [](LiveTunnel& l, mpath_instance_info* out) {
                                      return l.table.instance_info(l.instance, out);
                                    }),
      {"negotiate", sizeof(mpath_negotiation), MPATH_OK,
       [](LiveTunnel&, void* block) {
         mpath_negotiation io{};
         io.host_major_min = io.host_major_max = MPATH_ABI_MAJOR;
         io.magic = MPATH_NEGOTIATION_MAGIC;
         put(block, io);
       },
       [](LiveTunnel&, void* block) {
         return conflux_entry()(static_cast<mpath_negotiation*>(block));
       }},
  };
}

std::vector<SizedCase> tunnel_cases() {
  return {
      in_case<mpath_tunnel_params>(
          "tunnel_create", MPATH_OK,
          [](LiveTunnel& l) {
            mpath_tunnel_params params{};
            params.struct_size = sizeof params;
            params.role = MPATH_ROLE_CLIENT;
            params.first_leg = &l.first_params;
            return params;
          },
          [](LiveTunnel& l, const mpath_tunnel_params* in) {
            mpath_tunnel_id tunnel = 0;
            mpath_leg_id leg = 0;
            const mpath_status status = l.table.tunnel_create(l.instance, in, &tunnel, &leg);
            if (status == MPATH_OK) {
              EXPECT_EQ(l.table.tunnel_close(l.instance, tunnel, l.now_us), MPATH_OK);
              EXPECT_EQ(l.table.tunnel_destroy(l.instance, tunnel), MPATH_OK);
            }
            return status;
          }),
      out_case<mpath_tunnel_info>("tunnel_info", MPATH_OK,
                                  [](LiveTunnel& l, mpath_tunnel_info* out) {
                                    return l.table.tunnel_info(l.instance, l.tunnel, out);
                                  }),
      out_case<mpath_detail>("tunnel_detail", MPATH_OK,
                             [](LiveTunnel& l, mpath_detail* out) {
                               return l.table.tunnel_detail(l.instance, l.tunnel, out);
                             }),
      out_case<mpath_activity>("tunnel_activity", MPATH_OK,
                               [](LiveTunnel& l, mpath_activity* out) {
                                 const mpath_leg_views all = l.views();
                                 return l.table.tunnel_activity(l.instance, l.tunnel, &all, out);
                               }),
      out_case<mpath_leg_info>("leg_info", MPATH_OK,
                               [](LiveTunnel& l, mpath_leg_info* out) {
                                 return l.table.leg_info(l.instance, l.tunnel, l.legs[0], out);
                               }),
  };
}

std::vector<SizedCase> cell_cases() {
  return {
      in_case<mpath_route_request>(
          "route_request", MPATH_OK, [](LiveTunnel& l) { return l.data_request(); },
          [](LiveTunnel& l, const mpath_route_request* in) {
            const mpath_leg_views all = l.views();
            mpath_grant out{};
            out.struct_size = sizeof out;
            return l.table.route(l.instance, l.tunnel, in, &all, l.now_us, &out);
          }),
      out_case<mpath_grant>("grant", MPATH_OK,
                            [](LiveTunnel& l, mpath_grant* out) {
                              const mpath_leg_views all = l.views();
                              const mpath_route_request in = l.data_request();
                              return l.table.route(l.instance, l.tunnel, &in, &all, l.now_us, out);
                            }),
      in_case<mpath_cell>(
          "cell", MPATH_OK, [](LiveTunnel& l) { return l.data_cell(1); },
          [](LiveTunnel& l, const mpath_cell* in) {
            mpath_receipt out{};
            out.struct_size = sizeof out;
            return l.table.receive(l.instance, l.tunnel, in, l.now_us, &out);
          }),
      out_case<mpath_receipt>("receipt", MPATH_OK,
                              [](LiveTunnel& l, mpath_receipt* out) {
                                const mpath_cell in = l.data_cell(1);
                                return l.table.receive(l.instance, l.tunnel, &in, l.now_us, out);
                              }),
  };
}

std::vector<SizedCase> single_path_cases() {
  std::vector<SizedCase> cases = {
      out_case<mpath_leg_info>("leg_take_single", MPATH_OK,
                               [](LiveTunnel& l, mpath_leg_info* out) {
                                 return l.table.leg_take_single(l.instance, l.tunnel, out,
                                                                l.now_us);
                               }),
      in_case<mpath_leg_params>(
          "leg_params", MPATH_OK, [](LiveTunnel& l) { return l.leg_params(1); },
          [](LiveTunnel& l, const mpath_leg_params* in) {
            const mpath_leg_views all = l.views();
            mpath_leg_id out = 0;
            // The stride is right; what the struct says of itself is what counts here.
            const std::uint32_t stride = std::max<std::uint32_t>(in->struct_size, sizeof *in);
            return l.table.legs_add(l.instance, l.tunnel, in, 1, stride, &all, &out);
          }),
  };
  for (SizedCase& one : cases) one.single_path = true;
  return cases;
}

std::vector<SizedCase> all_sized_cases() {
  std::vector<SizedCase> all;
  for (auto part : {instance_cases(), tunnel_cases(), cell_cases(), single_path_cases()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class StructSize : public ::testing::TestWithParam<SizedCase> {
 protected:
  // Calls with a block of `size` bytes that says so, and looks at what lies past version 1.0.
  mpath_status call(LiveTunnel& live, std::size_t size) {
    const SizedCase& c = GetParam();
    std::vector<std::uint8_t> full(c.size);
    c.fill(live, full.data());
    HeapBlock block(std::max(size, sizeof(std::uint32_t)));
    std::memcpy(block.data(), full.data(), std::min(size, c.size));
    const auto said = static_cast<std::uint32_t>(size);
    std::memcpy(block.data(), &said, sizeof said);
    const mpath_status status = c.call(live, block.data());
    if (size > c.size) {
      EXPECT_TRUE(block.untouched(c.size)) << "wrote into a tail that it does not know";
    }
    return status;
  }
};

TEST_P(StructSize, OfVersionOneIsAccepted) {
  LiveTunnel live(!GetParam().single_path);
  EXPECT_EQ(call(live, GetParam().size), GetParam().answer);
}

TEST_P(StructSize, SmallerIsRefusedAndNothingChanges) {
  LiveTunnel live(!GetParam().single_path);
  const mpath_tunnel_info before = live.info();
  for (std::size_t size = 0; size < GetParam().size; ++size) {
    ASSERT_EQ(call(live, size), MPATH_E_SIZE) << size << " bytes";
  }
  const mpath_tunnel_info after = live.info();
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
}

TEST_P(StructSize, LargerIsAcceptedAndItsTailIsLeftAlone) {
  for (const std::size_t more : {std::size_t{8}, kTailLength}) {
    LiveTunnel live(!GetParam().single_path);
    EXPECT_EQ(call(live, GetParam().size + more), GetParam().answer) << more << " bytes more";
  }
}

INSTANTIATE_TEST_SUITE_P(Abi, StructSize, ::testing::ValuesIn(all_sized_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace conflux::test
