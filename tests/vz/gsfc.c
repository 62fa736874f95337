// SPDX-License-Identifier: GPL-2.0
/* Guest software field change: MTC0 that would change a field root cares about. */
#include "exits.h"

#define BASE_STATUS	(STATUS_KX | STATUS_SX | STATUS_UX)

/* MTC0 of @value: exit GSFC, register unchanged. */
static void check_traps(u32 reg, u32 before, u32 value)
{
	about("%d,%d: %x -> %x", reg >> 3, reg & 7, before, value);
	set_guest_reg(reg, before);
	before = guest_reg(reg);
	vcpu.gpr[A0] = value;
	RUN(MTC0(A0, reg));
	CHECK_GSFC(MTC0(A0, reg));
	CHECK_EQ((u32)guest_reg(reg), before);
}

/* MTC0 of @value: no exit; the register reads @after. */
static void check_silent(u32 reg, u32 before, u32 value, u32 after)
{
	about("%d,%d: %x -> %x", reg >> 3, reg & 7, before, value);
	set_guest_reg(reg, before);
	vcpu.gpr[A0] = value;
	RUN(MTC0(A0, reg));
	CHECK_DONE();
	CHECK_EQ((u32)guest_reg(reg), after);
}

static void check_traps_both_ways(u32 reg, u32 base, u32 bit)
{
	check_traps(reg, base, base | bit);
	check_traps(reg, base | bit, base);
}

/* Status bits the guest has here, each a GSFC field by itself (§6.4). */
static const u32 status_bits[] = {
	STATUS_CU1, STATUS_FR, STATUS_BEV, STATUS_ERL,
};

TEST(status, "changing Status CU1, FR, BEV or ERL is GSFC, either way", "§6.4")
{
	for (size_t i = 0; i < ARRAY_SIZE(status_bits); i++)
		check_traps_both_ways(C0_STATUS, BASE_STATUS, status_bits[i]);
}

TEST(status_same, "writing those Status bits with their value is silent", "§6.4")
{
	u32 all = BASE_STATUS | STATUS_CU1 | STATUS_FR | STATUS_BEV | STATUS_ERL;

	check_silent(C0_STATUS, all, all | STATUS_IM(4), all | STATUS_IM(4));
}

TEST(status_read_only, "Status bits the guest does not have are not compared: silent",
	"§5.2, §6.4")
{
	/* MX without DSP, CU2 without COP2, SR and NMI read-only, RP, TS, impl. */
	u32 absent = STATUS_SR | STATUS_NMI | STATUS_MX | STATUS_CU2;

	mtgc0(C0_STATUS, BASE_STATUS);
	vcpu.gpr[A0] = BASE_STATUS | absent;
	CHECK_EQ(mfgc0(C0_CONFIG1) & CONFIG1_C2, 0);
	CHECK_EQ(mfgc0(C0_CONFIG3) & CONFIG3_DSPP, 0);
	RUN(MTC0(A0, C0_STATUS));
	CHECK_DONE();
	CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS);
}

TEST(status_silent, "Status CU0, IM, IE, EXL, KSU (MC=0) and KX/SX/UX change silently",
	"§5.2, §6.4, §20 3")
{
	static const u32 bits[] = {
		STATUS_CU0, STATUS_IM(0), STATUS_IM(7), 0xff00, STATUS_IE, STATUS_EXL,
		STATUS_EXL | STATUS_USER, STATUS_EXL | STATUS_SUPERVISOR,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		/* IE with an interrupt pending would be another matter. */
		check_silent(C0_STATUS, BASE_STATUS, BASE_STATUS | bits[i],
			     BASE_STATUS | bits[i]);
		if (!(bits[i] & STATUS_EXL))
			check_silent(C0_STATUS, BASE_STATUS | bits[i], BASE_STATUS,
				     BASE_STATUS);
	}
	check_silent(C0_STATUS, BASE_STATUS, STATUS_KX, STATUS_KX);
	check_silent(C0_STATUS, STATUS_KX, STATUS_UX | STATUS_SX, STATUS_UX | STATUS_SX);
}

TEST(ksu_mc, "with MC=1 a change of Status.KSU is GSFC", "§3.1, §6.4")
{
	vcpu.entry_guestctl0 |= GC0_MC;
	check_traps(C0_STATUS, BASE_STATUS, BASE_STATUS | STATUS_USER);
	check_traps(C0_STATUS, BASE_STATUS, BASE_STATUS | STATUS_SUPERVISOR);
	check_silent(C0_STATUS, BASE_STATUS, BASE_STATUS | STATUS_IM(2),
		     BASE_STATUS | STATUS_IM(2));
}

TEST(sfc1, "SFC1=1 suppresses the GSFC of CU1 only", "§3.1, §6.4, §20 2")
{
	vcpu.entry_guestctl0 |= GC0_SFC1;
	check_silent(C0_STATUS, BASE_STATUS, BASE_STATUS | STATUS_CU1,
		     BASE_STATUS | STATUS_CU1);
	check_traps_both_ways(C0_STATUS, BASE_STATUS, STATUS_BEV);
	check_traps_both_ways(C0_STATUS, BASE_STATUS, STATUS_FR);
	vcpu.entry_guestctl0 ^= GC0_SFC1 | GC0_SFC2;
	check_traps_both_ways(C0_STATUS, BASE_STATUS, STATUS_CU1);
}

TEST(cause, "changing Cause.DC or IV is GSFC; WP and IP1:0 are silent", "§6.4, §5.2")
{
	check_traps_both_ways(C0_CAUSE, 0, CAUSE_DC);
	check_traps_both_ways(C0_CAUSE, 0, CAUSE_IV);
	check_silent(C0_CAUSE, 0, CAUSE_IP(0) | CAUSE_IP(1), CAUSE_IP(0) | CAUSE_IP(1));
	check_silent(C0_CAUSE, CAUSE_IV | CAUSE_IP(0), CAUSE_IV, CAUSE_IV);
}

TEST(cause_read_only, "the guest cannot write Cause BD, TI, CE, IP7:2 or ExcCode", "§5.2")
{
	u32 writable = CAUSE_DC | CAUSE_IV | CAUSE_WP | CAUSE_IP(0) | CAUSE_IP(1);

	check_silent(C0_CAUSE, 0, ~writable, 0);
}

TEST(intctl, "changing IntCtl.VS is GSFC; the rest of IntCtl is not writable", "§6.4, §5.2")
{
	u32 base;

	mtgc0(C0_INTCTL, 0);
	base = mfgc0(C0_INTCTL);
	check_traps(C0_INTCTL, 0, base | INTCTL_VS_32);
	check_traps(C0_INTCTL, INTCTL_VS_32, base);
	check_silent(C0_INTCTL, 0, ~(u32)INTCTL_VS, base);
}

TEST(config5, "changing Config5 MSAEn, UFR, FRE or UFE is GSFC where the guest has them",
	"§6.4, §20 4")
{
	static const u32 bits[] = { CONFIG5_MSAEN, CONFIG5_UFR, CONFIG5_FRE, CONFIG5_UFE };
	u32 base = mfgc0(C0_CONFIG5), trapped = 0, writable = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		about("Config5 %x -> %x", base, base ^ bits[i]);
		/* Which bits the guest has, FCD shows; then each must trap. */
		mtgc0(C0_CONFIG5, base);
		vcpu.gpr[A0] = base ^ bits[i];
		mtc0(C0_GUESTCTL0EXT, GC0EXT_FCD);
		RUN(MTC0(A0, C0_CONFIG5));
		CHECK_DONE();
		writable = mfgc0(C0_CONFIG5) != base;
		mtgc0(C0_CONFIG5, base);
		mtc0(C0_GUESTCTL0EXT, 0);
		RUN(MTC0(A0, C0_CONFIG5));
		trapped = GC0_GEXCCODE(vcpu.guestctl0) == GEXC_GSFC;
		CHECK_EQ(exit_exccode(), EXC_GE);
		CHECK_EQ(trapped, writable);
		CHECK(!trapped || mfgc0(C0_CONFIG5) == base);
	}
}

TEST(pagegrain_elpa, "PageGrain.ELPA is a GSFC field where root has ELPA on, else forced 0",
	"§6.4, §7.3")
{
	const u32 base = PAGEGRAIN_RIE | PAGEGRAIN_XIE | PAGEGRAIN_IEC;

	CHECK(mfc0(C0_CONFIG3) & CONFIG3_LPA);
	mtc0(C0_PAGEGRAIN, base | PAGEGRAIN_ELPA);
	CHECK(mfgc0(C0_CONFIG3) & CONFIG3_LPA);
	check_traps_both_ways(C0_PAGEGRAIN, base, PAGEGRAIN_ELPA);
	mtc0(C0_PAGEGRAIN, base);
	check_silent(C0_PAGEGRAIN, base, base | PAGEGRAIN_ELPA, base);
	CHECK_EQ(mfgc0(C0_CONFIG3) & CONFIG3_LPA, 0);
}

TEST(fcd, "FCD=1: none of them traps, the write is done", "§3.2, §6.4")
{
	mtc0(C0_GUESTCTL0EXT, GC0EXT_FCD);
	vcpu.entry_guestctl0 |= GC0_MC;
	for (size_t i = 0; i < ARRAY_SIZE(status_bits); i++) {
		/* ERL makes useg unmapped and nothing else here. */
		check_silent(C0_STATUS, BASE_STATUS, BASE_STATUS | status_bits[i],
			     BASE_STATUS | status_bits[i]);
		check_silent(C0_STATUS, BASE_STATUS | status_bits[i], BASE_STATUS,
			     BASE_STATUS);
	}
	check_silent(C0_CAUSE, 0, CAUSE_DC | CAUSE_IV, CAUSE_DC | CAUSE_IV);
	check_silent(C0_INTCTL, 0, INTCTL_VS_32, mfgc0(C0_INTCTL) | INTCTL_VS_32);
}

TEST(doubleword, "DMTC0 traps like MTC0", "§6.4")
{
	vcpu.gpr[A0] = BASE_STATUS | STATUS_BEV;
	RUN(DMTC0(A0, C0_STATUS));
	CHECK_GSFC(DMTC0(A0, C0_STATUS));
	CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS);
}

TEST(gpsi_first, "CP0=0 makes it GPSI: GSFC comes last", "§6.3, §6.7")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	vcpu.gpr[A0] = BASE_STATUS | STATUS_BEV;
	RUN(MTC0(A0, C0_STATUS));
	CHECK_GPSI(MTC0(A0, C0_STATUS));
	vcpu.entry_guestctl0 |= GC0_CP0;
	vcpu.entry_guestctl0 &= ~GC0_CF;
	vcpu.gpr[A0] = mfgc0(C0_CONFIG5) ^ CONFIG5_UFR;
	RUN(MTC0(A0, C0_CONFIG5));
	CHECK_GPSI(MTC0(A0, C0_CONFIG5));
}

TEST(delay_slot, "a GSFC in a delay slot: BD, EPC and BadInstrP name the branch", "§6.8")
{
	vcpu.gpr[A0] = BASE_STATUS | STATUS_BEV;
	RUN(NOP, BEQ(R0, R0, 2), MTC0(A0, C0_STATUS), NOP);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_GSFC);
	CHECK_EQ(vcpu.epc, GVA_CODE + 4);
	CHECK(vcpu.cause & CAUSE_BD);
	CHECK_EQ(vcpu.badinstr, MTC0(A0, C0_STATUS));
	CHECK_EQ(vcpu.badinstrp, BEQ(R0, R0, 2));
}

TEST(completed_by_root, "root finishes the write by MTGC0 and the guest goes on", "§6.4")
{
	vcpu.gpr[A0] = BASE_STATUS | STATUS_CU1;
	RUN(MTC0(A0, C0_STATUS), MFC0(V0, C0_STATUS));
	CHECK_GSFC(MTC0(A0, C0_STATUS));
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1);
	vcpu.epc += 4;
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], BASE_STATUS | STATUS_CU1);
}

/* ---- §5.2 and §5.3: what may be written at all ---- */

TEST(config1_fp, "root may take the guest's FPU away: Config1.FP, then CU1 and FR go",
	"§5.3")
{
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1 | STATUS_FR);
	mtgc0(C0_CONFIG1, mfgc0(C0_CONFIG1) & ~CONFIG1_FP);
	CHECK_EQ(mfgc0(C0_CONFIG1) & CONFIG1_FP, 0);
	CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS);
	mtgc0(C0_STATUS, BASE_STATUS | STATUS_CU1 | STATUS_FR);
	CHECK_EQ(mfgc0(C0_STATUS), BASE_STATUS);
	/* Then the guest's writing CU1 changes nothing, so it is no GSFC. */
	check_silent(C0_STATUS, BASE_STATUS, BASE_STATUS | STATUS_CU1, BASE_STATUS);
	mtgc0(C0_CONFIG1, mfgc0(C0_CONFIG1) | CONFIG1_FP);
	CHECK_EQ(mfgc0(C0_CONFIG1) & CONFIG1_FP, CONFIG1_FP);
}

TEST(config_guest_writes, "the guest may write Config.K0 and nothing of Config1", "§5.2")
{
	u32 config = mfgc0(C0_CONFIG), config1 = mfgc0(C0_CONFIG1);

	check_silent(C0_CONFIG, config, ~config, config ^ CONFIG_K0);
	check_silent(C0_CONFIG1, config1, ~config1, config1);
	mtgc0(C0_CONFIG, config);
}

TEST(cause_root_writes, "root may also write Guest.Cause BD, CE, ExcCode and TI", "§5.3")
{
	u32 mask = CAUSE_BD | CAUSE_TI | 3 << 28 | 0x1f << 2;

	mtgc0(C0_CAUSE, mask);
	CHECK_EQ(mfgc0(C0_CAUSE) & mask, mask);
	mtgc0(C0_CAUSE, 0);
	CHECK_EQ(mfgc0(C0_CAUSE) & mask, 0);
}

TEST(ebase, "the guest writes EBase 29:12 (all of it with WG), root CPUNum too", "§5.2, §5.3")
{
	dmtgc0(C0_EBASE, GVA_VECTORS | 0x2a);
	CHECK_EQ(dmfgc0(C0_EBASE) & ~EBASE_WG, GVA_VECTORS | 0x2a);
	vcpu.gpr[A0] = 0x12345000;
	RUN(MTC0(A0, C0_EBASE));
	CHECK_DONE();
	CHECK_EQ(dmfgc0(C0_EBASE), KSEG0 | 0x12345000 | 0x2a);
	vcpu.gpr[A0] = 0x9800000000123000 | EBASE_WG | 0x3ff;
	RUN(DMTC0(A0, C0_EBASE));
	CHECK_DONE();
	CHECK_EQ(dmfgc0(C0_EBASE) & ~EBASE_WG, 0x980000000012302a);
}
