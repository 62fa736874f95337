/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * offsets.h - where assembly finds things; checked against the C structures in
 * layout.c.
 */
#ifndef _DUNE_OFFSETS_H
#define _DUNE_OFFSETS_H

/* Unmapped cached segment: | user address = the same memory, no guest TLB. */
#define XKPHYS_CACHED_HIGH	0x9800		/* bits 63:48 */

/* struct dune_frame */
#define FRAME_GPR(n)		((n) * 8)
#define FRAME_HI		256
#define FRAME_LO		264
#define FRAME_EPC		272
#define FRAME_BADVADDR		280
#define FRAME_STATUS		288
#define FRAME_CAUSE		296
#define FRAME_BADINSTR		304
#define FRAME_BADINSTRP		312
#define FRAME_SIZE		320

/* struct dune_regs */
#define REGS_GPR(n)		((n) * 8)
#define REGS_HI			256
#define REGS_LO			264
#define REGS_PC			272

/* struct dune_vcpu */
#define VCPU_ROOT		0
#define VCPU_TRAP_LOW		8
#define VCPU_TRAP_HIGH		16
#define VCPU_DISPATCH		24

#endif
