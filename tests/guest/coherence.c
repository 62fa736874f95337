// SPDX-License-Identifier: GPL-2.0
/*
 * coherence.c - proves that guest mode sees the address space as Linux has it at
 * every moment: what Linux takes away faults at once, what it puts there is
 * there, and shared memory is shared.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "guest.h"

#define SIZE	65536L

static volatile int faults;
static int repair_prot;

/* A new page with these rights where the fault was. */
static void repair(int sig, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~UINT64_C(0xfff));

	(void)sig;
	(void)context;
	faults = faults + 1;
	if (mprotect(page, 4096, repair_prot) < 0 &&
	    mmap(page, 4096, repair_prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		_exit(99);
}

static char load(volatile char *p)
{
	return *p;
}

static void store(volatile char *p, char c)
{
	*p = c;
}

static char *map(int prot, int flags, int fd)
{
	char *p = mmap(NULL, SIZE, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	return p;
}

static char *map_memory(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int map_file(const char *contents)
{
	int fd = (int)syscall(SYS_memfd_create, "test", 0);

	if (fd < 0 || ftruncate(fd, SIZE) < 0 ||
	    pwrite(fd, contents, strlen(contents), 0) != (ssize_t)strlen(contents))
		bail_out("memfd: %s", strerror(errno));
	return fd;
}

static void test_munmap(void)
{
	char *p = map_memory();

	store(p, 'a');
	munmap(p, SIZE);
	faults = 0;
	is(load(p), 0, "after munmap() the page is gone");
	is(faults, 1, "the access faults");
	munmap(p, 4096);
}

static void test_mprotect(void)
{
	char *p = map_memory();

	store(p, 'a');
	mprotect(p, SIZE, PROT_READ);
	faults = 0;
	is(load(p), 'a', "after mprotect(PROT_READ) the page can be read");
	is(faults, 0, "without a fault");
	store(p, 'b');
	is(faults, 1, "a write faults");
	is(load(p), 'b', "and succeeds after the handler allowed it");
	mprotect(p, SIZE, PROT_NONE);
	faults = 0;
	is(load(p), 'b', "after mprotect(PROT_NONE)");
	is(faults, 1, "a read faults");
	munmap(p, SIZE);
}

static void test_execute(void)
{
	static const uint32_t return_now[] = { 0x03e00008, 0 };	/* jr ra; nop */
	char *p = map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	memcpy(p, return_now, sizeof(return_now));
	__builtin___clear_cache(p, p + sizeof(return_now));
	faults = 0;
	((void (*)(void))p)();
	is(faults, 0, "a page with PROT_EXEC can be executed");
	mprotect(p, SIZE, PROT_READ);
	repair_prot = PROT_READ | PROT_EXEC;
	((void (*)(void))p)();
	is(faults, 1, "without it a fetch faults");
	repair_prot = PROT_READ | PROT_WRITE;
	munmap(p, SIZE);
}

static void test_replace(void)
{
	char *p = map_memory();
	int fd = map_file("file");

	store(p, 'a');
	mmap(p, SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	is(load(p), 'f', "MAP_FIXED replaces what is there");
	mmap(p, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	is(load(p), 0, "and again");
	store(p, 'b');
	madvise(p, SIZE, MADV_DONTNEED);
	is(load(p), 0, "MADV_DONTNEED empties a page");
	store(p + 5000, 'c');
	munmap(p + 2 * 4096, SIZE - 2 * 4096);
	p = mremap(p, 2 * 4096, 2 * SIZE, MREMAP_MAYMOVE);
	ok(p != MAP_FAILED && load(p + 5000) == 'c', "mremap() takes the contents along");
	munmap(p, 2 * SIZE);
	close(fd);
}

static void test_file(void)
{
	int fd = map_file("0123");
	char *shared = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	char *private = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	char text[5] = "";

	ok(!memcmp(shared, "0123", 4), "a mapped file reads its contents");
	store(shared + 1, 'x');
	is(pread(fd, text, 4, 0), 4, "a write to the mapping");
	is(strcmp(text, "0x23"), 0, "is in the file");
	is(pwrite(fd, "y", 1, 2), 1, "a write to the file");
	is(load(shared + 2), 'y', "is in the mapping");
	is(load(private + 2), 'y', "and in a private one");
	store(private + 2, 'z');
	is(load(shared + 2), 'y', "which keeps its own writes to itself");
	is(pwrite(fd, "w", 1, 2), 1, "and from then on");
	is(load(private + 2), 'z', "its own contents");
	munmap(shared, SIZE);
	munmap(private, SIZE);
	close(fd);
}

/* A page read first is the zero page, shared; the write must get a new one. */
static void test_zero_page(void)
{
	char *one = map_memory();
	char *two = map_memory();

	is(load(one) + load(two), 0, "new memory is zero");
	store(one, 'a');
	is(load(two), 0, "a write to one page does not show in another");
	is(load(one), 'a', "and shows in its own");
	munmap(one, SIZE);
	munmap(two, SIZE);
}

/* The kernel's writes (read()) and the guest's are to the same memory. */
static void test_kernel_writes(void)
{
	int fd = map_file("kernel");
	char *p = map_memory();

	is(load(p), 0, "a page that guest mode has read");
	is(pread(fd, p, 6, 0), 6, "and Linux has written");
	ok(!memcmp(p, "kernel", 6), "reads what Linux wrote");
	munmap(p, SIZE);
	close(fd);
}

static void test_often(void)
{
	int wrong = 0;

	faults = 0;
	for (int i = 0; i < 300; i++) {
		char *p = map_memory();

		for (long at = 0; at < SIZE; at += 4096)
			wrong += load(p + at) != 0;
		for (long at = 0; at < SIZE; at += 4096)
			store(p + at, (char)(i + 1));
		mprotect(p, SIZE, PROT_READ);
		for (long at = 0; at < SIZE; at += 4096)
			wrong += load(p + at) != (char)(i + 1);
		munmap(p, SIZE);
	}
	is(wrong, 0, "300 mappings, all in the same place, keep their contents apart");
	is(faults, 0, "without a fault");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };

	repair_prot = PROT_READ | PROT_WRITE;
	sigaction(SIGSEGV, &action, NULL);
	enter();
	test_munmap();
	test_mprotect();
	test_execute();
	test_replace();
	test_file();
	test_zero_page();
	test_kernel_writes();
	test_often();
	leave();
	return tap_done();
}
