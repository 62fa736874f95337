// SPDX-License-Identifier: GPL-2.0
/*
 * traps.c - proves that every exception a program can cause in guest mode is
 * handled by its own handler there, that the frame is complete and works both
 * ways, and what happens without a handler.
 */
#include <setjmp.h>
#include <signal.h>

#include <dune/cp0.h>
#include <dune/trap.h>

#include "guest.h"

/* What the last trap was; the handler steps over the instruction. */
static struct dune_frame seen;
static unsigned int seen_count;

static void skip(struct dune_frame *frame, void *arg)
{
	(void)arg;
	seen = *frame;
	seen_count++;
	frame->epc += 4;
}

/*
 * Executes one instruction that traps, with $2 set. Its encoding can be compared
 * with BadInstr, its address with EPC.
 */
#define TRAP(name, instruction)						\
static void __attribute__((noinline, noclone)) name(uint64_t value)	\
{									\
	register uint64_t v0 __asm__("$2") = value;			\
	__asm__ volatile(".set push\n\t.set noreorder\n\t.set noat\n\t"	\
			 ".globl at_" #name "\n"			\
			 "at_" #name ":\t" instruction "\n\t"		\
			 ".set pop"					\
			 : "+r"(v0) : : "$3", "memory");		\
}									\
extern const uint32_t at_##name[]

TRAP(do_teq, "teq $0, $0, 5");
TRAP(do_break, "break 5");
TRAP(do_overflow, "dadd $3, $2, $2");
TRAP(do_unaligned_load, "lw $3, 0($2)");
TRAP(do_unaligned_store, "sw $3, 0($2)");
TRAP(do_reserved, ".word 0x0000003d");		/* not assigned in any release */
TRAP(do_cop2, "lwc2 $3, 0($2)");

struct kind {
	const char *what;
	void (*cause)(uint64_t value);
	uint64_t value;
	const uint32_t *at;
	unsigned int exccode;
	bool badvaddr;
};

static char unaligned[16] __attribute__((aligned(16)));

static void test_kind(const struct kind *kind)
{
	unsigned int before = seen_count;

	dune_trap_register(kind->exccode, skip, NULL);
	memset(&seen, 0, sizeof(seen));
	kind->cause(kind->value);
	is(seen_count - before, 1, kind->what);
	is(DUNE_CAUSE_EXCCODE(seen.cause), kind->exccode, "  ExcCode");
	is((long)seen.epc, (long)kind->at, "  EPC is the instruction");
	is((long)seen.gpr[2], (long)kind->value, "  the frame holds the registers");
	is((uint32_t)seen.badinstr, *kind->at, "  BadInstr is the instruction");
	if (kind->badvaddr)
		is((long)seen.badvaddr, (long)kind->value, "  BadVAddr is the address");
	dune_trap_register(kind->exccode, NULL, NULL);
}

static void test_kinds(void)
{
	const struct kind kinds[] = {
		{ "teq traps (Tr)", do_teq, 1, at_do_teq, DUNE_EXC_TR, false },
		{ "break traps (Bp)", do_break, 2, at_do_break, DUNE_EXC_BP, false },
		{ "overflow of dadd traps (Ov)", do_overflow, INT64_MAX, at_do_overflow,
		  DUNE_EXC_OV, false },
		{ "unaligned load traps (AdEL)", do_unaligned_load, (uintptr_t)unaligned + 1,
		  at_do_unaligned_load, DUNE_EXC_ADEL, true },
		{ "unaligned store traps (AdES)", do_unaligned_store, (uintptr_t)unaligned + 2,
		  at_do_unaligned_store, DUNE_EXC_ADES, true },
		{ "load beyond the address space traps (AdEL)", do_unaligned_load,
		  UINT64_C(0x2000000000000000), at_do_unaligned_load, DUNE_EXC_ADEL, true },
		{ "load from an unmapped kernel segment traps (TLBL)", do_unaligned_load,
		  UINT64_C(0xc000000000001000), at_do_unaligned_load, DUNE_EXC_TLBL, true },
		{ "store to an unmapped kernel segment traps (TLBS)", do_unaligned_store,
		  UINT64_C(0xc000000000001000), at_do_unaligned_store, DUNE_EXC_TLBS, true },
		{ "reserved instruction traps (RI)", do_reserved, 3, at_do_reserved,
		  DUNE_EXC_RI, false },
		{ "coprocessor 2 traps (CpU)", do_cop2, 4, at_do_cop2, DUNE_EXC_CPU, false },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test_kind(&kinds[i]);
}

static void test_fpe(void)
{
	uint32_t fcsr;
	uint32_t trapping;
	unsigned int before = seen_count;

	dune_trap_register(DUNE_EXC_FPE, skip, NULL);
	__asm__ volatile("cfc1 %0, $31" : "=r"(fcsr));
	trapping = (fcsr & ~0x0003f07cU) | 1U << 10;	/* enable Z, clear cause and flags */
	__asm__ volatile(".set push\n\t"
			 ".set noreorder\n\t"
			 "dmtc1 $0, $f2\n\t"
			 "li $3, 1\n\t"
			 "dmtc1 $3, $f0\n\t"
			 "cvt.d.l $f0, $f0\n\t"
			 "ctc1 %0, $31\n\t"
			 "div.d $f0, $f0, $f2\n\t"
			 "ctc1 %1, $31\n\t"
			 ".set pop"
			 : : "r"(trapping), "r"(fcsr) : "$3", "$f0", "$f2");
	is(seen_count - before, 1, "floating point division by zero traps (FPE)");
	is(DUNE_CAUSE_EXCCODE(seen.cause), DUNE_EXC_FPE, "  ExcCode");
	dune_trap_register(DUNE_EXC_FPE, NULL, NULL);
}

/* Skips a syscall in the delay slot of `b .+8` by going to the branch target. */
static void skip_branch(struct dune_frame *frame, void *arg)
{
	skip(frame, arg);
	frame->epc += 4;
}

static void test_delay_slot(void)
{
	unsigned int before = seen_count;
	long v0;
	uint64_t branch;

	dune_trap_register(DUNE_EXC_SYS, skip_branch, NULL);
	__asm__ volatile(".set push\n\t"
			 ".set noreorder\n\t"
			 "li $2, 12345\n\t"
			 "dla %1, 1f\n"
			 "1:\tb 2f\n\t"
			 "syscall\n"
			 "2:\tmove %0, $2\n\t"
			 ".set pop"
			 : "=r"(v0), "=&r"(branch) : : "$2", "memory");
	is(seen_count - before, 1, "a syscall in a delay slot traps (Sys)");
	ok(seen.cause & DUNE_CAUSE_BD, "  Cause.BD is set");
	is((long)seen.epc, (long)branch, "  EPC is the branch");
	is(v0, 12345, "  it was not executed");
	dune_trap_register(DUNE_EXC_SYS, NULL, NULL);
}

/* All registers but $0, k0, k1, sp: adds the register's number to each. */
static void add_number(struct dune_frame *frame, void *arg)
{
	(void)arg;
	for (unsigned int i = 1; i < 32; i++)
		if (i != 26 && i != 27 && i != 29)
			frame->gpr[i] += i;
	frame->hi += 1000;
	frame->lo += 2000;
	frame->epc += 4;
}

static void test_registers(void)
{
	static uint64_t got[34];
	unsigned int wrong = 0;

	dune_trap_register(DUNE_EXC_TR, add_number, NULL);
	/* No register is free across the trap, so the array's address is on the stack. */
	__asm__ volatile(".set push\n\t.set noreorder\n\t.set noat\n\t"
			 "daddiu $29, $29, -64\n\t"
			 "sd %0, 0($29)\n\t"
			 "sd $28, 8($29)\n\t"
			 "sd $30, 16($29)\n\t"
			 "sd $31, 24($29)\n\t"
			 "li $1, 77\n\t"
			 "mthi $1\n\t"
			 "mtlo $1\n\t"
			 ".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, "
			 "19, 20, 21, 22, 23, 24, 25, 28, 30, 31\n\t"
			 "dli $\\n, 0x1000000000000 * \\n\n\t"
			 ".endr\n\t"
			 "teq $0, $0\n\t"
			 "sd $1, 32($29)\n\t"
			 "ld $1, 0($29)\n\t"
			 ".irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, "
			 "19, 20, 21, 22, 23, 24, 25, 28, 30, 31\n\t"
			 "sd $\\n, 8 * \\n($1)\n\t"
			 ".endr\n\t"
			 "ld $2, 32($29)\n\t"
			 "sd $2, 8($1)\n\t"
			 "mfhi $2\n\t"
			 "sd $2, 256($1)\n\t"
			 "mflo $2\n\t"
			 "sd $2, 264($1)\n\t"
			 "ld $28, 8($29)\n\t"
			 "ld $30, 16($29)\n\t"
			 "ld $31, 24($29)\n\t"
			 "daddiu $29, $29, 64\n\t"
			 ".set pop"
			 : : "r"(got)
			 : "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11",
			   "$12", "$13", "$14", "$15", "$16", "$17", "$18", "$19", "$20", "$21",
			   "$22", "$23", "$24", "$25", "$31", "hi", "lo", "memory");
	for (uint64_t i = 1; i < 32; i++)
		if (i != 26 && i != 27 && i != 29)
			wrong += got[i] != (i << 48) + i;
	is(wrong, 0, "a handler can change every general register");
	is((long)got[32], 1077, "and HI");
	is((long)got[33], 2077, "and LO");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

/* Traps again in the handler, until @arg is 0; prints with floating point. */
static void nest(struct dune_frame *frame, void *arg)
{
	int *depth = arg;
	char text[64];
	double value = *depth + 0.25;

	frame->epc += 4;
	seen_count++;
	if (--*depth > 0)
		__asm__ volatile("teq $0, $0" : : : "memory");
	snprintf(text, sizeof(text), "%.2f", value);
	if (strtod(text, NULL) != value)
		bail_out("floating point in a handler gave %s", text);
}

static void test_nesting(void)
{
	int depth = 20;
	unsigned int before = seen_count;

	dune_trap_register(DUNE_EXC_TR, nest, &depth);
	__asm__ volatile("teq $0, $0" : : : "memory");
	is(seen_count - before, 20, "traps nest, with stdio and floating point in the handlers");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

static jmp_buf escape;

static void jump(struct dune_frame *frame, void *arg)
{
	(void)frame;
	(void)arg;
	longjmp(escape, 1);
}

static void test_longjmp(void)
{
	volatile int jumps = 0;

	dune_trap_register(DUNE_EXC_TR, jump, NULL);
	while (jumps < 1000) {
		if (setjmp(escape))
			jumps++;
		else
			__asm__ volatile("teq $0, $0" : : : "memory");
	}
	ok(dune_in_guest() && jumps == 1000, "longjmp() out of a handler works, 1000 times");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

static void leave_in_handler(struct dune_frame *frame, void *arg)
{
	frame->epc += 4;
	*(int *)arg = dune_leave();
}

/* Host mode then goes on where the trap was, with every register in place. */
static void test_leave_in_handler(void)
{
	int err = 1;
	uint64_t t9;
	uint64_t f20;

	dune_trap_register(DUNE_EXC_TR, leave_in_handler, &err);
	__asm__ volatile("li $25, 0x1234\n\t"
			 "dmtc1 $25, $f20\n\t"
			 "teq $0, $0\n\t"
			 "move %0, $25\n\t"
			 "dmfc1 %1, $f20"
			 : "=r"(t9), "=r"(f20) : : "$25", "$f20", "memory");
	is((long)t9, 0x1234, "dune_leave() in a handler: the handler returns in host mode");
	is((long)f20, 0x1234, "  with the FPU registers");
	is(err, 0, "  without an error");
	ok(!dune_in_guest(), "  and this is host mode");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
	enter();
}

static volatile sig_atomic_t signals;
static siginfo_t signal_info;

/* Takes away the cause of the signal: a read-only protection by itself. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	(void)sig;
	signals = signals + 1;
	signal_info = *info;
	if (dune_trap_register(DUNE_EXC_TR, skip, NULL))
		_exit(99);
}

static void test_signal(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGFPE, &action, NULL);
	signals = 0;
	__asm__ volatile("teq $0, $0, 7" : : : "memory");
	is(signals, 1, "without a trap handler, the program's signal handler gets SIGFPE");
	is(signal_info.si_code, FPE_INTDIV, "  with the right si_code");
	is((long)signal_info.si_addr, (long)seen.epc, "  and si_addr, and it was tried again");
	signal(SIGFPE, SIG_DFL);
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

static int die_by_teq(void)
{
	enter();
	__asm__ volatile("teq $0, $0, 7" : : : "memory");
	return 0;
}

static int die_by_break(void)
{
	enter();
	__asm__ volatile("break 5" : : : "memory");
	return 0;
}

static int die_by_unaligned(void)
{
	enter();
	do_unaligned_load((uintptr_t)unaligned + 1);
	return 0;
}

static int die_by_reserved(void)
{
	enter();
	do_reserved(0);
	return 0;
}

static int die_by_recursion(void)
{
	int depth = 1000000;

	enter();
	dune_trap_register(DUNE_EXC_TR, nest, &depth);
	__asm__ volatile("teq $0, $0" : : : "memory");
	return 0;
}

static void dies(int (*function)(void), int sig, const char *text, const char *what)
{
	struct outcome out = run_child(function);

	if (!ok(killed(&out, sig) && strstr(out.err, text), "%s", what))
		show(&out);
}

static void test_death(void)
{
	dies(die_by_teq, SIGFPE, "unhandled trap: trap instruction",
	     "an unhandled teq 7 is reported and kills by SIGFPE");
	dies(die_by_break, SIGTRAP, "unhandled trap: breakpoint",
	     "an unhandled break is reported and kills by SIGTRAP");
	dies(die_by_unaligned, SIGBUS, "unhandled trap: address error on load",
	     "an unhandled unaligned load is reported and kills by SIGBUS");
	dies(die_by_reserved, SIGILL, "unhandled trap: reserved instruction",
	     "an unhandled reserved instruction is reported and kills by SIGILL");
	dies(die_by_recursion, SIGSEGV, "trap stack overflow",
	     "traps that nest without end are reported and kill by SIGSEGV");
}

int main(void)
{
	is(dune_trap_register(32, skip, NULL), -EINVAL, "ExcCode 32 does not exist");
	test_death();
	enter();
	test_kinds();
	test_fpe();
	test_delay_slot();
	test_registers();
	test_nesting();
	test_longjmp();
	test_leave_in_handler();
	test_signal();
	leave();
	return tap_done();
}
