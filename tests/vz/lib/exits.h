/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of the way root came back from the guest. */
#ifndef VZ_EXITS_H
#define VZ_EXITS_H

#include "guest.h"
#include "tap.h"

static inline u32 exit_exccode(void)
{
	return CAUSE_EXCCODE(vcpu.cause);
}

/* The guest reached HYPCALL HC_DONE; no other exit, no exception of its own. */
void check_done(int line);
#define CHECK_DONE()		check_done(__LINE__)

/* GE with @gexccode: EPC, BadInstr, BD = 0, vector 0x180, EXL and GM set. */
void check_ge(int line, enum gexccode gexccode, u64 epc, u32 badinstr);
#define CHECK_GE(gexccode, epc, badinstr) \
	check_ge(__LINE__, gexccode, epc, badinstr)
/* The same for the first instruction of RUN(). */
#define CHECK_GPSI(insn)	CHECK_GE(GEXC_GPSI, GVA_CODE, insn)
#define CHECK_GSFC(insn)	CHECK_GE(GEXC_GSFC, GVA_CODE, insn)

/*
 * The guest took @exccode itself, through its vector at EBase + @offset, and
 * its EPC is @epc.
 */
void check_guest_exception(int line, enum exccode exccode, u32 offset, u64 epc);
#define CHECK_GUEST_EXCEPTION(exccode, epc) \
	check_guest_exception(__LINE__, exccode, 0x180, epc)
#define CHECK_GUEST_REFILL(exccode, offset, epc) \
	check_guest_exception(__LINE__, exccode, offset, epc)

/* Root took @exccode, not GE, through the vector at @offset. */
void check_root_exception(int line, enum exccode exccode, u32 offset, u64 epc);
#define CHECK_ROOT_EXCEPTION(exccode, epc) \
	check_root_exception(__LINE__, exccode, 0x180, epc)

/*
 * Root TLB exception for @gpa (§7.4): BadVAddr, EntryHi, Context and XContext
 * are the GPA's, GExcCode is GPA, and the guest's own registers are unchanged.
 */
void check_root_tlb(int line, enum exccode exccode, u32 offset, u64 epc, u64 gpa);
#define CHECK_ROOT_REFILL(exccode, epc, gpa) \
	check_root_tlb(__LINE__, exccode, 0x080, epc, gpa)
#define CHECK_ROOT_TLB(exccode, epc, gpa) \
	check_root_tlb(__LINE__, exccode, 0x180, epc, gpa)

/* The guest can load the doubleword @want from @gva. */
void check_load(int line, u64 gva, u64 want);
#define CHECK_LOAD(gva, want)	check_load(__LINE__, gva, want)

/* The exception root took from a statement in C code, or NULL. */
void catch_begin(void);
const struct vcpu *catch_end(void);
#define CATCH(statement) ({ catch_begin(); statement; catch_end(); })

/* Root executes one instruction: a0 = @a0, returns v0 (0 before it). */
u64 root_insn(u32 insn, u64 a0);

/* DMFGC0 and DMTGC0 of a register that is known at run time only. */
static inline u64 guest_reg(u32 reg)
{
	return root_insn(DMFGC0(V0, reg), 0);
}

static inline void set_guest_reg(u32 reg, u64 value)
{
	root_insn(DMTGC0(A0, reg), value);
}

#endif
