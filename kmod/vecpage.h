/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page of each CPU that holds the image of entry.S in unmapped memory: what
 * Root.EBase points to while guest mode runs.
 */
#ifndef _DUNE_VECPAGE_H
#define _DUNE_VECPAGE_H

#include <linux/percpu.h>

#include "entry.h"

DECLARE_PER_CPU(void *, dune_vecpage);

/*
 * dune_in_page() - the function of entry.S as it stands in this CPU's page.
 *
 * The CPU must not change before the call is over: interrupts off.
 */
#define dune_in_page(fn)						\
	((typeof(fn) *)(__this_cpu_read(dune_vecpage) +			\
			((unsigned long)(fn) - (unsigned long)dune_image)))

/* For all possible CPUs. Returns 0 or -ENOMEM, and then holds nothing. */
int dune_vecpage_init(void);
void dune_vecpage_exit(void);

#endif
