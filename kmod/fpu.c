// SPDX-License-Identifier: GPL-2.0
/* FPU ownership and FCSR around guest mode (fpu.h). */

#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include <asm/fpu.h>
#include <asm/mipsregs.h>

#include "fpu.h"

/*
 * _restore_fp() is not exported, so the registers are loaded here; the process
 * is n64, so there are 32 of 64 bits.
 */
static void restore_fpr(void)
{
	const struct mips_fpu_struct *fpu = &current->thread.fpu;

#define LDC1(n)	({							\
	asm volatile(".set push; .set hardfloat; ldc1 $f" #n ", %0; .set pop" \
		     : : "m" (fpu->fpr[n].val64[FPR_IDX(64, 0)]));	\
})
	LDC1(0); LDC1(1); LDC1(2); LDC1(3); LDC1(4); LDC1(5); LDC1(6); LDC1(7);
	LDC1(8); LDC1(9); LDC1(10); LDC1(11); LDC1(12); LDC1(13); LDC1(14);
	LDC1(15); LDC1(16); LDC1(17); LDC1(18); LDC1(19); LDC1(20); LDC1(21);
	LDC1(22); LDC1(23); LDC1(24); LDC1(25); LDC1(26); LDC1(27); LDC1(28);
	LDC1(29); LDC1(30); LDC1(31);
#undef LDC1
	write_32bit_cp1_register(CP1_STATUS,
				 fpu->fcr31 & ~mask_fcr31_x(fpu->fcr31));
}

bool dune_fpu_own(void)
{
	if (cpu_has_msa && test_thread_flag(TIF_MSA_CTX_LIVE))
		return false;
	if (test_thread_flag(TIF_32BIT_FPREGS) ||
	    test_thread_flag(TIF_HYBRID_FPREGS))
		return false;
	if (is_fpu_owner())
		return true;
	init_fp_ctx(current);
	if (own_fpu_inatomic(0))
		return false;
	restore_fpr();
	return true;
}

/* The one ctc1 that may trap; the register is written before it does. */
extern const char dune_fcsr_write[];

static noinline void write_fcsr_trapping(u32 fcsr)
{
	asm volatile(".set push; .set hardfloat; .set noreorder\n"
		     ".globl dune_fcsr_write\n"
		     "dune_fcsr_write: ctc1 %0, $31\n"
		     ".set pop" : : "r" (fcsr));
}

static int fpu_die_notify(struct notifier_block *self, unsigned long event,
			  void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (event != DIE_FP || user_mode(regs) ||
	    regs->cp0_epc != (unsigned long)dune_fcsr_write)
		return NOTIFY_DONE;
	regs->cp0_epc += 4;
	return NOTIFY_STOP;
}

static struct notifier_block fpu_die_notifier = {
	.notifier_call = fpu_die_notify,
};

void dune_fpu_enter(struct dune_fpu *fpu)
{
	if (likely(!fpu->cause) || !is_fpu_owner())
		return;
	write_fcsr_trapping(read_32bit_cp1_register(CP1_STATUS) | fpu->cause);
	fpu->cause = 0;
}

void dune_fpu_leave(struct dune_fpu *fpu)
{
	u32 fcsr;

	if (!is_fpu_owner())
		return;
	fcsr = read_32bit_cp1_register(CP1_STATUS);
	fpu->cause = mask_fcr31_x(fcsr);
	if (unlikely(fpu->cause))
		write_32bit_cp1_register(CP1_STATUS, fcsr & ~fpu->cause);
}

int dune_fpu_init(void)
{
	return register_die_notifier(&fpu_die_notifier);
}

void dune_fpu_exit(void)
{
	unregister_die_notifier(&fpu_die_notifier);
}
