// SPDX-License-Identifier: GPL-2.0
/*
 * Enters guest mode, says so, and stays there without a system call until something
 * ends it. For tests of what can happen to a process in guest mode.
 */
#include <stdio.h>

#include <dune/dune.h>

int main(void)
{
	int err = dune_init();

	if (!err)
		err = dune_enter();
	if (err) {
		fprintf(stderr, "spin: %s\n", dune_strerror(err));
		return 1;
	}
	puts("inside");
	fflush(stdout);
	for (;;)
		__asm__ volatile("");
}
