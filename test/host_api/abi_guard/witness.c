/* witness.c - everything that the contract's headers say, in a form that abidiff can compare.
 *
 * A plugin exports one function and hands the rest out behind pointers, so its own binary shows
 * nothing of the contract. Here each public struct is the argument of an exported function, each
 * slot of the table is what one returns, and each number is an enumerator, for macros leave no trace.
 * abi_guard_test.py checks that nothing of the headers is missing here.
 */
#include <mpath/plugin.h>
#if __has_include(<mpath/metrics.h>) /* since 1.1 */
#include <mpath/metrics.h>
#endif

#define EXPORT __attribute__((visibility("default")))

#define STRUCT(name)                       \
  EXPORT void witness_##name(name *value); \
  void witness_##name(name *value) { (void)value; }
STRUCT(mpath_text)
STRUCT(mpath_hop)
STRUCT(mpath_path)
STRUCT(mpath_leg_params)
STRUCT(mpath_tunnel_params)
STRUCT(mpath_tunnel_info)
STRUCT(mpath_leg_info)
STRUCT(mpath_leg_summary)
STRUCT(mpath_leg_summaries)
STRUCT(mpath_detail)
STRUCT(mpath_leg_view)
STRUCT(mpath_leg_views)
STRUCT(mpath_control_cell)
STRUCT(mpath_route_request)
STRUCT(mpath_grant)
STRUCT(mpath_cell)
STRUCT(mpath_receipt)
STRUCT(mpath_token)
STRUCT(mpath_tokens)
STRUCT(mpath_event)
STRUCT(mpath_events)
STRUCT(mpath_activity)
STRUCT(mpath_config_text)
STRUCT(mpath_log_record)
STRUCT(mpath_log_records)
STRUCT(mpath_instance_info)
STRUCT(mpath_plugin_table)
STRUCT(mpath_negotiation)
#ifdef MPATH_METRICS
STRUCT(mpath_metric)
STRUCT(mpath_metrics)
#endif

#define SLOT(name)                                                                \
  typedef __typeof__(((mpath_plugin_table *)0)->name) slot_##name;                \
  EXPORT slot_##name witness_slot_##name(const mpath_plugin_table *table);        \
  slot_##name witness_slot_##name(const mpath_plugin_table *table) { return table->name; }
SLOT(status_text)
SLOT(reason_text)
SLOT(log_text)
SLOT(get_extension)
SLOT(config_check)
SLOT(instance_open)
SLOT(instance_close)
SLOT(instance_reload)
SLOT(instance_tick)
SLOT(instance_info)
SLOT(instance_drain_log)
SLOT(instance_shed)
SLOT(tunnel_create)
SLOT(tunnel_destroy)
SLOT(tunnel_close)
SLOT(tunnel_info)
SLOT(tunnel_detail)
SLOT(tunnel_snapshot)
SLOT(tunnel_activity)
SLOT(leg_set_path)
SLOT(legs_add)
SLOT(link)
SLOT(leg_remove)
SLOT(leg_take_single)
SLOT(leg_single)
SLOT(leg_info)
SLOT(leg_uses_stream_sendme)
SLOT(padding_event)
SLOT(route)
SLOT(can_read)
SLOT(receive)
SLOT(drain)
SLOT(poll)

/* The scalar types and the entry point. */
EXPORT mpath_status witness_ids(mpath_tunnel_id tunnel, mpath_leg_id leg, mpath_instance *instance);
mpath_status witness_ids(mpath_tunnel_id tunnel, mpath_leg_id leg, mpath_instance *instance) {
  (void)tunnel;
  (void)leg;
  (void)instance;
  return MPATH_OK;
}
EXPORT mpath_negotiate_fn witness_entry(void);
mpath_negotiate_fn witness_entry(void) { return 0; }
EXPORT enum mpath_reason witness_reason(void);
enum mpath_reason witness_reason(void) { return MPATH_REASON_NONE; }

/* Every number that is a macro. */
#include "witness_numbers.h"
EXPORT enum witness_numbers witness_all_numbers(void);
enum witness_numbers witness_all_numbers(void) { return (enum witness_numbers)0; }

/* The numbers that an enumerator cannot hold, as sizes that can be seen. */
struct witness_wide_numbers {
  char never[MPATH_NEVER == UINT64_MAX ? 1 : 2];
  char time_max[MPATH_TIME_MAX == UINT64_MAX >> 2 ? 1 : 2];
  char magic[MPATH_NEGOTIATION_MAGIC == 0x3148544150ull ? 1 : 2];
  char symbol[sizeof MPATH_NEGOTIATE_SYMBOL];
  uint64_t has_is_a_size_test[MPATH_SIZE_UPTO(mpath_receipt, ready)];
};
EXPORT void witness_wide(struct witness_wide_numbers *value);
void witness_wide(struct witness_wide_numbers *value) { (void)value; }
