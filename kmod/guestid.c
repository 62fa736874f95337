// SPDX-License-Identifier: GPL-2.0
/* The GuestID allocator of each CPU (guestid.h). */

#include <linux/smp.h>

#include "guestid.h"
#include "mmu.h"

#define guestid_cache	(current_cpu_data.guestid_cache)

bool dune_guestid_valid(unsigned int guestid)
{
	return guestid && !((guestid ^ guestid_cache) & ~dune_guestid_mask());
}

void dune_guestid_start_generation(void)
{
	unsigned int mask = dune_guestid_mask();
	unsigned int id;

	for (id = 1; id <= mask; id++) {
		dune_mmu_flush_root(id);
		dune_mmu_flush_guest(id);
	}
	guestid_cache = (guestid_cache | mask) + 1;
	/* Not generation 0: a value of 0 stands for "none". */
	if (!guestid_cache)
		guestid_cache = mask + 1;
}

unsigned int dune_guestid_new(void)
{
	unsigned int mask = dune_guestid_mask();

	if ((guestid_cache & mask) == mask || guestid_cache <= mask)
		dune_guestid_start_generation();
	return ++guestid_cache;
}
