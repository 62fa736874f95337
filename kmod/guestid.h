/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GuestIDs: what tells the TLB entries of one space from those of another.
 *
 * Each CPU hands out its own, in generations: a value is generation | GuestID.
 * When the GuestIDs of a generation are used up, the CPU drops the TLB entries
 * of all guests and starts the next one, so an old value names no entry any
 * more. GuestID 0 is root's and never handed out.
 *
 * The counter is cpu_data[].guestid_cache, which is KVM's too: both take from
 * one pool and notice each other's generations.
 */
#ifndef _DUNE_GUESTID_H
#define _DUNE_GUESTID_H

#include <linux/types.h>

#include <asm/cpu-info.h>
#include <asm/mipsregs.h>

static inline unsigned int dune_guestid_mask(void)
{
	return boot_cpu_data.guestid_mask;
}

/* GuestCtl1 for TLB instructions of root on the entries of @guestid. */
static inline unsigned long dune_guestctl1_rid(unsigned int guestid)
{
	return (guestid & dune_guestid_mask()) << MIPS_GCTL1_RID_SHIFT;
}

/* All on the calling CPU, with interrupts off. */
bool dune_guestid_valid(unsigned int guestid);
unsigned int dune_guestid_new(void);
void dune_guestid_start_generation(void);

#endif
