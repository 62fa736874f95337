/* SPDX-License-Identifier: GPL-2.0 */
/* What the agent does to the guest's Linux: init's duties, modules, the end. */
#ifndef AGENT_GUEST_H
#define AGENT_GUEST_H

#include "link.h"

/* Mount /proc, /sys, /dev and /tmp, bring up loopback; complains and goes on. */
void guest_prepare(void);

/* Open the virtio port of protocol.h, waiting until it is there. Non-blocking fd. */
int guest_open_port(void);

/* LOAD, UNLOAD and SHUTDOWN, each answered with DONE or ERROR. */
void guest_load(struct link *link, const struct frame *frame);
void guest_unload(struct link *link, const struct frame *frame);
void guest_shutdown(struct link *link, const struct frame *frame);

#endif
