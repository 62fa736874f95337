/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * trap.h - handle the exceptions that guest mode takes by itself.
 *
 * A trap is an exception taken inside the guest: no exit, no signal, no kernel.
 * The library's vector saves the complete state in a struct dune_frame on a
 * trap stack of the thread, and calls the handler with exceptions on. So a
 * handler may make system calls, use stdio, and trap itself (until the trap
 * stack of 64 KiB is used up). FPU registers are not in the frame: they are the
 * thread's own, and a handler that computes with them changes them.
 *
 * What Linux repairs or emulates in host mode is a trap here: an access that is
 * not aligned (DUNE_EXC_ADEL, DUNE_EXC_ADES), an instruction or an operation of
 * the FPU that the CPU leaves to software (DUNE_EXC_RI, DUNE_EXC_FPE). So is a
 * debugger's breakpoint (DUNE_EXC_BP).
 */
#ifndef _DUNE_TRAP_H
#define _DUNE_TRAP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Cause.ExcCode, by the architecture's names. */
enum dune_exccode {
	DUNE_EXC_INT = 0,	/* interrupt */
	DUNE_EXC_MOD = 1,	/* write to a read-only page */
	DUNE_EXC_TLBL = 2,	/* load or fetch from an invalid page */
	DUNE_EXC_TLBS = 3,	/* store to an invalid page */
	DUNE_EXC_ADEL = 4,	/* address error on load or fetch */
	DUNE_EXC_ADES = 5,	/* address error on store */
	DUNE_EXC_IBE = 6,	/* bus error on fetch */
	DUNE_EXC_DBE = 7,	/* bus error on data access */
	DUNE_EXC_SYS = 8,	/* syscall in a branch delay slot */
	DUNE_EXC_BP = 9,	/* breakpoint */
	DUNE_EXC_RI = 10,	/* reserved instruction */
	DUNE_EXC_CPU = 11,	/* coprocessor unusable */
	DUNE_EXC_OV = 12,	/* integer overflow */
	DUNE_EXC_TR = 13,	/* trap instruction */
	DUNE_EXC_MSAFPE = 14,	/* MSA floating point exception */
	DUNE_EXC_FPE = 15,	/* floating point exception */
	DUNE_EXC_TLBRI = 19,	/* load from a page without read permission */
	DUNE_EXC_TLBXI = 20,	/* fetch from a page without execute permission */
	DUNE_EXC_MSADIS = 21,	/* MSA disabled */
	DUNE_EXC_WATCH = 23,	/* watchpoint */
	DUNE_EXC_MCHECK = 24,	/* machine check */
	DUNE_EXC_DSPDIS = 26,	/* DSP disabled */
	DUNE_EXC_COUNT_ = 32
};

/**
 * struct dune_frame - state at a trap; what a handler writes takes effect.
 * @gpr: general registers; [0] is zero, [26] and [27] (k0, k1) are not saved.
 * @hi, @lo: zero on CPUs without them (Release 6).
 * @epc: where the thread goes on. Handlers that step over the instruction add
 *	4, but not if Cause.BD is set: then @epc is the branch.
 * @badvaddr: address of TLB and address errors.
 * @status: EXL reads as 1 and has no effect when written.
 * @cause: written values have no effect.
 * @badinstr, @badinstrp: the instruction and, with Cause.BD, the branch before
 *	it; not defined for faults of the fetch itself.
 */
struct dune_frame {
	uint64_t gpr[32];
	uint64_t hi;
	uint64_t lo;
	uint64_t epc;
	uint64_t badvaddr;
	uint64_t status;
	uint64_t cause;
	uint64_t badinstr;
	uint64_t badinstrp;
};

#define DUNE_CAUSE_BD		(UINT64_C(1) << 31)
#define DUNE_CAUSE_EXCCODE(cause)	((unsigned int)((cause) >> 2) & 31)

typedef void (*dune_trap_handler)(struct dune_frame *frame, void *arg);

/**
 * dune_trap_register() - handle one ExcCode, in all threads of the process.
 * @exccode: enum dune_exccode, or any other number below 32.
 * @handler: called in guest mode; returning from it resumes @frame. NULL gives
 *	back the default.
 * @arg: handed to @handler.
 *
 * A thread that takes this trap at the same time sees either the old handler
 * with its argument or the new one. DUNE_EXC_SYS is only called for a `syscall`
 * in a branch delay slot; all others go to Linux and take no trap frame.
 *
 * Errors: -EINVAL (@exccode).
 */
int dune_trap_register(unsigned int exccode, dune_trap_handler handler, void *arg);

/**
 * dune_trap_default() - what happens without a handler.
 *
 * The thread gets the signal that Linux sends for the same exception in host
 * mode if it does not repair the cause (SIGFPE for `teq` and `break` with code 6
 * or 7, for instance; SIGBUS for an access that is not aligned).
 * If the program handles that signal its handler runs, and the instruction is
 * tried again when it returns. Otherwise the trap and all registers are
 * reported on standard error and the signal kills the process.
 *
 * A handler may call it for a frame that it does not want.
 */
void dune_trap_default(const struct dune_frame *frame);

#ifdef __cplusplus
}
#endif

#endif
