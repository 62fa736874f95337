/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * switch.S - between the program's registers and the host loop's, in host mode.
 */
#include "../offsets.h"

#define v0	$2
#define v1	$3
#define a0	$4
#define a1	$5
#define a2	$6
#define a3	$7
#define s0	$16
#define s1	$17
#define t9	$25
#define gp	$28
#define sp	$29
#define fp	$30
#define ra	$31

	.text
	.set	noreorder
	.set	noat

/*
 * int dune_switch_enter(struct dune_vcpu *vcpu, struct dune_regs *regs,
 *			 void *host_stack, void (*loop)(struct dune_vcpu *))
 *
 * Leaves in @regs what the caller expects of a function that returns 0, and
 * calls @loop on the host stack. It is guest mode that returns.
 */
	.globl	dune_switch_enter
	.hidden	dune_switch_enter
	.ent	dune_switch_enter
dune_switch_enter:
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 28, 29, 30
	sd	$\n, REGS_GPR(\n)(a1)
	.endr
	sd	$0, REGS_GPR(2)(a1)
	sd	ra, REGS_PC(a1)
	move	sp, a2
	move	t9, a3
	move	ra, $0				/* the end of every backtrace */
	jr	t9
	 move	fp, $0
	.end	dune_switch_enter

/*
 * noreturn void dune_switch_resume(const struct dune_regs *regs)
 *
 * Goes on with @regs in host mode. t9 carries the target: it is dead at a
 * function's return and behind a system call, the two places this leads to.
 */
	.globl	dune_switch_resume
	.hidden	dune_switch_resume
	.ent	dune_switch_resume
dune_switch_resume:
	move	t9, a0
#if __mips_isa_rev < 6
	ld	v0, REGS_HI(t9)
	ld	v1, REGS_LO(t9)
	mthi	v0
	mtlo	v1
#endif
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, \
		17, 18, 19, 20, 21, 22, 23, 24, 28, 29, 30, 31
	ld	$\n, REGS_GPR(\n)(t9)
	.endr
	ld	t9, REGS_PC(t9)
	jr	t9
	 nop
	.end	dune_switch_resume

/*
 * void dune_switch_clone(struct dune_regs *regs, const struct dune_regs *child)
 *
 * The system call in @regs, a kind of clone. The parent returns with v0, v1 and
 * a3 in @regs; the child, which has another stack or another copy of this one,
 * goes on with @child.
 */
	.globl	dune_switch_clone
	.hidden	dune_switch_clone
	.ent	dune_switch_clone
dune_switch_clone:
	daddiu	sp, sp, -16
	sd	s0, 0(sp)
	sd	s1, 8(sp)
	move	s0, a0
	move	s1, a1
	.irp	n, 2, 5, 6, 7, 8, 9
	ld	$\n, REGS_GPR(\n)(s0)
	.endr
	ld	a0, REGS_GPR(4)(s0)
	syscall
	bnez	a3, 1f
	 nop
	bnez	v0, 1f
	 nop
	b	dune_switch_resume
	 move	a0, s1

1:	sd	v0, REGS_GPR(2)(s0)
	sd	v1, REGS_GPR(3)(s0)
	sd	a3, REGS_GPR(7)(s0)
	ld	s0, 0(sp)
	ld	s1, 8(sp)
	jr	ra
	 daddiu	sp, sp, 16
	.end	dune_switch_clone

	.section .note.GNU-stack, "", @progbits
