/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest CP0 context as a table: what a vCPU saves when it leaves a CPU and
 * loads when it enters one.
 *
 * Everything that the guest can both write and read is here, so nothing of one
 * vCPU is left for the next. Not here, because the CPU traps or computes them:
 * Random, Count (Root.Count, GTOffset is 0), PRId, Debug, cache tags, MAAR
 * (mips-vz.md §5.1 and §6.3).
 */
#ifndef _DUNE_CP0_H
#define _DUNE_CP0_H

#include <linux/types.h>

#include <asm/cpu-features.h>
#include <asm/mipsregs.h>

/*
 * @saved_count, @saved_jiffies: Count and the time when the others were taken,
 * to tell on loading whether Count has passed Compare in between.
 */
struct dune_gc0 {
#define DUNE_GC0(name, condition)	unsigned long name;
#include "cp0_regs.h"
	unsigned long ebase;
	u32 saved_count;
	unsigned long saved_jiffies;
};

/*
 * dune_gc0_probe() - find out what this CPU lets a guest have.
 *
 * Fixes the Config registers of all vCPUs to come; leaves the hardware's as they
 * were. Interrupts off. Returns what is missing that a vCPU cannot do without,
 * in words, or NULL.
 */
const char *dune_gc0_probe(void);

/* The state in which a vCPU starts, see DUNE_VCPU_CREATE in uapi/dune.h. */
void dune_gc0_init(struct dune_gc0 *gc0, unsigned long ebase);

/* Between @gc0 and this CPU's guest context. Interrupts off. */
void dune_gc0_load(const struct dune_gc0 *gc0);
void dune_gc0_save(struct dune_gc0 *gc0);

/* Number of entries in the guest TLB. */
unsigned int dune_gc0_tlb_entries(void);

#endif
