// SPDX-License-Identifier: GPL-2.0
/*
 * fpu.c - proves that the FPU is the thread's own in guest mode: registers and
 * FCSR survive exits, traps and switches to other users of the FPU.
 */
#include <fenv.h>
#include <math.h>
#include <sched.h>
#include <sys/syscall.h>

#include <dune/trap.h>

#include "guest.h"

#define PROCESSES	4

/*
 * Patterns in all 32 registers, made of @seed; then what @INSTRUCTIONS do; then
 * the number of registers that changed.
 */
#define CHANGED(seed, INSTRUCTIONS)					\
({									\
	register int changed_ __asm__("$16") = 0;			\
	register uint64_t seed_ __asm__("$17") = (seed);		\
	__asm__ volatile(						\
		".set push\n\t.set noreorder\n\t.set noat\n\t"		\
		".irp n, " ALL_FPRS "\n\t"				\
		"daddiu $1, $17, \\n\n\t"				\
		"dmtc1 $1, $f\\n\n\t"					\
		".endr\n\t"						\
		INSTRUCTIONS						\
		".irp n, " ALL_FPRS "\n\t"				\
		"daddiu $1, $17, \\n\n\t"				\
		"dmfc1 $3, $f\\n\n\t"					\
		"xor $1, $1, $3\n\t"					\
		"sltu $1, $0, $1\n\t"					\
		"daddu $16, $16, $1\n\t"				\
		".endr\n\t"						\
		".set pop"						\
		: "+r"(changed_), "+r"(seed_)				\
		:							\
		: "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11",	\
		  "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo", FPR_CLOBBERS,	\
		  "memory");						\
	changed_;							\
})

#define ALL_FPRS							\
	"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, "	\
	"20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31"
#define FPR_CLOBBERS							\
	"$f0", "$f1", "$f2", "$f3", "$f4", "$f5", "$f6", "$f7", "$f8", "$f9", "$f10",	\
	"$f11", "$f12", "$f13", "$f14", "$f15", "$f16", "$f17", "$f18", "$f19", "$f20",	\
	"$f21", "$f22", "$f23", "$f24", "$f25", "$f26", "$f27", "$f28", "$f29", "$f30",	\
	"$f31"

#define SEED	UINT64_C(0x3ff0123456789000)

static int by_syscall(uint64_t seed)
{
	return CHANGED(seed, "li $2, 5038\n\tsyscall\n\t");	/* getpid */
}

/* Others run meanwhile and use the FPU. */
static int by_yield(uint64_t seed)
{
	return CHANGED(seed, "li $2, 5023\n\tsyscall\n\t");	/* sched_yield */
}

static int by_trap(uint64_t seed)
{
	return CHANGED(seed, "teq $0, $0\n\t");
}

_Static_assert(__NR_getpid == 5038 && __NR_sched_yield == 5023, "numbers of n64");

static void skip(struct dune_frame *frame, void *arg)
{
	(void)arg;
	frame->epc += 4;
}

static void test_registers(void)
{
	is(by_syscall(SEED), 0, "a system call changes no FPU register");
	dune_trap_register(DUNE_EXC_TR, skip, NULL);
	is(by_trap(SEED), 0, "a trap whose handler does not compute changes none");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

/* Every process its own pattern; they take turns, half of them in guest mode. */
static int take_turns(int number)
{
	int changed = 0;

	if (number & 1)
		enter();
	for (int i = 0; i < 500; i++)
		changed += by_yield(SEED + (uint64_t)number * 1000);
	return changed != 0;
}

static double series(int number)
{
	double sum = 0;

	for (int i = 1; i < 300000; i++)
		sum += sqrt((double)number / i);
	return sum;
}

static int compute(int number)
{
	double outside = series(number);
	double inside;

	enter();
	inside = series(number);
	return inside != outside;
}

static int failures_of(int (*function)(int))
{
	pid_t pids[PROCESSES];
	int failed = 0;

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(function(i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		failed += status != 0;
	}
	return failed;
}

static void test_fcsr(void)
{
	volatile double one = 1;
	volatile double three = 3;
	volatile double down;
	volatile double up;

	fesetround(FE_UPWARD);
	up = one / three;
	enter();
	is(fegetround(), FE_UPWARD, "dune_enter() keeps the rounding mode");
	ok(one / three == up, "and it is in force");
	fesetround(FE_DOWNWARD);
	down = one / three;
	ok(down < up, "guest mode can change it");
	syscall(SYS_getpid);
	is(fegetround(), FE_DOWNWARD, "a system call keeps it");
	leave();
	is(fegetround(), FE_DOWNWARD, "and dune_leave()");
	fesetround(FE_TONEAREST);
}

int main(void)
{
	fflush(stdout);
	is(failures_of(take_turns), 0, "processes that take turns keep their FPU registers");
	is(failures_of(compute), 0, "processes that compute at once get what they get in host mode");
	test_fcsr();
	enter();
	test_registers();
	leave();
	is(by_syscall(SEED), 0, "host mode works as before");
	return tap_done();
}
