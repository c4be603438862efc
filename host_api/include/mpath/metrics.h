/* mpath/metrics.h - the extension "mpath.metrics/1": what a plugin counts, for hosts that have an
 * exporter of their own. Since ABI 1.1.
 *
 *   const mpath_metrics *metrics = table->get_extension(MPATH_METRICS);
 *
 * Numbers are binned by the plugin, as its configuration says, and are brought up to date by
 * instance_tick(). There is nothing in them that names a tunnel.
 */
#ifndef MPATH_METRICS_H
#define MPATH_METRICS_H

#include <mpath/base.h>
#include <mpath/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPATH_METRICS "mpath.metrics/1"

/* mpath_metric.kind; unknown ones: do not export. */
#define MPATH_METRIC_COUNTER 1u
#define MPATH_METRIC_GAUGE 2u
#define MPATH_METRIC_HISTOGRAM 3u

/* One metric. Static; all texts too, NUL-terminated, never NULL. `struct_size` is the plugin's: a
 * field beyond it is not there. */
typedef struct mpath_metric {
  uint32_t struct_size;
  uint32_t kind;
  const char *name;          /* [a-z0-9_], without the unit */
  const char *unit;          /* UCUM: "By", "s", "{cell}", "1" */
  const char *help;          /* one sentence */
  const char *label;         /* name of its one label; "": none */
  const char *const *values; /* of the label, value_count of them */
  const uint64_t *bounds;    /* of a histogram, in counts, bound_count of them, rising */
  uint32_t value_count;
  uint32_t bound_count;
  uint32_t first_word; /* among those of snapshot() */
  uint32_t word_count; /* one for each value (or one); of a histogram one for each bound, one for
                          what is above all of them, and one for the sum */
  uint64_t bin;        /* counters are floored to a multiple of it, gauges rounded up */
  uint64_t scale;      /* value = count / scale */
} mpath_metric;

typedef struct mpath_metrics {
  uint32_t struct_size; /* the plugin's */
  uint32_t count;       /* of metrics */
  /* [any-thread] The index-th metric, or NULL if there are fewer. */
  const mpath_metric *(*describe)(uint32_t index);
  /* [any-thread] All words as of the last interval, into `words`, which has room for `capacity`;
   * *count says how many there are. MPATH_E_BUFFER: it has not, and nothing was written.
   * MPATH_E_UNSUPPORTED: metrics are off. */
  mpath_status (*snapshot)(mpath_instance *instance, uint64_t *words, uint32_t capacity,
                           uint32_t *count);
} mpath_metrics;

#ifdef __cplusplus
}
#endif

#endif
