#include "plugin/types/reason.h"

namespace conflux {

const char* text(Reason reason) noexcept {
  switch (reason) {
#define CONFLUX_REASON(name, number, words) \
  case Reason::name:                        \
    return words;
    MPATH_REASON_LIST(CONFLUX_REASON)
#undef CONFLUX_REASON
  }
  return "an unknown reason";
}

}  // namespace conflux
