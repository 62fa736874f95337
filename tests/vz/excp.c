// SPDX-License-Identifier: GPL-2.0
/* Exceptions that are the guest's own business, taken with no exit. */
#include "exits.h"

#define XKPHYS		UINT64_C(0x9800000000000000)

/* RUN() one instruction that raises @exccode in the guest, and look around. */
static void check_own(u32 insn, enum exccode exccode)
{
	about("instruction %x", insn);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_SX | STATUS_UX);
	mtgc0(C0_CAUSE, 0);
	dmtgc0(C0_BADVADDR, 0xbad);
	dmtc0(C0_EPC, 0);
	RUN(NOP, insn);
	CHECK_GUEST_EXCEPTION(exccode, GVA_CODE + 4);
	CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_BD, 0);
	CHECK_EQ(mfgc0(C0_BADINSTR), insn);
	CHECK_EQ(dmfgc0(C0_BADVADDR), 0xbad);
	/* Root saw the vector's HYPCALL and nothing before it. */
	CHECK_EQ(vcpu.epc, GVA_VECTORS + 0x180);
}

TEST(simple, "Sys, Bp, Tr, Ov and RI are taken by the guest: EPC, Cause, BadInstr",
	"§6.2, §6.8")
{
	vcpu.gpr[A0] = 0x7fffffff;
	vcpu.gpr[A1] = 1;
	check_own(SYSCALL, EXC_SYS);
	check_own(SYSCALL | 0x12345 << 6, EXC_SYS);
	check_own(BREAK | 7 << 6, EXC_BP);
	check_own(TEQ(R0, R0), EXC_TR);
	check_own(ADD(V0, A0, A1), EXC_OV);
	check_own(0x00000039, EXC_RI);
}

TEST(unusable, "CpU because of the guest's own Status.CU1 is the guest's, whatever root's CU1",
	"§6.2, §11")
{
	vcpu.entry_status |= STATUS_CU1;
	check_own(MFC1(V0, 0), EXC_CPU);
	CHECK_EQ(CAUSE_CE(mfgc0(C0_CAUSE)), 1);
}

TEST(address_errors, "AdEL and AdES are the guest's, with Guest.BadVAddr", "§6.2")
{
	static const struct { u32 insn; u8 exccode; } rows[] = {
		{ LH(V0, 0, A0), EXC_ADEL }, { LW(V0, 0, A0), EXC_ADEL },
		{ LD(V0, 0, A0), EXC_ADEL }, { SW(V0, 0, A0), EXC_ADES },
		{ SD(V0, 0, A0), EXC_ADES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		about("instruction %x", rows[i].insn);
		mtgc0(C0_STATUS, STATUS_KX);
		vcpu.gpr[A0] = GVA_DATA + 0x21;
		RUN(rows[i].insn);
		CHECK_GUEST_EXCEPTION(rows[i].exccode, GVA_CODE);
		CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_DATA + 0x21);
		CHECK_EQ(mfgc0(C0_BADINSTR), rows[i].insn);
	}
}

TEST(from_user, "guest user mode's exceptions go to the guest's kernel mode", "§6.2")
{
	RUN_USER(STATUS_UX | STATUS_USER, SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, USER_CODE);
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_UX | STATUS_USER | STATUS_EXL);
}

TEST(delay_slot, "in a delay slot: Guest.Cause.BD, EPC = branch, BadInstr, BadInstrP",
	"§6.8")
{
	RUN(NOP, BEQ(R0, R0, 2), SYSCALL, NOP);
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE + 4);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_BD);
	CHECK_EQ(mfgc0(C0_BADINSTR), SYSCALL);
	CHECK_EQ(mfgc0(C0_BADINSTRP), BEQ(R0, R0, 2));
	/* Root's BD is about its own exception. */
	CHECK_EQ(vcpu.cause & CAUSE_BD, 0);
}

TEST(exl_keeps_epc, "with Guest.EXL set, Guest.EPC and BD are not written", "§6.2")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL);
	dmtgc0(C0_EPC, 0x123456789abc);
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, 0x123456789abc);
}

TEST(root_untouched, "a guest exception writes none of root's registers", "§6.2")
{
	u64 badvaddr = dmfc0(C0_BADVADDR), context = dmfc0(C0_CONTEXT);

	vcpu.gpr[A0] = 0x10128;
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
	CHECK_EQ(vcpu.badvaddr, badvaddr);
	CHECK_EQ(vcpu.context, context);
	CHECK_EQ(vcpu.entryhi, 0);
	CHECK_EQ(dmfgc0(C0_BADVADDR), 0x10128);
}

TEST(handled_inside, "a guest handles its own trap and returns, with no exit at all",
	"§6.2, §12")
{
	/* At the general vector: v0 += 1, EPC += 4, ERET. In RAM of our own. */
	LOAD(RPA_FREE + 0x180, DADDIU(V0, V0, 1), DMFC0(K0, C0_EPC), DADDIU(K0, K0, 4),
	     DMTC0(K0, C0_EPC), EHB, ERET);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	dmtgc0(C0_EBASE, KSEG0 + GPA_FREE);
	vcpu.gpr[V0] = 0;
	RUN(TEQ(R0, R0), SYSCALL, BREAK, 0x00000039, TEQ(R0, R0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 5);
	CHECK_EQ(vcpu.epc, GVA_CODE + 20);
}

TEST(ebase_xkphys, "vectors through xkphys: Guest.EBase with the write gate", "§3.7, §13")
{
	dmtgc0(C0_EBASE, XKPHYS | GPA_VECTORS | EBASE_WG);
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE);
	CHECK_EQ(vcpu.epc, XKPHYS + GPA_VECTORS + 0x180);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	vcpu.gpr[A0] = 0x10128;
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
	CHECK_EQ(vcpu.epc, XKPHYS + GPA_VECTORS + 0x080);
}

TEST(ebase_low, "Guest.EBase without the gate is in kseg0 at bits 29:12", "§5.2")
{
	map_gpa(ROOT_WIRED, 0x1fff0000, LO_RW(RPA_VECTORS), LO_RW(RPA_VECTORS));
	mtgc0(C0_EBASE, 0x1fff1000);
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE);
	CHECK_EQ(vcpu.epc, KSEG0 + 0x1fff1180);
}

TEST(bev, "Guest.Status.BEV: exceptions at 0x...bfc00380 and 0x...bfc00280, guest-virtual",
	"§6.2")
{
	map_gpa(ROOT_WIRED, 0x1fc00000, LO_RW(RPA_VECTORS), 0);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | STATUS_BEV);
	RUN(SYSCALL);
	CHECK_GUEST_REFILL(EXC_SYS, 0x380, GVA_CODE);
	CHECK_EQ(vcpu.epc, 0xffffffffbfc00380);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | STATUS_BEV);
	vcpu.gpr[A0] = 0x10128;
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x280, GVA_CODE);
}

TEST(root_bev_irrelevant, "Root.EBase and Root.Status.BEV do not move the guest's vectors",
	"§6.2")
{
	/* Root with BEV would go to its ROM on exit, so only EBase is tried. */
	CHECK(dmfc0(C0_EBASE) != dmfgc0(C0_EBASE));
	RUN(SYSCALL);
	CHECK_EQ(vcpu.epc, GVA_VECTORS + 0x180);
}

TEST(nested_refill, "a guest handler that misses itself: 0x180, EPC of the first kept",
	"§6.2")
{
	/* The refill vector loads from an unmapped page of its own. */
	LOAD(RPA_FREE + 0x080, LD(K0, 0x100, A0), NOP);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	LOAD(RPA_FREE + 0x180, HYPCALL(HC_VECTOR(0x180)));
	dmtgc0(C0_EBASE, KSEG0 + GPA_FREE);
	vcpu.gpr[A0] = 0x10000;
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_TLBL, GVA_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), 0x10100);
}

/* Nothing answers there on the board: proved by root's own access. */
#define RPA_NOTHING	UINT64_C(0x40000000)

TEST(bus_error, "a bus error in guest mode is root's DBE or IBE, the guest is unchanged",
	"§6.2, §20 16")
{
	const struct vcpu *e = CATCH(root_insn(LW(V0, 0, A0), 0x9000000000000000 + RPA_NOTHING));

	CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_DBE);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_NOTHING), 0);
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_EXCEPTION(EXC_DBE, GVA_CODE);
	vcpu.epc = KSEG0 + GPA_FREE + 8;
	run();
	CHECK_ROOT_EXCEPTION(EXC_IBE, KSEG0 + GPA_FREE + 8);
	CHECK_EQ(mfgc0(C0_STATUS) & STATUS_EXL, 0);
	CHECK_EQ(dmfgc0(C0_EPC), 0);
}

TEST(oracle, "the same exception leaves the same state in root as in the guest", "§4, §6.2")
{
	static const u32 insns[] = { SYSCALL, BREAK, TEQ(R0, R0), 0x00000039,
				     0x48000000 /* MFC2 */, MFC1(V0, 0) };

	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		const struct vcpu *e;
		u32 cause;

		about("instruction %x", insns[i]);
		mtgc0(C0_STATUS, STATUS_KX);
		mtgc0(C0_CAUSE, 0);
		RUN(insns[i]);
		cause = mfgc0(C0_CAUSE);
		e = CATCH(root_insn(insns[i], 0));
		CHECK(e && CAUSE_EXCCODE(e->cause) == CAUSE_EXCCODE(cause));
		CHECK(e && e->badinstr == mfgc0(C0_BADINSTR));
		CHECK(e && CAUSE_CE(e->cause) == CAUSE_CE(cause));
		CHECK(e && (e->cause & CAUSE_BD) == (cause & CAUSE_BD));
	}
}
