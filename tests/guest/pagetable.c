// SPDX-License-Identifier: GPL-2.0
/*
 * pagetable.c - proves that the first stage does what <dune/mmu.h> says: each
 * right is enforced by the right exception, aliases are aliases, a change is in
 * force at once and touches no other entry of the guest TLB, and many pages
 * keep their contents apart.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include <dune/mmu.h>
#include <dune/trap.h>

#include "guest.h"

#define P	DUNE_PAGE_SIZE
#define PAGES	2048

/* Page-aligned, in a mapping of its own. */
static char *area;

static unsigned int taken[DUNE_EXC_COUNT_];
static uint64_t taken_address;

/* Gives all rights back and tries again. */
static void allow(struct dune_frame *frame, void *arg)
{
	(void)arg;
	taken[DUNE_CAUSE_EXCCODE(frame->cause)]++;
	taken_address = frame->badvaddr;
	dune_identity((void *)(frame->badvaddr & ~(uint64_t)(P - 1)), P);
}

static const unsigned int exceptions[] = {
	DUNE_EXC_MOD, DUNE_EXC_TLBL, DUNE_EXC_TLBS, DUNE_EXC_TLBRI, DUNE_EXC_TLBXI,
};

static unsigned int sum(void)
{
	unsigned int all = 0;

	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		all += taken[exceptions[i]];
	return all;
}

/* Accesses may call the handler: the compiler must know. */
static void load(char *p)
{
	__asm__ volatile("lb $0, %0" : : "m"(*p) : "memory");
}

static void store(char *p)
{
	__asm__ volatile("sb %1, %0" : "=m"(*p) : "r"(1) : "memory");
}

static void fetch(char *p)
{
	((void (*)(void))p)();
}

/* One access to one protected page takes exactly one trap, the expected one. */
static void test_right(int prot, void (*access)(char *), unsigned int exccode, const char *what)
{
	char *page = area + P;

	memset(taken, 0, sizeof(taken));
	taken_address = 0;
	dune_mprotect(page, P, prot);
	access(page);
	access(page);
	if (!ok(taken[exccode] == 1 && sum() == 1, "%s", what))
		printf("# Mod %u TLBL %u TLBS %u TLBRI %u TLBXI %u\n", taken[1], taken[2],
		       taken[3], taken[19], taken[20]);
	is((long)taken_address, (long)page, "  at that address");
}

static void test_allowed(int prot, void (*access)(char *), const char *what)
{
	memset(taken, 0, sizeof(taken));
	dune_mprotect(area + P, P, prot);
	access(area + P);
	is(sum(), 0, what);
	dune_identity(area + P, P);
}

static void test_rights(void)
{
	static const uint32_t return_now[] = { 0x03e00008, 0 };	/* jr ra; nop */

	memcpy(area + P, return_now, sizeof(return_now));
	__builtin___clear_cache(area + P, area + P + sizeof(return_now));

	test_right(PROT_NONE, load, DUNE_EXC_TLBL, "PROT_NONE: a load traps (TLBL)");
	test_right(PROT_NONE, fetch, DUNE_EXC_TLBL, "PROT_NONE: a fetch traps (TLBL)");
	test_right(PROT_READ, fetch, DUNE_EXC_TLBXI, "PROT_READ: a fetch traps (TLBXI)");
	test_right(PROT_EXEC, load, DUNE_EXC_TLBRI, "PROT_EXEC: a load traps (TLBRI)");
	test_right(PROT_WRITE, load, DUNE_EXC_TLBRI, "PROT_WRITE: a load traps (TLBRI)");
	test_allowed(PROT_READ, load, "PROT_READ: a load is allowed");
	test_allowed(PROT_EXEC, fetch, "PROT_EXEC: a fetch is allowed");
	test_right(PROT_NONE, store, DUNE_EXC_TLBS, "PROT_NONE: a store traps (TLBS)");
	test_right(PROT_READ, store, DUNE_EXC_MOD, "PROT_READ: a store traps (Mod)");
	test_allowed(PROT_READ | PROT_WRITE, store, "PROT_READ | PROT_WRITE: a store is allowed");
	test_allowed(PROT_WRITE, store, "PROT_WRITE: a store is allowed");
}

static void test_alias(void)
{
	volatile char *a = area + 2 * P;
	volatile char *b = area + 3 * P;

	*a = 'a';
	*b = 'b';
	is(dune_remap(area + 2 * P, P, area + 3 * P, PROT_READ | PROT_WRITE), 0,
	   "dune_remap() succeeds");
	is(*a, 'b', "the alias reads the target");
	*a = 'c';
	is(*b, 'c', "and writes it");
	dune_identity(area + 2 * P, P);
	is(*a, 'a', "dune_identity() brings the page itself back, unharmed");
}

static void test_translate(void)
{
	void *target = NULL;

	is(dune_translate(area + 8 * P, &target), PROT_READ | PROT_WRITE | PROT_EXEC,
	   "dune_translate(): all rights by default");
	is((long)target, (long)(area + 8 * P), "and the identity");
	dune_remap(area + 8 * P, P, area + 9 * P, PROT_READ);
	is(dune_translate(area + 8 * P + 5, &target), PROT_READ, "the rights of an alias");
	is((long)target, (long)(area + 9 * P + 5), "and where it leads, with the offset");
	dune_mprotect(area + 8 * P, P, PROT_NONE);
	is(dune_translate(area + 8 * P, &target), PROT_NONE, "dune_mprotect() changes the rights");
	is((long)target, (long)(area + 9 * P), "and not where it leads");
	dune_identity(area + 8 * P, P);
}

/*
 * An entry that has nothing to do with a change stays in the guest TLB. Chance
 * may replace any entry at any time, so this takes a few attempts.
 */
static void test_precise(void)
{
	char *one = area + 4 * P;
	char *other = area + 16 * P;
	int kept = 0;
	int stale = 0;

	for (int i = 0; i < 100; i++) {
		bool both;

		dune_mprotect(one, P, PROT_READ);
		load(one);
		load(other);
		both = dune_tlb_probe(one) && dune_tlb_probe(other);
		dune_mprotect(one, P, PROT_READ | PROT_WRITE);
		stale += dune_tlb_probe(one);
		kept += both && dune_tlb_probe(other);
	}
	is(stale, 0, "after a change of a page, the guest TLB has no entry for it");
	ok(kept > 50, "and keeps those for others (%d times of 100)", kept);
	dune_identity(one, P);
}

static void test_many(void)
{
	unsigned int wrong = 0;

	memset(taken, 0, sizeof(taken));
	for (unsigned int i = 0; i < PAGES; i++)
		*(volatile unsigned int *)(area + (size_t)i * P) = i * 2654435761U;
	is(dune_mprotect(area, (size_t)PAGES * P, PROT_READ), 0, "8 MiB can be protected at once");
	for (unsigned int i = 0; i < PAGES; i++)
		wrong += *(volatile unsigned int *)(area + (size_t)i * P) != i * 2654435761U;
	is(wrong, 0, "every page reads its own contents");
	is(sum(), 0, "without a trap");
	for (unsigned int i = 0; i < PAGES; i += 16)
		store(area + (size_t)i * P);
	is(taken[DUNE_EXC_MOD], PAGES / 16, "every page that is written traps, once");

	/* A permutation of all pages, then back. */
	for (unsigned int i = 0; i < PAGES; i++)
		*(volatile unsigned int *)(area + (size_t)i * P) = i;
	for (unsigned int i = 0; i < PAGES; i++)
		dune_remap(area + (size_t)i * P, P, area + (size_t)(i * 5 % PAGES) * P, PROT_READ);
	wrong = 0;
	for (unsigned int i = 0; i < PAGES; i++)
		wrong += *(volatile unsigned int *)(area + (size_t)i * P) != i * 5 % PAGES;
	is(wrong, 0, "2048 aliases lead where they should");
	dune_identity(area, (size_t)PAGES * P);
	wrong = 0;
	for (unsigned int i = 0; i < PAGES; i++)
		wrong += *(volatile unsigned int *)(area + (size_t)i * P) != i;
	is(wrong, 0, "and back");
}

/* What host mode does is Linux's business alone. */
static void test_modes(void)
{
	dune_mprotect(area + 5 * P, P, PROT_NONE);
	leave();
	store(area + 5 * P);
	is(area[5 * P], 1, "host mode does not use this page table");
	is(dune_mprotect(area + 6 * P, P, PROT_READ), 0, "but can change it");
	enter();
	memset(taken, 0, sizeof(taken));
	load(area + 5 * P);
	is(taken[DUNE_EXC_TLBL], 1, "a page protected before dune_leave() still is");
	store(area + 6 * P);
	is(taken[DUNE_EXC_MOD], 1, "and one protected in host mode is as well");
	dune_identity(area + 5 * P, 2 * P);
}

static void test_errors(void)
{
	char *last = (char *)UINT64_C(0xfffffffffffff000);

	is(dune_mprotect(area + 1, P, PROT_READ), -EINVAL, "an unaligned address is an error");
	is(dune_mprotect(area, P + 1, PROT_READ), -EINVAL, "so is an unaligned length");
	is(dune_mprotect(area, P, 0x100), -EINVAL, "so is an unknown right");
	is(dune_mprotect(last, P, PROT_READ), -EINVAL, "so is an address beyond the process");
	is(dune_mprotect(area, ~(size_t)(P - 1), PROT_READ), -EINVAL, "so is a range that wraps");
	is(dune_remap(area, P, last, PROT_READ), -EINVAL, "so is such a target");
	is(dune_mprotect(area, 0, PROT_NONE), 0, "an empty range is none");
	is(dune_translate(last, NULL), -EINVAL, "an address beyond the process leads nowhere");
}

int main(void)
{
	area = mmap(NULL, (size_t)PAGES * P, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	is(dune_mprotect(area, P, PROT_READ), -ENOTCONN, "there is no page table before dune_init()");
	enter();
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		dune_trap_register(exceptions[i], allow, NULL);
	test_errors();
	test_rights();
	test_alias();
	test_translate();
	test_precise();
	test_many();
	test_modes();
	leave();
	return tap_done();
}
