/* SPDX-License-Identifier: GPL-2.0 */
/* Second stage: root TLB entries made from the process's own page tables. */
#ifndef _DUNE_MMU_H
#define _DUNE_MMU_H

#include <linux/types.h>

struct dune_space;

/*
 * dune_mmu_refill() - map the page pair of @gpa, if Linux has @gpa mapped so
 * that @access (DUNE_ACCESS_*) is allowed.
 *
 * Interrupts off, between dune_space_enter(), which gave @guestid, and
 * dune_space_leave(). Returns false if Linux has to fault the page in first.
 */
bool dune_mmu_refill(struct dune_space *space, unsigned int guestid,
		     unsigned long gpa, u32 access);

/*
 * dune_mmu_fault() - have Linux fault @gpa in, as current's own access.
 *
 * May sleep. Returns 0: run on, the access will be tried again (and
 * signal_pending() may be why); -EFAULT: Linux does not allow the access.
 */
int dune_mmu_fault(struct dune_space *space, unsigned long gpa, u32 access);

/* Drop all entries of @guestid from this CPU's TLB. Interrupts off. */
void dune_mmu_flush_root(unsigned int guestid);
void dune_mmu_flush_guest(unsigned int guestid);

#endif
