// SPDX-License-Identifier: GPL-2.0
/*
 * Exits from guest mode, by Root.Cause.ExcCode and GuestCtl0.GExcCode
 * (mips-vz.md §6).
 *
 * A system call is not made here. It goes back to the process, which makes it in
 * host mode with its own `syscall` instruction and enters again: so seccomp,
 * ptrace, audit, restart and signals see what they see of any other process,
 * and clone() and execve() find a thread in user mode. A faster way may be added
 * for the calls where nothing of that can show.
 */

#include <asm/addrspace.h>

#include "mmu.h"
#include "run.h"

/* HYPCALL, WAIT: fixed bits, and the code of the former (mips-vz.md §2.1). */
#define HYPCALL_CODE(instr)	((instr) >> 11 & 0x3ff)
#define WAIT_MASK		0xfe00003f
#define WAIT_MATCH		0x42000020

/* What an exit was, taken from the registers that the world switch saved. */
struct exit_cause {
	u32 exccode;
	u32 gexccode;
	u32 instr;
	bool delay_slot;
};

static struct exit_cause exit_cause(const struct dune_ctx *ctx)
{
	return (struct exit_cause) {
		.exccode = (ctx->cause & CAUSEF_EXCCODE) >> CAUSEB_EXCCODE,
		.gexccode = (ctx->guestctl0 & MIPS_GCTL0_GEXC) >>
			    MIPS_GCTL0_GEXC_SHIFT,
		.instr = ctx->badinstr,
		.delay_slot = ctx->cause & CAUSEF_BD,
	};
}

static bool is_tlb_exception(u32 exccode)
{
	switch (exccode) {
	case EXCCODE_MOD:
	case EXCCODE_TLBL:
	case EXCCODE_TLBS:
	case EXCCODE_TLBRI:
	case EXCCODE_TLBXI:
		return true;
	default:
		return false;
	}
}

/*
 * TLBL says load or fetch. A fetch faults at the PC, or in a delay slot at the
 * next instruction; compared with the segment bits off, which is right for the
 * identity mapping and for unmapped segments. Where the guess fails, a page that
 * may not be executed still raises TLBXI on the retry, which does not need it.
 */
static u32 tlb_access(const struct dune_ctx *ctx, const struct exit_cause *why)
{
	unsigned long pc = ctx->regs.pc + (why->delay_slot ? 4 : 0);

	switch (why->exccode) {
	case EXCCODE_MOD:
	case EXCCODE_TLBS:
		return DUNE_ACCESS_WRITE;
	case EXCCODE_TLBXI:
		return DUNE_ACCESS_FETCH;
	case EXCCODE_TLBRI:
		return DUNE_ACCESS_READ;
	default:
		return (pc & TO_PHYS_MASK) == ctx->badvaddr ?
		       DUNE_ACCESS_FETCH : DUNE_ACCESS_READ;
	}
}

bool dune_exit_fast(struct dune_vcpu *vcpu)
{
	const struct dune_ctx *ctx = &vcpu->ctx;
	const struct exit_cause why = exit_cause(ctx);

	if (is_tlb_exception(why.exccode) &&
	    why.gexccode == MIPS_GCTL0_GEXC_GPA &&
	    dune_mmu_refill(vcpu->space, vcpu->guestid, ctx->badvaddr,
			    tlb_access(ctx, &why))) {
		vcpu->stats[DUNE_STAT_REFILL]++;
		return true;
	}
	if (why.exccode == EXCCODE_CPU &&
	    (ctx->cause & CAUSEF_CE) >> CAUSEB_CE == 1 && dune_fpu_own()) {
		vcpu->stats[DUNE_STAT_FPU]++;
		return true;
	}
	return false;
}

/* Back to the process. Always false: what dune_exit_slow() returns then. */
static bool leave(struct dune_enter *io, u32 reason,
		  const struct exit_cause *why)
{
	io->reason = reason;
	io->exccode = why->exccode;
	io->gexccode = why->gexccode;
	io->instr = why->instr;
	io->delay_slot = why->delay_slot;
	return false;
}

static bool exit_tlb(struct dune_vcpu *vcpu, struct dune_enter *io,
		     const struct exit_cause *why)
{
	const struct dune_ctx *ctx = &vcpu->ctx;
	u32 access = tlb_access(ctx, why);

	vcpu->stats[DUNE_STAT_FAULT]++;
	if (!dune_mmu_fault(vcpu->space, ctx->badvaddr, access)) {
		vcpu->faulted.valid = true;
		vcpu->faulted.access = access;
		vcpu->faulted.gpa = ctx->badvaddr;
		return true;
	}

	leave(io, DUNE_EXIT_FAULT, why);
	io->badvaddr = ctx->badvaddr;
	io->access = access;
	if (access == DUNE_ACCESS_FETCH)
		io->instr = 0;		/* BadInstr is not valid then */
	return false;
}

static bool exit_hypcall(struct dune_vcpu *vcpu, struct dune_enter *io,
			 const struct exit_cause *why)
{
	vcpu->stats[DUNE_STAT_HYPCALL]++;

	/* Behind it is the target of a branch that only the guest can take. */
	if (why->delay_slot)
		return leave(io, DUNE_EXIT_UNHANDLED, why);

	vcpu->ctx.regs.pc += 4;
	io->hypcall = HYPCALL_CODE(why->instr);
	switch (io->hypcall) {
	case DUNE_HC_SYSCALL:
		return leave(io, DUNE_EXIT_SYSCALL, why);
	case DUNE_HC_LEAVE:
		return leave(io, DUNE_EXIT_LEAVE, why);
	default:
		return leave(io, DUNE_EXIT_HYPCALL, why);
	}
}

static bool exit_gpsi(struct dune_vcpu *vcpu, struct dune_enter *io,
		      const struct exit_cause *why)
{
	vcpu->stats[DUNE_STAT_GPSI]++;

	/* WAIT may end at any time; here it ends after others have had the CPU. */
	if ((why->instr & WAIT_MASK) == WAIT_MATCH && !why->delay_slot) {
		vcpu->ctx.regs.pc += 4;
		return true;
	}
	return leave(io, DUNE_EXIT_PRIVILEGED, why);
}

bool dune_exit_slow(struct dune_vcpu *vcpu, struct dune_enter *io)
{
	const struct exit_cause why = exit_cause(&vcpu->ctx);

	if (why.exccode == EXCCODE_INT) {
		vcpu->stats[DUNE_STAT_INTERRUPT]++;
		return true;
	}

	if (is_tlb_exception(why.exccode) &&
	    why.gexccode == MIPS_GCTL0_GEXC_GPA)
		return exit_tlb(vcpu, io, &why);
	if (why.exccode == EXCCODE_GE) {
		switch (why.gexccode) {
		case MIPS_GCTL0_GEXC_HC:
			return exit_hypcall(vcpu, io, &why);
		case MIPS_GCTL0_GEXC_GPSI:
			return exit_gpsi(vcpu, io, &why);
		}
	}
	vcpu->stats[DUNE_STAT_OTHER]++;
	return leave(io, DUNE_EXIT_UNHANDLED, &why);
}
