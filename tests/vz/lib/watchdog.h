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
	u32 compare;

	/* Count may have passed it if the emulator was descheduled meanwhile. */
	do {
		compare = mfc0(C0_COUNT) + ticks;
		mtc0(C0_COMPARE, compare);
	} while ((s32)(mfc0(C0_COUNT) - compare) >= 0);
}

#endif
