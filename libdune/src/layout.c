// SPDX-License-Identifier: LGPL-2.1-only
/* layout.c - offsets.h says the same as the C structures. */
#include "internal.h"

#define CHECK(type, member, offset)					\
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member)

CHECK(dune_frame, gpr[31], FRAME_GPR(31));
CHECK(dune_frame, hi, FRAME_HI);
CHECK(dune_frame, lo, FRAME_LO);
CHECK(dune_frame, epc, FRAME_EPC);
CHECK(dune_frame, badvaddr, FRAME_BADVADDR);
CHECK(dune_frame, status, FRAME_STATUS);
CHECK(dune_frame, cause, FRAME_CAUSE);
CHECK(dune_frame, badinstr, FRAME_BADINSTR);
CHECK(dune_frame, badinstrp, FRAME_BADINSTRP);
_Static_assert(sizeof(struct dune_frame) == FRAME_SIZE, "dune_frame");
_Static_assert(FRAME_SIZE % 16 == 0, "n64 keeps sp aligned to 16 bytes");

CHECK(dune_regs, gpr[31], REGS_GPR(31));
CHECK(dune_regs, hi, REGS_HI);
CHECK(dune_regs, lo, REGS_LO);
CHECK(dune_regs, pc, REGS_PC);

CHECK(dune_vcpu, root, VCPU_ROOT);
CHECK(dune_vcpu, trap_low, VCPU_TRAP_LOW);
CHECK(dune_vcpu, trap_high, VCPU_TRAP_HIGH);
CHECK(dune_vcpu, dispatch, VCPU_DISPATCH);
