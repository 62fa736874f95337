/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * vectors.S - the guest's exception vectors: what runs in guest kernel mode
 * without being called. Guest EBase is the XKPHYS alias of this page, so that
 * fetching it takes no guest TLB entry; and as long as EXL is set it reaches
 * memory through XKPHYS only, so that a refill never nests (mips-vz.md §7.2).
 *
 * Guest registers that belong to the library, set by dune_vec_start:
 *	KScratch1 (31,2)	struct dune_vcpu of the thread, XKPHYS
 *	KScratch2 (31,3)	root of the page table, XKPHYS
 * k0 and k1 are free in every vector, as in any MIPS kernel.
 */
#include "../offsets.h"

#define zero	$0
#define v0	$2
#define a0	$4
#define a1	$5
#define t0	$12
#define t1	$13
#define t2	$14
#define t3	$15
#define t9	$25
#define k0	$26
#define k1	$27
#define sp	$29
#define ra	$31

#define C0_INDEX	$0
#define C0_ENTRYLO0	$2
#define C0_ENTRYLO1	$3
#define C0_PAGEMASK	$5
#define C0_BADVADDR	$8
#define C0_BADINSTR	$8, 1
#define C0_BADINSTRP	$8, 2
#define C0_ENTRYHI	$10
#define C0_STATUS	$12
#define C0_CAUSE	$13
#define C0_EPC		$14
#define C0_VCPU		$31, 2
#define C0_ROOT		$31, 3

#define STATUS_EXL	0x2
#define CAUSE_EXCCODE	0x7c
#define EXCCODE_SYS	(8 << 2)
#define ENTRYHI_ASID	0x3ff
#define ENTRYHI_EHINV	0x400

/* EntryLo: cacheable (C=3), dirty, valid. */
#define PTE_IDENTITY	0x1e
/* Both halves of a pair are 1 MiB: PageMask, and the distance of their PFNs. */
#define PAGEMASK_1M_HIGH	0x1f
#define PAGEMASK_1M_LOW		0xe000
#define PTE_NEXT_1M		0x4000

/* rd = base + 8 * (index field of the address in rd); rd is the address. */
.macro table_entry rd, base, pos
	dext	\rd, \rd, \pos, 9
	dsll	\rd, \rd, 3
	daddu	\rd, \rd, \base
.endm

/* dst = XKPHYS alias of the user address src */
.macro xkphys dst, src
	li	\dst, XKPHYS_CACHED_HIGH
	dsll32	\dst, \dst, 16
	or	\dst, \dst, \src
.endm

.macro each_gpr insn, base
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, \
		17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 30, 31
	\insn	$\n, FRAME_GPR(\n)(\base)
	.endr
.endm

.macro save_c0 insn, offset, reg:vararg
	\insn	k1, \reg
	sd	k1, \offset(k0)
.endm

	.section .text.dune_vectors, "ax", @progbits
	.set	noreorder
	.set	noat
	.set	mips64r5
	.set	virt
	.set	eva
	.balign	4096

	.globl	dune_vectors
	.hidden	dune_vectors
	.type	dune_vectors, @object
dune_vectors:

/* 0x000: refill of a 32-bit segment; 0x080: the one that UX and KX select. */
	.org	dune_vectors + 0x000
	b	vec_refill
	 dmfc0	k0, C0_BADVADDR

	.org	dune_vectors + 0x080
	b	vec_refill
	 dmfc0	k0, C0_BADVADDR

/* 0x100: cache error. Root takes those; never reached. */
	.org	dune_vectors + 0x100
	b	vec_trap
	 nop

/*
 * 0x180: everything else. A `syscall` becomes a HYPCALL on the spot: all
 * registers are the program's, dune.ko hands them to the host loop, which puts
 * v0, v1 and a3 back. In a branch delay slot it is a trap like the others.
 */
	.org	dune_vectors + 0x180
	mfc0	k0, C0_CAUSE
	andi	k1, k0, CAUSE_EXCCODE
	xori	k1, k1, EXCCODE_SYS
	bnez	k1, vec_trap
	 nop
	bltz	k0, vec_trap
	 nop
	hypcall	0
	dmfc0	k0, C0_EPC
	daddiu	k0, k0, 4
	dmtc0	k0, C0_EPC
	ehb
	eret

/* 0x200: interrupts, if the program sets Cause.IV. */
	.org	dune_vectors + 0x200
	b	vec_trap
	 nop

/*
 * Refill. k0: the address. Walks four levels of 512 entries of 8 bytes; a zero
 * above the last level means that the whole 2 MiB around the address are the
 * identity, and one entry of two 1 MiB pages covers them. Tables of the last
 * level are complete: every entry is an EntryLo.
 */
vec_refill:
	dmfc0	k1, C0_ROOT
	dsrl32	k0, k0, 16			/* bits 63:48 */
	bnez	k0, vec_trap			/* no such address: a TLB trap */
	 dmfc0	k0, C0_BADVADDR
	table_entry k0, k1, 39
	ld	k1, 0(k0)
	beqz	k1, 1f
	 dmfc0	k0, C0_BADVADDR
	table_entry k0, k1, 30
	ld	k1, 0(k0)
	beqz	k1, 1f
	 dmfc0	k0, C0_BADVADDR
	table_entry k0, k1, 21
	ld	k1, 0(k0)
	beqz	k1, 1f
	 dmfc0	k0, C0_BADVADDR

	dext	k0, k0, 13, 8			/* pair of entries, 16 bytes */
	dsll	k0, k0, 4
	daddu	k1, k1, k0
	ld	k0, 0(k1)
	ld	k1, 8(k1)
	dmtc0	k0, C0_ENTRYLO0
	dmtc0	k1, C0_ENTRYLO1
	mtc0	zero, C0_PAGEMASK
	ehb
	tlbwr
	eret

1:	dsrl	k0, k0, 21			/* k0: address -> EntryLo */
	dsll	k0, k0, 21 - 12 + 6
	ori	k0, k0, PTE_IDENTITY
	dmtc0	k0, C0_ENTRYLO0
	ori	k0, k0, PTE_NEXT_1M
	dmtc0	k0, C0_ENTRYLO1
	lui	k0, PAGEMASK_1M_HIGH
	ori	k0, k0, PAGEMASK_1M_LOW
	mtc0	k0, C0_PAGEMASK
	ehb
	tlbwr
	eret

/*
 * Trap. The frame goes on the thread's trap stack: at its top, or below sp if
 * the trap interrupted a handler that is already on it.
 */
vec_trap:
	dmfc0	k0, C0_VCPU
	ld	k1, VCPU_TRAP_LOW(k0)
	sltu	k1, k1, sp			/* k1: low < sp */
	beqz	k1, 1f
	 ld	k0, VCPU_TRAP_HIGH(k0)
	sltu	k1, k0, sp			/* k1: high < sp */
	bnez	k1, 1f
	 nop
	move	k0, sp				/* nested */
1:	daddiu	k1, k0, -FRAME_SIZE
	dins	k1, zero, 0, 4			/* k1: frame, 16-byte aligned */
	xkphys	k0, k1				/* k0: the same, unmapped */

	each_gpr sd, k0
	sd	sp, FRAME_GPR(29)(k0)
	sd	zero, FRAME_GPR(0)(k0)
	sd	zero, FRAME_GPR(26)(k0)
	sd	zero, FRAME_GPR(27)(k0)
	move	sp, k1
	move	a0, k1
#if __mips_isa_rev < 6
	mfhi	t0
	mflo	t1
	sd	t0, FRAME_HI(k0)
	sd	t1, FRAME_LO(k0)
#else
	sd	zero, FRAME_HI(k0)
	sd	zero, FRAME_LO(k0)
#endif
	save_c0	dmfc0, FRAME_EPC, C0_EPC
	save_c0	dmfc0, FRAME_BADVADDR, C0_BADVADDR
	save_c0	mfc0, FRAME_STATUS, C0_STATUS
	save_c0	mfc0, FRAME_CAUSE, C0_CAUSE
	save_c0	mfc0, FRAME_BADINSTR, C0_BADINSTR
	save_c0	mfc0, FRAME_BADINSTRP, C0_BADINSTRP

	/*
	 * The frame is complete: exceptions on, interrupts off, kernel mode.
	 * sp and a0 hold the frame's ordinary address.
	 */
	dmfc0	k0, C0_VCPU
	ld	t9, VCPU_DISPATCH(k0)
	mfc0	t0, C0_STATUS
	dins	t0, zero, 0, 5			/* IE, EXL, ERL, KSU */
	mtc0	t0, C0_STATUS
	ehb
	jalr	t9				/* dune_trap_dispatch(frame) */
	 nop

	/* Back, in guest mode, sp is the frame. EXL protects EPC and k0. */
	mfc0	t0, C0_STATUS
	ori	t0, t0, STATUS_EXL
	mtc0	t0, C0_STATUS
	ehb
	xkphys	k0, sp
	ld	t0, FRAME_EPC(k0)
	ld	t1, FRAME_STATUS(k0)
	dmtc0	t0, C0_EPC
	ori	t1, t1, STATUS_EXL
	mtc0	t1, C0_STATUS
#if __mips_isa_rev < 6
	ld	t0, FRAME_HI(k0)
	ld	t1, FRAME_LO(k0)
	mthi	t0
	mtlo	t1
#endif
	each_gpr ld, k0
	ld	sp, FRAME_GPR(29)(k0)
	ehb
	eret

/*
 * Start, and start again after the page table was changed by another thread.
 * k0: struct dune_vcpu (XKPHYS); k1: where to go; the rest is the program's.
 * Runs through XKPHYS, since before it nothing is mapped.
 */
	.globl	dune_vec_start
	.hidden	dune_vec_start
dune_vec_start:
	dmtc0	k0, C0_VCPU
	ld	k0, VCPU_ROOT(k0)
	dmtc0	k0, C0_ROOT
	ehb
	tlbinvf
	ehb
	jr	k1
	 nop

/*
 * The rest is called by C, at its XKPHYS address and with nothing but registers:
 * a refill between the instructions would change EntryHi. IE is off meanwhile.
 */
.macro probe
	di	t3				/* t3: Status before */
	ehb
	dmfc0	t0, C0_ENTRYHI			/* t0: EntryHi before */
	andi	t1, t0, ENTRYHI_ASID
	dins	a0, zero, 0, 13
	or	a0, a0, t1
	dmtc0	a0, C0_ENTRYHI
	ehb
	tlbp
	ehb
	mfc0	t2, C0_INDEX			/* t2: negative if not found */
.endm

.macro restore_and_return
	dmtc0	t0, C0_ENTRYHI
	mtc0	t3, C0_STATUS
	ehb
	jr	ra
	 nop
.endm

/* a0: address. Drops the entry pair that maps it, if there is one. */
	.globl	dune_vec_tlb_invalidate
	.hidden	dune_vec_tlb_invalidate
dune_vec_tlb_invalidate:
	probe
	bltz	t2, 1f
	 li	t1, ENTRYHI_EHINV
	dmtc0	t1, C0_ENTRYHI
	ehb
	tlbwi
1:	restore_and_return

/* a0: address. v0: 1 if the guest TLB maps it (valid or not), else 0. */
	.globl	dune_vec_tlb_probe
	.hidden	dune_vec_tlb_probe
dune_vec_tlb_probe:
	probe
	slti	v0, t2, 0
	xori	v0, v0, 1
	restore_and_return

/* Drops every entry. */
	.globl	dune_vec_tlb_flush
	.hidden	dune_vec_tlb_flush
dune_vec_tlb_flush:
	tlbinvf
	ehb
	jr	ra
	 nop

	.org	dune_vectors + 4096
	.size	dune_vectors, 4096

	.section .note.GNU-stack, "", @progbits
