// SPDX-License-Identifier: GPL-2.0
/* The TLB instructions executed by the guest, on the guest TLB. */
#include "exits.h"

#define VA	UINT64_C(0x00010000)

/* Guest registers for a write of @va -> @lo0, @lo1 at @index, in a0..a4. */
static void entry_in_gprs(u64 va, u64 lo0, u64 lo1, u32 index)
{
	vcpu.gpr[A0] = va;
	vcpu.gpr[A1] = lo0;
	vcpu.gpr[A2] = lo1;
	vcpu.gpr[A3] = index;
}

/* RUN() behind the loading of those registers. */
#define RUN_WITH_ENTRY(...) \
	RUN(DMTC0(A0, C0_ENTRYHI), DMTC0(A1, C0_ENTRYLO0), DMTC0(A2, C0_ENTRYLO1), \
	    MTC0(R0, C0_PAGEMASK), MTC0(A3, C0_INDEX), __VA_ARGS__)

TEST(tlbwi, "guest TLBWI writes the guest TLB, tagged with ID and not RID", "§2.6")
{
	struct tlb_entry read;

	*(u64 *)ram(RPA_DATA0) = 0x1357;
	entry_in_gprs(VA, LO_RW(GPA_DATA), LO_RW(GPA_DATA + 0x1000), 5);
	vcpu.gpr[A4] = VA;
	RUN_WITH_ENTRY(TLBWI, EHB, LD(V0, 0, A4));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x1357);
	CHECK_EQ(GC1_RID_OF(vcpu.guestctl1), guest_rid);
	read = guest_tlb_read(5);
	CHECK_EQ(read.guest_id, guest_id);
	CHECK_EQ(read.entryhi, VA);
	CHECK_EQ(read.lo0, LO_RW(GPA_DATA));
	CHECK_EQ(read.lo1, LO_RW(GPA_DATA + 0x1000));
	/* Not in the root TLB under any ID. */
	CHECK(root_tlb_probe(VA, 0) & INDEX_P);
	CHECK(root_tlb_probe(VA, guest_id) & INDEX_P);
	CHECK(root_tlb_probe(VA, guest_rid) & INDEX_P);
}

TEST(not_global, "a guest TLB entry is global only if the guest says so", "§2.6")
{
	entry_in_gprs(VA | 0x12, LO_RW(GPA_DATA), LO_RW(GPA_DATA), 0);
	RUN_WITH_ENTRY(TLBWI);
	CHECK_DONE();
	CHECK(!(guest_tlb_read(0).lo0 & ENTRYLO_G));
	vcpu.gpr[A1] |= ENTRYLO_G;
	vcpu.gpr[A2] |= ENTRYLO_G;
	RUN_WITH_ENTRY(TLBWI);
	CHECK_DONE();
	CHECK(guest_tlb_read(0).lo0 & ENTRYLO_G);
}

TEST(asid, "the guest's ASID selects its mappings; a change needs no exit", "§7.1")
{
	*(u64 *)ram(RPA_DATA0) = 0xaaaa;
	*(u64 *)ram(RPA_DATA1) = 0xbbbb;
	map_gva(0, VA | 1, LO_RW(GPA_DATA), 0);
	map_gva(1, VA | 2, LO_RW(GPA_DATA + 0x1000), 0);
	vcpu.gpr[A0] = VA;
	vcpu.gpr[A1] = 1;
	vcpu.gpr[A2] = 2;
	RUN(DMTC0(A1, C0_ENTRYHI), EHB, LD(V0, 0, A0),
	    DMTC0(A2, C0_ENTRYHI), EHB, LD(V1, 0, A0),
	    DMTC0(A1, C0_ENTRYHI), EHB, LD(A3, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0xaaaa);
	CHECK_EQ(vcpu.gpr[V1], 0xbbbb);
	CHECK_EQ(vcpu.gpr[A3], 0xaaaa);
	dmtgc0(C0_ENTRYHI, 3);
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
}

TEST(root_asid_ignored, "root's ASID takes no part in the guest's translation", "§7.1")
{
	map_gva(0, VA | 1, LO_RW(GPA_DATA), 0);
	*(u64 *)ram(RPA_DATA0) = 0xaaaa;
	vcpu.gpr[A0] = VA;
	for (u32 asid = 0; asid < 3; asid++) {
		about("root ASID %d", asid);
		dmtgc0(C0_ENTRYHI, 1);
		dmtc0(C0_ENTRYHI, asid);
		RUN(LD(V0, 0, A0));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0xaaaa);
	}
}

TEST(tlbp, "guest TLBP finds by VPN2 and ASID, and sets P on a miss", "§2.6")
{
	map_gva(9, VA | 1, LO_RW(GPA_DATA), 0);
	vcpu.gpr[A0] = VA | 1;
	vcpu.gpr[A1] = VA | 2;
	vcpu.gpr[A2] = VA + 0x2000;
	RUN(DMTC0(A0, C0_ENTRYHI), TLBP, EHB, MFC0(V0, C0_INDEX),
	    DMTC0(A1, C0_ENTRYHI), TLBP, EHB, MFC0(V1, C0_INDEX),
	    DMTC0(A2, C0_ENTRYHI), TLBP, EHB, MFC0(A3, C0_INDEX));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 9);
	CHECK((s32)vcpu.gpr[V1] < 0);
	CHECK((s32)vcpu.gpr[A3] < 0);
}

TEST(tlbr, "guest TLBR reads the guest TLB; GuestCtl1 does not change", "§2.6")
{
	map_gva(9, VA | 3, LO_RW(GPA_DATA), LO_RO(GPA_DATA));
	vcpu.gpr[A0] = 9;
	RUN(MTC0(A0, C0_INDEX), TLBR, EHB, DMFC0(V0, C0_ENTRYHI),
	    DMFC0(V1, C0_ENTRYLO0), DMFC0(A1, C0_ENTRYLO1), MFC0(A2, C0_PAGEMASK));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], VA | 3);
	CHECK_EQ(vcpu.gpr[V1], LO_RW(GPA_DATA));
	CHECK_EQ(vcpu.gpr[A1], LO_RO(GPA_DATA));
	CHECK_EQ(vcpu.gpr[A2], 0);
	CHECK_EQ(vcpu.guestctl1, guest_id | GC1_RID(guest_rid));
}

TEST(tlbr_other_guest, "guest TLBR of another guest's entry gives EHINV and zeros", "§2.6")
{
	struct tlb_entry other = { .entryhi = VA, .lo0 = LO_RW(GPA_DATA),
				   .lo1 = LO_RW(GPA_DATA), .guest_id = 2 };

	guest_tlb_write(9, &other);
	vcpu.gpr[A0] = 9;
	RUN(MTC0(A0, C0_INDEX), TLBR, EHB, DMFC0(V0, C0_ENTRYHI),
	    DMFC0(V1, C0_ENTRYLO0), DMFC0(A1, C0_ENTRYLO1));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0] & ~UINT64_C(0xff), ENTRYHI_EHINV);
	CHECK_EQ(vcpu.gpr[V1], 0);
	CHECK_EQ(vcpu.gpr[A1], 0);
	CHECK_EQ(vcpu.guestctl1, guest_id | GC1_RID(guest_rid));
}

TEST(ehinv, "guest TLBWI with EHINV invalidates the entry", "§2.6")
{
	map_gva(4, VA, LO_RW(GPA_DATA), 0);
	vcpu.gpr[A0] = ENTRYHI_EHINV | KSEG1;
	vcpu.gpr[A1] = 4;
	vcpu.gpr[A2] = VA;
	RUN(DMTC0(A0, C0_ENTRYHI), MTC0(A1, C0_INDEX), TLBWI, DMTC0(R0, C0_ENTRYHI), EHB,
	    LD(V0, 0, A2));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE + 20);
	CHECK(guest_tlb_read(4).entryhi & ENTRYHI_EHINV);
}

TEST(tlbwr, "guest TLBWR avoids the entries below Guest.Wired", "§2.6")
{
	u32 size = guest_tlb_size(), wired = size - 4;
	u64 used = 0;

	mtgc0(C0_WIRED, wired);
	mtc0(C0_WIRED, ROOT_WIRED);
	entry_in_gprs(VA, LO_RW(GPA_DATA), LO_RW(GPA_DATA), 0);
	for (u32 i = 0; i < 64; i++) {
		u32 index;

		vcpu.gpr[A0] = VA + 0x2000 * i;
		RUN_WITH_ENTRY(TLBWR);
		CHECK_DONE();
		index = guest_tlb_probe(vcpu.gpr[A0], guest_id);
		CHECK(!(index & INDEX_P));
		CHECK(index >= wired && index < size);
		used |= BIT(index - wired);
	}
	CHECK(used & (used - 1));	/* not one slot only */
	/* Root's TLB kept what it had. */
	CHECK_EQ(root_tlb_probe(GPA_CODE, guest_id), 0);
}

/* Guest entries: ASID 1, ASID 2, global; and one of guest 2 with ASID 1. */
static void fill(void)
{
	static const u64 g = ENTRYLO_G;

	map_gva(4, 0x10000 | 1, LO_RW(GPA_DATA), LO_RW(GPA_DATA));
	map_gva(5, 0x20000 | 2, LO_RW(GPA_DATA), LO_RW(GPA_DATA));
	map_gva(6, 0x30000 | 1, LO_RW(GPA_DATA) | g, LO_RW(GPA_DATA) | g);
	guest_tlb_write(7, &(struct tlb_entry){ .entryhi = 0x40000 | 1,
			.lo0 = LO_RW(GPA_DATA), .lo1 = LO_RW(GPA_DATA), .guest_id = 2 });
	guest_tlb_write(8, &(struct tlb_entry){ .entryhi = 0x50000 | 1,
			.lo0 = LO_RW(GPA_DATA), .lo1 = LO_RW(GPA_DATA),
			.guest_id = guest_rid });
}

static void check_left(bool asid1, bool asid2, bool global, bool guest2)
{
	CHECK_EQ(!(guest_tlb_probe(0x10000 | 1, guest_id) & INDEX_P), asid1);
	CHECK_EQ(!(guest_tlb_probe(0x20000 | 2, guest_id) & INDEX_P), asid2);
	CHECK_EQ(!(guest_tlb_probe(0x30000 | 9, guest_id) & INDEX_P), global);
	CHECK_EQ(!(guest_tlb_probe(0x40000 | 1, 2) & INDEX_P), guest2);
	/* Nor does a guest's operation act on RID. */
	CHECK(!(guest_tlb_probe(0x50000 | 1, guest_rid) & INDEX_P));
}

TEST(tlbinv, "guest TLBINV: non-global entries of its ASID and ID, no other's", "§2.6")
{
	fill();
	vcpu.gpr[A0] = 1;
	RUN(DMTC0(A0, C0_ENTRYHI), MTC0(R0, C0_INDEX), TLBINV);
	CHECK_DONE();
	check_left(false, true, true, true);
	CHECK_EQ(root_tlb_probe(GPA_CODE, guest_id), 0);
}

TEST(tlbinvf, "guest TLBINVF: all entries of its ID, global and wired, no other's", "§2.6")
{
	fill();
	mtgc0(C0_WIRED, 6);
	RUN(MTC0(R0, C0_INDEX), TLBINVF);
	CHECK_DONE();
	check_left(false, false, false, true);
	CHECK_EQ(root_tlb_probe(GPA_CODE, guest_id), 0);
}

TEST(invalid_at_once, "after the guest's own TLBINVF its next access misses", "§2.6")
{
	map_gva(0, VA, LO_RW(GPA_DATA), 0);
	vcpu.gpr[A0] = VA;
	RUN(LD(V0, 0, A0), MTC0(R0, C0_INDEX), TLBINVF, EHB, LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE + 16);
}

TEST(remap_at_once, "an entry the guest overwrites is not used any more", "§2.6")
{
	*(u64 *)ram(RPA_DATA0) = 0xaaaa;
	*(u64 *)ram(RPA_DATA1) = 0xbbbb;
	map_gva(5, VA, LO_RW(GPA_DATA), LO_RW(GPA_DATA));
	entry_in_gprs(VA, LO_RW(GPA_DATA + 0x1000), LO_RW(GPA_DATA), 5);
	RUN_WITH_ENTRY(LD(V0, 0, A0), TLBWI, EHB, LD(V1, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0xaaaa);
	CHECK_EQ(vcpu.gpr[V1], 0xbbbb);
}

static const u32 tlb_insns[] = { TLBWI, TLBWR, TLBP, TLBR, TLBINV, TLBINVF };

TEST(at_root_controlled, "AT=1: every guest TLB instruction is GPSI, not executed",
	"§6.3(d), §2.6")
{
	vcpu.entry_guestctl0 = (vcpu.entry_guestctl0 & ~GC0_AT(3)) | GC0_AT(1);
	fill();
	for (size_t i = 0; i < ARRAY_SIZE(tlb_insns); i++) {
		about("instruction %x", tlb_insns[i]);
		mtgc0(C0_INDEX, 4);
		RUN(tlb_insns[i]);
		CHECK_GPSI(tlb_insns[i]);
		CHECK_EQ(mfgc0(C0_INDEX), 4);
		check_left(true, true, true, true);
	}
}

TEST(cp0_denied, "CP0=0: every guest TLB instruction is GPSI", "§6.3(a), §2.6")
{
	vcpu.entry_guestctl0 &= ~GC0_CP0;
	for (size_t i = 0; i < ARRAY_SIZE(tlb_insns); i++) {
		about("instruction %x", tlb_insns[i]);
		RUN(tlb_insns[i]);
		CHECK_GPSI(tlb_insns[i]);
	}
}

TEST(tlbg_is_ri, "TLBG* in the guest are RI, never GPSI", "§2.5")
{
	static const u32 insns[] = { TLBGP, TLBGR, TLBGWI, TLBGWR, TLBGINV, TLBGINVF };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(insns); i++) {
		u32 insn = insns[i / 2];

		about("instruction %x, CP0 %d", insn, i & 1);
		guest_reset();
		if (i & 1)
			vcpu.entry_guestctl0 &= ~GC0_CP0;
		RUN(insn);
		CHECK_GUEST_EXCEPTION(EXC_RI, GVA_CODE);
	}
}
