// SPDX-License-Identifier: GPL-2.0
/*
 * enter_leave.c - proves that dune_enter() and dune_leave() change the mode and
 * nothing else, as often as one likes, and that wrong use is an error.
 */
#include <alloca.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <dune/cp0.h>

#include "guest.h"

#define TIMES	1000

static __thread int tls = 7;

/*
 * Calls a function with patterns in all registers that a callee must preserve
 * (n64: s0-s8, gp, f24-f31). Returns the number of those it changed.
 */
static int changed_by(int (*function)(void))
{
	static const uint64_t pattern = UINT64_C(0x0123456789abcdef);
	register int changed __asm__("$2");
	register uint64_t seed __asm__("$4") = pattern;
	register int (*target)(void) __asm__("$25") = function;

	__asm__ volatile(
		".set push\n\t.set noreorder\n\t.set noat\n\t"
		"daddiu $29, $29, -32\n\t"
		"sd $28, 0($29)\n\t"
		"sd $30, 8($29)\n\t"
		"sd $31, 16($29)\n\t"
		"sd %[seed], 24($29)\n\t"
		".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 30\n\t"
		"daddiu $\\n, %[seed], \\n\n\t"
		".endr\n\t"
		".irp n, 24, 25, 26, 27, 28, 29, 30, 31\n\t"
		"daddiu $1, %[seed], 100 + \\n\n\t"
		"dmtc1 $1, $f\\n\n\t"
		".endr\n\t"
		"jalr %[target]\n\t"
		"nop\n\t"
		"ld $4, 24($29)\n\t"
		"move $2, $0\n\t"
		".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 30\n\t"
		"daddiu $1, $4, \\n\n\t"
		"xor $1, $1, $\\n\n\t"
		"sltu $1, $0, $1\n\t"
		"daddu $2, $2, $1\n\t"
		".endr\n\t"
		".irp n, 24, 25, 26, 27, 28, 29, 30, 31\n\t"
		"daddiu $1, $4, 100 + \\n\n\t"
		"dmfc1 $3, $f\\n\n\t"
		"xor $1, $1, $3\n\t"
		"sltu $1, $0, $1\n\t"
		"daddu $2, $2, $1\n\t"
		".endr\n\t"
		"ld $1, 0($29)\n\t"
		"xor $1, $1, $28\n\t"
		"sltu $1, $0, $1\n\t"
		"daddu $2, $2, $1\n\t"
		"ld $28, 0($29)\n\t"
		"ld $30, 8($29)\n\t"
		"ld $31, 16($29)\n\t"
		"daddiu $29, $29, 32\n\t"
		".set pop"
		: "=r"(changed), [target] "+r"(target), [seed] "+r"(seed)
		:
		: "$1", "$3", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14",
		  "$15", "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "hi", "lo",
		  "$f0", "$f1", "$f2", "$f3", "$f4", "$f5", "$f6", "$f7", "$f8", "$f9", "$f10",
		  "$f11", "$f12", "$f13", "$f14", "$f15", "$f16", "$f17", "$f18", "$f19", "$f20",
		  "$f21", "$f22", "$f23", "$f24", "$f25", "$f26", "$f27", "$f28", "$f29", "$f30",
		  "$f31", "memory");
	return changed;
}

/*
 * Spins with patterns in nearly all registers and HI/LO until Count has moved
 * by @ticks, so across many interrupts. Returns how many were changed.
 */
static int changed_by_spinning(long rounds)
{
	register int changed __asm__("$2");
	register long left __asm__("$4") = rounds;

	__asm__ volatile(
		".set push\n\t.set noreorder\n\t.set noat\n\t"
		".irp n, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25\n\t"
		"dli $\\n, 0x1122334455667700 + \\n\n\t"
		".endr\n\t"
		"mthi $3\n\t"
		"mtlo $5\n\t"
		"1: bnez %[left], 1b\n\t"
		"daddiu %[left], %[left], -1\n\t"
		"move $2, $0\n\t"
		".irp n, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25\n\t"
		"dli $1, 0x1122334455667700 + \\n\n\t"
		"xor $1, $1, $\\n\n\t"
		"sltu $1, $0, $1\n\t"
		"daddu $2, $2, $1\n\t"
		".endr\n\t"
		"mfhi $1\n\t"
		"xor $1, $1, $3\n\t"
		"sltu $1, $0, $1\n\t"
		"daddu $2, $2, $1\n\t"
		"mflo $1\n\t"
		"xor $1, $1, $5\n\t"
		"sltu $1, $0, $1\n\t"
		"daddu $2, $2, $1\n\t"
		".set pop"
		: "=r"(changed), [left] "+r"(left)
		:
		: "$1", "$3", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14",
		  "$15", "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25",
		  "hi", "lo");
	return changed;
}

static uint64_t stat(enum dune_stat which)
{
	struct dune_stats stats;

	return dune_stats(&stats) ? 0 : stats.vcpu[which];
}

static void test_errors(void)
{
	struct dune_stats stats;
	struct rlimit before;
	struct rlimit none;

	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 0;
	ok(!dune_in_guest(), "a process begins in host mode");
	is(dune_enter(), -ENOTCONN, "dune_enter() before dune_init() is an error");
	is(dune_leave(), -EINVAL, "dune_leave() in host mode is an error");
	setrlimit(RLIMIT_NOFILE, &none);
	is(dune_init(), -EMFILE, "dune_init() without a free descriptor is an error");
	setrlimit(RLIMIT_NOFILE, &before);
	is(dune_init(), 0, "dune_init() afterwards succeeds");
	is(dune_init(), 0, "dune_init() again succeeds");
	is(dune_stats(&stats), -ENOTCONN, "a thread that never entered has no counters");
	is(dune_leave(), -EINVAL, "dune_leave() is still an error");
}

static void on_alarm(int sig)
{
	(void)sig;
}

static long signal_delay;	/* microseconds */

/* Opening /dev/dune fails when a signal comes at the wrong moment. */
static int init_under_signals(void)
{
	const struct itimerval soon = { .it_value.tv_usec = signal_delay };
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	return -dune_init();
}

static void test_init_under_signals(void)
{
	int failed = 0;

	for (signal_delay = 1; signal_delay <= 300; signal_delay++) {
		struct outcome out = run_child(init_under_signals);

		failed += !exited(&out, 0);
	}
	is(failed, 0, "dune_init() is not disturbed by signals");
}

static void test_mode(void)
{
	volatile char *frame = alloca(100000);
	int *before = &tls;
	uint32_t status;
	uint64_t ebase;

	frame[0] = 1;
	frame[99999] = 2;
	errno = 4242;
	is(dune_enter(), 0, "dune_enter() succeeds");
	ok(dune_in_guest(), "and this is guest mode");
	is(errno, 4242, "with the same errno");
	ok(&tls == before && tls == 7, "the same TLS");
	ok(frame[0] == 1 && frame[99999] == 2, "and the same stack");

	status = dune_read_c0_32(DUNE_C0_STATUS);
	ok(!(status & (DUNE_STATUS_KSU | DUNE_STATUS_BEV | DUNE_STATUS_EXL | DUNE_STATUS_ERL)),
	   "Status 0x%08x is kernel mode with its own vectors", status);
	ebase = dune_read_c0_64(DUNE_C0_EBASE);
	is((long)(ebase >> 48), 0x9800, "EBase is in XKPHYS, cached");
	is(dune_enter(), -EALREADY, "dune_enter() in guest mode is an error");

	tls = 8;
	errno = 2424;
	is(dune_leave(), 0, "dune_leave() succeeds");
	ok(!dune_in_guest(), "and this is host mode");
	is(errno, 2424, "with the same errno");
	ok(&tls == before && tls == 8, "the same TLS");
	ok(frame[0] == 1 && frame[99999] == 2, "and the same stack");
}

static void test_registers(void)
{
	uint64_t interrupts;
	int changed;

	is(changed_by(dune_enter), 0, "dune_enter() preserves s0-s8, gp and f24-f31");
	interrupts = stat(DUNE_STAT_INTERRUPT);
	changed = 0;
	while (stat(DUNE_STAT_INTERRUPT) < interrupts + 10)
		changed += changed_by_spinning(1000000);
	is(changed, 0, "interrupts in guest mode change no register");
	is(changed_by(dune_leave), 0, "dune_leave() preserves s0-s8, gp and f24-f31");
}

static void test_often(void)
{
	int entered = 0;
	int left = 0;

	for (int i = 0; i < TIMES; i++) {
		entered += dune_enter() == 0 && dune_in_guest();
		left += dune_leave() == 0 && !dune_in_guest();
	}
	is(entered, TIMES, "a thread can enter a thousand times");
	is(left, TIMES, "and leave as often");
}

int main(void)
{
	test_init_under_signals();
	test_errors();
	test_mode();
	test_registers();
	test_often();
	return tap_done();
}
