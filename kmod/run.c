// SPDX-License-Identifier: GPL-2.0
/*
 * The run loop.
 *
 *	dune_vcpu_run()		until the process is needed; may sleep
 *	  run_on_cpu()		until an exit that needs interrupts on
 *	    dune_enter_guest()	until the next exit, in entry.S
 *
 * Nothing of the vCPU stays in the CPU outside run_on_cpu(): the guest CP0
 * context is loaded and saved there each time, and the root registers that VZ
 * adds are given back as they were found (KVM may use them). So there is no
 * lazy state to lose by migration, preemption or death of the thread. Exits
 * that need neither, TLB refills above all, do not pass through it.
 */

#include <linux/sched/signal.h>

#include <asm/hazards.h>
#include <asm/mmu_context.h>

#include "guestid.h"
#include "mmu.h"
#include "run.h"
#include "vecpage.h"

/*
 * Guest CP0, MMU and Config are the guest's own, and so is the timer (Count is
 * the host's, GTOffset 0). CACHE stays denied (CG clear): a hit invalidate would
 * drop the zeroes that Linux wrote to a new page and show what was in memory
 * before. SYNCI is not privileged and serves for code.
 */
#define GUESTCTL0	(MIPS_GCTL0_CP0 |				\
			 MIPS_GCTL0_AT_GUEST << MIPS_GCTL0_AT_SHIFT |	\
			 MIPS_GCTL0_GT | MIPS_GCTL0_CF)

/*
 * No GSFC, no GHFC. NCC=1 where the CPU lets it be chosen: root's CCA modifies
 * the guest's (mips-vz.md §3.2).
 *
 * A limit: with NCC=0 the guest's CCA stands alone, and an uncached access
 * (EntryLo.C=2, XKPHYS 0x90..., Config.K0) passes by the caches and shows stale
 * memory, as a hit invalidate would; denying CACHE does not help there. That is
 * safe on emulated CPUs, which have no caches. Real ones need NCC=1, and the way
 * they combine the two CCAs is to be checked in their manual.
 */
#define GUESTCTL0EXT	(MIPS_GCTL0EXT_FCD |				\
			 MIPS_GCTL0EXT_NCC_MOD << MIPS_GCTL0EXT_NCC_SHIFT)

/* What VZ adds to root's registers and a vCPU changes. */
struct host_regs {
	u32 guestctl0;
	u32 guestctl0ext;
	u32 guestctl1;
	u32 guestctl2;
	u32 gtoffset;
};

/* Whose entries the guest TLB holds, under the GuestID it was run with. */
struct guest_tlb_owner {
	u64 serial;
	unsigned int guestid;
};

static DEFINE_PER_CPU(struct guest_tlb_owner, guest_tlb_owner);

/*
 * The vCPUs of a space share its GuestID, hence the root TLB entries. Guest TLB
 * entries belong to one vCPU, whose ASIDs and page tables are its own business.
 * What it did to them on another CPU did not happen to those it left on this.
 */
static void guest_tlb_claim(struct dune_vcpu *vcpu)
{
	struct guest_tlb_owner *owner = this_cpu_ptr(&guest_tlb_owner);
	int cpu = smp_processor_id();

	if (owner->serial == vcpu->serial && owner->guestid == vcpu->guestid &&
	    vcpu->last_cpu == cpu)
		return;
	dune_mmu_flush_guest(vcpu->guestid);
	owner->serial = vcpu->serial;
	owner->guestid = vcpu->guestid;
	vcpu->last_cpu = cpu;
}

static void vcpu_load(struct dune_vcpu *vcpu, struct host_regs *host)
{
	htw_stop();
	host->guestctl0 = read_c0_guestctl0();
	host->guestctl0ext = read_c0_guestctl0ext();
	host->guestctl1 = read_c0_guestctl1();
	host->gtoffset = read_c0_gtoffset();
	if (cpu_has_guestctl2) {
		host->guestctl2 = read_c0_guestctl2();
		write_c0_guestctl2(0);
	}

	vcpu->guestid = dune_space_enter(vcpu->space);
	guest_tlb_claim(vcpu);

	vcpu->ctx.guestctl0 = GUESTCTL0 | MIPS_GCTL0_GM;
	write_c0_guestctl0(GUESTCTL0);
	write_c0_guestctl0ext(GUESTCTL0EXT);
	write_c0_guestctl1(vcpu->guestid & dune_guestid_mask());
	write_c0_gtoffset(0);
	back_to_back_c0_hazard();
	dune_gc0_load(&vcpu->gc0);
}

static void vcpu_put(struct dune_vcpu *vcpu, const struct host_regs *host)
{
	dune_gc0_save(&vcpu->gc0);
	dune_space_leave(vcpu->space);

	if (cpu_has_guestctl2)
		write_c0_guestctl2(host->guestctl2);
	write_c0_gtoffset(host->gtoffset);
	write_c0_guestctl1(host->guestctl1);
	write_c0_guestctl0ext(host->guestctl0ext);
	write_c0_guestctl0(host->guestctl0);
	back_to_back_c0_hazard();
	htw_start();
}

static void run_on_cpu(struct dune_vcpu *vcpu)
{
	struct host_regs host;

	vcpu_load(vcpu, &host);
	if (vcpu->faulted.valid)
		dune_mmu_refill(vcpu->space, vcpu->guestid, vcpu->faulted.gpa,
				vcpu->faulted.access);
	vcpu->faulted.valid = false;
	do {
		/* Each exit clears GM. */
		vcpu->ctx.guestctl0 |= MIPS_GCTL0_GM;
		dune_fpu_enter(&vcpu->fpu);
		dune_in_page(dune_enter_guest)(&vcpu->ctx,
					       __this_cpu_read(dune_vecpage));
	} while (dune_exit_fast(vcpu));
	dune_fpu_leave(&vcpu->fpu);
	vcpu_put(vcpu, &host);
}

/*
 * Work that Linux does on the way to user mode, so the thread has to go there.
 * Not before it has been in guest mode once: TIF_NOTIFY_RESUME is set by each
 * context switch of a thread that uses rseq, so also by a tracer's stop at the
 * very ioctl, and such a thread would never get on.
 */
static bool user_work_pending(bool first)
{
	return signal_pending(current) ||
	       (!first && test_thread_flag(TIF_NOTIFY_RESUME));
}

/*
 * Turns interrupts off to enter guest mode. What comes after the tests comes
 * with an interrupt, which guest mode is left for. False, and interrupts on, if
 * the thread has to return to user mode.
 */
static bool enter_irqoff(bool first)
{
	for (;;) {
		cond_resched();
		local_irq_disable();
		if (user_work_pending(first)) {
			local_irq_enable();
			return false;
		}
		if (!need_resched())
			return true;
		local_irq_enable();
		schedule();
	}
}

void dune_vcpu_run(struct dune_vcpu *vcpu, struct dune_enter *io)
{
	bool first = true;

	*io = (struct dune_enter) {
		.size = io->size,
		.handle = io->handle,
		.regs = io->regs,
	};
	vcpu->ctx.regs = io->regs;
	vcpu->ctx.regs.gpr[0] = 0;
	vcpu->gc0.userlocal = current_thread_info()->tp_value;
	vcpu->stats[DUNE_STAT_ENTER]++;

	do {
		if (!enter_irqoff(first)) {
			io->reason = DUNE_EXIT_SIGNAL;
			break;
		}
		run_on_cpu(vcpu);
		local_irq_enable();
		first = false;
	} while (dune_exit_slow(vcpu, io));

	io->regs = vcpu->ctx.regs;
	io->guest_epc = vcpu->gc0.epc;
	io->guest_status = vcpu->gc0.status;
	io->guest_cause = vcpu->gc0.cause;
}
