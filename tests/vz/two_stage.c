// SPDX-License-Identifier: GPL-2.0
/* GVA -> GPA -> RPA for data: segments, permissions of both stages, exceptions. */
#include "exits.h"

#define MAPPED		UINT64_C(0x00010000)	/* a guest useg page pair */
#define XKPHYS_CACHED	UINT64_C(0x9800000000000000)
#define XKPHYS_UNCACHED	UINT64_C(0x9000000000000000)

static u64 *data0(void)
{
	return ram(RPA_DATA0);
}

static u64 *data1(void)
{
	return ram(RPA_DATA1);
}

TEST(unmapped_segments, "kseg0, kseg1 and xkphys go through stage 2 to the same RPA",
	"§7.1, §7.2")
{
	static const u64 bases[] = { KSEG0, KSEG1, XKPHYS_CACHED, XKPHYS_UNCACHED };

	data0()[1] = 0xd0d0d0d0d0d0d0d0;
	data1()[1] = 0xd1d1d1d1d1d1d1d1;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		about("segment %X", bases[i]);
		CHECK_LOAD(bases[i] + GPA_DATA + 8, 0xd0d0d0d0d0d0d0d0);
		CHECK_LOAD(bases[i] + GPA_DATA + 0x1008, 0xd1d1d1d1d1d1d1d1);
		guest_store(bases[i] + GPA_DATA + 16, 0x1234 + i);
		CHECK_DONE();
		CHECK_EQ(data0()[2], 0x1234 + i);
	}
}

TEST(mapped_segment, "a guest TLB entry gives a GPA, and that goes through stage 2",
	"§7.1")
{
	/* Even and odd page crossed, so every address differs at each stage. */
	map_gva(0, MAPPED, LO_RW(GPA_DATA + 0x1000), LO_RW(GPA_DATA));
	data0()[0] = 0xaaaa;
	data1()[0] = 0xbbbb;
	CHECK_LOAD(MAPPED, 0xbbbb);
	CHECK_LOAD(MAPPED + 0x1000, 0xaaaa);
	guest_store(MAPPED + 0x1018, 0xcccc);
	CHECK_DONE();
	CHECK_EQ(data0()[3], 0xcccc);
}

TEST(kseg3_and_xuseg, "kernel mapped segments and 64-bit user addresses use the guest TLB",
	"§7.1, §7.2")
{
	static const u64 addresses[] = {
		0xffffffffe0010000, 0xffffffffc0010000, 0x0000007f00010000,
		0xc000000000010000, 0x4000000000010000,
	};

	data0()[0] = 0xaaaa;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		about("GVA %X", addresses[i]);
		map_gva(0, addresses[i], LO_RW(GPA_DATA), LO_RW(GPA_DATA + 0x1000));
		CHECK_LOAD(addresses[i], 0xaaaa);
	}
}

TEST(useg_erl, "with Guest.Status.ERL, guest useg is unmapped: GPA = GVA", "§7.2")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | STATUS_ERL);
	data0()[0] = 0xaaaa;
	CHECK_LOAD(GPA_DATA, 0xaaaa);
}

TEST(page_sizes, "the effective page is the smaller of guest's and root's", "§7.3")
{
	u64 *big = ram(RPA_FREE);

	/* Guest 64 KiB page over root 4 KiB pages: the third is missing. */
	guest_tlb_write(0, &(struct tlb_entry){
		.entryhi = 0x100000, .pagemask = PAGEMASK_64K, .guest_id = guest_id,
		.lo0 = LO_RW(GPA_FREE), .lo1 = LO_RW(GPA_FREE + 0x10000) });
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE + 0x1000), LO_RW(RPA_FREE));
	big[0] = 0x1111;
	big[512] = 0x2222;
	CHECK_LOAD(0x100000, 0x2222);
	CHECK_LOAD(0x101000, 0x1111);
	guest_load(0x102000);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE + 0x2000);
	/* Root 1 MiB page under guest 4 KiB pages: the next one is missing. */
	root_tlb_write(ROOT_WIRED, &(struct tlb_entry){
		.entryhi = GPA_FREE, .pagemask = PAGEMASK_1M, .guest_id = guest_id,
		.lo0 = LO_RW(RPA_FREE), .lo1 = LO_RW(RPA_FREE + 0x100000) });
	map_gva(0, MAPPED, LO_RW(GPA_FREE + 0x1000), LO_RW(GPA_FREE));
	guest_tlb_write(1, &(struct tlb_entry){ .entryhi = ENTRYHI_EHINV });
	CHECK_LOAD(MAPPED, 0x2222);
	CHECK_LOAD(MAPPED + 0x1000, 0x1111);
	guest_load(MAPPED + 0x2000);
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
}

/* ---- Stage 1 fails: the guest's business ---- */

/* The addressing registers of a guest TLB exception are the guest's (§6.2). */
static void check_guest_tlb_registers(u64 gva)
{
	u32 segbits = root_segbits();

	CHECK_EQ(dmfgc0(C0_BADVADDR), gva);
	CHECK_EQ(dmfgc0(C0_ENTRYHI) & ~UINT64_C(0x1fff),
		 gva & (0xc000000000000000 | (BIT(segbits) - 0x2000)));
	CHECK_EQ(dmfgc0(C0_CONTEXT) & 0x7ffff0, gva >> 9 & 0x7ffff0);
	CHECK_EQ(dmfgc0(C0_XCONTEXT) & (BIT(segbits - 9) - 1),
		 gva >> 9 & (BIT(segbits - 9) - 16));
	/* Root saw a HYPCALL, so its BadVAddr is not this one. */
	CHECK(vcpu.badvaddr != gva);
}

TEST(guest_refill, "no guest entry: refill in the guest, XTLB vector by Guest.Status",
	"§6.2")
{
	guest_load(MAPPED + 0x128);
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
	check_guest_tlb_registers(MAPPED + 0x128);

	guest_reset();
	guest_store(0x0000007f00010ab8, 0);
	CHECK_GUEST_REFILL(EXC_TLBS, 0x080, GVA_CODE);
	check_guest_tlb_registers(0x0000007f00010ab8);

	guest_reset();
	mtgc0(C0_STATUS, 0);
	vcpu.gpr[A0] = MAPPED;
	RUN(LW(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x000, GVA_CODE);
}

TEST(guest_refill_exl, "a guest refill with Guest.EXL set uses 0x180 and keeps EPC",
	"§6.2")
{
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | STATUS_EXL);
	dmtgc0(C0_EPC, 0x1234);
	guest_load(MAPPED);
	CHECK_GUEST_EXCEPTION(EXC_TLBL, 0x1234);
	CHECK_EQ(dmfgc0(C0_BADVADDR), MAPPED);
}

TEST(guest_invalid_modified, "guest V=0 and D=0 are TLBL, TLBS and Mod in the guest",
	"§6.2, §7.3")
{
	map_gva(0, MAPPED, ENTRYLO_PFN(GPA_DATA), LO_RO(GPA_DATA));
	guest_load(MAPPED);
	CHECK_GUEST_EXCEPTION(EXC_TLBL, GVA_CODE);
	check_guest_tlb_registers(MAPPED);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	guest_store(MAPPED, 0);
	CHECK_GUEST_EXCEPTION(EXC_TLBS, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	data0()[0] = 0x77;
	CHECK_LOAD(MAPPED + 0x1000, 0x77);
	guest_store(MAPPED + 0x1000, 0x88);
	CHECK_GUEST_EXCEPTION(EXC_MOD, GVA_CODE);
	check_guest_tlb_registers(MAPPED + 0x1000);
	CHECK_EQ(data0()[0], 0x77);
}

TEST(guest_ri, "guest RI=1 is TLBRI in the guest with IEC, TLBL without", "§6.2, §7.3")
{
	map_gva(0, MAPPED, LO_RW(GPA_DATA) | ENTRYLO_RI, 0);
	guest_load(MAPPED);
	CHECK_GUEST_EXCEPTION(EXC_TLBRI, GVA_CODE);
	guest_reset();
	mtgc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE);
	map_gva(0, MAPPED, LO_RW(GPA_DATA) | ENTRYLO_RI, 0);
	guest_load(MAPPED);
	CHECK_GUEST_EXCEPTION(EXC_TLBL, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	guest_store(MAPPED, 5);
	CHECK_DONE();
	CHECK_EQ(data0()[0], 5);
}

TEST(guest_address_error, "an unaligned access is AdE in the guest", "§6.2")
{
	vcpu.gpr[A0] = GVA_DATA + 1;
	RUN(LW(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_DATA + 1);
	mtgc0(C0_STATUS, STATUS_KX);
	RUN(SD(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADES, GVA_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_DATA + 1);
}

TEST(xkphys_beyond_pabits, "xkphys bits above the guest's PABITS are AdE in the guest",
	"§7.2")
{
	guest_load(XKPHYS_CACHED | BIT(57));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
	/* 36 bits without the guest's ELPA, whatever root's; 48 with it. */
	mtc0(C0_PAGEGRAIN, PAGEGRAIN_ELPA);
	for (u32 i = 0; i < 4; i++) {
		about("Guest.PageGrain.ELPA %d", i & 1);
		mtgc0(C0_STATUS, STATUS_KX);
		mtgc0(C0_PAGEGRAIN, i & 1 ? PAGEGRAIN_ELPA : 0);
		mtc0(C0_PAGEGRAIN, PAGEGRAIN_ELPA);
		guest_load(XKPHYS_CACHED | BIT(40));
		if (i & 1)
			check_root_exception(__LINE__, EXC_TLBL, 0x080, GVA_CODE);
		else
			CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
	}
}

/* ---- Stage 2 fails: root's business ---- */

TEST(root_refill, "no root entry: XTLB refill in root, everything is about the GPA",
	"§7.4")
{
	static const u64 segments[] = { KSEG0, KSEG1, XKPHYS_CACHED, XKPHYS_UNCACHED };

	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		about("segment %X", segments[i]);
		guest_load(segments[i] + GPA_FREE + 0x1238);
		CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE + 0x1238);
		CHECK_EQ(vcpu.badinstr, LD(V0, 0, A0));
		CHECK_EQ(vcpu.cause & CAUSE_BD, 0);
		guest_store(segments[i] + GPA_FREE + 0x1238, 0);
		CHECK_ROOT_REFILL(EXC_TLBS, GVA_CODE, GPA_FREE + 0x1238);
		CHECK_EQ(vcpu.badinstr, SD(A1, 0, A0));
	}
}

TEST(root_refill_mapped, "behind a guest TLB entry root sees the GPA, never the GVA",
	"§7.4")
{
	map_gva(0, 0x7f00010000, LO_RW(GPA_FREE), LO_RW(GPA_FREE + 0x7000));
	guest_load(0x7f00010468);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE + 0x468);
	guest_store(0x7f00011ff8, 0);
	CHECK_ROOT_REFILL(EXC_TLBS, GVA_CODE, GPA_FREE + 0x7ff8);
}

TEST(high_gpa, "a GPA of more than 36 bits is reported whole and can be mapped", "§7.2, §7.4")
{
	const u64 gpa = 0x7f1234567000;

	mtc0(C0_PAGEGRAIN, PAGEGRAIN_ELPA);
	mtgc0(C0_PAGEGRAIN, PAGEGRAIN_ELPA);
	guest_load(XKPHYS_CACHED + gpa + 0x18);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, gpa + 0x18);
	((u64 *)ram(RPA_FREE))[3] = 0x4242;
	map_gpa(ROOT_WIRED, gpa & ~UINT64_C(0x1fff), 0, LO_RW(RPA_FREE));
	CHECK_LOAD(XKPHYS_CACHED + gpa + 0x18, 0x4242);
}

TEST(root_refill_exl, "with Guest.EXL or ERL set too: root's EXL was clear, so refill at 0x080",
	"§7.4")
{
	static const u32 levels[] = { STATUS_EXL, STATUS_ERL, STATUS_EXL | STATUS_ERL };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		about("Guest.Status %x", levels[i]);
		mtgc0(C0_STATUS, STATUS_KX | levels[i]);
		dmtgc0(C0_EPC, 0x1234);
		guest_load(KSEG0 + GPA_FREE + 0x10);
		check_root_exception(__LINE__, EXC_TLBL, 0x080, GVA_CODE);
		CHECK_EQ(vcpu.badvaddr, GPA_FREE + 0x10);
		CHECK_EQ(dmfgc0(C0_EPC), 0x1234);
		CHECK_EQ(mfgc0(C0_STATUS), STATUS_KX | levels[i]);
	}
}

TEST(root_refill_user, "from guest user mode: the same, and the guest resumes in user mode",
	"§4, §7.4")
{
	const u32 user = STATUS_KX | STATUS_UX | STATUS_USER;

	map_gva(1, 0x40000, LO_RW(GPA_FREE), 0);
	vcpu.gpr[A0] = 0x40000;
	RUN_USER(user, LD(V0, 0x88, A0), MFC0(V1, C0_STATUS));
	CHECK_ROOT_REFILL(EXC_TLBL, USER_CODE, GPA_FREE + 0x88);
	CHECK_EQ(mfgc0(C0_STATUS), user);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	((u64 *)ram(RPA_FREE))[0x11] = 0x2a;
	run();
	CHECK_GUEST_EXCEPTION(EXC_CPU, USER_CODE + 4);
	CHECK_EQ(vcpu.gpr[V0], 0x2a);
}

TEST(refill_vector_kx, "the refill vector for a GPA is chosen by Root.Status.KX alone",
	"§7.4, §20 13")
{
	static const struct { u32 status, vector; } rows[] = {
		{ STATUS_KX, 0x080 },
		{ 0, 0x000 },
		{ STATUS_UX, 0x000 },
		{ STATUS_UX | STATUS_SX, 0x000 },
		{ STATUS_KX | STATUS_SX | STATUS_UX, 0x080 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		about("Root.Status %x", rows[i].status);
		vcpu.entry_status = rows[i].status | STATUS_USER | STATUS_IM(7) | STATUS_IE;
		guest_load(KSEG0 + GPA_FREE);
		check_root_tlb(__LINE__, EXC_TLBL, rows[i].vector, GVA_CODE, GPA_FREE);
	}
}

TEST(root_invalid, "root V=0: TLBL or TLBS at 0x180, not refill", "§7.3, §7.4")
{
	map_gpa(ROOT_WIRED, GPA_FREE, ENTRYLO_PFN(RPA_FREE), LO_RW(RPA_FREE));
	guest_load(KSEG0 + GPA_FREE + 0x88);
	CHECK_ROOT_TLB(EXC_TLBL, GVA_CODE, GPA_FREE + 0x88);
	guest_store(KSEG0 + GPA_FREE + 0x88, 0);
	CHECK_ROOT_TLB(EXC_TLBS, GVA_CODE, GPA_FREE + 0x88);
}

TEST(root_modified, "root D=0 on a store: Mod in root, memory unchanged", "§7.3, §7.4")
{
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RO(RPA_FREE), 0);
	*(u64 *)ram(RPA_FREE) = 0x5a;
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x5a);
	guest_store(KSEG0 + GPA_FREE, 0xff);
	CHECK_ROOT_TLB(EXC_MOD, GVA_CODE, GPA_FREE);
	CHECK_EQ(*(u64 *)ram(RPA_FREE), 0x5a);
}

TEST(root_ri, "root RI=1: TLBRI in root by Root.PageGrain.IEC, not by the guest's",
	"§7.3, §7.4")
{
	mtgc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE) | ENTRYLO_RI, 0);
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_TLB(EXC_TLBRI, GVA_CODE, GPA_FREE);
	mtgc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE | PAGEGRAIN_IEC);
	mtc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE);
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_TLB(EXC_TLBL, GVA_CODE, GPA_FREE);
	guest_store(KSEG0 + GPA_FREE, 9);
	CHECK_DONE();
}

TEST(guest_first, "when both stages refuse, the guest takes it", "§4, §6.7, §7.3")
{
	/* Guest D=0 over root D=0; guest V=0 over no root entry. */
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RO(RPA_FREE), LO_RO(RPA_FREE));
	map_gva(0, MAPPED, LO_RO(GPA_FREE), ENTRYLO_PFN(GPA_FREE + 0x8000));
	guest_store(MAPPED, 0);
	CHECK_GUEST_EXCEPTION(EXC_MOD, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	guest_load(MAPPED + 0x1000);
	CHECK_GUEST_EXCEPTION(EXC_TLBL, GVA_CODE);
	/* Nor is an unaligned address looked up in the root TLB. */
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	guest_load(KSEG0 + GPA_FREE + 0x4001);
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
}

TEST(permissions_product, "guest and root permissions combine for loads and stores", "§7.3")
{
	/* For each stage: read-write, read-only, invalid. Expected per access. */
	static const u64 lo[] = { ENTRYLO_V | ENTRYLO_D, ENTRYLO_V, 0 };

	for (u32 g = 0; g < 3; g++)
		for (u32 r = 0; r < 3; r++)
			for (u32 store = 0; store < 2; store++) {
				u64 where = ENTRYLO_CACHED;
				u32 mod = EXC_MOD, miss = store ? EXC_TLBS : EXC_TLBL;

				about("guest %d root %d store %d", g, r, store);
				guest_reset();
				map_gva(0, MAPPED, where | ENTRYLO_PFN(GPA_FREE) | lo[g], 0);
				map_gpa(ROOT_WIRED, GPA_FREE,
					where | ENTRYLO_PFN(RPA_FREE) | lo[r], 0);
				vcpu.gpr[A0] = MAPPED;
				RUN(store ? SD(A1, 0, A0) : LD(V0, 0, A0));
				if (g == 2 || (g == 1 && store))
					CHECK_GUEST_EXCEPTION(g == 2 ? miss : mod, GVA_CODE);
				else if (r == 2 || (r == 1 && store))
					CHECK_ROOT_TLB(r == 2 ? miss : mod, GVA_CODE, GPA_FREE);
				else
					CHECK_DONE();
			}
}

TEST(delay_slot, "a root TLB exception in a delay slot: BD, EPC = branch, BadInstr(P)",
	"§6.8, §7.4")
{
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	RUN(NOP, BEQ(R0, R0, 2), LW(V0, 0, A0), WAIT, NOP);
	check_root_tlb(__LINE__, EXC_TLBL, 0x080, GVA_CODE + 4, GPA_FREE);
	CHECK(vcpu.cause & CAUSE_BD);
	CHECK_EQ(vcpu.badinstr, LW(V0, 0, A0));
	CHECK_EQ(vcpu.badinstrp, BEQ(R0, R0, 2));
	/* Resumed after the refill, branch and slot are both done. */
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	*(u32 *)ram(RPA_FREE) = 0x777;
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x777);
}

TEST(access_sizes, "every load and store width reaches the same bytes as root's", "§7.1")
{
	u64 *d = data0();

	d[0] = 0x8182838485868788;
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LB(V0, 2, A0), LH(V1, 4, A0), LW(A1, 4, A0), LD(A2, 0, A0), SB(A3, 8, A0),
	    SW(A3, 12, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], ((volatile signed char *)d)[2]);
	CHECK_EQ(vcpu.gpr[V1], ((volatile int16_t *)d)[2]);
	CHECK_EQ(vcpu.gpr[A1], ((volatile s32 *)d)[1]);
	CHECK_EQ(vcpu.gpr[A2], d[0]);
	CHECK_EQ(((volatile u8 *)d)[8], (u8)vcpu.gpr[A3]);
	CHECK_EQ(((volatile u32 *)d)[3], (u32)vcpu.gpr[A3]);
}

#if __mips_isa_rev < 6
GUEST_CODE(unaligned_across,
	"ldl $2, 7($4)\n"	/* both ends: the pair crosses a page */
	"ldr $2, 0($4)\n"
	GUEST_DONE);

GUEST_CODE(unaligned_across_be,
	"ldl $2, 0($4)\n"
	"ldr $2, 7($4)\n"
	GUEST_DONE);

TEST(unaligned_pages, "LDL/LDR across pages: each half is translated on its own", "§7.1")
{
	const u32 *program = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
			     unaligned_across : unaligned_across_be;
	u8 *first = ram(RPA_DATA0 + 0xffc), *second = ram(RPA_DATA1);
	u64 expected = 0;

	for (u32 i = 0; i < 4; i++) {
		first[i] = 0x10 + i;
		second[i] = 0x20 + i;
	}
	vcpu.gpr[A0] = GVA_DATA + 0xffc;
	run_at(program);
	CHECK_DONE();
	for (u32 i = 0; i < 8; i++) {
		u64 byte = i < 4 ? first[i] : second[i - 4];
		u32 shift = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? i : 7 - i;

		expected |= byte << 8 * shift;
	}
	CHECK_EQ(vcpu.gpr[V0], expected);
	/* The second page missing: the exception names an address in it. */
	map_gpa(2, GPA_DATA, LO_RW(RPA_DATA0), 0);
	run_at(program);
	CHECK_EQ(exit_exccode(), EXC_TLBL);
	CHECK_EQ(vcpu.vector, 0x180);
	CHECK_EQ(vcpu.badvaddr & ~UINT64_C(7), GPA_DATA + 0x1000);
}
#endif

TEST(asid_and_extras_kept, "root EntryHi.ASID survives a GPA exception", "§7.4")
{
	dmtc0(C0_ENTRYHI, 0x47);
	guest_load(KSEG0 + GPA_FREE);
	CHECK_EQ(exit_exccode(), EXC_TLBL);
	CHECK_EQ(vcpu.entryhi, GPA_FREE | 0x47);
}
