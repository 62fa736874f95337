// SPDX-License-Identifier: LGPL-2.1-only
/*
 * dirty.c - which pages does a piece of code write? The example of libdune(3),
 * where it stands from here on.
 *
 * Takes the right to write from an array. The first write to each page is a
 * trap, whose handler notes the page and gives the right back.
 */
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include <dune/dune.h>
#include <dune/mmu.h>
#include <dune/trap.h>

#define PAGES	8

static _Alignas(DUNE_PAGE_SIZE) char memory[PAGES][DUNE_PAGE_SIZE];
static bool dirty[PAGES];

static void on_write(struct dune_frame *frame, void *arg)
{
	uint64_t offset = frame->badvaddr - (uintptr_t)memory;
	uint64_t page = offset / DUNE_PAGE_SIZE;

	(void)arg;
	if (page >= PAGES || dune_identity(memory[page], DUNE_PAGE_SIZE))
		dune_trap_default(frame);	/* not ours: SIGSEGV */
	else
		dirty[page] = true;		/* and try again */
}

static int write_some(void)
{
	int err = dune_init();

	if (!err)
		err = dune_trap_register(DUNE_EXC_MOD, on_write, NULL);
	if (!err)
		err = dune_mprotect(memory, sizeof(memory), PROT_READ);
	if (!err)
		err = dune_enter();
	if (err)
		return err;
	for (int i = 0; i < PAGES; i += 3)
		*(volatile char *)memory[i] = 1;
	return dune_leave();
}

int main(void)
{
	int err = write_some();

	if (err) {
		fprintf(stderr, "dirty: %s\n", dune_strerror(err));
		return 1;
	}
	printf("pages written:");
	for (int i = 0; i < PAGES; i++)
		if (dirty[i])
			printf(" %d", i);
	printf("\n");
	return 0;
}
