// SPDX-License-Identifier: GPL-2.0
/*
 * faults.c - proves that what cannot go on in guest mode ends with a report
 * that says what and where, and with the signal of host mode; or in the
 * program's own handler for that signal.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "guest.h"

#define ADDRESS	UINT64_C(0x0000000123450678)

/* Where the access is, for comparison with the report. */
extern const char at_read[], at_write[], at_prid[], at_hypcall[];

static void __attribute__((noinline, noclone)) do_read(uint64_t address)
{
	__asm__ volatile(".set push\n\t.set noreorder\n"
			 ".globl at_read\nat_read:\tlw $2, 0(%0)\n\t"
			 ".set pop" : : "r"(address) : "$2", "memory");
}

static void __attribute__((noinline, noclone)) do_write(uint64_t address)
{
	__asm__ volatile(".set push\n\t.set noreorder\n"
			 ".globl at_write\nat_write:\tsw $0, 0(%0)\n\t"
			 ".set pop" : : "r"(address) : "memory");
}

static int read_unmapped(void)
{
	enter();
	do_read(ADDRESS);
	return 0;
}

static int write_unmapped(void)
{
	enter();
	do_write(ADDRESS);
	return 0;
}

static int read_null(void)
{
	enter();
	do_read(0);
	return 0;
}

static int write_read_only(void)
{
	char *page = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	enter();
	do_read((uintptr_t)page);
	do_write((uintptr_t)page);
	return 0;
}

static char *map_empty_file(void)
{
	int fd = (int)syscall(SYS_memfd_create, "empty", 0);

	return mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static int read_beyond_file(void)
{
	char *page = map_empty_file();

	enter();
	do_read((uintptr_t)page);
	return 0;
}

static int call_unmapped(void)
{
	enter();
	((void (*)(void))(uintptr_t)(ADDRESS & ~UINT64_C(3)))();
	return 0;
}

static int read_prid(void)
{
	enter();
	__asm__ volatile(".globl at_prid\nat_prid:\tmfc0 $2, $15, 0" : : : "$2");
	return 0;
}

static int other_hypcall(void)
{
	enter();
	__asm__ volatile(".globl at_hypcall\nat_hypcall:\t.word 0x42000028 | 77 << 11");
	return 0;
}

static int overflow_stack(void);
static int (*volatile again)(void) = overflow_stack;

static int overflow_stack(void)
{
	volatile char frame[65536];

	if (!dune_in_guest())
		enter();
	frame[0] = 1;
	return again() + frame[0];
}

/* The library's descriptor, which it does not tell. */
static int dune_fd(void)
{
	for (int fd = 3; fd < 64; fd++) {
		char link[32];
		char target[32] = "";

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, target, sizeof(target) - 1) > 0 &&
		    !strcmp(target, DUNE_DEVICE))
			return fd;
	}
	bail_out("no descriptor of " DUNE_DEVICE);
}

static int close_device(void)
{
	enter();
	close(dune_fd());
	return 0;
}

static int replace_device(void)
{
	enter();
	dup2(STDIN_FILENO, dune_fd());
	return 0;
}

static int enter_closed(void)
{
	enter();
	leave();
	close(dune_fd());
	return dune_enter() == -EBADF && !dune_in_guest() ? 69 : 1;
}

/* The child dies by @sig and its report has @text and "@name 0x@value". */
static void reported(int (*function)(void), int sig, const char *text, const char *name,
		     uint64_t value, const char *what)
{
	struct outcome out = run_child(function);
	char reg[64];

	snprintf(reg, sizeof(reg), "%s 0x%016" PRIx64, name, value);
	if (!ok(killed(&out, sig) && strstr(out.err, text) && strstr(out.err, reg), "%s", what)) {
		printf("# expected signal %d, \"%s\", \"%s\"\n", sig, text, reg);
		show(&out);
	}
}

static void test_reports(void)
{
	struct outcome out;

	reported(read_unmapped, SIGSEGV, "SIGSEGV: read from", "address", ADDRESS,
		 "a read from an unmapped address is reported with the address");
	reported(read_unmapped, SIGSEGV, "SIGSEGV: read from", "pc", (uintptr_t)at_read,
		 "and with the PC");
	reported(write_unmapped, SIGSEGV, "SIGSEGV: write to", "address", ADDRESS,
		 "so is a write, with the address");
	reported(write_unmapped, SIGSEGV, "SIGSEGV: write to", "pc", (uintptr_t)at_write,
		 "and with the PC");
	reported(read_null, SIGSEGV, "SIGSEGV: read from", "address", 0, "a NULL pointer");
	reported(write_read_only, SIGSEGV, "SIGSEGV: write to", "pc", (uintptr_t)at_write,
		 "a write to a page that Linux keeps read-only");
	reported(read_beyond_file, SIGBUS, "SIGBUS: access beyond", "pc", (uintptr_t)at_read,
		 "a read beyond the end of a mapped file");
	reported(call_unmapped, SIGSEGV, "SIGSEGV: execution of", "pc",
		 ADDRESS & ~UINT64_C(3), "a jump to an unmapped address");
	reported(read_prid, SIGILL, "SIGILL: privileged instruction", "pc", (uintptr_t)at_prid,
		 "an instruction that the guest may not execute");
	reported(other_hypcall, SIGILL, "SIGILL: HYPCALL", "pc", (uintptr_t)at_hypcall + 4,
		 "a HYPCALL that means nothing");

	out = run_child(read_prid);
	ok(strstr(out.err, "instruction 0x40027800"), "and with the instruction");
	out = run_child(overflow_stack);
	if (!ok(killed(&out, SIGSEGV) && strstr(out.err, "SIGSEGV: write to"),
		"a stack overflow is reported and kills by SIGSEGV"))
		show(&out);
	out = run_child(close_device);
	if (!ok(killed(&out, SIGABRT) && strstr(out.err, "was closed by the program"),
		"closing the device in guest mode is reported and kills by SIGABRT"))
		show(&out);
	out = run_child(replace_device);
	if (!ok(killed(&out, SIGABRT) && strstr(out.err, "guest mode cannot go on"),
		"so is replacing it by another file"))
		show(&out);
	out = run_child(enter_closed);
	if (!ok(exited(&out, 69), "dune_enter() after closing it is an error"))
		show(&out);
}

static siginfo_t got;
static volatile int faults;

/* Makes the page there and has the access tried again. */
static void repair(int sig, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~UINT64_C(0xfff));

	(void)context;
	faults = faults + 1;
	got = *info;
	if ((sig == SIGBUS || mprotect(page, 4096, PROT_READ | PROT_WRITE) < 0) &&
	    mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) == MAP_FAILED)
		_exit(99);
}

static void test_handler(void)
{
	struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };
	char *page = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaction(SIGSEGV, &action, NULL);
	enter();
	faults = 0;
	do_write((uintptr_t)page + 8);
	is(faults, 1, "a SIGSEGV handler of the program gets a fault of guest mode");
	is((long)got.si_addr, (long)page + 8, "with si_addr");
	is(got.si_code, SEGV_ACCERR, "and si_code for a protected page");
	munmap(page, 65536);
	do_write((uintptr_t)page + 16);
	is(faults, 2, "and another one");
	is(got.si_code, SEGV_MAPERR, "with si_code for an unmapped page");
	is(*(volatile int *)(page + 16), 0, "and the access is tried again when it returns");
	sigaction(SIGBUS, &action, NULL);
	page = map_empty_file();
	do_write((uintptr_t)page);
	is(faults, 3, "a SIGBUS handler gets a write beyond the end of a file");
	is(got.si_signo, SIGBUS, "as SIGBUS");
	is(got.si_code, BUS_ADRERR, "with si_code");
	leave();
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
}

int main(void)
{
	test_reports();
	test_handler();
	return tap_done();
}
