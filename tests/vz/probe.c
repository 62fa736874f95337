// SPDX-License-Identifier: GPL-2.0
/* What Linux 6.1 does to find out what a VZ CPU has, step by step (§16). */
#include "exits.h"

/* Linux's set, read back, clear, read back: which bits of @mask are dynamic. */
static u32 dynamic_bits(u32 sel, u32 mask)
{
	u32 old = guest_reg(CP0_REG(16, sel)), ones, zeros;

	set_guest_reg(CP0_REG(16, sel), old | mask);
	ones = guest_reg(CP0_REG(16, sel));
	set_guest_reg(CP0_REG(16, sel), old & ~mask);
	zeros = guest_reg(CP0_REG(16, sel));
	set_guest_reg(CP0_REG(16, sel), old);
	return (ones ^ zeros) & mask;
}

TEST(guestctl0, "GuestID mode: G1, G0E, G2 set, RAD clear; DRG does not stick", "§16.1")
{
	u32 guestctl0 = mfc0(C0_GUESTCTL0);

	CHECK_EQ(guestctl0 & (GC0_G1 | GC0_G0E | GC0_G2 | GC0_RAD),
		 GC0_G1 | GC0_G0E | GC0_G2);
	mtc0(C0_GUESTCTL1, 0);
	mtc0(C0_GUESTCTL0, guestctl0 | GC0_DRG);
	CHECK_EQ(mfc0(C0_GUESTCTL0), guestctl0);
}

TEST(guestid_mask, "GuestCtl1.ID = 0xff reads back 0xff: 255 guests", "§16.1, §16.3")
{
	mtc0(C0_GUESTCTL1, 0xff);
	CHECK_EQ(mfc0(C0_GUESTCTL1), 0xff);
	mtc0(C0_GUESTCTL1, 0);
	CHECK_EQ(mfc0(C0_GUESTCTL1), 0);
}

TEST(gtoffset_mask, "GTOffset = ~0 reads back ~0: the hardware guest timer is usable", "§16.1")
{
	mtc0(C0_GTOFFSET, 0xffffffff);
	CHECK_EQ(mfc0(C0_GTOFFSET), 0xffffffff);
	mtc0(C0_GTOFFSET, 0);
}

TEST(reset_controls, "the Config probe works with GuestCtl0 as it comes out of reset", "§16.1")
{
	mtc0(C0_GUESTCTL0, GC0_AT(3));
	mtc0(C0_GUESTCTL0EXT, 0);
	CHECK_EQ(dynamic_bits(1, CONFIG1_FP), CONFIG1_FP);
	for (u32 sel = 0; sel < 5; sel++) {
		about("Config%d", sel);
		set_guest_reg(CP0_REG(16, sel), guest_reg(CP0_REG(16, sel)) | CONFIG_M);
		CHECK(guest_reg(CP0_REG(16, sel)) & CONFIG_M);
	}
}

TEST(config4_kscratch, "writing KScrExist all ones leaves what the guest really has", "§16.1")
{
	u32 config4 = mfgc0(C0_CONFIG4), exist;

	mtgc0(C0_CONFIG4, config4 | 0x00ff0000);
	exist = CONFIG4_KSCREXIST(mfgc0(C0_CONFIG4));
	for (u32 sel = 2; sel < 8; sel++) {
		about("KScratch select %d", sel);
		set_guest_reg(CP0_REG(31, sel), 0x123456789);
		CHECK_EQ(guest_reg(CP0_REG(31, sel)) == 0x123456789,
			 exist >> sel & 1);
	}
	mtgc0(C0_CONFIG4, config4);
}

TEST(what_kvm_refuses, "root has what KVM needs: BadInstr, BadInstrP, 2 KScratch, no MMID",
	"§16.2")
{
	u32 kscratch = CONFIG4_KSCREXIST(mfc0(C0_CONFIG4)) & 0xfc;

	CHECK(mfc0(C0_CONFIG3) & CONFIG3_BI);
	CHECK(mfc0(C0_CONFIG3) & CONFIG3_BP);
	CHECK(kscratch & (kscratch - 1));
	CHECK_EQ(mfc0(C0_CONFIG5) & BIT(17), 0);	/* MI */
}

TEST(vtlb_resize, "guest TLB size: what a write leaves is what the TLB has", "§5.5, §16.2")
{
	u32 config1 = mfgc0(C0_CONFIG1), size;
	struct tlb_entry entry = { .entryhi = 0x12340000, .lo0 = LO_RW(GPA_DATA),
				   .guest_id = 1 };

	mtgc0(C0_CONFIG1, config1 & ~(0x3fu << 25));
	size = guest_tlb_size();
	CHECK(size >= 1 && size <= 64);
	guest_tlb_write(size - 1, &entry);
	CHECK_EQ(guest_tlb_probe(0x12340000, 1), size - 1);
	mtgc0(C0_CONFIG1, config1);
	CHECK_EQ(mfgc0(C0_CONFIG1), config1);
}

TEST(hardware_enable, "GuestCtl0 = CP0|AT=3|CG|CF and Ext.CGI stick", "§16.2")
{
	u32 controls = GC0_CP0 | GC0_AT(3) | GC0_CG | GC0_CF;

	mtc0(C0_GUESTCTL0, controls);
	CHECK_EQ(mfc0(C0_GUESTCTL0) & (controls | GC0_GT | GC0_RI | GC0_MC), controls);
	mtc0(C0_GUESTCTL0EXT, mfc0(C0_GUESTCTL0EXT) | GC0EXT_CGI);
	CHECK_EQ(mfc0(C0_GUESTCTL0EXT) & GC0EXT_CGI, GC0EXT_CGI);
}

TEST(flush_root_guests, "KVM's flush: TLBR every index, EHINV where RID != 0, root's stay",
	"§8")
{
	struct tlb_entry mine = { .entryhi = 0x1400000, .lo0 = LO_RW(RPA_FREE) };
	const struct tlb_entry gone = { .entryhi = ENTRYHI_EHINV };

	root_tlb_write(ROOT_WIRED, &mine);
	for (u32 i = 0; i < root_tlb_size(); i++)
		if (root_tlb_read(i).guest_id)
			root_tlb_write(i, &gone);
	CHECK(root_tlb_probe(GPA_CODE, 1) & INDEX_P);
	CHECK(root_tlb_probe(GPA_DATA, 1) & INDEX_P);
	CHECK_EQ(root_tlb_probe(0x1400000, 0), ROOT_WIRED);
	RUN(NOP);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_CODE);
}
