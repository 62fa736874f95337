/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is loaded when root leaves by ERET, and what root finds when it comes
 * back by an exception.
 */
#ifndef VZ_VCPU_H
#define VZ_VCPU_H

#include "layout.h"
#include "types.h"

struct vcpu {
	/* In and out. */
	u64 gpr[32];
	u64 hi, lo;
	u64 epc;
	/* Out: root CP0 as the exception left it. */
	u64 badvaddr, entryhi, context, xcontext;
	/* In: root Status (EXL is added) and GuestCtl0 (GM included). */
	u32 entry_status, entry_guestctl0;
	/* Out. */
	u32 status, cause, badinstr, badinstrp;
	u32 guestctl0, guestctl1;
	/* Out: offset from root EBase of the vector taken. */
	u32 vector;
};

#define VCPU_ASSERT(field, offset) \
	_Static_assert(offsetof(struct vcpu, field) == (offset), #field)
VCPU_ASSERT(hi, VCPU_HI);
VCPU_ASSERT(lo, VCPU_LO);
VCPU_ASSERT(epc, VCPU_EPC);
VCPU_ASSERT(badvaddr, VCPU_BADVADDR);
VCPU_ASSERT(entryhi, VCPU_ENTRYHI);
VCPU_ASSERT(context, VCPU_CONTEXT);
VCPU_ASSERT(xcontext, VCPU_XCONTEXT);
VCPU_ASSERT(entry_status, VCPU_ENTRY_STATUS);
VCPU_ASSERT(entry_guestctl0, VCPU_ENTRY_GUESTCTL0);
VCPU_ASSERT(status, VCPU_STATUS);
VCPU_ASSERT(cause, VCPU_CAUSE);
VCPU_ASSERT(badinstr, VCPU_BADINSTR);
VCPU_ASSERT(badinstrp, VCPU_BADINSTRP);
VCPU_ASSERT(guestctl0, VCPU_GUESTCTL0);
VCPU_ASSERT(guestctl1, VCPU_GUESTCTL1);
VCPU_ASSERT(vector, VCPU_VECTOR);

/*
 * Load @v, ERET, and return after the next root exception. With GM set in
 * entry_guestctl0 that enters guest mode; without it, whatever root mode
 * entry_status describes. On return root is in kernel mode with ROOT_STATUS
 * less IE, and GM is clear.
 */
void world_switch(struct vcpu *v);

/*
 * The other ways in; guest GPRs are not loaded. By the MTC0 that clears
 * Status.EXL, by the one that sets GuestCtl0.GM, both in entry_page, a page of
 * its own; and by ERET from error level to v->epc.
 */
void world_switch_exl(struct vcpu *v);
void world_switch_gm(struct vcpu *v);
void world_switch_erl(struct vcpu *v);
extern const u32 entry_page[];

#endif
