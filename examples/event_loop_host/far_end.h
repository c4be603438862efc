/* The far end of the toy: an exit that links two legs, puts their cells in order and sends each one
 * back, over the legs in turn. */
#pragma once

#include <stdint.h>

#include "frame.h"

/* Runs in a process of its own until the host is gone. After `lose_after` cells it closes the
 * second leg; 0: never. */
void run_far_end(const int sockets[LEGS], uint32_t lose_after);
