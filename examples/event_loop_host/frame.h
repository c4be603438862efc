/* A relay cell as it travels over a socket pair to the toy far end: one frame, one message. A real
 * proxy encrypts it for its hop; here DATA carries a number in place of payload. */
#pragma once

#include <stdint.h>

enum { DATA = 2, SENDME = 5, LINK = 19, LINKED = 20, LINKED_ACK = 21, SWITCH = 22 };
/* Congestion control of both ends, in DATA cells: a fixed window and its acknowledgements. */
enum { LEGS = 2, CWND = 124, SENDME_INC = 31 };

struct frame {
  uint8_t command;
  uint8_t length; /* of body */
  uint8_t body[64];
  uint32_t number; /* of DATA */
};
