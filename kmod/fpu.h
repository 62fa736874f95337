/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The FPU of a vCPU is the thread's own: guest mode uses the registers that the
 * thread has in host mode, and Root.Status.CU1 stays as Linux's lazy ownership
 * has it. All functions: interrupts off.
 */
#ifndef _DUNE_FPU_H
#define _DUNE_FPU_H

#include <linux/types.h>

/*
 * struct dune_fpu - what Linux does not keep for the thread.
 * @cause: FCSR.Cause bits that are enabled (Unimplemented Operation always is),
 *	taken out of FCSR while the vCPU is not in guest mode; 0 for none.
 */
struct dune_fpu {
	u32 cause;
};

/*
 * dune_fpu_own() - give the thread the FPU with its registers, after a root
 * Coprocessor Unusable. Returns false if only Linux can do that, on a real use
 * of the FPU in host mode: MSA state to restore, an FPU mode of another ABI.
 */
bool dune_fpu_own(void);

/*
 * Around guest mode. A guest that handles a floating point exception has Cause
 * bits set in FCSR that are enabled, and Linux, which never has, would trap in
 * the kernel when it reloads FCSR. So they are put aside outside guest mode.
 */
void dune_fpu_enter(struct dune_fpu *fpu);
void dune_fpu_leave(struct dune_fpu *fpu);

/* The handler that dune_fpu_enter() needs. */
int dune_fpu_init(void);
void dune_fpu_exit(void);

#endif
