// SPDX-License-Identifier: GPL-2.0
/* Makes and frees the exception page of each CPU. */

#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/string.h>

#include <asm/cacheflush.h>

#include "vecpage.h"

DEFINE_PER_CPU(void *, dune_vecpage);

int dune_vecpage_init(void)
{
	size_t size = dune_image_end - dune_image;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		/* A page of the linear map, which is XKPHYS, so EBase.WG is needed. */
		void *page = (void *)__get_free_page(GFP_KERNEL | __GFP_ZERO);

		if (!page) {
			dune_vecpage_exit();
			return -ENOMEM;
		}
		memcpy(page, dune_image, size);
		flush_icache_range((unsigned long)page,
				   (unsigned long)page + size);
		per_cpu(dune_vecpage, cpu) = page;
	}
	return 0;
}

void dune_vecpage_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		free_page((unsigned long)per_cpu(dune_vecpage, cpu));
		per_cpu(dune_vecpage, cpu) = NULL;
	}
}
