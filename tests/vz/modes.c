// SPDX-License-Identifier: GPL-2.0
/* Into guest mode, out of it, and what governs it meanwhile. */
#include "exits.h"
#include "watchdog.h"

TEST(enter_by_eret, "ERET with GM=1 enters the guest at Root.EPC; HYPCALL leaves it",
	"§4")
{
	vcpu.gpr[A0] = 0x1122334455667788;
	RUN(DADDIU(V0, A0, 1));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x1122334455667789);
	CHECK_EQ(vcpu.epc, GVA_CODE + 4);
}

TEST(all_gprs, "the 31 GPRs, HI and LO pass through entry and exit", "§4")
{
	vcpu.hi = 0xfedcba9876543210;
	vcpu.lo = 0x0f1e2d3c4b5a6978;
	RUN(NOP);
	CHECK_DONE();
	for (u32 i = 1; i < 32; i++) {
		about("GPR %d", i);
		CHECK_EQ(vcpu.gpr[i], 0x0101010101010101 * i);
	}
#if __mips_isa_rev < 6
	CHECK_EQ(vcpu.hi, 0xfedcba9876543210);
	CHECK_EQ(vcpu.lo, 0x0f1e2d3c4b5a6978);
#endif
}

TEST(exit_state, "an exit sets Root.EXL, keeps GM and the rest of Root.Status", "§4")
{
	RUN(NOP);
	CHECK_DONE();
	CHECK_EQ(vcpu.status & ~STATUS_FR, vcpu.entry_status | STATUS_EXL);
	CHECK_EQ(vcpu.guestctl0 & ~(GC0_GEXCCODE_MASK | GC0_G1 | GC0_G0E | GC0_G2 |
				    GC0_PT), vcpu.entry_guestctl0);
	CHECK_EQ(vcpu.guestctl1 & 0xff, guest_id);
	CHECK_EQ(GC1_RID_OF(vcpu.guestctl1), guest_rid);
}

TEST(exit_registers, "an exit that is no TLB exception leaves BadVAddr, EntryHi, Context alone",
	"§4, §6.1")
{
	dmtc0(C0_ENTRYHI, 0x123450000047);
	guest_load(KSEG0 + GPA_FREE + 0x77770);
	CHECK_EQ(vcpu.badvaddr, GPA_FREE + 0x77770);
	RUN(WAIT);
	CHECK_GPSI(WAIT);
	CHECK_EQ(vcpu.badvaddr, GPA_FREE + 0x77770);
	CHECK_EQ(vcpu.entryhi & ~UINT64_C(0x1fff), (GPA_FREE + 0x77770) & ~UINT64_C(0x1fff));
	CHECK_EQ(vcpu.context & 0x7ffff0, (GPA_FREE + 0x77770) >> 9 & 0x7ffff0);
}

TEST(guest_context_survives, "an exit leaves the guest's Status, EPC and Cause alone",
	"§4, §7.4")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_IM(3));
	dmtgc0(C0_EPC, 0x1234);
	RUN(WAIT);
	CHECK_GPSI(WAIT);
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_KX | STATUS_IM(3));
	CHECK_EQ(dmfgc0(C0_EPC), 0x1234);
	CHECK_EQ(mfgc0(C0_CAUSE), 0);
}

TEST(root_is_itself_again, "after an exit CP0 instructions act on root again", "§4")
{
	dmtc0(C0_KSCRATCH1, 0x1111);
	dmtgc0(C0_KSCRATCH1, 0x2222);
	RUN(DMFC0(V0, C0_KSCRATCH1), DADDIU(V0, V0, 1), DMTC0(V0, C0_KSCRATCH1));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x2223);
	CHECK_EQ(dmfc0(C0_KSCRATCH1), 0x1111);
	CHECK_EQ(dmfgc0(C0_KSCRATCH1), 0x2223);
}

/* The guest sees HYPCALLs where root has the code that enters it. */
static void check_enters_at_entry_page(void (*enter)(struct vcpu *))
{
	u64 gpa = (u64)entry_page & 0x1fffffff;
	u32 *page = ram(RPA_FREE);

	for (u32 i = 0; i < 1024; i++)
		page[i] = HYPCALL(i);
	sync_code(page, 4096);
	map_gpa(ROOT_WIRED, gpa & ~UINT64_C(0x1fff), LO_RW(RPA_FREE), LO_RW(RPA_FREE));
	watchdog_start(WATCHDOG_TICKS);
	mtc0(C0_GUESTCTL1, guest_id);
	enter(&vcpu);
	mtc0(C0_STATUS, ROOT_STATUS);
	CHECK_EQ(exit_exccode(), EXC_GE);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_HC);
	CHECK_EQ(vcpu.epc & ~UINT64_C(0xfff), entry_page);
	CHECK_EQ(vcpu.badinstr, HYPCALL(vcpu.epc >> 2 & 0x3ff));
}

TEST(enter_by_exl, "clearing Status.EXL by MTC0 with GM=1 enters the guest", "§4")
{
	check_enters_at_entry_page(world_switch_exl);
}

TEST(enter_by_gm, "setting GM by MTC0 with EXL=ERL=0 enters the guest", "§4")
{
	/* Root kernel mode until then; CP0 of root has to be usable. */
	vcpu.entry_status &= ~STATUS_KSU;
	check_enters_at_entry_page(world_switch_gm);
}

TEST(enter_by_erl, "ERET from ERL=1, EXL=0 with GM=1 enters the guest at ErrorEPC", "§4")
{
	LOAD(RPA_CODE, NOP);
	vcpu.epc = GVA_CODE;
	/* EXL is what the entry code sets; this way in needs it clear. */
	watchdog_start(WATCHDOG_TICKS);
	mtc0(C0_GUESTCTL1, guest_id);
	world_switch_erl(&vcpu);
	mtc0(C0_STATUS, ROOT_STATUS);
	CHECK_DONE();
	CHECK_EQ(vcpu.epc, GVA_CODE + 4);
}

TEST(resume, "after an interrupt to root the same state resumes where it was", "§4")
{
	/* v0 counts to a0; root interrupts it many times on the way. */
	u32 interrupts = 0;

	vcpu.gpr[V0] = 0;
	vcpu.gpr[A0] = 20000000;	/* a few rounds of vcpu_ticks */
	LOAD(RPA_CODE, DADDIU(V0, V0, 1), BNE(V0, A0, -2), NOP);
	vcpu.epc = GVA_CODE;
	vcpu_ticks = 2000000;
	for (run(); exit_exccode() == EXC_INT && interrupts < 100000; run())
		interrupts++;
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 20000000);
	CHECK(interrupts > 0);
}

TEST(root_status_does_not_restrict,
     "Root.Status KSU, CU0, KX, SX, UX restrict neither guest kernel nor 64 bits",
	"§4")
{
	static const u32 statuses[] = {
		0, STATUS_USER, STATUS_SUPERVISOR, STATUS_KX, STATUS_UX | STATUS_USER,
		STATUS_CU0, STATUS_USER | STATUS_CU0 | STATUS_KX | STATUS_SX | STATUS_UX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		about("Root.Status %x", statuses[i]);
		guest_reset();
		vcpu.entry_status = statuses[i] | STATUS_IM(7) | STATUS_IE;
		vcpu.gpr[A0] = 0x9800000000000000 + GPA_DATA;
		vcpu.gpr[A1] = 0x123456789abcdef0;
		dmtgc0(C0_EPC, 0x42);
		RUN(DMFC0(V0, C0_EPC), SD(A1, 0, A0), LD(V1, 0, A0),
		    DADDU(V1, V1, V1), MFC0(A2, C0_STATUS));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0x42);
		CHECK_EQ(vcpu.gpr[V1], 2 * 0x123456789abcdef0);
		CHECK_EQ(vcpu.gpr[A2], STATUS_KX | STATUS_SX | STATUS_UX);
	}
}

TEST(root_hwrena_ignored, "Root.HWREna restricts no RDHWR in guest kernel mode",
	"§4, §12")
{
	mtc0(C0_HWRENA, 0);
	dmtgc0(C0_USERLOCAL, 0x123456789abc);
	RUN(RDHWR(V0, 29));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x123456789abc);
}

TEST(user_mode, "Guest.Status.KSU makes user and supervisor mode: CP0 is CpU there",
	"§4, §6.2")
{
	static const u32 modes[] = { STATUS_USER, STATUS_SUPERVISOR };
	static const u32 insns[] = {
		MFC0(V0, C0_STATUS), MTC0(V0, C0_EPC), ERET, TLBWI, TLBP, WAIT,
		DI(R0), HYPCALL(0), MFGC0(V0, C0_EPC), TLBGP,
	};

	for (size_t m = 0; m < ARRAY_SIZE(modes); m++)
		for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
			about("KSU %x, instruction %x", modes[m], insns[i]);
			RUN_USER(modes[m] | STATUS_UX | STATUS_SX, insns[i]);
			CHECK_GUEST_EXCEPTION(EXC_CPU, USER_CODE);
			CHECK_EQ(CAUSE_CE(mfgc0(C0_CAUSE)), 0);
		}
}

TEST(user_cu0, "Guest.Status.CU0 gives guest user mode the guest's CP0", "§4")
{
	RUN_USER(STATUS_USER | STATUS_UX | STATUS_CU0, MFC0(V0, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], STATUS_USER | STATUS_UX | STATUS_CU0);
}

TEST(exl_is_kernel, "Guest.Status.EXL and ERL make kernel mode whatever KSU says", "§4")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_USER | STATUS_EXL);
	RUN(MFC0(V0, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], STATUS_KX | STATUS_USER | STATUS_EXL);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_USER | STATUS_ERL);
	RUN(MFC0(V0, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], STATUS_KX | STATUS_USER | STATUS_ERL);
}

TEST(user_segments, "guest user mode may not touch kseg0: AdE in the guest", "§7.2")
{
	vcpu.gpr[A0] = GVA_DATA;
	RUN_USER(STATUS_USER | STATUS_UX, LW(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, USER_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_DATA);
	RUN_USER(STATUS_USER | STATUS_UX, SW(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADES, USER_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_DATA);
}

TEST(user_ux, "Guest.Status.UX=0: no 64-bit user addresses, no 64-bit operations",
	"§4, §7.2")
{
	vcpu.gpr[A0] = 0x100000000;
	RUN_USER(STATUS_USER, LW(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, USER_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), 0x100000000);
	RUN_USER(STATUS_USER, DADDU(V0, A0, A0));
	CHECK_GUEST_EXCEPTION(EXC_RI, USER_CODE);
	RUN_USER(STATUS_USER | STATUS_UX, DADDU(V0, A0, A0), SYSCALL);
	CHECK_GUEST_EXCEPTION(EXC_SYS, USER_CODE + 4);
	CHECK_EQ(vcpu.gpr[V0], 0x200000000);
}

TEST(kernel_kx, "Guest.Status.KX=0: xkphys is an address error for the guest",
	"§4, §7.2")
{
	mtgc0(C0_STATUS, 0);
	vcpu.gpr[A0] = 0x9800000000000000 + GPA_DATA;
	RUN(LW(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), vcpu.gpr[A0]);
}

TEST(guest_eret, "guest ERET clears Guest.EXL, goes to Guest.EPC, stays in the guest",
	"§12")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL);
	dmtgc0(C0_EPC, GVA_CODE + 8);
	RUN(ERET, WAIT, MFC0(V0, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], STATUS_KX);
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_KX);
}

TEST(guest_eret_erl, "guest ERET with Guest.ERL uses Guest.ErrorEPC and clears ERL", "§12")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL | STATUS_ERL);
	dmtgc0(C0_EPC, GVA_CODE + 4);
	dmtgc0(C0_ERROREPC, GVA_CODE + 8);
	RUN(ERET, WAIT, MFC0(V0, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], STATUS_KX | STATUS_EXL);
}

TEST(eret_to_user, "guest ERET to user mode drops privilege at once", "§4")
{
	map_gva(0, USER_CODE, LO_RW(GPA_CODE), LO_RW(GPA_CODE + 0x1000));
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | STATUS_USER | STATUS_EXL);
	dmtgc0(C0_EPC, USER_CODE + 4);
	RUN(ERET, MFC0(V0, C0_STATUS));
	CHECK_GUEST_EXCEPTION(EXC_CPU, USER_CODE + 4);
}

TEST(di_ei, "DI and EI act on Guest.Status.IE only, without an exit", "§6.3(h), §12")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_IE);
	RUN(DI(V0), MFC0(V1, C0_STATUS), EI(A0), MFC0(A1, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], STATUS_KX | STATUS_IE);
	CHECK_EQ(vcpu.gpr[V1], STATUS_KX);
	CHECK_EQ(vcpu.gpr[A0], STATUS_KX);
	CHECK_EQ(vcpu.gpr[A1], STATUS_KX | STATUS_IE);
	CHECK(vcpu.status & STATUS_IE);
}

TEST(vz_registers_hidden, "GuestCtl* and GTOffset read 0 in the guest, writes vanish",
	"§5.1, §6.3(g)")
{
	static const u8 regs[] = {
		C0_GUESTCTL0, C0_GUESTCTL0EXT, C0_GUESTCTL1, C0_GUESTCTL2, C0_GTOFFSET,
	};

	vcpu.gpr[A0] = UINT64_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		about("%d,%d", regs[i] >> 3, regs[i] & 7);
		RUN(MTC0(A0, regs[i]), MFC0(V0, regs[i]));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0);
		CHECK_EQ(vcpu.guestctl1 & 0xff, guest_id);
		CHECK_EQ(mfc0(C0_GTOFFSET), 0);
		CHECK_EQ(mfc0(C0_GUESTCTL2), 0);
		CHECK_EQ(mfc0(C0_GUESTCTL0EXT), GC0EXT_CGI);
	}
}
