// SPDX-License-Identifier: GPL-2.0
/* The registers VZ adds to root: presence, reset values, write masks. */
#include "exits.h"

/* Bits of a register that take both values; @keep stays 0 in what is written. */
#define WRITABLE(reg, keep) ({ \
	u32 old_ = mfc0(reg), ones_, zeros_; \
	mtc0(reg, ~(u32)(keep)); \
	ones_ = mfc0(reg); \
	mtc0(reg, 0); \
	zeros_ = mfc0(reg); \
	mtc0(reg, old_); \
	ones_ & ~zeros_; })

TEST(presence, "Config3.VZ is set for root and clear for the guest: no nesting",
	"§1")
{
	CHECK(mfc0(C0_CONFIG3) & CONFIG3_VZ);
	CHECK_EQ(mfgc0(C0_CONFIG3) & CONFIG3_VZ, 0);
}

TEST(needs_of_root, "root has what a hypervisor needs: BI, BP, EHINV, KScratch",
	"§16.2, §16.3")
{
	CHECK(mfc0(C0_CONFIG3) & CONFIG3_BI);
	CHECK(mfc0(C0_CONFIG3) & CONFIG3_BP);
	CHECK(CONFIG4_IE(mfc0(C0_CONFIG4)) >= 2);
	/* Four of them: KScratch1..4 are selects 2..5. */
	CHECK_EQ(CONFIG4_KSCREXIST(mfc0(C0_CONFIG4)) & 0x3c, 0x3c);
}

TEST(guestctl0_reset, "GuestCtl0 resets to AT=3 with G1, G0E, G2, RAD=0, all else off",
	"§3.1, §16.3")
{
	u32 variable = GC0_PT | GC0_GEXCCODE_MASK;

	CHECK_EQ(reset_state.guestctl0 & ~variable,
		 GC0_AT(3) | GC0_G1 | GC0_G0E | GC0_G2);
}

TEST(others_reset, "GuestCtl0Ext, GuestCtl1, GuestCtl2 and GTOffset reset to 0",
	"§3.2-§3.6")
{
	CHECK_EQ(reset_state.guestctl0ext, 0);
	CHECK_EQ(reset_state.guestctl1, 0);
	CHECK_EQ(reset_state.guestctl2, 0);
	CHECK_EQ(reset_state.gtoffset, 0);
}

TEST(guest_reset_values, "guest context resets: BEV|ERL, EBase, IPTI=7, Cause, Wired",
	"§5.4")
{
	CHECK_EQ(reset_state.status & (STATUS_BEV | STATUS_ERL),
		 STATUS_BEV | STATUS_ERL);
	CHECK_EQ(reset_state.status & (STATUS_EXL | STATUS_IE | STATUS_KSU), 0);
	CHECK_EQ(reset_state.ebase, KSEG0);
	CHECK_EQ(INTCTL_IPTI(reset_state.intctl), 7);
	CHECK_EQ(reset_state.cause & (CAUSE_DC | CAUSE_IV), 0);
	CHECK_EQ(reset_state.wired, 0);
}

TEST(guest_config_chain, "Guest.Config..Config4.M read 1, so Config5 can be found",
	"§16.1")
{
	for (u32 i = 0; i < 5; i++) {
		about("Guest.Config%d", i);
		CHECK(reset_state.config[i] & CONFIG_M);
	}
}

TEST(guest_config_absent, "what the guest does not have reads 0: PW, SC, VZ, WR, MT..",
	"§16.3, §13")
{
	/* Config3: MT 2, VEIC 6, PW 24, SC 25, VZ 23, CMGCR 29. */
	CHECK_EQ(mfgc0(C0_CONFIG3) &
		 (BIT(2) | BIT(6) | BIT(23) | BIT(24) | BIT(25) | BIT(29)), 0);
	CHECK_EQ(mfgc0(C0_CONFIG1) & CONFIG1_WR, 0);
	/* Config5: MRP 3, MVH 5, VP 7, GI 16:15. */
	CHECK_EQ(mfgc0(C0_CONFIG5) & (BIT(3) | BIT(5) | BIT(7) | BIT(15) | BIT(16)), 0);
}

TEST(guestctl0_mask, "GuestCtl0: RI MC CP0 GT CG CF SFC2 SFC1 are RW, presence bits RO",
	"§3.1, §20 1")
{
	u32 pip = mfc0(C0_GUESTCTL0) & GC0_PT ? GC0_PIP_ALL : 0;
	u32 writable = WRITABLE(C0_GUESTCTL0, GC0_GM | GC0_AT(3));

	CHECK_EQ(writable, GC0_RI | GC0_MC | GC0_CP0 | GC0_GT | GC0_CG | GC0_CF |
		 GC0_SFC2 | GC0_SFC1 | pip);
}

TEST(guestctl0_at, "GuestCtl0.AT takes 1 and 3; reserved 0 and 2 leave it unchanged",
	"§3.1, §20 1")
{
	static const u8 values[] = { 1, 3 }, reserved[] = { 0, 2 };

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < 2; j++) {
			about("AT %d then %d", values[i], reserved[j]);
			mtc0(C0_GUESTCTL0, GC0_AT(values[i]));
			CHECK_EQ(mfc0(C0_GUESTCTL0) & GC0_AT(3), GC0_AT(values[i]));
			mtc0(C0_GUESTCTL0, GC0_AT(reserved[j]));
			CHECK_EQ(mfc0(C0_GUESTCTL0) & GC0_AT(3), GC0_AT(values[i]));
		}
}

TEST(guestctl0_gm, "GuestCtl0.GM can be set and cleared in root mode (EXL=1)", "§3.1, §4")
{
	u32 status = mfc0(C0_STATUS), set, clear;

	mtc0(C0_STATUS, (status & ~STATUS_IE) | STATUS_EXL);
	mtc0(C0_GUESTCTL0, GC0_GM | GC0_AT(3));
	set = mfc0(C0_GUESTCTL0);
	mtc0(C0_GUESTCTL0, GC0_AT(3));
	clear = mfc0(C0_GUESTCTL0);
	mtc0(C0_STATUS, status);
	CHECK(set & GC0_GM);
	CHECK(!(clear & GC0_GM));
}

TEST(root_when_erl, "GM=1 with Status.ERL=1 and EXL=0 is still root mode", "§4")
{
	u32 status = mfc0(C0_STATUS), guestctl0, config3;

	mtc0(C0_STATUS, (status & ~STATUS_IE) | STATUS_ERL);
	mtc0(C0_GUESTCTL0, GC0_GM | GC0_AT(3));
	/* Guest mode would read GuestCtl0 as 0, and Config3.VZ too. */
	guestctl0 = mfc0(C0_GUESTCTL0);
	config3 = mfc0(C0_CONFIG3);
	mtc0(C0_GUESTCTL0, GC0_AT(3));
	mtc0(C0_STATUS, status);
	CHECK(guestctl0 & GC0_GM);
	CHECK(config3 & CONFIG3_VZ);
}

TEST(gexccode_ro, "GuestCtl0.GExcCode is read-only and survives clearing GM",
	"§3.1, §16.4")
{
	RUN(WAIT);
	CHECK_GPSI(WAIT);
	RUN(NOP);
	CHECK_DONE();
	/* The exit path wrote GuestCtl0 with GM clear. */
	CHECK_EQ(GC0_GEXCCODE(mfc0(C0_GUESTCTL0)), GEXC_HC);
	mtc0(C0_GUESTCTL0, GC0_AT(3) | GC0_GEXCCODE_MASK);
	CHECK_EQ(GC0_GEXCCODE(mfc0(C0_GUESTCTL0)), GEXC_HC);
	mtc0(C0_GUESTCTL0, GC0_AT(3));
	CHECK_EQ(GC0_GEXCCODE(mfc0(C0_GUESTCTL0)), GEXC_HC);
}

TEST(guestctl0ext_mask, "GuestCtl0Ext: CGI FCD OG BG MG are RW, NCC and RPW read 0",
	"§3.2, §20 1")
{
	CHECK_EQ(WRITABLE(C0_GUESTCTL0EXT, 0), GC0EXT_CGI | GC0EXT_FCD | GC0EXT_OG |
		 GC0EXT_BG | GC0EXT_MG);
	mtc0(C0_GUESTCTL0EXT, 0xffffffff);
	CHECK_EQ(mfc0(C0_GUESTCTL0EXT) & ~UINT32_C(0x1f), 0);
}

TEST(guestctl1_mask, "GuestCtl1: 8-bit ID and RID are RW, EID is read-only",
	"§3.3, §16.3")
{
	CHECK_EQ(WRITABLE(C0_GUESTCTL1, 0), 0x00ff00ff);
	mtc0(C0_GUESTCTL1, 0xffffffff);
	CHECK_EQ(mfc0(C0_GUESTCTL1) & 0xff00ff00, 0);
	mtc0(C0_GUESTCTL1, 0);
}

TEST(guestctl2_mask, "GuestCtl2: VIP is RW, HC RW or 0, nothing else in non-EIC mode",
	"§3.4")
{
	u32 writable = WRITABLE(C0_GUESTCTL2, 0);

	CHECK_EQ(writable & GC2_VIP_ALL, GC2_VIP_ALL);
	CHECK_EQ(writable & ~(u32)(GC2_VIP_ALL | GC2_HC_ALL), 0);
}

TEST(gtoffset_mask, "GTOffset holds all 32 bits", "§3.6")
{
	CHECK_EQ(WRITABLE(C0_GTOFFSET, 0), 0xffffffff);
	mtc0(C0_GTOFFSET, 0x89abcdef);
	CHECK_EQ(mfc0(C0_GTOFFSET), 0x89abcdef);
}

TEST(root_ebase_wg, "root EBase has a write gate and holds an unmapped address",
	"§3.7, §16.3")
{
	u64 old = dmfc0(C0_EBASE);
	u32 status = mfc0(C0_STATUS);
	const u64 base = 0x9800000000103000;

	mtc0(C0_STATUS, (status & ~STATUS_IE) | STATUS_BEV);
	dmtc0(C0_EBASE, base | EBASE_WG);
	CHECK_EQ(dmfc0(C0_EBASE) & ~UINT64_C(0xfff), base);
	dmtc0(C0_EBASE, old | EBASE_WG);
	dmtc0(C0_EBASE, old & ~EBASE_WG);
	mtc0(C0_STATUS, status);
	CHECK_EQ(dmfc0(C0_EBASE), old);
}
