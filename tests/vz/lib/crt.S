/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start-up, root exception vectors and the world switch.
 *
 * While the frame is written the interrupted k0 is kept in ErrorEPC, which is
 * plain 64-bit storage on every CPU model, and k1 in memory; so the KScratch
 * registers stay free for the tests.
 */
#include "layout.h"

#define zero	$0
#define at	$1
#define a0	$4
#define k0	$26
#define k1	$27
#define gp	$28
#define sp	$29
#define fp	$30
#define ra	$31

#define C0_BADVADDR	$8, 0
#define C0_BADINSTR	$8, 1
#define C0_BADINSTRP	$8, 2
#define C0_ENTRYHI	$10, 0
#define C0_GUESTCTL1	$10, 4
#define C0_STATUS	$12, 0
#define C0_GUESTCTL0	$12, 6
#define C0_CAUSE	$13, 0
#define C0_EPC		$14, 0
#define C0_EBASE	$15, 1
#define C0_CONTEXT	$4, 0
#define C0_XCONTEXT	$20, 0
#define C0_ERROREPC	$30, 0
#define C0_ENTRYLO0	$2, 0
#define C0_ENTRYLO1	$3, 0
#define C0_KSCRATCH1	$31, 2
#define C0_KSCRATCH2	$31, 3
#define C0_KSCRATCH3	$31, 4

#define STATUS_EXL	0x2
#define STATUS_ERL	0x4
#define STATUS_BEV_KX	0x00400080
#define ENTRYLO_CACHED_D_V 0x1e
#define ENTRYLO_NEXT_PAGE 0x40

	.set	noreorder
	.set	noat

/* ---- Root vectors: k0, k1 put aside, k1 = offset of the vector ---- */

	.section .vectors, "ax"
	.balign	0x1000
vectors:
	.macro	VECTOR offset
	.org	\offset
	dmtc0	k0, C0_ERROREPC
	lui	k0, %hi(interrupted_k1)
	sd	k1, %lo(interrupted_k1)(k0)
	b	save_frame
	 li	k1, \offset
	.endm

	VECTOR	0x000
	VECTOR	0x080
	VECTOR	0x100
	VECTOR	0x180
	VECTOR	0x200
	.org	0x280

/*
 * Vectors of a hypervisor that refills the root TLB in place, KVM's way: the
 * XTLB refill vector maps the page pair of the missing GPA at RPA = GPA -
 * REFILL_OFFSET by TLBWR, counts in KScratch3, and goes back with GM still set.
 * k0 and k1 are the guest's. Everything else is as above.
 */
	.balign	0x1000
	.globl	refill_vectors
refill_vectors:
	.org	0x1000
	b	vectors
	 nop
	.org	0x1080
	dmtc0	k0, C0_KSCRATCH1
	dmtc0	k1, C0_KSCRATCH2
	dmfc0	k0, C0_ENTRYHI
	dsrl	k0, k0, 13
	dsll	k0, k0, 13
	lui	k1, REFILL_OFFSET >> 16
	dsubu	k0, k0, k1
	dsrl	k0, k0, 6
	ori	k0, k0, ENTRYLO_CACHED_D_V
	dmtc0	k0, C0_ENTRYLO0
	daddiu	k0, k0, ENTRYLO_NEXT_PAGE
	dmtc0	k0, C0_ENTRYLO1
	ehb
	tlbwr
	dmfc0	k0, C0_KSCRATCH3
	daddiu	k0, k0, 1
	dmtc0	k0, C0_KSCRATCH3
	dmfc0	k0, C0_KSCRATCH1
	dmfc0	k1, C0_KSCRATCH2
	eret
	.org	0x1180
	b	vectors + 0x180
	 nop
	.org	0x1200
	b	vectors + 0x200
	 nop
	.org	0x1280

/* ---- Frame saved at current; then root_exception() or back to C ---- */

	.text
save_frame:
	lui	k0, %hi(current)
	ld	k0, %lo(current)(k0)
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, \
		   18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 31
	sd	$\n, VCPU_GPR(\n)(k0)
	.endr
	dmfc0	at, C0_ERROREPC
	sd	at, VCPU_GPR(26)(k0)
	lui	at, %hi(interrupted_k1)
	ld	at, %lo(interrupted_k1)(at)
	sd	at, VCPU_GPR(27)(k0)
#if __mips_isa_rev < 6
	mfhi	at
	sd	at, VCPU_HI(k0)
	mflo	at
	sd	at, VCPU_LO(k0)
#endif
	dmfc0	at, C0_EPC
	sd	at, VCPU_EPC(k0)
	dmfc0	at, C0_BADVADDR
	sd	at, VCPU_BADVADDR(k0)
	dmfc0	at, C0_ENTRYHI
	sd	at, VCPU_ENTRYHI(k0)
	dmfc0	at, C0_CONTEXT
	sd	at, VCPU_CONTEXT(k0)
	dmfc0	at, C0_XCONTEXT
	sd	at, VCPU_XCONTEXT(k0)
	mfc0	at, C0_STATUS
	sw	at, VCPU_STATUS(k0)
	mfc0	at, C0_CAUSE
	sw	at, VCPU_CAUSE(k0)
	mfc0	at, C0_BADINSTR
	sw	at, VCPU_BADINSTR(k0)
	mfc0	at, C0_BADINSTRP
	sw	at, VCPU_BADINSTRP(k0)
	mfc0	at, C0_GUESTCTL0
	sw	at, VCPU_GUESTCTL0(k0)
	mfc0	at, C0_GUESTCTL1
	sw	at, VCPU_GUESTCTL1(k0)
	sw	k1, VCPU_VECTOR(k0)

	lui	at, %hi(root_frame)
	daddiu	at, at, %lo(root_frame)
	bne	k0, at, leave
	 nop

	/* Taken in C code: EXL stays set, the stack is the interrupted one. */
	daddiu	sp, sp, -16
	jal	root_exception
	 move	a0, k0
	lui	k0, %hi(root_frame)
	daddiu	k0, k0, %lo(root_frame)

/* ---- k0 = frame; EXL = 1, so this is root kernel mode whatever GM says ---- */
load_frame:
	ld	at, VCPU_EPC(k0)
	dmtc0	at, C0_EPC
#if __mips_isa_rev < 6
	ld	at, VCPU_HI(k0)
	mthi	at
	ld	at, VCPU_LO(k0)
	mtlo	at
#endif
	ehb
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, \
		   18, 19, 20, 21, 22, 23, 24, 25, 27, 28, 29, 30, 31
	ld	$\n, VCPU_GPR(\n)(k0)
	.endr
	ld	k0, VCPU_GPR(26)(k0)
	eret

/* ---- world_switch: C's callee-saved registers are on the stack ---- */

	.macro	ENTER
	daddiu	sp, sp, -96
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23
	sd	$\n, (8 * (\n - 16))(sp)
	.endr
	sd	gp, 64(sp)
	sd	fp, 72(sp)
	sd	ra, 80(sp)
	lui	at, %hi(root_sp)
	sd	sp, %lo(root_sp)(at)
	lw	at, VCPU_ENTRY_STATUS(a0)
	ori	at, at, STATUS_EXL
	mtc0	at, C0_STATUS
	ehb
	lui	at, %hi(current)
	sd	a0, %lo(current)(at)
	lw	at, VCPU_ENTRY_GUESTCTL0(a0)
	mtc0	at, C0_GUESTCTL0
	ehb
	.endm

	.globl	world_switch
world_switch:
	ENTER
	b	load_frame
	 move	k0, a0

/* By the MTC0 that clears EXL; GM is set already. */
	.globl	world_switch_exl
world_switch_exl:
	ENTER
	lw	at, VCPU_ENTRY_STATUS(a0)
	lui	k0, %hi(clear_exl)
	daddiu	k0, k0, %lo(clear_exl)
	jr	k0
	 nop

/* By the MTC0 that sets GM; EXL is clear already, and IE too until it is in. */
	.globl	world_switch_gm
world_switch_gm:
	ENTER
	lw	at, VCPU_ENTRY_GUESTCTL0(a0)
	ins	at, zero, 31, 1
	mtc0	at, C0_GUESTCTL0
	ehb
	lw	at, VCPU_ENTRY_STATUS(a0)
	mtc0	at, C0_STATUS
	ehb
	lw	at, VCPU_ENTRY_GUESTCTL0(a0)
	lui	k0, %hi(set_gm)
	daddiu	k0, k0, %lo(set_gm)
	jr	k0
	 nop

/* By ERET from error level: ERL set, EXL clear, the guest's PC in ErrorEPC. */
	.globl	world_switch_erl
world_switch_erl:
	ENTER
	ld	at, VCPU_EPC(a0)
	dmtc0	at, C0_ERROREPC
	lw	at, VCPU_ENTRY_STATUS(a0)
	ori	at, at, STATUS_ERL
	mtc0	at, C0_STATUS
	ehb
	eret

	.section .entry_page, "ax"
	.balign	0x1000
	.globl	entry_page
entry_page:
clear_exl:
	mtc0	at, C0_STATUS
	ehb
	/* Reached only if guest mode was not entered: the watchdog ends it. */
1:	b	1b
	 nop
set_gm:
	mtc0	at, C0_GUESTCTL0
	ehb
1:	b	1b
	 nop
	.balign	0x1000

	.text
leave:
	mfc0	at, C0_GUESTCTL0
	ins	at, zero, 31, 1
	mtc0	at, C0_GUESTCTL0
	ehb
	lui	at, %hi(root_frame)
	daddiu	at, at, %lo(root_frame)
	lui	k0, %hi(current)
	sd	at, %lo(current)(k0)
	/* IE stays clear: the watchdog may be what brought us here. */
	li	at, ROOT_STATUS & ~1
	mtc0	at, C0_STATUS
	ehb
	lui	at, %hi(root_sp)
	ld	sp, %lo(root_sp)(at)
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23
	ld	$\n, (8 * (\n - 16))(sp)
	.endr
	ld	gp, 64(sp)
	ld	fp, 72(sp)
	ld	ra, 80(sp)
	jr	ra
	 daddiu	sp, sp, 96

/* ---- Start: BEV is 1, so EBase may be written ---- */

	.section .text.start, "ax"
	.globl	_start
_start:
	li	at, STATUS_BEV_KX
	mtc0	at, C0_STATUS
	mtc0	zero, C0_CAUSE
	lui	at, %hi(vectors)
	daddiu	at, at, %lo(vectors)
	mtc0	at, C0_EBASE
	ehb
	li	at, ROOT_STATUS & ~1
	mtc0	at, C0_STATUS
	ehb
	lui	sp, %hi(stack_top)
	daddiu	sp, sp, %lo(stack_top)
	jal	main
	 nop
1:	b	1b
	 nop

	.data
	.balign	8
current:
	.dword	root_frame

	.bss
	.balign	16
root_sp:
	.space	8
interrupted_k1:
	.space	8
	.balign	16
stack:
	.space	0x4000
stack_top:
	.globl	root_frame
root_frame:
	.space	512

/* ---- Guest vectors: report the offset, touch nothing ---- */

	.section .guest_vectors, "ax"
	.set	offset, 0
	.rept	0x1000 / 0x20
	hypcall	HC_VECTOR(offset)
	.fill	7, 4, 0
	.set	offset, offset + 0x20
	.endr
