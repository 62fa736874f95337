// SPDX-License-Identifier: GPL-2.0
/* LL and SC in the guest, and what breaks the link. */
#include "exits.h"

static u32 *word(void)
{
	return ram(RPA_DATA0);
}

TEST(simple, "LL, SC without anything between them succeeds and stores", "§12, §6.3(h)")
{
	*word() = 41;
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LL(V0, 0, A0), ADDIU(V1, V0, 1), SC(V1, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 41);
	CHECK_EQ(vcpu.gpr[V1], 1);
	CHECK_EQ(*word(), 42);
}

TEST(doubleword, "LLD, SCD as well", "§12")
{
	*(u64 *)word() = 0x100000000000;
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LLD(V0, 0, A0), DADDIU(V1, V0, 1), SCD(V1, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 1);
	CHECK_EQ(*(u64 *)word(), 0x100000000001);
}

TEST(mapped, "through the guest TLB too, and the address is translated by both stages",
	"§7.1, §12")
{
	map_gva(0, 0x10000, LO_RW(GPA_DATA), 0);
	*word() = 41;
	vcpu.gpr[A0] = 0x10000;
	RUN(LL(V0, 0, A0), ADDIU(V1, V0, 1), SC(V1, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 1);
	CHECK_EQ(*word(), 42);
}

TEST(no_ll, "SC with no LL since the last ERET fails and stores nothing", "§12")
{
	*word() = 41;
	vcpu.gpr[A0] = GVA_DATA;
	vcpu.gpr[V1] = 99;
	RUN(SC(V1, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 0);
	CHECK_EQ(*word(), 41);
}

TEST(guest_eret, "a guest exception and ERET between LL and SC make SC fail", "§12")
{
	/* The handler at 0x180: EPC += 4; ERET. */
	LOAD(RPA_FREE + 0x180, DMFC0(K0, C0_EPC), DADDIU(K0, K0, 4), DMTC0(K0, C0_EPC),
	     EHB, ERET);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	dmtgc0(C0_EBASE, KSEG0 + GPA_FREE);
	*word() = 41;
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LL(V0, 0, A0), ADDIU(V1, V0, 1), SYSCALL, SC(V1, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 0);
	CHECK_EQ(*word(), 41);
}

TEST(root_eret, "an exit and root's ERET between LL and SC make SC fail", "§12, §20 18")
{
	*word() = 41;
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LL(V0, 0, A0), ADDIU(V1, V0, 1), HYPCALL(1), SC(V1, 0, A0));
	CHECK_GE(GEXC_HC, GVA_CODE + 8, HYPCALL(1));
	*word() = 77;
	vcpu.epc += 4;
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 0);
	CHECK_EQ(*word(), 77);
}

TEST(retry_loop, "an atomic increment loop gets through root timer interrupts", "§12")
{
	u32 interrupts = 0;

	*word() = 0;
	vcpu.gpr[A0] = GVA_DATA;
	vcpu.gpr[A1] = 1000000;
	/* 1: ll; addiu; sc; beqz 1b; nop; addiu a1,-1; bne a1,0,1b; nop */
	LOAD(RPA_CODE, LL(V0, 0, A0), ADDIU(V1, V0, 1), SC(V1, 0, A0), BEQ(V1, R0, -4),
	     NOP, ADDIU(A1, A1, -1), BNE(A1, R0, -7), NOP);
	vcpu.epc = GVA_CODE;
	vcpu_ticks = 1000000;
	for (run(); exit_exccode() == EXC_INT && interrupts < 1000000; run())
		interrupts++;
	CHECK_DONE();
	CHECK_EQ(*word(), 1000000);
	CHECK(interrupts > 0);
}

TEST(ll_misses_in_root, "LL on a GPA that root lacks is a load miss, and replays", "§7.4")
{
	vcpu.gpr[A0] = KSEG0 + GPA_FREE + 4;
	RUN(LL(V0, 0, A0), ADDIU(V1, V0, 1), SC(V1, 0, A0));
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE + 4);
	CHECK_EQ(vcpu.badinstr, LL(V0, 0, A0));
	((u32 *)ram(RPA_FREE))[1] = 5;
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 1);
	CHECK_EQ(((u32 *)ram(RPA_FREE))[1], 6);
}

TEST(sc_write_protected, "SC on a page root holds read-only is Mod in root, not stored", "§7.4")
{
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RO(RPA_FREE), 0);
	*(u32 *)ram(RPA_FREE) = 5;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	RUN(LL(V0, 0, A0), ADDIU(V1, V0, 1), SC(V1, 0, A0));
	CHECK_ROOT_TLB(EXC_MOD, GVA_CODE + 8, GPA_FREE);
	CHECK_EQ(*(u32 *)ram(RPA_FREE), 5);
	/* Root's ERET broke the link: the replayed SC fails, the loop repeats. */
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 0);
	CHECK_EQ(*(u32 *)ram(RPA_FREE), 5);
}

TEST(stage_1_faults, "LL and SC take the guest's TLB exceptions in the guest", "§6.2")
{
	vcpu.gpr[A0] = 0x10000;
	RUN(LL(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	map_gva(0, 0x10000, LO_RO(GPA_DATA), 0);
	RUN(LL(V0, 0, A0), SC(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_MOD, GVA_CODE + 4);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	vcpu.gpr[A0] = GVA_DATA + 2;
	RUN(LL(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
}

TEST(lladdr, "MTGC0 LLAddr = 0 is accepted; the guest reads LLAddr without a trap",
	"§5.1, §12")
{
	CHECK(!CATCH(mtgc0(C0_LLADDR, 0)));
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LL(V0, 0, A0), DMFC0(V1, C0_LLADDR));
	CHECK_DONE();
}
