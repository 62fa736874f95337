// SPDX-License-Identifier: GPL-2.0
/* Guest.Count, Guest.Compare, GTOffset. */
#include "exits.h"
#include "watchdog.h"

#define GUEST_STATUS	(STATUS_KX | STATUS_UX)

/*
 * Ticks until an event. Count is emulated time, which goes on while the
 * emulator is descheduled, so this is long for a CPU: some tens of ms.
 */
#define SOON		6000000

/* RUN() behind: Compare = Count + a0. */
#define RUN_WITH_COMPARE(...) \
	RUN(MFC0(V0, C0_COUNT), DADDU(V0, V0, A0), MTC0(V0, C0_COMPARE), __VA_ARGS__)

static void wait_ticks(u32 ticks)
{
	for (u32 start = mfc0(C0_COUNT); mfc0(C0_COUNT) - start < ticks;)
		;
}

/* @count lies between two readings of root's Count, both moved by @offset. */
static void check_between(u32 first, u32 count, u32 second, u32 offset)
{
	CHECK(count - (first + offset) <= second - first);
}

static const u32 offsets[] = { 0, 1, 1000000, 0x7fffffff, 0x80000000, 0xfffffff0 };

/* No comparator event near any of them. */
static void park_compare(void)
{
	mtgc0(C0_COMPARE, mfgc0(C0_COUNT) - 1);
}

TEST(gtoffset_root, "MFGC0 Count = Root.Count + GTOffset, mod 2^32", "§3.6, §9")
{
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 first, count, second;

		about("GTOffset %x", offsets[i]);
		mtc0(C0_GTOFFSET, offsets[i]);
		first = mfc0(C0_COUNT);
		count = mfgc0(C0_COUNT);
		second = mfc0(C0_COUNT);
		check_between(first, count, second, offsets[i]);
	}
}

TEST(gtoffset_guest, "the guest's MFC0 Count and RDHWR CC read the same", "§9, §12")
{
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 first;

		about("GTOffset %x", offsets[i]);
		mtc0(C0_GTOFFSET, offsets[i]);
		park_compare();
		first = mfc0(C0_COUNT);
		RUN(MFC0(V0, C0_COUNT), RDHWR(V1, 2));
		CHECK_DONE();
		check_between(first, vcpu.gpr[V0], mfc0(C0_COUNT), offsets[i]);
		check_between(first, vcpu.gpr[V1], mfc0(C0_COUNT), offsets[i]);
		CHECK((u32)(vcpu.gpr[V1] - vcpu.gpr[V0]) < 0x80000000);
	}
}

TEST(count_runs, "Guest.Count goes on while root runs and while the guest runs", "§9")
{
	u32 first = mfgc0(C0_COUNT);

	wait_ticks(10000);
	CHECK(mfgc0(C0_COUNT) - first >= 10000);
	first = mfgc0(C0_COUNT);
	RUN(MFC0(V0, C0_COUNT), MFC0(V1, C0_COUNT), SUBU(V1, V1, V0), BEQ(V1, R0, -3), NOP);
	CHECK_DONE();
	CHECK((u32)vcpu.gpr[V0] - first < 0x40000000);
}

TEST(count_read_only, "MTGC0 Count is ignored", "§2.4")
{
	u32 before = mfc0(C0_COUNT);

	root_insn(MTGC0(A0, C0_COUNT), before + 0x40000000);
	CHECK(mfgc0(C0_COUNT) - before < 0x20000000);
	CHECK(mfc0(C0_COUNT) - before < 0x20000000);
}

TEST(compare, "Guest.Count = Guest.Compare: TI and IP7 in the guest, no exit before",
	"§9")
{
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(7));
	vcpu.gpr[A0] = SOON;
	RUN_WITH_COMPARE(BEQ(R0, R0, -1), NOP);
	check_guest_exception(__LINE__, EXC_INT, 0x180, GVA_CODE + 12);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_TI);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_IP(7));
	CHECK(mfgc0(C0_COUNT) - mfgc0(C0_COMPARE) < 0x40000000);
	/* The interrupt is the guest's alone. */
	CHECK_EQ(mfc0(C0_CAUSE) & (CAUSE_TI | CAUSE_IP(7)), 0);
}

TEST(compare_offset, "the comparator compares Guest.Count, not Root.Count", "§9")
{
	mtc0(C0_GTOFFSET, 0x40000000);
	park_compare();
	mtgc0(C0_CAUSE, 0);
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(7));
	vcpu.gpr[A0] = SOON;
	RUN_WITH_COMPARE(BEQ(R0, R0, -1), NOP);
	check_guest_exception(__LINE__, EXC_INT, 0x180, GVA_CODE + 12);
	/* Root.Count reaches the number that Compare holds 2^30 ticks from now. */
	mtgc0(C0_COMPARE, mfc0(C0_COUNT) + SOON);
	wait_ticks(2 * SOON);
	CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_TI, 0);
}

TEST(fires_in_root, "the comparator runs in root mode: TI waits for the guest, root sees none",
	"§9")
{
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(7));
	mtgc0(C0_COMPARE, mfgc0(C0_COUNT) + SOON);
	CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_TI, 0);
	wait_ticks(2 * SOON);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_TI);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_IP(7));
	CHECK_EQ(mfc0(C0_CAUSE) & (CAUSE_TI | CAUSE_IP(7)), 0);
	RUN(NOP);
	check_guest_exception(__LINE__, EXC_INT, 0x180, GVA_CODE);
}

TEST(compare_clears, "writing Guest.Compare clears TI and IP7, by the guest and by root",
	"§9")
{
	mtgc0(C0_CAUSE, CAUSE_TI);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_TI);
	vcpu.gpr[A0] = mfgc0(C0_COUNT) - 1;
	RUN(MTC0(A0, C0_COMPARE), MFC0(V0, C0_CAUSE));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0] & (CAUSE_TI | CAUSE_IP(7)), 0);
	mtgc0(C0_CAUSE, CAUSE_TI);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_IP(7));
	park_compare();
	CHECK_EQ(mfgc0(C0_CAUSE) & (CAUSE_TI | CAUSE_IP(7)), 0);
}

TEST(ti_injected, "MTGC0 Cause with TI set raises the guest's timer interrupt, TI=0 drops it",
	"§5.3")
{
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(7));
	mtgc0(C0_CAUSE, CAUSE_TI);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_IP(7));
	RUN(NOP);
	check_guest_exception(__LINE__, EXC_INT, 0x180, GVA_CODE);
	mtgc0(C0_CAUSE, mfgc0(C0_CAUSE) & ~CAUSE_TI);
	CHECK_EQ(mfgc0(C0_CAUSE) & (CAUSE_TI | CAUSE_IP(7)), 0);
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(7));
	RUN(NOP);
	CHECK_DONE();
}

TEST(ti_with_vip, "TI and VIP are separate sources of the same IP7", "§10")
{
	mtc0(C0_GUESTCTL2, GC2_VIP(7));
	mtgc0(C0_CAUSE, CAUSE_TI);
	park_compare();
	CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_TI, 0);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_IP(7));
	mtgc0(C0_CAUSE, CAUSE_TI);
	mtc0(C0_GUESTCTL2, 0);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_IP(7));
}

TEST(gt_gates_access, "GT=0 stops the guest's access, not the comparator", "§9")
{
	vcpu.entry_guestctl0 &= ~GC0_GT;
	mtgc0(C0_STATUS, GUEST_STATUS | STATUS_IE | STATUS_IM(7));
	mtgc0(C0_COMPARE, mfgc0(C0_COUNT) + SOON);
	RUN(BEQ(R0, R0, -1), NOP);
	check_guest_exception(__LINE__, EXC_INT, 0x180, GVA_CODE);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_TI);
}

TEST(guest_dc, "Guest.Cause.DC alone does not stop Guest.Count", "§9")
{
	u32 first;

	mtgc0(C0_CAUSE, CAUSE_DC);
	first = mfgc0(C0_COUNT);
	wait_ticks(10000);
	CHECK(mfgc0(C0_COUNT) - first >= 10000);
}

TEST(root_dc, "Root.Cause.DC stops Root.Count and Guest.Count", "§9")
{
	u32 first, second;

	mtc0(C0_CAUSE, CAUSE_DC);
	first = mfgc0(C0_COUNT);
	for (u32 i = 0; i < 100000; i++)
		asm volatile("ehb");
	second = mfgc0(C0_COUNT);
	mtc0(C0_CAUSE, 0);
	CHECK_EQ(second, first);
	CHECK(mfgc0(C0_COUNT) - second < 0x10000000);
}

TEST(offset_equal_is_a_wrap, "GTOffset that makes Count = Compare now is no event for 2^32",
	"§9")
{
	for (u32 i = 0; i < 50; i++) {
		mtc0(C0_GTOFFSET, mfgc0(C0_COMPARE) - mfc0(C0_COUNT));
		wait_ticks(1000);
		about("round %d", i);
		CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_TI, 0);
		mtgc0(C0_CAUSE, 0);
	}
}

TEST(offset_rearms, "writing GTOffset re-arms the comparator", "§9")
{
	mtgc0(C0_COMPARE, mfgc0(C0_COUNT) + 0x40000000);
	/* Now Compare is SOON away. */
	mtc0(C0_GTOFFSET, 0x40000000 - SOON);
	CHECK_EQ(mfgc0(C0_CAUSE) & CAUSE_TI, 0);
	wait_ticks(2 * SOON);
	CHECK(mfgc0(C0_CAUSE) & CAUSE_TI);
}

TEST(count_read_delivers, "reading Guest.Count past Compare finds TI already set", "§9")
{
	u32 compare = mfgc0(C0_COUNT) + SOON;

	mtgc0(C0_COMPARE, compare);
	while ((s32)(mfgc0(C0_COUNT) - compare) < 0)
		;
	CHECK(mfgc0(C0_CAUSE) & CAUSE_TI);
}

TEST(root_timer_separate, "the root timer's TI is not the guest's, nor the other way round",
	"§9")
{
	mtgc0(C0_CAUSE, CAUSE_TI);
	CHECK_EQ(mfc0(C0_CAUSE) & CAUSE_TI, 0);
	mtgc0(C0_CAUSE, 0);
	mtc0(C0_STATUS, ROOT_STATUS & ~STATUS_IE);
	watchdog_start(SOON);
	while (!(mfc0(C0_CAUSE) & CAUSE_TI))
		;
	CHECK_EQ(mfgc0(C0_CAUSE) & (CAUSE_TI | CAUSE_IP(7)), 0);
	watchdog_start(WATCHDOG_TICKS);
	mtc0(C0_STATUS, ROOT_STATUS);
}
