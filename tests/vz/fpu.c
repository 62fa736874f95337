// SPDX-License-Identifier: GPL-2.0
/*
 * The onion rule on coprocessor 1: guest Status.CU1, then root's. One set of
 * registers for both contexts.
 */
#include "exits.h"

#define BASE_STATUS	(STATUS_KX | STATUS_SX | STATUS_UX)
#define LDC1(ft, off, base)	INSN_I(0x35, base, ft, off)
#define SDC1(ft, off, base)	INSN_I(0x3d, base, ft, off)
#define ADD_D(fd, fs, ft)	(0x46200000u | (ft) << 16 | (fs) << 11 | (fd) << 6)

static void root_cu1(bool on)
{
	mtc0(C0_STATUS, ROOT_STATUS | STATUS_FR | (on ? STATUS_CU1 : 0));
}

static u64 read_fpr(u32 n)
{
	u64 value;

	root_cu1(true);
	value = root_insn(DMFC1(V0, n), 0);
	root_cu1(false);
	return value;
}

static void write_fpr(u32 n, u64 value)
{
	root_cu1(true);
	root_insn(DMTC1(A0, n), value);
	root_cu1(false);
}

TEST(both_off, "guest CU1=0 and root CU1=0: CpU in the guest", "§6.2, §11")
{
	RUN(MFC1(V0, 0));
	CHECK_GUEST_EXCEPTION(EXC_CPU, GVA_CODE);
	CHECK_EQ(CAUSE_CE(mfgc0(C0_CAUSE)), 1);
}

TEST(guest_off, "guest CU1=0 and root CU1=1: CpU in the guest", "§6.2, §11")
{
	vcpu.entry_status |= STATUS_CU1 | STATUS_FR;
	RUN(MFC1(V0, 0));
	CHECK_GUEST_EXCEPTION(EXC_CPU, GVA_CODE);
	CHECK_EQ(CAUSE_CE(mfgc0(C0_CAUSE)), 1);
}

static const u32 users_of_fpu[] = {
	MFC1(V0, 0), MTC1(V0, 0), DMFC1(V0, 2), CFC1(V0, 31), ADD_D(2, 4, 6),
	LDC1(2, 0, A0), SDC1(2, 0, A0), 0x45000001,	/* bc1f */
};

TEST(root_off, "guest CU1=1 and root CU1=0: CpU CE=1 in root, not GE, guest unchanged",
	"§4, §6.2, §11")
{
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1 | STATUS_FR);
	vcpu.gpr[A0] = GVA_DATA;
	for (size_t i = 0; i < ARRAY_SIZE(users_of_fpu); i++) {
		about("instruction %x", users_of_fpu[i]);
		RUN(users_of_fpu[i], NOP);
		CHECK_ROOT_EXCEPTION(EXC_CPU, GVA_CODE);
		CHECK_EQ(CAUSE_CE(vcpu.cause), 1);
		CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS | STATUS_CU1 | STATUS_FR);
		CHECK_EQ(mfgc0(C0_CAUSE), 0);
	}
}

TEST(gexccode_unchanged, "a root CpU leaves GuestCtl0.GExcCode as it was", "§6.1, §20 9")
{
	RUN(WAIT);
	CHECK_GPSI(WAIT);
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1);
	RUN(MFC1(V0, 0));
	CHECK_ROOT_EXCEPTION(EXC_CPU, GVA_CODE);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_GPSI);
}

TEST(lazy, "root turns its CU1 on and resumes: the instruction is done", "§11")
{
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1 | STATUS_FR);
	write_fpr(2, 0x4000000000000000);	/* 2.0 */
	write_fpr(4, 0x4008000000000000);	/* 3.0 */
	RUN(ADD_D(6, 2, 4), DMFC1(V0, 6));
	CHECK_ROOT_EXCEPTION(EXC_CPU, GVA_CODE);
	vcpu.entry_status |= STATUS_CU1 | STATUS_FR;
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x4014000000000000);	/* 5.0 */
}

TEST(shared_registers, "FPRs and FCSR are one set, seen by root and by the guest", "§11")
{
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1 | STATUS_FR);
	vcpu.entry_status |= STATUS_CU1 | STATUS_FR;
	for (u32 n = 0; n < 32; n++)
		write_fpr(n, 0x1111000000000000 + n);
	vcpu.gpr[A0] = 0x2222000000000000;
	RUN(DMFC1(V0, 7), DMTC1(A0, 8), DMFC1(V1, 31));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x1111000000000007);
	CHECK_EQ(vcpu.gpr[V1], 0x111100000000001f);
	CHECK_EQ(read_fpr(8), 0x2222000000000000);
	CHECK_EQ(read_fpr(9), 0x1111000000000009);
	root_cu1(true);
	root_insn(CTC1(A0, 31), 0x3);
	root_cu1(false);
	RUN(CFC1(V0, 31));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0] & 3, 3);
}

TEST(fr_is_the_guests, "the register mode is Guest.Status.FR, whatever Root.FR is", "§4, §11")
{
	static const u32 root_fr[] = { 0, STATUS_FR };

	for (size_t r = 0; r < 2; r++) {
		about("Root.FR %d", (u32)r);
		vcpu.entry_status = STATUS_USER | STATUS_KX | STATUS_IM(7) | STATUS_IE |
				    STATUS_CU1 | root_fr[r];
		/* FR=1: 2 and 3 are two 64-bit registers. */
		write_fpr(2, 0xaaaaaaaa11111111);
		write_fpr(3, 0xbbbbbbbb22222222);
		mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1 | STATUS_FR);
		RUN(DMFC1(V0, 2), DMFC1(V1, 3));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0xaaaaaaaa11111111);
		CHECK_EQ(vcpu.gpr[V1], 0xbbbbbbbb22222222);
		/* FR=0: the odd one is the upper half of the even one. */
		mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1);
		vcpu.gpr[A0] = 0x33333333;
		vcpu.gpr[A1] = 0x44444444;
		RUN(MTC1(A0, 2), MTC1(A1, 3), DMFC1(V0, 2));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0x4444444433333333);
	}
}

TEST(no_fpu, "Guest.Config1.FP=0: FPU instructions are RI or CpU in the guest, never root's",
	"§5.3, §11")
{
	mtgc0(C0_CONFIG1, mfgc0(C0_CONFIG1) & ~CONFIG1_FP);
	vcpu.entry_status |= STATUS_CU1;
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1);
	CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS);
	RUN(MFC1(V0, 0));
	CHECK_EQ(exit_exccode(), EXC_GE);
	CHECK_EQ(vcpu.badinstr, HYPCALL(HC_VECTOR(0x180)));
	CHECK(CAUSE_EXCCODE(mfgc0(C0_CAUSE)) == EXC_RI ||
	      CAUSE_EXCCODE(mfgc0(C0_CAUSE)) == EXC_CPU);
}

TEST(no_cop2, "Guest.Config1.C2=0: CU2 is not writable and COP2 never reaches root",
	"§5.2, §11")
{
	vcpu.entry_status |= STATUS_CU2;
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU2);
	CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS);
	RUN(0x48000000);	/* mfc2 */
	CHECK_EQ(exit_exccode(), EXC_GE);
	CHECK_EQ(vcpu.badinstr, HYPCALL(HC_VECTOR(0x180)));
}

TEST(root_cpu_in_slot, "the root CpU of a delay slot: BD, EPC and BadInstrP name the branch",
	"§6.8, §11")
{
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1);
	RUN(NOP, BEQ(R0, R0, 2), MFC1(V0, 0), NOP);
	CHECK_ROOT_EXCEPTION(EXC_CPU, GVA_CODE + 4);
	CHECK(vcpu.cause & CAUSE_BD);
	CHECK_EQ(vcpu.badinstr, MFC1(V0, 0));
	CHECK_EQ(vcpu.badinstrp, BEQ(R0, R0, 2));
}
