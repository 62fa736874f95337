// SPDX-License-Identifier: LGPL-2.1-only
/*
 * hello.c - an ordinary process takes privileges and gives them back.
 *
 * Enters guest kernel mode, shows that it is privileged, prints from there,
 * handles two traps of its own, compares what Linux says inside and outside,
 * leaves, and tells what it took.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <dune/cp0.h>
#include <dune/dune.h>
#include <dune/mmu.h>
#include <dune/trap.h>

static _Alignas(DUNE_PAGE_SIZE) char page[DUNE_PAGE_SIZE];

static void check(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "hello: %s: %s\n", what, dune_strerror(err));
	exit(1);
}

/* `teq`: step over it. */
static void on_trap(struct dune_frame *frame, void *arg)
{
	printf("trap      teq at 0x%" PRIx64 ": skipped\n", frame->epc);
	frame->epc += 4;
	*(bool *)arg = true;
}

/* Write to the page that was protected: allow it and try again. */
static void on_modified(struct dune_frame *frame, void *arg)
{
	printf("trap      write to 0x%" PRIx64 ", which is read-only: allowed\n",
	       frame->badvaddr);
	check(dune_mprotect(page, sizeof(page), PROT_READ | PROT_WRITE), "dune_mprotect");
	*(bool *)arg = true;
}

static void show_privilege(void)
{
	uint32_t status = dune_read_c0_32(DUNE_C0_STATUS);

	printf("inside    EBase 0x%" PRIx64 ", Status 0x%08" PRIx32 ": %s mode\n",
	       dune_read_c0_64(DUNE_C0_EBASE), status,
	       status & DUNE_STATUS_KSU ? "user" : "kernel");
}

static bool take_traps(void)
{
	bool trapped = false;
	bool modified = false;

	check(dune_trap_register(DUNE_EXC_TR, on_trap, &trapped), "dune_trap_register");
	__asm__ volatile("teq $0, $0" : : : "memory");

	check(dune_trap_register(DUNE_EXC_MOD, on_modified, &modified), "dune_trap_register");
	check(dune_mprotect(page, sizeof(page), PROT_READ), "dune_mprotect");
	*(volatile char *)page = 42;
	return trapped && modified && page[0] == 42;
}

static void show_stats(void)
{
	static const char *const name[DUNE_STAT_COUNT_] = {
		[DUNE_STAT_ENTER]	= "DUNE_ENTER calls",
		[DUNE_STAT_INTERRUPT]	= "root interrupt",
		[DUNE_STAT_REFILL]	= "root TLB refill, page was mapped",
		[DUNE_STAT_FAULT]	= "page fault served by Linux",
		[DUNE_STAT_HYPCALL]	= "HYPCALL",
		[DUNE_STAT_FPU]		= "first use of the FPU",
		[DUNE_STAT_GPSI]	= "privileged sensitive instruction",
		[DUNE_STAT_OTHER]	= "any other cause",
	};
	struct dune_stats stats;
	uint64_t exits = 0;
	uint64_t traps = 0;

	check(dune_stats(&stats), "dune_stats");
	for (int i = 0; i < DUNE_STAT_COUNT_; i++)
		exits += i == DUNE_STAT_ENTER ? 0 : stats.vcpu[i];
	for (int i = 0; i < DUNE_EXC_COUNT_; i++)
		traps += stats.traps[i];
	printf("took      %" PRIu64 " exits and %" PRIu64 " traps\n", exits, traps);
	for (int i = 0; i < DUNE_STAT_COUNT_; i++)
		printf("  %6" PRIu64 "  %s\n", stats.vcpu[i], name[i]);
}

static int usage(FILE *out, int status)
{
	fputs("Usage: hello [--exit N]\n"
	      "  --exit N   exit status if all goes well (0 to 255, default 0)\n", out);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "exit", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	long status = 0;
	pid_t outside = getpid();
	pid_t inside;
	bool ok;
	int opt;
	char *end;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h')
			return usage(stdout, 0);
		if (opt != 'e')
			return usage(stderr, 2);
		status = strtol(optarg, &end, 10);
		if (end == optarg || *end || status < 0 || status > 255)
			return usage(stderr, 2);
	}
	if (optind != argc)
		return usage(stderr, 2);

	check(dune_init(), "dune_init");
	printf("outside   pid %d\n", outside);
	check(dune_enter(), "dune_enter");
	show_privilege();
	inside = getpid();
	printf("inside    pid %d: %s\n", inside, inside == outside ? "the same" : "DIFFERENT");
	ok = take_traps() && inside == outside;
	check(dune_leave(), "dune_leave");
	printf("outside   pid %d\n", getpid());
	show_stats();
	if (!ok) {
		fputs("hello: something was not as it should be\n", stderr);
		return 1;
	}
	return (int)status;
}
