// SPDX-License-Identifier: GPL-2.0
/* Offsets of struct dune_ctx for entry.S; Kbuild turns them into a header. */

#include <linux/kbuild.h>
#include <linux/stddef.h>

#include "entry.h"

void dune_asm_offsets(void);

void dune_asm_offsets(void)
{
	OFFSET(CTX_GPR, dune_ctx, regs.gpr);
	OFFSET(CTX_HI, dune_ctx, regs.hi);
	OFFSET(CTX_LO, dune_ctx, regs.lo);
	OFFSET(CTX_PC, dune_ctx, regs.pc);
	OFFSET(CTX_GUESTCTL0, dune_ctx, guestctl0);
	OFFSET(CTX_CAUSE, dune_ctx, cause);
	OFFSET(CTX_BADVADDR, dune_ctx, badvaddr);
	OFFSET(CTX_BADINSTR, dune_ctx, badinstr);
	OFFSET(CTX_HOST_STATUS, dune_ctx, host_status);
	OFFSET(CTX_HOST_EBASE, dune_ctx, host_ebase);
	OFFSET(CTX_HOST_SP, dune_ctx, host_sp);
}
