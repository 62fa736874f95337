// SPDX-License-Identifier: LGPL-2.1-only
/*
 * resume.c - go on in host mode at an arbitrary instruction.
 *
 * A jump needs a register for its target, and here none is free. The one thing
 * that sets all registers and the PC at once is the return from a signal, so
 * this builds the frame that Linux would have pushed and returns from it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "internal.h"
#include "syscall.h"

/* Linux: arch/mips/kernel/signal.c, struct rt_sigframe and uapi asm/ucontext.h. */
struct sigframe {
	uint32_t argument_save[4];
	uint32_t pad[2];
	char info[128];
	unsigned long uc_flags;
	void *uc_link;
	stack_t uc_stack;
	struct {
		uint64_t regs[32];
		uint64_t fpregs[32];
		uint64_t hi[4];
		uint64_t lo[4];
		uint64_t pc;
		uint32_t fpc_csr;
		uint32_t used_math;
		uint32_t dsp;
		uint32_t reserved;
	} context;
	uint64_t uc_sigmask[2];
	uint64_t uc_extcontext;
};

#define USED_FP		1
#define USED_FR1	2

#define STORE_FPR(n)							\
do {									\
	__asm__ volatile("sdc1 $f" #n ", %0" : "=m"(frame->context.fpregs[n])); \
} while (0)

static void save_fpu(struct sigframe *frame)
{
	STORE_FPR(0); STORE_FPR(1); STORE_FPR(2); STORE_FPR(3);
	STORE_FPR(4); STORE_FPR(5); STORE_FPR(6); STORE_FPR(7);
	STORE_FPR(8); STORE_FPR(9); STORE_FPR(10); STORE_FPR(11);
	STORE_FPR(12); STORE_FPR(13); STORE_FPR(14); STORE_FPR(15);
	STORE_FPR(16); STORE_FPR(17); STORE_FPR(18); STORE_FPR(19);
	STORE_FPR(20); STORE_FPR(21); STORE_FPR(22); STORE_FPR(23);
	STORE_FPR(24); STORE_FPR(25); STORE_FPR(26); STORE_FPR(27);
	STORE_FPR(28); STORE_FPR(29); STORE_FPR(30); STORE_FPR(31);
	__asm__ volatile("cfc1 %0, $31" : "=r"(frame->context.fpc_csr));
	frame->context.used_math = USED_FP | USED_FR1;
}

void dune_resume_all(const struct dune_regs *regs)
{
	struct sigframe frame;

	memset(&frame, 0, sizeof(frame));
	save_fpu(&frame);
	memcpy(frame.context.regs, regs->gpr, sizeof(frame.context.regs));
	frame.context.hi[0] = regs->hi;
	frame.context.lo[0] = regs->lo;
	frame.context.pc = regs->pc;
	dune_syscall2(__NR_sigaltstack, 0, (long)&frame.uc_stack);
	dune_syscall4(__NR_rt_sigprocmask, SIG_BLOCK, 0, (long)frame.uc_sigmask,
		      sizeof(frame.uc_sigmask));
	__asm__ volatile("move $29, %0\n\t"
			 "li $2, %1\n\t"
			 "syscall"
			 : : "r"(&frame), "i"(__NR_rt_sigreturn) : "memory");
	__builtin_unreachable();
}
