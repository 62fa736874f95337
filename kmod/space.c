// SPDX-License-Identifier: GPL-2.0
/* Spaces: life cycle, GuestID, mmu notifier (space.h explains the protocol). */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "guestid.h"
#include "mmu.h"
#include "space.h"

static struct dune_space *to_space(struct mmu_notifier *mn)
{
	return container_of(mn, struct dune_space, notifier);
}

static void kick(void *unused)
{
	/* Coming here is the effect: the CPU has left guest mode. */
}

/* No CPU uses an entry made before the call once it has returned. */
static void invalidate(struct dune_space *space)
{
	atomic_long_inc(&space->seq);
	smp_mb__after_atomic();		/* with the one in dune_space_enter() */
	preempt_disable();
	smp_call_function_many(&space->inside, kick, NULL, true);
	preempt_enable();
}

static int space_invalidate_range_start(struct mmu_notifier *mn,
					const struct mmu_notifier_range *range)
{
	struct dune_space *space = to_space(mn);

	atomic_inc(&space->invalidating);
	invalidate(space);
	return 0;
}

static void space_invalidate_range_end(struct mmu_notifier *mn,
				       const struct mmu_notifier_range *range)
{
	struct dune_space *space = to_space(mn);

	if (atomic_dec_and_test(&space->invalidating))
		wake_up_all(&space->idle);
}

/*
 * Linux has cleared the page's valid bit, which on MIPS is its young bit, and
 * mmu.c maps no page without it. So the next access faults and Linux sees it;
 * there is no other age to report.
 */
static int space_clear_flush_young(struct mmu_notifier *mn,
				   struct mm_struct *mm,
				   unsigned long start, unsigned long end)
{
	invalidate(to_space(mn));
	return 0;
}

/* The last thread of the mm is gone; nobody can enter any more. */
static void space_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	invalidate(to_space(mn));
}

static struct mmu_notifier *space_alloc(struct mm_struct *mm)
{
	struct dune_space *space;

	space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);
	if (!space)
		return ERR_PTR(-ENOMEM);
	space->cpu = alloc_percpu_gfp(struct dune_space_cpu,
				      GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!space->cpu) {
		kfree(space);
		return ERR_PTR(-ENOMEM);
	}
	init_waitqueue_head(&space->idle);
	return &space->notifier;
}

static void space_free(struct mmu_notifier *mn)
{
	struct dune_space *space = to_space(mn);

	free_percpu(space->cpu);
	kfree(space);
}

static const struct mmu_notifier_ops space_notifier_ops = {
	.release		= space_release,
	.clear_flush_young	= space_clear_flush_young,
	.invalidate_range_start	= space_invalidate_range_start,
	.invalidate_range_end	= space_invalidate_range_end,
	.alloc_notifier		= space_alloc,
	.free_notifier		= space_free,
};

struct dune_space *dune_space_get(void)
{
	struct mmu_notifier *mn;

	mn = mmu_notifier_get(&space_notifier_ops, current->mm);
	/* A signal kept it from taking all locks of the mm; it may try again. */
	if (mn == ERR_PTR(-EINTR))
		return ERR_PTR(-ERESTARTSYS);
	return IS_ERR(mn) ? ERR_CAST(mn) : to_space(mn);
}

void dune_space_put(struct dune_space *space)
{
	mmu_notifier_put(&space->notifier);
}

unsigned int dune_space_enter(struct dune_space *space)
{
	struct dune_space_cpu *here = this_cpu_ptr(space->cpu);
	long seq;

	cpumask_set_cpu(smp_processor_id(), &space->inside);
	smp_mb();			/* with the one in invalidate() */
	seq = atomic_long_read(&space->seq);

	if (!dune_guestid_valid(here->guestid))
		here->guestid = dune_guestid_new();
	else if (here->seq != seq)
		dune_mmu_flush_root(here->guestid);
	here->seq = seq;
	return here->guestid;
}

void dune_space_leave(struct dune_space *space)
{
	cpumask_clear_cpu(smp_processor_id(), &space->inside);
}

int dune_space_wait_idle(struct dune_space *space)
{
	return wait_event_interruptible(space->idle,
					!atomic_read(&space->invalidating));
}
