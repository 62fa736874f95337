// SPDX-License-Identifier: GPL-2.0
/* Interrupts: root's stay live in guest mode, the guest's come from root or itself. */
#include "board.h"
#include "exits.h"

#define GUEST_STATUS	(STATUS_KX | STATUS_UX)
#define IM_ALL		0xff00u

/* The guest runs with @status and @vip; a loop that only an interrupt leaves. */
static void run_waiting(u32 status, u32 vip)
{
	mtgc0(C0_STATUS, status);
	mtc0(C0_GUESTCTL2, vip);
	LOAD(RPA_CODE, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP);
	vcpu.epc = GVA_CODE;
	run();
}

static void check_guest_interrupt(int line, u32 ip)
{
	check_guest_exception(line, EXC_INT, 0x180, GVA_CODE);
	CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, ip);
}

TEST(vip, "each VIP bit is pending in Guest.Cause and interrupts the guest", "§3.4, §10")
{
	for (u32 n = 2; n < 8; n++) {
		about("IP%d", n);
		mtc0(C0_GUESTCTL2, GC2_VIP(n));
		CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, CAUSE_IP(n));
		run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(n), GC2_VIP(n));
		check_guest_interrupt(__LINE__, CAUSE_IP(n));
		mtc0(C0_GUESTCTL2, 0);
		CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, 0);
	}
}

TEST(guest_reads_vip, "the guest's own MFC0 Cause shows VIP", "§10")
{
	mtc0(C0_GUESTCTL2, GC2_VIP(3) | GC2_VIP(6));
	RUN(MFC0(V0, C0_CAUSE));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0] & IM_ALL, CAUSE_IP(3) | CAUSE_IP(6));
}

TEST(masked, "a guest interrupt waits for Guest IE, IM, EXL and ERL", "§10")
{
	static const u32 statuses[] = {
		STATUS_IM(3), STATUS_IE, STATUS_IE | STATUS_IM(4),
		STATUS_IE | STATUS_IM(3) | STATUS_EXL,
		STATUS_IE | STATUS_IM(3) | STATUS_ERL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		about("Guest.Status %x", statuses[i]);
		run_waiting(GUEST_STATUS | statuses[i], GC2_VIP(3));
		CHECK_DONE();
	}
}

TEST(unmasked_by_guest, "EI, MTC0 Status and ERET let a pending guest interrupt in at once",
	"§10")
{
	mtc0(C0_GUESTCTL2, GC2_VIP(3));
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IM(3));
	RUN(NOP, EI(R0), EHB, NOP);
	CHECK_EQ(vcpu.badinstr, HYPCALL(HC_VECTOR(0x180)));
	CHECK(dmfgc0(C0_EPC) == GVA_CODE + 8 || dmfgc0(C0_EPC) == GVA_CODE + 12);
	mtgc0(C0_STATUS, GUEST_STATUS);
	vcpu.gpr[A0] = GUEST_STATUS | STATUS_IM(3) | STATUS_IE;
	RUN(NOP, MTC0(A0, C0_STATUS), EHB, NOP);
	CHECK_EQ(vcpu.badinstr, HYPCALL(HC_VECTOR(0x180)));
	CHECK(dmfgc0(C0_EPC) == GVA_CODE + 8 || dmfgc0(C0_EPC) == GVA_CODE + 12);
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IM(3) | STATUS_IE | STATUS_EXL);
	dmtgc0(C0_EPC, GVA_CODE + 8);
	RUN(ERET, NOP, NOP, NOP);
	CHECK_GUEST_EXCEPTION(EXC_INT, GVA_CODE + 8);
}

TEST(software, "Guest.Cause.IP1:0 interrupt the guest, set by it or by root", "§10")
{
	for (u32 n = 0; n < 2; n++) {
		about("IP%d", n);
		mtgc0(C0_CAUSE, CAUSE_IP(n));
		run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(n), 0);
		check_guest_interrupt(__LINE__, CAUSE_IP(n));
		mtgc0(C0_CAUSE, 0);
		mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(n));
		vcpu.gpr[A0] = CAUSE_IP(n);
		RUN(MTC0(A0, C0_CAUSE), EHB, NOP);
		CHECK_EQ(vcpu.badinstr, HYPCALL(HC_VECTOR(0x180)));
		CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, CAUSE_IP(n));
		mtgc0(C0_CAUSE, 0);
	}
}

TEST(software_separate, "root's and the guest's software interrupts are two", "§10")
{
	mtgc0(C0_CAUSE, CAUSE_IP(0));
	CHECK_EQ(mfc0(C0_CAUSE) & (CAUSE_IP(0) | CAUSE_IP(1)), 0);
	mtgc0(C0_CAUSE, 0);
	mtc0(C0_CAUSE, CAUSE_IP(1));
	CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, 0);
	run_waiting(GUEST_STATUS | STATUS_IE | IM_ALL, 0);
	mtc0(C0_CAUSE, 0);
	CHECK_DONE();
}

TEST(mtgc0_cause_ip, "MTGC0 of Cause.IP7:2 is ignored when GuestCtl2 exists", "§10, §20 14")
{
	CHECK(mfc0(C0_GUESTCTL0) & GC0_G2);
	mtgc0(C0_CAUSE, 0xfc00);
	CHECK_EQ(mfgc0(C0_CAUSE) & 0xfc00, 0);
	/* KVM's read, modify, write must not latch a VIP. */
	mtc0(C0_GUESTCTL2, GC2_VIP(4));
	mtgc0(C0_CAUSE, mfgc0(C0_CAUSE));
	mtc0(C0_GUESTCTL2, 0);
	CHECK_EQ(mfgc0(C0_CAUSE) & 0xfc00, 0);
}

TEST(vip_not_root, "VIP is no interrupt to root", "§3.4, §10")
{
	mtc0(C0_GUESTCTL2, GC2_VIP_ALL);
	CHECK_EQ(mfc0(C0_CAUSE) & 0xfc00, 0);
	vcpu.entry_status |= IM_ALL;
	run_waiting(GUEST_STATUS, GC2_VIP_ALL);
	CHECK_DONE();
}

TEST(vectored, "Guest.Cause.IV=1, VS=0: 0x200; VS=0x20: 0x200 + n * 0x20", "§6.2, §10")
{
	mtgc0(C0_CAUSE, CAUSE_IV);
	run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(4), GC2_VIP(4));
	check_guest_exception(__LINE__, EXC_INT, 0x200, GVA_CODE);
	CHECK(mfgc0(C0_CONFIG3) & CONFIG3_VINT);
	mtgc0(C0_INTCTL, INTCTL_VS_32);
	for (u32 n = 2; n < 8; n++) {
		about("IP%d", n);
		run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(n), GC2_VIP(n));
		check_guest_exception(__LINE__, EXC_INT, 0x200 + 0x20 * n, GVA_CODE);
	}
	/* The highest one of several. */
	run_waiting(GUEST_STATUS | STATUS_IE | IM_ALL, GC2_VIP(2) | GC2_VIP(5));
	check_guest_exception(__LINE__, EXC_INT, 0x200 + 0x20 * 5, GVA_CODE);
}

/* ---- Root's interrupts in guest mode ---- */

TEST(root_software, "a root interrupt pending at ERET is taken by root, guest untouched",
	"§4, §10")
{
	mtc0(C0_CAUSE, CAUSE_IP(0));
	vcpu.entry_status |= STATUS_IM(0);
	RUN(NOP, NOP);
	mtc0(C0_CAUSE, 0);
	CHECK_ROOT_EXCEPTION(EXC_INT, GVA_CODE);
	CHECK(vcpu.cause & CAUSE_IP(0));
	CHECK_EQ(mfgc0(C0_STATUS) & STATUS_EXL, 0);
}

TEST(root_masks, "root's interrupts in guest mode obey Root IE and IM only", "§4, §10")
{
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | IM_ALL);
	mtc0(C0_CAUSE, CAUSE_IP(0));
	RUN(NOP);
	CHECK_DONE();
	vcpu.entry_status = (vcpu.entry_status | STATUS_IM(0)) & ~STATUS_IE;
	RUN(NOP);
	CHECK_DONE();
	/* Nor does the guest's EXL or IE=0 hold them up. */
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_EXL);
	vcpu.entry_status |= STATUS_IE;
	RUN(NOP);
	mtc0(C0_CAUSE, 0);
	CHECK_ROOT_EXCEPTION(EXC_INT, GVA_CODE);
}

TEST(root_timer, "the root timer interrupts a guest that loops with interrupts off",
	"§4, §10")
{
	vcpu_ticks = 4000000;
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_EXL);
	RUN(BEQ(R0, R0, -1), NOP);
	CHECK_EQ(exit_exccode(), EXC_INT);
	CHECK(vcpu.cause & CAUSE_TI);
	CHECK_EQ(vcpu.vector, 0x180);
	CHECK_EQ(vcpu.epc, GVA_CODE);
	CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_TI, 0);
	CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, 0);
}

TEST(root_first, "root's interrupt wins over the guest's, and the guest's is not lost",
	"§6.7, §10")
{
	mtc0(C0_CAUSE, CAUSE_IP(0));
	vcpu.entry_status |= STATUS_IM(0);
	run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(3), GC2_VIP(3));
	mtc0(C0_CAUSE, 0);
	CHECK_ROOT_EXCEPTION(EXC_INT, GVA_CODE);
	CHECK_EQ(mfgc0(C0_STATUS) & STATUS_EXL, 0);
	run();
	check_guest_interrupt(__LINE__, CAUSE_IP(3));
}

TEST(guest_not_in_root, "a guest interrupt does not disturb root mode", "§9, §10")
{
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | IM_ALL);
	mtc0(C0_GUESTCTL2, GC2_VIP_ALL);
	mtc0(C0_STATUS, ROOT_STATUS | IM_ALL);
	for (u32 i = 0; i < 1000; i++)
		asm volatile("ehb");
	mtc0(C0_STATUS, ROOT_STATUS);
	CHECK_EQ(mfgc0(C0_STATUS), GUEST_STATUS | STATUS_IE | IM_ALL);
	run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(2), GC2_VIP(2));
	check_guest_interrupt(__LINE__, CAUSE_IP(2));
}

TEST(gexccode, "a root interrupt leaves GuestCtl0.GExcCode as it was", "§6.1, §20 9")
{
	RUN(WAIT);
	CHECK_GPSI(WAIT);
	mtc0(C0_CAUSE, CAUSE_IP(0));
	vcpu.entry_status |= STATUS_IM(0);
	RUN(NOP);
	mtc0(C0_CAUSE, 0);
	CHECK_ROOT_EXCEPTION(EXC_INT, GVA_CODE);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_GPSI);
}

/* ---- External lines: passthrough and hardware clear ---- */

static void wait_external(bool on)
{
	if (on)
		raise_external_ip2();
	else
		quiet_board();
	while (!!(mfc0(C0_CAUSE) & CAUSE_IP(2)) != on)
		;	/* the watchdog bounds it */
}

TEST(pip, "an external interrupt shows in Guest.Cause exactly if its PIP bit is set",
	"§3.1, §10")
{
	bool pt = mfc0(C0_GUESTCTL0) & GC0_PT;

	wait_external(true);
	CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, 0);
	run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(2), 0);
	CHECK_DONE();
	vcpu.entry_guestctl0 |= GC0_PIP(3);
	run_waiting(GUEST_STATUS | STATUS_IE | IM_ALL, 0);
	CHECK_DONE();
	vcpu.entry_guestctl0 |= GC0_PIP(2);
	run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(2), 0);
	if (pt)
		check_guest_interrupt(__LINE__, CAUSE_IP(2));
	else
		CHECK_DONE();
	/* Root sees the line all the time. */
	CHECK(mfc0(C0_CAUSE) & CAUSE_IP(2));
	wait_external(false);
	CHECK_EQ(mfgc0(C0_CAUSE) & IM_ALL, 0);
}

TEST(external_root, "an external interrupt that root enables is root's, passed through or not",
	"§10")
{
	wait_external(true);
	vcpu.entry_status |= STATUS_IM(2);
	for (u32 passed = 0; passed < 2; passed++) {
		about("PIP %d", passed);
		if (passed)
			vcpu.entry_guestctl0 |= GC0_PIP(2);
		run_waiting(GUEST_STATUS | STATUS_IE | STATUS_IM(2), 0);
		CHECK_ROOT_EXCEPTION(EXC_INT, GVA_CODE);
		CHECK_EQ(mfgc0(C0_STATUS) & STATUS_EXL, 0);
	}
	wait_external(false);
}

TEST(hardware_clear, "VIP falls with the external line if HC is set, else it stays",
	"§3.4, §10")
{
	bool hc;

	mtc0(C0_GUESTCTL2, GC2_VIP(2) | GC2_HC(2));
	hc = mfc0(C0_GUESTCTL2) & GC2_HC(2);
	wait_external(true);
	mtc0(C0_GUESTCTL2, GC2_VIP(2) | GC2_VIP(3) | GC2_HC(2));
	CHECK(mfc0(C0_GUESTCTL2) & GC2_VIP(2));
	wait_external(false);
	CHECK_EQ(!(mfc0(C0_GUESTCTL2) & GC2_VIP(2)), hc);
	CHECK(mfc0(C0_GUESTCTL2) & GC2_VIP(3));
	wait_external(true);
	mtc0(C0_GUESTCTL2, GC2_VIP(2));
	wait_external(false);
	CHECK(mfc0(C0_GUESTCTL2) & GC2_VIP(2));
}
