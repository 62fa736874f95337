/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The root timer bounds every test and every stay in guest mode: root takes
 * its interrupt in guest mode too, whatever the guest masks (§10).
 */
#ifndef VZ_WATCHDOG_H
#define VZ_WATCHDOG_H

#include "cp0.h"

/* Ticks of Count: seconds of emulated time, more than any test takes. */
#define WATCHDOG_TICKS	(1u << 29)

static inline void watchdog_start(u32 ticks)
{
	mtc0(C0_COMPARE, mfc0(C0_COUNT) + ticks);
}

#endif
