// SPDX-License-Identifier: GPL-2.0
/*
 * Second stage: the guest sees the memory of the process, all of it, as it is
 * at each moment, and nothing else.
 */

#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "kmod.h"

static int fd;
static uint32_t vcpu;
static long page_size;

/* V0 := *A0; *A0 := A1; touch a byte in each of A1 pages from A0, A2 apart. */
GUEST_CODE(load, "ld $2, 0($4)\n" HYPCALL(1));
GUEST_CODE(store, "sd $5, 0($4)\n" HYPCALL(1));
GUEST_CODE(sweep_write, "1: sd $4, 0($4)\ndaddiu $5, -1\nbnez $5, 1b\ndaddu $4, $4, $6\n"
	   HYPCALL(1));
GUEST_CODE(sweep_sum, "move $2, $0\n1: ld $3, 0($4)\ndaddu $2, $2, $3\ndaddiu $5, -1\n"
	   "bnez $5, 1b\ndaddu $4, $4, $6\n" HYPCALL(1));

/* Reads *A0 until it is not A2; tells at A1 that it has begun. V0 := what it was. */
GUEST_CODE(watch, "li $2, 1\nsw $2, 0($5)\n1: ld $2, 0($4)\nbeq $2, $6, 1b\nnop\n" HYPCALL(1));

static struct dune_enter guest(const void *code, const void *a0, uint64_t a1, uint64_t a2)
{
	struct dune_enter io = at(vcpu, code);

	io.regs.gpr[A0] = GUEST(a0);
	io.regs.gpr[A1] = a1;
	io.regs.gpr[A2] = a2;
	run_to_end(fd, &io);
	return io;
}

static bool guest_reads(const void *addr, uint64_t value)
{
	struct dune_enter io = guest(load, addr, 0, 0);

	if (io.reason == DUNE_EXIT_LEAVE && io.regs.gpr[V0] == value)
		return true;
	printf("# reason %u value 0x%lx, expected 0x%lx\n", io.reason, (long)io.regs.gpr[V0],
	       (long)value);
	return false;
}

static bool guest_writes(void *addr, uint64_t value)
{
	return guest(store, addr, value, 0).reason == DUNE_EXIT_LEAVE;
}

static struct dune_vcpu_stats stats(void)
{
	struct dune_vcpu_stats now = { .size = sizeof(now), .handle = vcpu };

	call(fd, DUNE_VCPU_STATS, &now);
	return now;
}

static uint64_t *map(size_t size, int prot, int flags, int file)
{
	void *p = mmap(NULL, size, prot, flags, file, 0);

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	return p;
}

static void test_private(void)
{
	uint64_t *p = map(2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct dune_vcpu_stats before, after;

	ok(guest_reads(p, 0), "first touch by a guest load: zeroes");
	before = stats();
	ok(guest_writes(p, 0x1111) && *p == 0x1111, "then a store: the process sees it");
	after = stats();
	is(after.count[DUNE_STAT_FAULT] - before.count[DUNE_STAT_FAULT], 1,
	   "for which Linux served one fault, no more");
	before = stats();
	*p = 0x2222;
	ok(guest_reads(p, 0x2222) && guest_writes(p, 0x3333) && *p == 0x3333,
	   "and each sees what the other writes");
	after = stats();
	is(after.count[DUNE_STAT_FAULT] - before.count[DUNE_STAT_FAULT], 0, "without a fault");
	p[page_size / 8] = 7;
	ok(guest_reads(p + page_size / 8, 7), "the other page of the pair is right, too");
	munmap(p, 2 * page_size);
}

/* Copy on write, both directions. */
static void test_fork(void)
{
	uint64_t *p = map(page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int status, to_child[2];
	pid_t pid;
	char c;

	guest_writes(p, 1);
	if (pipe(to_child))
		bail_out("pipe");
	pid = fork();
	if (!pid) {
		/* Sees the value of the time of the fork, however the parent goes on. */
		if (read(to_child[0], &c, 1) != 1)
			_exit(1);
		_exit(*p != 1);
	}
	ok(guest_writes(p, 2) && *p == 2, "guest store after fork");
	if (write(to_child[1], "", 1) != 1)
		bail_out("write");
	waitpid(pid, &status, 0);
	is(status, 0, "does not show in the child");

	pid = fork();
	if (!pid) {
		*p = 3;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(guest_reads(p, 2), "nor a store of the child in the guest");
	munmap(p, page_size);
}

/* Each change of a mapping, with a root TLB entry for it known to exist. */
static void test_changes(void)
{
	int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	uint64_t *p = map(page_size, prot, flags, -1), *q;
	struct dune_enter io;

	guest_writes(p, 5);
	mprotect(p, page_size, PROT_READ);
	io = guest(store, p, 6, 0);
	ok(io.reason == DUNE_EXIT_FAULT && *p == 5, "mprotect(PROT_READ): a store faults");
	mprotect(p, page_size, PROT_NONE);
	is(guest(load, p, 0, 0).reason, DUNE_EXIT_FAULT, "mprotect(PROT_NONE): a load faults");
	mprotect(p, page_size, prot);
	ok(guest_reads(p, 5) && guest_writes(p, 6), "mprotect() back: allowed");

	madvise(p, page_size, MADV_DONTNEED);
	ok(guest_reads(p, 0), "madvise(MADV_DONTNEED): zeroes");

	guest_writes(p, 7);
	q = mremap(p, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   map(page_size, prot, flags, -1));
	ok(guest_reads(q, 7), "mremap(): the new place has it");
	is(guest(load, p, 0, 0).reason, DUNE_EXIT_FAULT, "the old one has nothing");

	guest_writes(q, 8);
	mmap(q, page_size, prot, flags | MAP_FIXED, -1, 0);
	ok(guest_reads(q, 0), "mmap(MAP_FIXED) over it: zeroes");
	guest_writes(q, 9);
	munmap(q, page_size);
	is(guest(load, q, 0, 0).reason, DUNE_EXIT_FAULT, "munmap(): nothing");
}

static void test_file(void)
{
	int file = memfd_create("dune", MFD_CLOEXEC);
	uint64_t *shared, *private, word;

	if (file < 0 || ftruncate(file, page_size))
		bail_out("memfd: %s", strerror(errno));
	shared = map(2 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file);
	private = map(page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);

	guest_writes(shared, 10);
	ok(pread(file, &word, 8, 0) == 8 && word == 10, "store to a shared file mapping: in the file");
	ok(guest_reads(private, 10), "and in a private mapping of it");
	guest_writes(private, 11);
	ok(*shared == 10 && *private == 11, "store to the private mapping: only there");
	is(guest(load, shared + page_size / 8, 0, 0).reason, DUNE_EXIT_FAULT,
	   "load beyond the end of the file: fault");
	ok(!ftruncate(file, 0) && guest(load, shared, 0, 0).reason == DUNE_EXIT_FAULT,
	   "after ftruncate(): fault");
	munmap(shared, 2 * page_size);
	munmap(private, page_size);
	close(file);
}

/* More pages than any TLB has entries, and each with its own content. */
static void test_sweep(void)
{
	const size_t pages = 4096;
	uint64_t *p = map(pages * page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct dune_vcpu_stats before = stats(), after;
	uint64_t sum = 0, wrong = 0;
	struct dune_enter io;

	guest(sweep_write, p, pages, page_size);
	after = stats();
	for (size_t i = 0; i < pages; i++) {
		uint64_t *word = p + i * page_size / 8;

		wrong += *word != GUEST(word);
		*word = i * i;
		sum += i * i;
	}
	is(wrong, 0, "4096 pages, first touched by guest stores");
	is(after.count[DUNE_STAT_FAULT] - before.count[DUNE_STAT_FAULT], pages, "one fault each");
	ok(after.count[DUNE_STAT_REFILL] - before.count[DUNE_STAT_REFILL] < pages / 4,
	   "which is the only exit");
	io = guest(sweep_sum, p, pages, page_size);
	ok(io.reason == DUNE_EXIT_LEAVE && io.regs.gpr[V0] == sum, "and read back by guest loads");
	munmap(p, pages * page_size);
}

/* Far under the stack pointer, as nobody has been there: grown by a guest store. */
static void test_stack(void)
{
	volatile char here = 0;
	uint64_t *below = (uint64_t *)(((uintptr_t)&here & -page_size) - 256 * page_size);
	unsigned char unused;

	ok(mincore(below, page_size, &unused) < 0 && errno == ENOMEM, "1 MiB below the stack: nothing");
	ok(guest_writes(below, 12) && *below == 12, "a guest store makes the stack grow");
	is(guest(store, below - (64 << 20) / 8, 12, 0).reason, DUNE_EXIT_FAULT,
	   "but not beyond its limit");
}

/* Changes that another thread makes while this one is in guest mode. */
static atomic_int watching;

static void *replace(void *page)
{
	uint64_t *fresh = map(page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	*fresh = 14;
	while (!watching)
		sched_yield();
	mremap(fresh, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED, page);
	return NULL;
}

static void *unmap(void *page)
{
	while (!watching)
		sched_yield();
	munmap(page, page_size);
	return NULL;
}

static struct dune_enter watch_while(uint64_t *p, void *(*other)(void *))
{
	struct dune_enter io;
	pthread_t thread;

	watching = 0;
	*p = 13;
	if (pthread_create(&thread, NULL, other, p))
		bail_out("pthread_create");
	io = guest(watch, p, GUEST(&watching), 13);
	pthread_join(thread, NULL);
	return io;
}

static void test_concurrent(void)
{
	uint64_t *p = map(page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct dune_enter io = watch_while(p, replace);

	ok(io.reason == DUNE_EXIT_LEAVE && io.regs.gpr[V0] == 14,
	   "a page replaced under a running guest: it reads the new one");
	io = watch_while(p, unmap);
	ok(io.reason == DUNE_EXIT_FAULT && io.badvaddr == (uintptr_t)p,
	   "a page unmapped under a running guest: it faults");
}

int main(void)
{
	page_size = sysconf(_SC_PAGESIZE);
	fd = dune_open();
	vcpu = vcpu_new(fd, guest_page());
	test_private();
	test_fork();
	test_changes();
	test_file();
	test_sweep();
	test_stack();
	test_concurrent();
	return tap_done();
}
