// SPDX-License-Identifier: GPL-2.0
/* Guest privileged sensitive instructions: every one, under every control bit. */
#include "exits.h"

/* What decides whether an access traps, besides GuestCtl0.CP0. */
enum rule {
	NEVER,		/* the guest's own; CP0=0 only */
	ALWAYS,
	OG, BG, MG, AT, GT,
	CF,		/* writes need CF=1, reads nothing */
	COUNT,		/* reads need GT=1, writes always trap */
	OPEN,		/* the sheet leaves it open what happens with CP0=1 */
	OPEN_OG,	/* traps with OG=1 for certain; without OG open */
};

struct reg {
	u8 rd, sel, last_sel;
	u8 rule;
};

/*
 * §5.1 and §6.3, for a guest without SegCtl, hardware page walker, shadow sets,
 * Watch, MAAR, MT, MCU (regs.c proves that it has none). Registers not listed
 * are reserved for architecture: OG. Those reserved for implementation are the
 * same (§20 5), as are View_IPL, View_RIPL and BEVVA (§20 8).
 */
static const struct reg exceptions[] = {
	{ 0, 0, 0, MG },	/* Index */
	{ 1, 0, 0, MG },	/* Random */
	{ 2, 0, 0, MG },	/* EntryLo0 */
	{ 3, 0, 0, MG },	/* EntryLo1 */
	{ 4, 0, 0, MG },	/* Context */
	{ 4, 1, 1, OPEN },	/* ContextConfig: MG if there, OG if not */
	{ 4, 3, 3, OPEN },	/* XContextConfig */
	{ 5, 0, 0, MG },	/* PageMask */
	{ 5, 1, 4, AT },	/* PageGrain, SegCtl0-2 (§20 6) */
	{ 5, 5, 7, ALWAYS },	/* PWBase, PWField, PWSize: no walker */
	{ 6, 0, 0, AT },	/* Wired */
	{ 6, 6, 6, ALWAYS },	/* PWCtl */
	{ 8, 0, 2, BG },	/* BadVAddr, BadInstr, BadInstrP */
	{ 8, 3, 3, OPEN },	/* BadInstrX */
	{ 9, 0, 0, COUNT },
	{ 10, 0, 0, MG },	/* EntryHi */
	{ 11, 0, 0, GT },	/* Compare */
	{ 12, 0, 1, NEVER },	/* Status, IntCtl */
	{ 12, 2, 3, ALWAYS },	/* SRSCtl, SRSMap: no shadow sets */
	{ 13, 0, 0, NEVER },	/* Cause */
	{ 14, 0, 0, NEVER },	/* EPC */
	{ 15, 0, 0, ALWAYS },	/* PRid */
	{ 15, 1, 1, NEVER },	/* EBase */
	{ 15, 2, 3, ALWAYS },	/* CDMMBase, CMGCRBase (reads: §20 7) */
	{ 16, 0, 5, CF },	/* Config to Config5 */
	{ 16, 6, 7, OPEN_OG },	/* Config6, Config7: by implementation */
	{ 17, 1, 2, ALWAYS },	/* MAAR, MAARI */
	{ 20, 0, 0, MG },	/* XContext (§20 6) */
	{ 23, 0, 0, ALWAYS },	/* Debug */
	{ 23, 1, 7, OPEN_OG },	/* trace registers */
	{ 24, 0, 0, ALWAYS },	/* DEPC */
	{ 24, 1, 7, OPEN_OG },
	{ 25, 0, 7, OPEN },	/* PerfCtl, PerfCnt: the guest has none */
	{ 26, 0, 0, ALWAYS },	/* ErrCtl */
	{ 26, 1, 7, OPEN_OG },
	{ 27, 0, 3, ALWAYS },	/* CacheErr */
	{ 27, 4, 7, OPEN_OG },
	{ 28, 0, 7, ALWAYS },	/* TagLo, DataLo */
	{ 29, 0, 7, ALWAYS },	/* TagHi, DataHi */
	{ 30, 0, 0, NEVER },	/* ErrorEPC */
	{ 31, 0, 0, ALWAYS },	/* DESAVE */
	{ 31, 1, 1, OPEN_OG },
};

static enum rule rule_of(u32 rd, u32 sel)
{
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++) {
		const struct reg *r = &exceptions[i];

		if (r->rd == rd && r->sel <= sel && sel <= r->last_sel)
			return r->rule;
	}
	return OG;
}

enum outcome { RUNS, TRAPS, EITHER };

static enum outcome expected(u32 rd, u32 sel, bool write)
{
	u32 guestctl0 = vcpu.entry_guestctl0, ext = mfc0(C0_GUESTCTL0EXT);
	enum rule rule = rule_of(rd, sel);

	if (!(guestctl0 & GC0_CP0))
		return TRAPS;
	switch (rule) {
	case NEVER:
		return RUNS;
	case ALWAYS:
		return TRAPS;
	case OG:
		return ext & GC0EXT_OG ? TRAPS : RUNS;
	case BG:
		return ext & GC0EXT_BG ? TRAPS : RUNS;
	case MG:
		return ext & GC0EXT_MG ? TRAPS : RUNS;
	case AT:
		return (guestctl0 & GC0_AT(3)) == GC0_AT(3) ? RUNS : TRAPS;
	case GT:
		return guestctl0 & GC0_GT ? RUNS : TRAPS;
	case CF:
		return write && !(guestctl0 & GC0_CF) ? TRAPS : RUNS;
	case COUNT:
		return write || !(guestctl0 & GC0_GT) ? TRAPS : RUNS;
	case OPEN_OG:
		return ext & GC0EXT_OG ? TRAPS : EITHER;
	case OPEN:
		return ext & (GC0EXT_OG | GC0EXT_MG | GC0EXT_BG) ? EITHER : RUNS;
	}
	return EITHER;
}

/* MFC0, MTC0, DMFC0, DMTC0 of all 256 registers; writes store what is there. */
static void check_all_registers(void)
{
	static const u8 moves[] = { 0, 4, 1, 5 };
	u32 controls = vcpu.entry_guestctl0;

	for (u32 i = 0; i < 4 * 256; i++) {
		u32 rd = i >> 5, sel = i >> 2 & 7, move = moves[i & 3];
		u32 insn = INSN_COP0(move, V0, CP0_REG(rd, sel));
		bool write = move >= 4;

		about("GuestCtl0 %x Ext %x: %s %d,%d", controls,
		      mfc0(C0_GUESTCTL0EXT), write ? "write" : "read", rd, sel);
		vcpu.gpr[V0] = write ? guest_reg(CP0_REG(rd, sel)) : 0x5a5a;
		RUN(insn);
		switch (expected(rd, sel, write)) {
		case RUNS:
			CHECK_DONE();
			break;
		case TRAPS:
			CHECK_GPSI(insn);
			if (!write)
				CHECK_EQ(vcpu.gpr[V0], 0x5a5a);
			break;
		case EITHER:
			CHECK(exit_exccode() == EXC_GE);
			break;
		}
	}
}

TEST(permissive, "all permitted: only the always-GPSI registers trap", "§5.1, §6.3(c)")
{
	check_all_registers();
}

TEST(cp0_denied, "CP0=0: every guest CP0 move traps", "§6.3(a)")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	check_all_registers();
}

TEST(og, "OG=1: UserLocal, HWREna, LLAddr, KScratch and reserved registers trap",
	"§3.2, §5.1, §6.3(g)")
{
	mtc0(C0_GUESTCTL0EXT, GC0EXT_OG);
	check_all_registers();
}

TEST(bg, "BG=1: BadVAddr, BadInstr and BadInstrP trap", "§3.2, §5.1")
{
	mtc0(C0_GUESTCTL0EXT, GC0EXT_BG);
	check_all_registers();
}

TEST(mg, "MG=1: the registers of the TLB instructions trap, PageGrain and Wired not",
	"§3.2, §5.1")
{
	mtc0(C0_GUESTCTL0EXT, GC0EXT_MG);
	check_all_registers();
}

TEST(at, "AT=1: PageGrain, Wired and SegCtl trap", "§3.1, §5.1, §20 6")
{
	vcpu.entry_guestctl0 = (vcpu.entry_guestctl0 & ~GC0_AT(3)) | GC0_AT(1);
	check_all_registers();
}

TEST(gt, "GT=0: Count and Compare trap", "§3.1, §6.3(f)")
{
	vcpu.entry_guestctl0 &= ~GC0_GT;
	check_all_registers();
}

TEST(cf, "CF=0: writes of Config to Config5 trap, reads do not", "§3.1, §5.1")
{
	vcpu.entry_guestctl0 &= ~GC0_CF;
	check_all_registers();
}

TEST(not_executed, "a trapped write has changed nothing when root sees it", "§6.1")
{
	static const u8 regs[] = { C0_EPC, C0_KSCRATCH1, C0_COMPARE, C0_ENTRYHI,
				   C0_STATUS };

	vcpu.entry_guestctl0 &= ~GC0_CP0;
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 before = guest_reg(regs[i]);

		about("%d,%d", regs[i] >> 3, regs[i] & 7);
		vcpu.gpr[A0] = ~before;
		RUN(DMTC0(A0, regs[i]));
		CHECK_GPSI(DMTC0(A0, regs[i]));
		CHECK_EQ(guest_reg(regs[i]), before);
	}
}

TEST(wait, "WAIT always traps, and does not wait", "§6.3(c), §12")
{
	RUN(WAIT);
	CHECK_GPSI(WAIT);
	/* A code field changes nothing. */
	RUN(WAIT | 0x1234 << 6);
	CHECK_GPSI(WAIT | 0x1234 << 6);
}

TEST(shadow_sets, "RDPGPR and WRPGPR trap: the guest has no shadow sets", "§6.3(c), §12")
{
	RUN(RDPGPR(V0, A0));
	CHECK_GPSI(RDPGPR(V0, A0));
	RUN(WRPGPR(V0, A0));
	CHECK_GPSI(WRPGPR(V0, A0));
}

TEST(deret, "DERET is RI in the guest", "§6.3(c), §20 17")
{
	RUN(DERET);
	CHECK_GUEST_EXCEPTION(EXC_RI, GVA_CODE);
}

TEST(cp0_denied_instructions, "CP0=0: ERET, DI, EI and WAIT trap and do nothing",
	"§6.3(a)")
{
	static const u32 insns[] = { ERET, DI(R0), EI(R0), WAIT };

	vcpu.entry_guestctl0 &= ~GC0_CP0;
	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		about("instruction %x", insns[i]);
		mtgc0(C0_STATUS, STATUS_KX | STATUS_EXL | (i == 1 ? STATUS_IE : 0));
		RUN(insns[i]);
		CHECK_GPSI(insns[i]);
		CHECK_EQ(mfgc0(C0_STATUS),
			 STATUS_KX | STATUS_EXL | (i == 1 ? STATUS_IE : 0));
	}
}

TEST(cp0_denied_leaves_rest, "CP0=0 does not touch what is not CP0's", "§6.3(a), §12")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	vcpu.gpr[A0] = GVA_DATA;
	vcpu.gpr[A1] = KSEG0 + GPA_FREE;	/* which root does not back */
	RUN(LW(V0, 0, A0), SW(V0, 0, A0), SYNC, EHB, SYNCI(0, A0), PREF(0, 0, A1),
	    ADDIU(V0, R0, 5));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 5);
}

/* ---- RDHWR ---- */

TEST(rdhwr_cp0, "CP0=0: RDHWR of 0, 1, 2, 3 and 29 traps in guest kernel mode", "§6.3(a)")
{
	static const u8 regs[] = { 0, 1, 2, 3, 29 };

	vcpu.entry_guestctl0 &= ~GC0_CP0;
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		about("RDHWR %d", regs[i]);
		RUN(RDHWR(V0, regs[i]));
		CHECK_GPSI(RDHWR(V0, regs[i]));
	}
}

TEST(rdhwr_cc, "GT=0: RDHWR of CC traps, of the others not", "§6.3(f), §12")
{
	vcpu.entry_guestctl0 &= ~GC0_GT;
	RUN(RDHWR(V0, 2));
	CHECK_GPSI(RDHWR(V0, 2));
	RUN(RDHWR(V0, 0), RDHWR(V0, 1), RDHWR(V0, 3), RDHWR(V0, 29));
	CHECK_DONE();
}

TEST(rdhwr_user, "guest user RDHWR: Guest.HWREna first, then GuestCtl0; root's never",
	"§6.3(a), §12")
{
	static const u8 regs[] = { 0, 1, 2, 3, 29 };
	const u32 user = STATUS_UX | STATUS_USER;

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		u32 n = regs[i];

		about("RDHWR %d", n);
		vcpu.entry_guestctl0 |= GC0_CP0;
		/* Root's enable is the opposite of the guest's. */
		mtgc0(C0_HWRENA, 0);
		mtc0(C0_HWRENA, BIT(n));
		RUN_USER(user, RDHWR(V0, n), SYSCALL);
		CHECK_GUEST_EXCEPTION(EXC_RI, USER_CODE);
		mtgc0(C0_HWRENA, BIT(n));
		mtc0(C0_HWRENA, 0);
		RUN_USER(user, RDHWR(V0, n), SYSCALL);
		CHECK_GUEST_EXCEPTION(EXC_SYS, USER_CODE + 4);
		vcpu.entry_guestctl0 &= ~GC0_CP0;
		RUN_USER(user, RDHWR(V0, n), SYSCALL);
		CHECK_GE(GEXC_GPSI, USER_CODE, RDHWR(V0, n));
		mtgc0(C0_HWRENA, 0);
		RUN_USER(user, RDHWR(V0, n), SYSCALL);
		CHECK_GUEST_EXCEPTION(EXC_RI, USER_CODE);
	}
	vcpu.entry_guestctl0 = (vcpu.entry_guestctl0 | GC0_CP0) & ~GC0_GT;
	mtgc0(C0_HWRENA, BIT(2));
	RUN_USER(user, RDHWR(V0, 2), SYSCALL);
	CHECK_GE(GEXC_GPSI, USER_CODE, RDHWR(V0, 2));
}

TEST(rdhwr_values, "RDHWR 0 is Guest.EBase.CPUNum, 29 Guest.UserLocal", "§12")
{
	dmtgc0(C0_EBASE, GVA_VECTORS | 0x155);
	dmtgc0(C0_USERLOCAL, 0x1122334455667788);
	RUN(RDHWR(V0, 0), RDHWR(V1, 29));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x155);
	CHECK_EQ(vcpu.gpr[V1], 0x1122334455667788);
}

/* ---- CACHE ---- */

static const u8 hit_ops[] = { HIT_INVALIDATE_I, HIT_INVALIDATE_D, HIT_WRITEBACK_INV_D,
			      HIT_WRITEBACK_D };
static const u8 index_ops[] = { INDEX_INVALIDATE_I, INDEX_WRITEBACK_INV_D };
static const u8 tag_ops[] = { INDEX_LOAD_TAG_I, INDEX_LOAD_TAG_D, INDEX_STORE_TAG_I,
			      INDEX_STORE_TAG_D, FETCH_AND_LOCK_I };

static void check_cache(const u8 *ops, size_t count, bool traps)
{
	vcpu.gpr[A0] = GVA_DATA;
	for (size_t i = 0; i < count; i++) {
		about("CACHE %x, GuestCtl0 %x Ext %x", ops[i], vcpu.entry_guestctl0,
		      mfc0(C0_GUESTCTL0EXT));
		RUN(CACHE(ops[i], 0, A0));
		if (traps)
			CHECK_GPSI(CACHE(ops[i], 0, A0));
		else
			CHECK_DONE();
	}
}

TEST(cache_cg_cgi, "CG=1 and CGI=1: hit and index-invalidate ops run, tag ops trap",
	"§6.3(e)")
{
	check_cache(hit_ops, ARRAY_SIZE(hit_ops), false);
	check_cache(index_ops, ARRAY_SIZE(index_ops), false);
	check_cache(tag_ops, ARRAY_SIZE(tag_ops), true);
}

TEST(cache_cg, "CG=1 and CGI=0: hit ops run, index ops trap", "§6.3(e)")
{
	mtc0(C0_GUESTCTL0EXT, 0);
	check_cache(hit_ops, ARRAY_SIZE(hit_ops), false);
	check_cache(index_ops, ARRAY_SIZE(index_ops), true);
	check_cache(tag_ops, ARRAY_SIZE(tag_ops), true);
}

TEST(cache_no_cg, "CG=0: every CACHE traps, whatever CGI says", "§6.3(e)")
{
	vcpu.entry_guestctl0 &= ~GC0_CG;
	check_cache(hit_ops, ARRAY_SIZE(hit_ops), true);
	check_cache(index_ops, ARRAY_SIZE(index_ops), true);
	check_cache(tag_ops, ARRAY_SIZE(tag_ops), true);
}

TEST(cache_cp0, "CP0=0: every CACHE traps", "§6.3(a)")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	check_cache(hit_ops, ARRAY_SIZE(hit_ops), true);
	check_cache(index_ops, ARRAY_SIZE(index_ops), true);
}

TEST(cache_unbacked, "a hit op on a GPA that root does not back does not fault", "§12")
{
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	RUN(CACHE(HIT_WRITEBACK_INV_D, 0, A0));
	CHECK_DONE();
}

/* ---- Order of the tests ---- */

TEST(delay_slot, "a GPSI in a delay slot: BD, EPC and BadInstrP name the branch",
	"§6.1, §6.8")
{
	RUN(NOP, BEQ(R0, R0, 2), WAIT, NOP, NOP);
	CHECK_EQ(exit_exccode(), EXC_GE);
	CHECK_EQ(GC0_GEXCCODE(vcpu.guestctl0), GEXC_GPSI);
	CHECK_EQ(vcpu.epc, GVA_CODE + 4);
	CHECK(vcpu.cause & CAUSE_BD);
	CHECK_EQ(vcpu.badinstr, WAIT);
	CHECK_EQ(vcpu.badinstrp, BEQ(R0, R0, 2));
}

TEST(user_cpu_first, "in guest user mode CpU in the guest comes before GPSI", "§6.3, §6.7")
{
	static const u32 insns[] = { MFC0(V0, C0_PRID), MTC0(V0, C0_COUNT), WAIT, ERET,
				     CACHE(INDEX_STORE_TAG_D, 0, A0), RDPGPR(V0, V0) };

	vcpu.entry_guestctl0 &= ~(GC0_CP0 | GC0_CG);
	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		about("instruction %x", insns[i]);
		RUN_USER(STATUS_UX | STATUS_USER, insns[i]);
		CHECK_GUEST_EXCEPTION(EXC_CPU, USER_CODE);
		CHECK_EQ(CAUSE_CE(mfgc0(C0_CAUSE)), 0);
	}
}

TEST(user_cu0_gpsi, "in guest user mode with CU0, GPSI applies as in kernel mode",
	"§4, §6.3")
{
	RUN_USER(STATUS_UX | STATUS_USER | STATUS_CU0, MFC0(V0, C0_PRID));
	CHECK_GE(GEXC_GPSI, USER_CODE, MFC0(V0, C0_PRID));
}

TEST(ri_before_gpsi, "an illegal encoding is RI in the guest, not GPSI", "§6.3, §6.7")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	RUN(INSN_CO(0x3f));
	CHECK_GUEST_EXCEPTION(EXC_RI, GVA_CODE);
}
