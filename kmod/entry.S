/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must run in unmapped memory: the world switch, the vectors it needs, and
 * the TLB operations that use GuestCtl1.RID (entry.h says why).
 *
 * The image is position independent: it is copied to the start of a page of
 * each CPU, and all branches are relative. Interrupts are off throughout, so
 * a register of the kernel that is not named here is left as it was.
 */
#include <asm/asm.h>
#include <asm/mipsregs.h>
#include <asm/regdef.h>

#include "dune-asm-offsets.h"
#include "entry.h"

	.set	noreorder
	.set	noat

/* CP0 registers as rd, sel */
#define ENTRYHI		$10, 0
#define INDEX		$0, 0
#define ENTRYLO0	$2, 0
#define ENTRYLO1	$3, 0
#define BADVADDR	$8, 0
#define BADINSTR	$8, 1
#define GUESTCTL1	$10, 4
#define STATUS		$12, 0
#define GUESTCTL0	$12, 6
#define CAUSE		$13, 0
#define EPC		$14, 0
#define EBASE		$15, 1
#define ERROREPC	$30, 0

/* TLB instructions that the assembler's base ISA may not know */
#define TLBINVF		.word 0x42000004
#define TLBGINVF	.word 0x4200000c

#define GPR(n)		(CTX_GPR + 8 * (n))

/* Callee-saved registers of the kernel, on its stack while guest mode runs. */
#define FRAME		96

/* Registers $1 to $25 and $28 to $31: all but k0, k1, which are the scratch. */
	.macro	for_each_gpr op, base
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, \
		18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 31
	\op	$\n, GPR(\n)(\base)
	.endr
	.endm

	.macro	for_each_saved op
	\op	s0, 0(sp)
	\op	s1, 8(sp)
	\op	s2, 16(sp)
	\op	s3, 24(sp)
	\op	s4, 32(sp)
	\op	s5, 40(sp)
	\op	s6, 48(sp)
	\op	s7, 56(sp)
	\op	s8, 64(sp)
	\op	gp, 72(sp)
	\op	ra, 80(sp)
	.endm

/*
 * One vector. Every root exception out of guest mode is treated alike, since
 * Cause tells them apart. ErrorEPC keeps guest k0: nothing uses it but errors
 * that end the machine, and it needs no share of the few KScratch registers.
 */
	.macro	vector offset
	.org	dune_image + \offset
	dmtc0	k0, ERROREPC
	b	dune_exit
	 nop
	.endm

	.text
	.balign	8
FEXPORT(dune_image)
	vector	0x000			/* TLB refill */
	vector	0x080			/* XTLB refill: Root.Status.KX is set */
	/*
	 * 0x100, cache error: Linux panics on one, and with this EBase the CPU
	 * would not even come here (it forces an address bit). Nothing to do.
	 */
	vector	0x180			/* general */
	vector	0x200			/* vectored interrupts, VECTORSPACING apart */
	vector	0x300
	vector	0x400
	vector	0x500
	vector	0x600
	vector	0x700
	vector	0x800
	vector	0x900
	.org	dune_image + 0x200 + DUNE_VECTORS * 0x100

/*
 * void dune_enter_guest(struct dune_ctx *ctx, void *page)
 */
LEAF(dune_enter_guest)
	daddiu	sp, -FRAME
	for_each_saved sd
	sd	sp, CTX_HOST_SP(a0)
	sd	a0, DUNE_PAGE_CTX(a1)

	/* EBase := this page. It may only change while BEV is set. */
	mfc0	t0, STATUS
	dmfc0	t1, EBASE
	sd	t0, CTX_HOST_STATUS(a0)
	sd	t1, CTX_HOST_EBASE(a0)
	lui	t2, %hi(ST0_BEV)
	or	t2, t0, t2
	mtc0	t2, STATUS
	ehb
	ori	t3, a1, MIPS_EBASE_WG
	dmtc0	t3, EBASE

	/*
	 * Root.Status of guest mode: the kernel's interrupt mask and coprocessors
	 * (they restrict the guest too, mips-vz.md §4), and IE, without effect
	 * until ERET clears EXL. KX: a miss on a GPA uses the XTLB vector.
	 */
	ori	t0, t0, ST0_IE | ST0_EXL | ST0_KX
	mtc0	t0, STATUS
	ehb

	/* With EXL set, GM does not take effect before ERET either. */
	ld	t1, CTX_GUESTCTL0(a0)
	mtc0	t1, GUESTCTL0
	ld	t2, CTX_PC(a0)
	dmtc0	t2, EPC

	/* The guest's registers; k0 holds the context to the last. */
#ifndef CONFIG_CPU_MIPSR6
	ld	t0, CTX_HI(a0)
	ld	t1, CTX_LO(a0)
	mthi	t0
	mtlo	t1
#endif
	move	k0, a0
	for_each_gpr ld, k0
	ld	k1, GPR(27)(k0)
	ld	k0, GPR(26)(k0)
	eret

/*
 * Out of guest mode: EXL is set, EBase is this page, guest k0 is in ErrorEPC.
 * Ends as the return of dune_enter_guest().
 */
dune_exit:
	ehb
	/* k0 := context; the low 12 bits of EBase are WG and CPUNum. */
	dmfc0	k0, EBASE
	dsrl	k0, k0, 12
	dsll	k0, k0, 12
	ld	k0, DUNE_PAGE_CTX(k0)

	/* The guest's registers. */
	sd	k1, GPR(27)(k0)
	dmfc0	k1, ERROREPC
	sd	k1, GPR(26)(k0)
	for_each_gpr sd, k0
#ifndef CONFIG_CPU_MIPSR6
	mfhi	t0
	mflo	t1
	sd	t0, CTX_HI(k0)
	sd	t1, CTX_LO(k0)
#endif

	/* Why: before anything can overwrite it. */
	dmfc0	t0, EPC
	mfc0	t1, CAUSE
	dmfc0	t2, BADVADDR
	mfc0	t3, BADINSTR
	sd	t0, CTX_PC(k0)
	sd	t1, CTX_CAUSE(k0)
	sd	t2, CTX_BADVADDR(k0)
	sd	t3, CTX_BADINSTR(k0)

	/* GM clear before EXL: guest mode is GM without EXL. */
	mfc0	t0, GUESTCTL0
	ins	t0, zero, MIPS_GCTL0_GM_SHIFT, 1
	mtc0	t0, GUESTCTL0
	sd	t0, CTX_GUESTCTL0(k0)
	ehb

	/* EBase := the kernel's, upper half through WG, WG itself as it was. */
	ld	t0, CTX_HOST_STATUS(k0)
	ld	t1, CTX_HOST_EBASE(k0)
	lui	t2, %hi(ST0_BEV)
	or	t2, t0, t2
	ori	t2, t2, ST0_EXL
	mtc0	t2, STATUS
	ehb
	ori	t3, t1, MIPS_EBASE_WG
	dmtc0	t3, EBASE
	dmtc0	t1, EBASE
	ehb

	/* Status := the kernel's, with BEV, EXL and IE clear. */
	mtc0	t0, STATUS
	ehb

	ld	sp, CTX_HOST_SP(k0)
	for_each_saved ld
	jr	ra
	 daddiu	sp, FRAME
	END(dune_enter_guest)

/*
 * void dune_root_tlb_write(entryhi, entrylo0, entrylo1, guestctl1)
 *
 * The probe comes first because an entry for the pair may exist, with its other
 * half valid: two that match are a machine check. EntryHi.ASID is the kernel's
 * and is put back; PageMask is the page size of the kernel, always.
 */
LEAF(dune_root_tlb_write)
	dmfc0	t0, ENTRYHI
	mfc0	t1, GUESTCTL1
	mtc0	a3, GUESTCTL1
	dmtc0	a0, ENTRYHI
	dmtc0	a1, ENTRYLO0
	dmtc0	a2, ENTRYLO1
	ehb
	tlbp
	ehb
	mfc0	t2, INDEX
	bltz	t2, 1f
	 nop
	tlbwi
	b	2f
	 nop
1:	tlbwr
2:	mtc0	t1, GUESTCTL1
	dmtc0	t0, ENTRYHI
	ehb
	jr	ra
	 nop
	END(dune_root_tlb_write)

/*
 * void dune_root_tlb_flush(guestctl1, first, end)
 */
LEAF(dune_root_tlb_flush)
	mfc0	t0, GUESTCTL1
	mtc0	a0, GUESTCTL1
	mtc0	zero, INDEX
	ehb
	TLBINVF
1:	beq	a1, a2, 2f
	 nop
	mtc0	a1, INDEX
	ehb
	TLBINVF
	b	1b
	 daddiu	a1, a1, 1
2:	mtc0	t0, GUESTCTL1
	ehb
	jr	ra
	 nop
	END(dune_root_tlb_flush)

/*
 * void dune_guest_tlb_flush(guestctl1)
 */
LEAF(dune_guest_tlb_flush)
	mfc0	t0, GUESTCTL1
	mtc0	a0, GUESTCTL1
	ehb
	TLBGINVF
	mtc0	t0, GUESTCTL1
	ehb
	jr	ra
	 nop
	END(dune_guest_tlb_flush)

	/* An error here, "move .org backwards", means that the page is too small. */
	.org	dune_image + DUNE_PAGE_CTX
EXPORT(dune_image_end)
