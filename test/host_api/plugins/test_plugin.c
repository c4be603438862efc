/* A plugin that only the loader's tests load. Macros choose how it is broken:
 *   MARKER           text that mpath_plugin_negotiate hands back as the plugin's name
 *   TRACE            a constructor sets this environment variable: "my code has run"
 *   ENTRY            the entry point has this name instead
 *   UNRESOLVED       needs a function that nobody has
 *   MAJOR_MIN/MAX    majors that it speaks
 *   ANSWER           status of the negotiation
 *   ANSWER_MAJOR     claims this major, whatever was asked
 *   TABLE_SIZE       struct_size of the table
 *   HAS_TABLE        0: hands back no table
 *   MISSING_SLOT     a function that is null
 */
#define _POSIX_C_SOURCE 200809L /* setenv */
#define MPATH_BUILDING_PLUGIN
#ifdef ENTRY
#define mpath_plugin_negotiate ENTRY
#endif
#include <mpath/plugin.h>
#include <stdlib.h>
#include <string.h>

#ifndef MARKER
#define MARKER "good"
#endif
#ifndef MAJOR_MIN
#define MAJOR_MIN MPATH_ABI_MAJOR
#endif
#ifndef MAJOR_MAX
#define MAJOR_MAX MPATH_ABI_MAJOR
#endif
#ifndef ANSWER
#define ANSWER MPATH_OK
#endif
#ifndef ANSWER_MAJOR
#define ANSWER_MAJOR 0
#endif
#ifndef HAS_TABLE
#define HAS_TABLE 1
#endif
#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(mpath_plugin_table)
#endif

#ifdef TRACE
__attribute__((constructor)) static void leave_trace(void) { setenv(TRACE, "1", 1); }
#endif

#ifdef UNRESOLVED
extern int mpath_test_function_that_nobody_has(void);
int (*mpath_test_reference)(void) = mpath_test_function_that_nobody_has;
#endif

struct mpath_instance {
  int open;
};

static const char *status_text(mpath_status status) { return status < 0 ? "an error" : "fine"; }
static const char *number_text(uint32_t number) { return number == 0 ? "none" : "something"; }
static const void *get_extension(const char *id) { return id == NULL ? NULL : NULL; }

/* Configuration that begins with "bad" is refused. */
static mpath_status config_check(const mpath_config_text *config, mpath_text *diagnostics) {
  static const char kWords[] = "conf:1:1: bad is not good";
  if (config->length < 3 || memcmp(config->text, "bad", 3) != 0) {
    if (diagnostics->capacity > 0) diagnostics->data[0] = '\0';
    diagnostics->length = 0;
    return MPATH_OK;
  }
  if (diagnostics->capacity >= sizeof kWords) memcpy(diagnostics->data, kWords, sizeof kWords);
  diagnostics->length = sizeof kWords - 1;
  return MPATH_E_CONFIG;
}

static mpath_status instance_open(const mpath_config_text *config, mpath_text *diagnostics,
                                  mpath_instance **out) {
  static mpath_instance the_instance;
  const mpath_status status = config_check(config, diagnostics);
  if (status == MPATH_OK) *out = &the_instance;
  return status;
}

static mpath_status instance_close(mpath_instance *instance) {
  return instance == NULL ? MPATH_OK : MPATH_OK;
}

/* Stands in every slot that the tests never call. */
static void never_called(void) { abort(); }
#define SLOT(name) .name = (__typeof__(((mpath_plugin_table *)0)->name))(void (*)(void))never_called

static mpath_plugin_table table = {
    .struct_size = (uint32_t)(TABLE_SIZE),
    .status_text = status_text,
    .reason_text = number_text,
    .log_text = number_text,
    .get_extension = get_extension,
    .config_check = config_check,
    .instance_open = instance_open,
    .instance_close = instance_close,
    SLOT(instance_reload),
    SLOT(instance_tick),
    SLOT(instance_info),
    SLOT(instance_drain_log),
    SLOT(instance_shed),
    SLOT(tunnel_create),
    SLOT(tunnel_destroy),
    SLOT(tunnel_close),
    SLOT(tunnel_info),
    SLOT(tunnel_detail),
    SLOT(tunnel_snapshot),
    SLOT(tunnel_activity),
    SLOT(leg_set_path),
    SLOT(legs_add),
    SLOT(link),
    SLOT(leg_remove),
    SLOT(leg_take_single),
    SLOT(leg_single),
    SLOT(leg_info),
    SLOT(leg_uses_stream_sendme),
    SLOT(padding_event),
    SLOT(route),
    SLOT(can_read),
    SLOT(receive),
    SLOT(drain),
    SLOT(poll),
};

mpath_status mpath_plugin_negotiate(mpath_negotiation *io) {
#ifdef MISSING_SLOT
  table.MISSING_SLOT = NULL;
#endif
  io->plugin_major_min = MAJOR_MIN;
  io->plugin_major_max = MAJOR_MAX;
  if (ANSWER != MPATH_OK) return ANSWER;
  io->major = ANSWER_MAJOR;
  if (io->major == 0) {
    if (io->host_major_max < MAJOR_MIN || io->host_major_min > MAJOR_MAX) return MPATH_E_VERSION;
    io->major = io->host_major_max < MAJOR_MAX ? io->host_major_max : MAJOR_MAX;
  }
  io->minor = 0;
  io->table = HAS_TABLE ? &table : NULL;
  io->plugin_name = MARKER;
  io->plugin_version = "0";
  return MPATH_OK;
}
