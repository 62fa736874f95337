// SPDX-License-Identifier: GPL-2.0
/*
 * Guest mode against everything that changes the address space under it: each
 * worker's memory stays its own, and a page that comes and goes is never seen
 * with what it held before.
 */

#define _GNU_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "kmod.h"

#define WORKERS		4
#define PAGES		200
#define ROUNDS		60
#define STALE		0xdeadul

static int fd;
static long page_size;
static atomic_int working;
static uint64_t *shaky;		/* comes and goes; holds 0 or STALE */

GUEST_CODE(load, "ld $2, 0($4)\n" HYPCALL(1));

/* For A1 pages from A0, A2 apart: store A3 + address; add up what is there. */
GUEST_CODE(fill, "1: daddu $3, $4, $7\nsd $3, 0($4)\ndaddiu $5, -1\nbnez $5, 1b\n"
	   "daddu $4, $4, $6\n" HYPCALL(1));
GUEST_CODE(check, "move $2, $0\n1: ld $3, 0($4)\ndsubu $3, $3, $4\ndsubu $3, $3, $7\n"
	   "or $2, $2, $3\ndaddiu $5, -1\nbnez $5, 1b\ndaddu $4, $4, $6\n" HYPCALL(1));

static uint64_t *map(void *where, size_t size)
{
	void *p = mmap(where, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	return p;
}

struct worker {
	pthread_t thread;
	uint32_t vcpu;
	uint64_t *memory;
	unsigned int wrong, faults, stale;
};

static struct dune_enter sweep(struct worker *w, const void *code, uint64_t salt)
{
	struct dune_enter io = at(w->vcpu, code);

	io.regs.gpr[A0] = GUEST(w->memory);
	io.regs.gpr[A1] = PAGES;
	io.regs.gpr[A2] = page_size;
	io.regs.gpr[A3] = salt;
	run_to_end(fd, &io);
	return io;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint64_t salt = round << 48 ^ w->vcpu;
		struct dune_enter io = sweep(w, fill, salt);

		w->wrong += io.reason != DUNE_EXIT_LEAVE;
		io = sweep(w, check, salt);
		w->wrong += io.reason != DUNE_EXIT_LEAVE || io.regs.gpr[V0];

		io = at(w->vcpu, load);
		io.regs.gpr[A0] = GUEST(shaky);
		run_to_end(fd, &io);
		if (io.reason == DUNE_EXIT_FAULT)
			w->faults++;
		else if (io.regs.gpr[V0] == STALE)
			w->stale++;
		else
			w->wrong += io.regs.gpr[V0] != 0;
	}
	working--;
	return NULL;
}

/* One of each kind of change; STALE is only ever in a page about to go. */
static void disturb(struct worker *workers)
{
	pid_t pid = fork();

	if (!pid) {
		for (int i = 0; i < WORKERS; i++)
			memset(workers[i].memory, 0xff, PAGES * page_size);
		_exit(0);
	}
	for (int i = 0; i < WORKERS; i++)
		madvise(workers[i].memory, PAGES * page_size, MADV_COLD);
	*shaky = STALE;
	madvise(shaky, page_size, MADV_DONTNEED);
	munmap(shaky, page_size);
	map(shaky, page_size);
	mprotect(shaky, page_size, PROT_NONE);
	mprotect(shaky, page_size, PROT_READ | PROT_WRITE);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	static struct worker workers[WORKERS];
	unsigned int wrong = 0, disturbed = 0;
	struct dune_enter io;

	page_size = sysconf(_SC_PAGESIZE);
	fd = dune_open();
	shaky = map(NULL, page_size);
	working = WORKERS;
	for (int i = 0; i < WORKERS; i++) {
		workers[i].vcpu = vcpu_new(fd, NULL);
		workers[i].memory = map(NULL, PAGES * page_size);
	}
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			bail_out("pthread_create");
	do {
		disturb(workers);
		disturbed++;
	} while (working);
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		printf("# worker %d: %u faults, %u times the value before the change\n", i,
		       workers[i].faults, workers[i].stale);
		wrong += workers[i].wrong;
	}
	ok(disturbed > 1, "the address space changed %u times", disturbed);
	is(wrong, 0, "each of 4 vCPUs reads what it wrote, and pages that come are zero");

	/* The last change is over: nobody may see the page of before. */
	io = at(workers[0].vcpu, load);
	io.regs.gpr[A0] = GUEST(shaky);
	ok(run_to_end(fd, &io) == DUNE_EXIT_LEAVE && io.regs.gpr[V0] == 0,
	   "a page mapped anew is zero");
	return tap_done();
}
