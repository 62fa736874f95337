// SPDX-License-Identifier: GPL-2.0
/* Guest hardware field change: Guest.Status.EXL changes with GuestCtl0.MC = 1. */
#include "exits.h"

static void check_ghfc(int line, u64 epc)
{
	about("line %d", line);
	CHECK_EQ(exit_exccode(), EXC_GE);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_GHFC);
	CHECK_EQ(vcpu.vector, 0x180);
	CHECK_EQ(vcpu.epc, epc);
	CHECK_EQ(vcpu.cause & CAUSE_BD, 0);
}
#define CHECK_GHFC(epc) check_ghfc(__LINE__, epc)

TEST(exception_entry, "a guest exception: done first, then GHFC with EPC = guest vector",
	"§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	RUN(NOP, SYSCALL);
	CHECK_GHFC(GVA_VECTORS + 0x180);
	CHECK_EQ(dmfgc0(C0_EPC), GVA_CODE + 4);
	CHECK_EQ(CAUSE_EXCCODE(mfgc0(C0_CAUSE)), EXC_SYS);
	CHECK(mfgc0(C0_STATUS) & STATUS_EXL);
	/* Resumed, the guest is in its handler. */
	run();
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE + 4);
}

TEST(refill_entry, "a guest TLB refill: GHFC with EPC = the refill vector", "§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	vcpu.gpr[A0] = 0x10128;
	RUN(LD(V0, 0, A0));
	CHECK_GHFC(GVA_VECTORS + 0x080);
	CHECK_EQ(dmfgc0(C0_EPC), GVA_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), 0x10128);
	CHECK_EQ(CAUSE_EXCCODE(mfgc0(C0_CAUSE)), EXC_TLBL);
}

TEST(interrupt_entry, "a guest interrupt: GHFC with EPC = the interrupt vector", "§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	mtgc0(C0_STATUS, STATUS_KX | STATUS_IE | STATUS_IM(0));
	mtgc0(C0_CAUSE, CAUSE_IP(0));
	RUN(NOP);
	CHECK_GHFC(GVA_VECTORS + 0x180);
	CHECK_EQ(dmfgc0(C0_EPC), GVA_CODE);
	CHECK_EQ(CAUSE_EXCCODE(mfgc0(C0_CAUSE)), EXC_INT);
}

TEST(delay_slot_entry, "an exception in a delay slot: BD is the guest's, not root's", "§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	RUN(NOP, BEQ(R0, R0, 2), SYSCALL, NOP);
	CHECK_GHFC(GVA_VECTORS + 0x180);
	CHECK_EQ(dmfgc0(C0_EPC), GVA_CODE + 4);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_BD);
}

TEST(eret, "a guest ERET: EXL cleared first, then GHFC with EPC = its target", "§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL);
	dmtgc0(C0_EPC, GVA_CODE + 8);
	RUN(ERET, WAIT, DADDIU(V0, R0, 9));
	CHECK_GHFC(GVA_CODE + 8);
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_KX);
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 9);
}

TEST(eret_erl, "a guest ERET that clears ERL and not EXL is no field change", "§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	mtgc0(C0_STATUS, STATUS_KX | STATUS_ERL);
	dmtgc0(C0_ERROREPC, GVA_CODE + 4);
	RUN(ERET);
	CHECK_DONE();
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_KX);
}

TEST(nested, "an exception with EXL already set changes nothing, so no GHFC", "§6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL);
	dmtgc0(C0_EPC, 0x1234);
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, 0x1234);
}

TEST(mtc0_exl, "MTC0 that changes EXL is software's change: no GHFC", "§6.4, §6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	vcpu.gpr[A0] = mfgc0(C0_STATUS) | STATUS_EXL;
	RUN(MTC0(A0, C0_STATUS));
	CHECK_DONE();
}

TEST(mc_0, "MC=0: exceptions and ERET stay in the guest unseen", "§3.1, §6.5")
{
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE);
	dmtgc0(C0_EPC, GVA_CODE + 4);
	RUN(ERET);
	CHECK_DONE();
}

TEST(fcd, "FCD=1 suppresses GHFC", "§3.2, §6.5")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	mtc0(C0_GUESTCTL0EXT, GC0EXT_FCD);
	RUN(SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE);
	dmtgc0(C0_EPC, GVA_CODE + 4);
	RUN(ERET);
	CHECK_DONE();
}
