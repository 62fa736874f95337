// SPDX-License-Identifier: GPL-2.0
/* HYPCALL and the redirection of guest RI. */
#include "exits.h"

TEST(codes, "HYPCALL exits with GExcCode HC, EPC = itself, the code in BadInstr", "§2.7")
{
	static const u32 codes[] = { 0, 1, 0x155, 0x2aa, 0x3fe, 0x3ff };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		about("code %x", codes[i]);
		RUN(NOP, HYPCALL(codes[i]));
		CHECK_GE(GEXC_HC, GVA_CODE + 4, 0x42000028 | codes[i] << 11);
	}
}

TEST(advance, "root adds 4 to EPC and the guest goes on behind it", "§2.7, §6.1")
{
	RUN(ADDIU(V0, R0, 1), HYPCALL(5), ADDIU(V0, V0, 2));
	CHECK_GE(GEXC_HC, GVA_CODE + 4, HYPCALL(5));
	CHECK_EQ(vcpu.gpr[V0], 1);
	vcpu.epc += 4;
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 3);
}

TEST(not_privileged_by_cp0, "CP0=0 does not turn HYPCALL into GPSI", "§2.7, §6.3")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	RUN(HYPCALL(7));
	CHECK_GE(GEXC_HC, GVA_CODE, HYPCALL(7));
}

TEST(exl, "HYPCALL works with Guest.EXL set and leaves Guest.EPC alone", "§2.7")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL);
	dmtgc0(C0_EPC, 0x4321);
	RUN(HYPCALL(7));
	CHECK_GE(GEXC_HC, GVA_CODE, HYPCALL(7));
	CHECK_EQ(dmfgc0(C0_EPC), 0x4321);
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_KX | STATUS_EXL);
}

TEST(user, "HYPCALL in guest user mode is CpU, CE=0, in the guest; with CU0 it is HC",
	"§2.7")
{
	RUN_USER(STATUS_UX | STATUS_USER, HYPCALL(7));
	CHECK_GUEST_EXCEPTION(EXC_CPU, USER_CODE);
	CHECK_EQ(CAUSE_CE(mfgc0(C0_CAUSE)), 0);
	RUN_USER(STATUS_UX | STATUS_USER | STATUS_CU0, HYPCALL(7));
	CHECK_GE(GEXC_HC, USER_CODE, HYPCALL(7));
}

TEST(delay_slot, "HYPCALL in a delay slot: BD, EPC and BadInstrP name the branch",
	"§2.7, §6.8")
{
	RUN(NOP, BNE(R0, SP, 2), HYPCALL(9), NOP);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_HC);
	CHECK_EQ(vcpu.epc, GVA_CODE + 4);
	CHECK(vcpu.cause & CAUSE_BD);
	CHECK_EQ(vcpu.badinstr, HYPCALL(9));
	CHECK_EQ(vcpu.badinstrp, BNE(R0, SP, 2));
}

TEST(root_kernel, "HYPCALL in root mode is RI", "§2.7, §20 10")
{
	const struct vcpu *e = CATCH(root_insn(HYPCALL(0), 0));

	CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_RI);
	CHECK(e && e->vector == 0x180);
}

TEST(reserved_fields, "HYPCALL with bits set outside its code field is RI in the guest",
	"§2.1")
{
	static const u32 extra[] = { 1 << 6, 1 << 10, 1 << 21, 1 << 24 };

	for (size_t i = 0; i < ARRAY_SIZE(extra); i++) {
		about("instruction %x", HYPCALL(1) | extra[i]);
		guest_reset();
		RUN(HYPCALL(1) | extra[i]);
		CHECK_GUEST_EXCEPTION(EXC_RI, GVA_CODE);
	}
}

/* Functions of SPECIAL that no release of MIPS64 assigns. */
static const u32 reserved[] = { 0x00000039, 0x0000003d };

TEST(ri_in_guest, "RI=0: a reserved instruction is RI in the guest", "§3.1, §6.6")
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		about("instruction %x", reserved[i]);
		guest_reset();
		RUN(reserved[i]);
		CHECK_GUEST_EXCEPTION(EXC_RI, GVA_CODE);
		CHECK_EQ(mfgc0(C0_BADINSTR), reserved[i]);
	}
}

TEST(grr, "RI=1: it is GE with GExcCode GRR in root, the guest sees nothing", "§6.1, §6.6")
{
	vcpu.entry_guestctl0 |= GC0_RI;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		about("instruction %x", reserved[i]);
		RUN(reserved[i]);
		CHECK_GE(GEXC_GRR, GVA_CODE, reserved[i]);
		CHECK_EQ(mfgc0(C0_STATUS) & STATUS_EXL, 0);
		CHECK_EQ(dmfgc0(C0_EPC), 0);
	}
}

TEST(grr_user, "RI=1 redirects guest user mode's RI as well", "§6.6")
{
	vcpu.entry_guestctl0 |= GC0_RI;
	RUN_USER(STATUS_UX | STATUS_USER, reserved[0]);
	CHECK_GE(GEXC_GRR, USER_CODE, reserved[0]);
}

TEST(grr_only_ri, "RI=1 redirects RI only: Sys, Bp, CpU stay in the guest", "§6.6, §6.2")
{
	vcpu.entry_guestctl0 |= GC0_RI;
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX);
	RUN(BREAK);
	CHECK_GUEST_EXCEPTION(EXC_BP, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX);
	RUN(MFC1(V0, 0));
	CHECK_GUEST_EXCEPTION(EXC_CPU, GVA_CODE);
}

TEST(root_ri_unaffected, "RI=1 does not redirect root's own RI", "§6.6")
{
	const struct vcpu *e;

	mtc0(C0_GUESTCTL0, GC0_RI | GC0_AT(3));
	e = CATCH(root_insn(reserved[0], 0));
	CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_RI);
}
