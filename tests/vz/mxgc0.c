// SPDX-License-Identifier: GPL-2.0
/* Access to the guest context: by root with MFGC0.., by the guest with MFC0.. */
#include "exits.h"

struct reg {
	const char *name;
	u8 reg;
	u64 mask;	/* bits that hold any value, by DMTGC0 */
};

#define REG(reg, mask)	{ #reg, reg, mask }
#define ALL		UINT64_MAX
#define LOW		UINT64_C(0xffffffff)

/* Plain storage for root and for the guest alike (§5.1-§5.3). */
static const struct reg storage[] = {
	REG(C0_ENTRYLO0, 0xc00000003fffffff),
	REG(C0_ENTRYLO1, 0xc00000003fffffff),
	REG(C0_CONTEXT, ~UINT64_C(0x7fffff)),
	REG(C0_XCONTEXT, ~UINT64_C(0x1ffffffffff)),	/* PTEBase for SEGBITS = 48 */
	REG(C0_USERLOCAL, ALL),
	REG(C0_PAGEMASK, 0x01ffe000),
	REG(C0_ENTRYHI, 0xc0000000ffffe0ff),
	REG(C0_COMPARE, LOW),
	REG(C0_EPC, ALL),
	REG(C0_ERROREPC, ALL),
	REG(C0_KSCRATCH1, ALL),
	REG(C0_KSCRATCH2, ALL),
	REG(C0_KSCRATCH3, ALL),
	REG(C0_KSCRATCH4, ALL),
};

/* Storage for root only: hardware writes it in the guest (§5.3). */
static const struct reg root_storage[] = {
	REG(C0_BADVADDR, ALL),
	REG(C0_BADINSTR, LOW),
	REG(C0_BADINSTRP, LOW),
};

/* PageMask must be contiguous ones; anything goes elsewhere. */
static u64 pattern(const struct reg *reg, u32 i)
{
	static const u64 values[] = {
		0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x0123456789abcdef, ALL, 0,
	};

	if (reg->reg == C0_PAGEMASK)
		return i & 1 ? PAGEMASK_16M : PAGEMASK_64K;
	return values[i] & reg->mask;
}

static void check_storage(const struct reg *reg)
{
	for (u32 i = 0; i < 5; i++) {
		u64 value = pattern(reg, i);

		about("%s = %X", reg->name, value);
		set_guest_reg(reg->reg, value);
		CHECK_EQ(guest_reg(reg->reg) & reg->mask, value);
	}
}

TEST(root_storage_64, "DMTGC0 and DMFGC0 reach the guest's registers, all 64 bits",
	"§2.4, §5.3")
{
	for (size_t i = 0; i < ARRAY_SIZE(storage); i++)
		check_storage(&storage[i]);
	for (size_t i = 0; i < ARRAY_SIZE(root_storage); i++)
		check_storage(&root_storage[i]);
}

TEST(all_kscratch, "the guest has the KScratch registers that Guest.Config4 names, no others",
	"§5.1, §16.1")
{
	u32 exist = CONFIG4_KSCREXIST(mfgc0(C0_CONFIG4));

	CHECK(exist);
	CHECK_EQ(exist & ~CONFIG4_KSCREXIST(mfc0(C0_CONFIG4)), 0);
	for (u32 sel = 2; sel < 8; sel++) {
		u64 value = 0x1111111111111111 * sel;

		about("31,%d", sel);
		set_guest_reg(CP0_REG(31, sel), value);
		CHECK_EQ(guest_reg(CP0_REG(31, sel)), exist >> sel & 1 ? value : 0);
	}
}

TEST(features, "no guest Config bit can be set whose feature root does not have", "§5.3")
{
	/* Feature bits of Config1 to Config5: one says that something exists. */
	static const u32 features[] = {
		0, 0x0000007f, 0, 0x7fffffff, 0x00ff0000, 0x00000038,
	};

	for (u32 sel = 1; sel < 6; sel++) {
		u32 root = root_insn(MFC0(V0, CP0_REG(16, sel)), 0), guest;

		about("Config%d", sel);
		set_guest_reg(CP0_REG(16, sel), ALL);
		guest = guest_reg(CP0_REG(16, sel));
		CHECK_EQ(guest & features[sel] & ~root, 0);
		set_guest_reg(CP0_REG(16, sel), 0);
		guest = guest_reg(CP0_REG(16, sel));
		CHECK_EQ(guest & features[sel] & ~root, 0);
	}
	/* ISA, TLB and M chain are no root-writable features here. */
	CHECK_EQ(mfgc0(C0_CONFIG3) & CONFIG3_VZ, 0);
}

TEST(not_roots, "writing a guest register leaves root's register alone", "§5.1")
{
	const u64 mine = 0x1111111111111111, its = 0x2222222222222222;

	dmtc0(C0_KSCRATCH1, mine);
	dmtc0(C0_USERLOCAL, mine);
	dmtgc0(C0_KSCRATCH1, its);
	dmtgc0(C0_USERLOCAL, its);
	mtgc0(C0_WIRED, 1);
	CHECK_EQ(dmfc0(C0_KSCRATCH1), mine);
	CHECK_EQ(dmfc0(C0_USERLOCAL), mine);
	CHECK_EQ(mfc0(C0_WIRED), ROOT_WIRED);
	CHECK_EQ(dmfgc0(C0_KSCRATCH1), its);
	CHECK_EQ(dmfgc0(C0_USERLOCAL), its);
	CHECK_EQ(mfgc0(C0_WIRED), 1);
}

TEST(guest_reads, "the guest's DMFC0 reads what root's DMTGC0 wrote", "§2.4, §5.1")
{
	for (size_t i = 0; i < ARRAY_SIZE(storage); i++) {
		const struct reg *reg = &storage[i];
		u64 value = pattern(reg, 2);

		about("%s", reg->name);
		set_guest_reg(reg->reg, value);
		RUN(DMFC0(V0, reg->reg));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0] & reg->mask, value);
	}
}

TEST(guest_writes, "root's DMFGC0 reads what the guest's DMTC0 wrote", "§2.4, §5.2")
{
	for (size_t i = 0; i < ARRAY_SIZE(storage); i++) {
		const struct reg *reg = &storage[i];
		u64 value = pattern(reg, 2);

		about("%s", reg->name);
		vcpu.gpr[A0] = value;
		RUN(DMTC0(A0, reg->reg));
		CHECK_DONE();
		CHECK_EQ(guest_reg(reg->reg) & reg->mask, value);
	}
}

TEST(form_32, "MTGC0 writes 64-bit registers whole, MFGC0 sign-extends the low word",
	"§2.4")
{
	const u64 value = 0x1234567887654321;

	root_insn(MTGC0(A0, C0_EPC), value);
	CHECK_EQ(dmfgc0(C0_EPC), value);
	CHECK_EQ(root_insn(MFGC0(V0, C0_EPC), 0), 0xffffffff87654321);
	root_insn(MTGC0(A0, C0_KSCRATCH1), value);
	CHECK_EQ(dmfgc0(C0_KSCRATCH1), value);
	root_insn(MTGC0(A0, C0_COMPARE), value);
	CHECK_EQ(root_insn(MFGC0(V0, C0_COMPARE), 0), 0xffffffff87654321);
}

TEST(entrylo_32, "MFGC0 of EntryLo shows RI and XI in bits 31:30, sign-extended",
	"§2.4")
{
	const u64 lo = ENTRYLO_RI | ENTRYLO_XI | LO_RW(0x1234000);

	dmtgc0(C0_ENTRYLO0, lo);
	dmtgc0(C0_ENTRYLO1, lo & ~ENTRYLO_RI);
	CHECK_EQ(dmfgc0(C0_ENTRYLO0), lo);
	CHECK_EQ(root_insn(MFGC0(V0, C0_ENTRYLO0), 0),
		 0xffffffffc0000000 | LO_RW(0x1234000));
	CHECK_EQ(root_insn(MFGC0(V0, C0_ENTRYLO1), 0),
		 0x40000000 | LO_RW(0x1234000));
}

TEST(assembler_agrees, "the encodings are the ones the assembler has", "§2.1")
{
	dmtgc0(C0_EPC, 0x1122334455667788);
	CHECK_EQ(root_insn(DMFGC0(V0, C0_EPC), 0), 0x1122334455667788);
	root_insn(DMTGC0(A0, C0_EPC), 0x8877665544332211);
	CHECK_EQ(dmfgc0(C0_EPC), 0x8877665544332211);
}

TEST(index_wired, "Guest.Index and Guest.Wired hold every index of the guest TLB", "§5.1")
{
	u32 last = guest_tlb_size() - 1;

	for (u32 i = 0; i <= last; i++) {
		mtgc0(C0_INDEX, i);
		CHECK_EQ(mfgc0(C0_INDEX) & ~INDEX_P, i);
	}
	mtgc0(C0_WIRED, last);
	CHECK_EQ(mfgc0(C0_WIRED), last);
}

TEST(guest_ehinv, "Guest.EntryHi.EHINV is writable by root and by the guest", "§3.7")
{
	dmtgc0(C0_ENTRYHI, ENTRYHI_EHINV | KSEG1);
	CHECK_EQ(dmfgc0(C0_ENTRYHI) & ENTRYHI_EHINV, ENTRYHI_EHINV);
	dmtgc0(C0_ENTRYHI, 0);
	vcpu.gpr[A0] = ENTRYHI_EHINV;
	RUN(DMTC0(A0, C0_ENTRYHI));
	CHECK_DONE();
	CHECK_EQ(dmfgc0(C0_ENTRYHI) & ENTRYHI_EHINV, ENTRYHI_EHINV);
}

static const u8 absent[] = {
	C0_GUESTCTL1, C0_GUESTCTL2, CP0_REG(10, 6), C0_GUESTCTL0EXT, C0_GUESTCTL0,
	C0_GTOFFSET, CP0_REG(6, 7), CP0_REG(7, 5), CP0_REG(9, 3), CP0_REG(13, 6),
	C0_WATCHLO, CP0_REG(18, 3), CP0_REG(19, 0), C0_PWBASE, CP0_REG(5, 6),
	CP0_REG(5, 7), CP0_REG(6, 6),
};

TEST(absent_registers, "a register the guest lacks reads 0 and ignores writes",
	"§2.4")
{
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		u32 reg = absent[i], before = mfc0(C0_GUESTCTL0);

		about("%d,%d", reg >> 3, reg & 7);
		CHECK(!CATCH(root_insn(MTGC0(A0, reg), ALL)));
		CHECK(!CATCH(root_insn(DMTGC0(A0, reg), ALL)));
		CHECK(!CATCH(root_insn(MFGC0(V0, reg), 0)));
		CHECK_EQ(root_insn(MFGC0(V0, reg), 0), 0);
		CHECK_EQ(root_insn(DMFGC0(V0, reg), 0), 0);
		CHECK_EQ(mfc0(C0_GUESTCTL0), before);
		CHECK_EQ(mfc0(C0_GTOFFSET), 0);
	}
}

TEST(no_side_exceptions, "MxGC0 works whatever GuestCtl0 forbids the guest",
	"§2.4, §16.1")
{
	mtc0(C0_GUESTCTL0, GC0_AT(1));
	mtc0(C0_GUESTCTL0EXT, GC0EXT_OG | GC0EXT_BG | GC0EXT_MG);
	for (size_t i = 0; i < ARRAY_SIZE(storage); i++)
		check_storage(&storage[i]);
	/* What would be GSFC for the guest. */
	mtgc0(C0_STATUS, STATUS_BEV | STATUS_CU1 | STATUS_ERL);
	CHECK_EQ(mfgc0(C0_STATUS), STATUS_BEV | STATUS_CU1 | STATUS_ERL);
	mtgc0(C0_CAUSE, CAUSE_DC | CAUSE_IV);
	CHECK_EQ(mfgc0(C0_CAUSE) & (CAUSE_DC | CAUSE_IV), CAUSE_DC | CAUSE_IV);
}

static const u32 gc0_moves[] = {
	MFGC0(V0, C0_EPC), DMFGC0(V0, C0_EPC), MTGC0(V0, C0_EPC),
	DMTGC0(V0, C0_EPC), MFHGC0(V0, C0_ENTRYLO0), MTHGC0(V0, C0_ENTRYLO0),
};

TEST(ri_in_guest, "guest-CP0 moves are RI in guest kernel mode, even with CP0=0", "§2.4")
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(gc0_moves); i++) {
		u32 insn = gc0_moves[i % ARRAY_SIZE(gc0_moves)];

		about("instruction %x, CP0 %d", insn, i < ARRAY_SIZE(gc0_moves));
		guest_reset();
		if (i >= ARRAY_SIZE(gc0_moves))
			vcpu.entry_guestctl0 &= ~GC0_CP0;
		RUN(insn);
		CHECK_GUEST_EXCEPTION(EXC_RI, GVA_CODE);
	}
}

TEST(grr_in_guest, "guest-CP0 moves in the guest are GRR when GuestCtl0.RI is set",
	"§2.4, §6.6")
{
	vcpu.entry_guestctl0 |= GC0_RI;
	for (size_t i = 0; i < ARRAY_SIZE(gc0_moves); i++) {
		RUN(gc0_moves[i]);
		CHECK_GE(GEXC_GRR, GVA_CODE, gc0_moves[i]);
	}
}

TEST(unassigned_ops, "operations 101 and 111 of the guest-CP0 group are RI",
	"§2.1, §20 21")
{
	static const u8 ops[] = { 5, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		const struct vcpu *e = CATCH(root_insn(INSN_GC0(ops[i], V0, C0_EPC), 0));

		about("operation %d", ops[i]);
		CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_RI);
	}
}

TEST(reserved_fields, "VZ instructions with bits set that must be 0 are RI", "§2.1")
{
	static const u32 insns[] = {
		MFGC0(V0, C0_EPC) | 1 << 3, DMTGC0(V0, C0_EPC) | 1 << 7,
		TLBGP | 1 << 6, TLBGWI | 1 << 24, TLBGINVF | 1 << 11,
	};

	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		const struct vcpu *e = CATCH(root_insn(insns[i], 0));

		about("instruction %x", insns[i]);
		CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_RI);
	}
}

TEST(high_halves, "MFHGC0 is RI exactly when root Config5.MVH is 0", "§2.4")
{
	const struct vcpu *e = CATCH(root_insn(MFHGC0(V0, C0_ENTRYLO0), 0));

	CHECK_EQ(!e, !!(mfc0(C0_CONFIG5) & CONFIG5_MVH));
	CHECK(!e || CAUSE_EXCCODE(e->cause) == EXC_RI);
}

/* Root user mode at a mapped page; GM = 0. */
static void run_root_user(u32 insn, u32 status)
{
	const u64 va = 0x10000;

	root_tlb_write(ROOT_WIRED, &(struct tlb_entry){ .entryhi = va,
		       .lo0 = LO_RW(RPA_FREE) | ENTRYLO_G, .lo1 = ENTRYLO_G });
	LOAD(RPA_FREE, insn, SYSCALL);
	vcpu.epc = va;
	vcpu.entry_status = STATUS_USER | STATUS_KX | status;
	vcpu.entry_guestctl0 = GC0_AT(3);
	run();
	CHECK_EQ(vcpu.vector, 0x180);
}

TEST(root_user, "in root user mode MFGC0 needs Status.CU0", "§2.4")
{
	run_root_user(MFGC0(V0, C0_STATUS), STATUS_UX);
	CHECK_EQ(exit_exccode(), EXC_CPU);
	CHECK_EQ(CAUSE_CE(vcpu.cause), 0);
	mtgc0(C0_STATUS, STATUS_BEV);
	run_root_user(MFGC0(V0, C0_STATUS), STATUS_UX | STATUS_CU0);
	CHECK_EQ(exit_exccode(), EXC_SYS);
	CHECK_EQ(vcpu.gpr[V0], STATUS_BEV);
}

TEST(root_user_32, "in root user mode without UX and PX, DMFGC0 is RI", "§2.4")
{
	run_root_user(DMFGC0(V0, C0_EPC), STATUS_CU0);
	CHECK_EQ(exit_exccode(), EXC_RI);
	run_root_user(MFGC0(V0, C0_EPC), STATUS_CU0);
	CHECK_EQ(exit_exccode(), EXC_SYS);
	run_root_user(DMFGC0(V0, C0_EPC), STATUS_CU0 | STATUS_PX);
	CHECK_EQ(exit_exccode(), EXC_SYS);
}

TEST(root_user_tlbg, "in root user mode TLBG* and HYPCALL are not executed", "§2.5, §2.7")
{
	static const u32 insns[] = { TLBGP, TLBGR, TLBGWI, TLBGWR, TLBGINV, TLBGINVF };

	for (size_t i = 0; i < ARRAY_SIZE(insns); i++) {
		about("instruction %x", insns[i]);
		run_root_user(insns[i], STATUS_UX);
		CHECK_EQ(exit_exccode(), EXC_CPU);
		CHECK_EQ(CAUSE_CE(vcpu.cause), 0);
	}
}
