/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A space: what one address space (mm) owns in dune.ko, shared by its vCPUs.
 *
 * Its guest-physical memory is the process itself, at the same addresses; the
 * second stage has no table of its own. mmu.c fills the root TLB from the
 * process's page tables, and the space's mmu notifier drops those entries when
 * Linux is about to change what they were made from:
 *
 *  - An invalidation first counts itself in @invalidating and moves @seq, then
 *    interrupts the CPUs in @inside and waits until they have left guest mode.
 *  - A CPU enters itself in @inside, then compares @seq, and drops the space's
 *    entries from its root TLB if it has changed since it last looked.
 *  - Within that section (interrupts are off) a page is mapped only while
 *    @invalidating is zero.
 *
 * So a mapping made before the invalidation began is gone when
 * invalidate_range_start() returns, and none is made before it ends.
 */
#ifndef _DUNE_SPACE_H
#define _DUNE_SPACE_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/mmu_notifier.h>
#include <linux/percpu.h>
#include <linux/wait.h>

/* vCPUs of one space: a bound on kernel memory where memcg sets none. */
#define DUNE_VCPUS_MAX	8192

/*
 * struct dune_space_cpu - a space on one CPU.
 * @guestid: GuestID and generation there, 0 for none.
 * @seq: &dune_space.seq when the CPU's root TLB last held no stale entry.
 */
struct dune_space_cpu {
	unsigned int guestid;
	long seq;
};

struct dune_space {
	struct mmu_notifier notifier;
	struct dune_space_cpu __percpu *cpu;
	atomic_long_t seq;
	atomic_t invalidating;
	atomic_t vcpus;
	wait_queue_head_t idle;		/* @invalidating has become zero */
	cpumask_t inside;
};

/*
 * Returns current's space, with a reference, or an ERR_PTR: -ENOMEM, or
 * -ERESTARTSYS if a signal came.
 */
struct dune_space *dune_space_get(void);
void dune_space_put(struct dune_space *space);

/* Is it current's? Not after exec, in a forked child or a foreign process. */
static inline bool dune_space_is_current(const struct dune_space *space)
{
	return space->notifier.mm == current->mm;
}

/*
 * Enter and leave the section in which this CPU may hold entries of @space that
 * guest mode can use. Interrupts off. Returns the GuestID with its generation.
 */
unsigned int dune_space_enter(struct dune_space *space);
void dune_space_leave(struct dune_space *space);

/* Sleeps until no invalidation is under way; -ERESTARTSYS if a signal comes. */
int dune_space_wait_idle(struct dune_space *space);

#endif
