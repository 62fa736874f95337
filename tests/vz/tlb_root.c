// SPDX-License-Identifier: GPL-2.0
/* The root TLB and GuestCtl1.RID. */
#include "exits.h"

#define GPA	UINT64_C(0x0000123456780000)
#define TEST_INDEX	ROOT_WIRED

/* ASID and reserved bits aside, what EntryHi says about the address. */
static u64 address_of(const struct tlb_entry *entry)
{
	return entry->entryhi & ~UINT64_C(0x1fff);
}

static struct tlb_entry entry_at(u64 va, u8 id)
{
	return (struct tlb_entry){
		.entryhi = va, .lo0 = LO_RW(RPA_FREE), .lo1 = LO_RW(RPA_FREE + 0x1000),
		.guest_id = id,
	};
}

TEST(rid_stored, "TLBWI stores RID with the entry, TLBR puts it back into RID",
	"§2.6, §8")
{
	static const u8 ids[] = { 1, 2, 0x80, 0xff };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlb_entry entry = entry_at(GPA, ids[i]), read;

		about("RID %d", ids[i]);
		root_tlb_write(TEST_INDEX, &entry);
		read = root_tlb_read(TEST_INDEX);
		CHECK_EQ(read.guest_id, ids[i]);
		CHECK_EQ(address_of(&read), GPA);
		CHECK_EQ(read.lo0 & ~ENTRYLO_G, entry.lo0);
		CHECK_EQ(read.lo1 & ~ENTRYLO_G, entry.lo1);
	}
}

TEST(rid_any_start, "TLBR sets RID whatever it was, to 0 too", "§2.6, §8")
{
	struct tlb_entry its = entry_at(GPA, 7), mine = entry_at(0x1400000, 0);

	root_tlb_write(TEST_INDEX, &its);
	root_tlb_write(TEST_INDEX + 1, &mine);
	mtc0(C0_GUESTCTL1, GC1_RID(0x33) | 0x44);
	mtc0(C0_INDEX, TEST_INDEX);
	tlb_op(tlbr);
	CHECK_EQ(mfc0(C0_GUESTCTL1), GC1_RID(7) | 0x44);
	mtc0(C0_INDEX, TEST_INDEX + 1);
	tlb_op(tlbr);
	CHECK_EQ(mfc0(C0_GUESTCTL1), 0x44);
}

TEST(ehinv_rid, "TLBR of an EHINV entry gives EHINV and RID 0", "§2.6, §8")
{
	struct tlb_entry its = entry_at(GPA, 7), read;

	root_tlb_write(TEST_INDEX, &its);
	/* KVM's flush: EHINV written with RID 0 over an entry of guest 7. */
	root_tlb_write(TEST_INDEX, &(struct tlb_entry){ .entryhi = ENTRYHI_EHINV });
	read = root_tlb_read(TEST_INDEX);
	CHECK(read.entryhi & ENTRYHI_EHINV);
	CHECK_EQ(read.guest_id, 0);
	/* And written with the guest's RID. */
	root_tlb_write(TEST_INDEX, &its);
	its.entryhi |= ENTRYHI_EHINV;
	root_tlb_write(TEST_INDEX, &its);
	mtc0(C0_GUESTCTL1, GC1_RID(0x33));
	read = root_tlb_read(TEST_INDEX);
	CHECK(read.entryhi & ENTRYHI_EHINV);
	CHECK_EQ(read.guest_id, 0);
}

TEST(forced_global, "an entry written with RID != 0 is global, with RID = 0 as asked",
	"§2.6")
{
	struct tlb_entry its = entry_at(GPA, 9), mine = entry_at(0x1400000, 0), read;

	root_tlb_write(TEST_INDEX, &its);
	read = root_tlb_read(TEST_INDEX);
	CHECK(read.lo0 & ENTRYLO_G);
	CHECK(read.lo1 & ENTRYLO_G);
	root_tlb_write(TEST_INDEX, &mine);
	read = root_tlb_read(TEST_INDEX);
	CHECK(!(read.lo0 & ENTRYLO_G));
	CHECK(!(read.lo1 & ENTRYLO_G));
}

TEST(probe_asid, "TLBP finds a guest's entry with any ASID, root's only with its own",
	"§2.6")
{
	struct tlb_entry its = entry_at(GPA | 0x21, 9), mine = entry_at(0x1400021, 0);

	root_tlb_write(TEST_INDEX, &its);
	root_tlb_write(TEST_INDEX + 1, &mine);
	CHECK_EQ(root_tlb_probe(GPA, 9), TEST_INDEX);
	CHECK_EQ(root_tlb_probe(GPA | 0xff, 9), TEST_INDEX);
	CHECK_EQ(root_tlb_probe(0x1400021, 0), TEST_INDEX + 1);
	CHECK(root_tlb_probe(0x1400022, 0) & INDEX_P);
}

TEST(probe_rid, "TLBP matches the entries of RID only", "§2.6")
{
	/* The same address three times; the ID alone tells them apart. */
	for (u32 id = 0; id < 3; id++) {
		struct tlb_entry entry = entry_at(0x1400000, id);

		root_tlb_write(TEST_INDEX + id, &entry);
	}
	for (u32 id = 0; id < 3; id++) {
		about("RID %d", id);
		CHECK_EQ(root_tlb_probe(0x1400000, id), TEST_INDEX + id);
	}
	CHECK(root_tlb_probe(0x1400000, 3) & INDEX_P);
	CHECK(root_tlb_probe(0x1402000, 1) & INDEX_P);
}

TEST(probe_uses_rid_not_id, "TLBP looks at GuestCtl1.RID, not at ID", "§2.6")
{
	struct tlb_entry its = entry_at(GPA, 5);

	root_tlb_write(TEST_INDEX, &its);
	mtc0(C0_GUESTCTL1, GC1_RID(6) | 5);
	dmtc0(C0_ENTRYHI, GPA);
	tlb_op(tlbp);
	CHECK(mfc0(C0_INDEX) & INDEX_P);
	mtc0(C0_GUESTCTL1, GC1_RID(5) | 6);
	tlb_op(tlbp);
	CHECK_EQ(mfc0(C0_INDEX), TEST_INDEX);
}

TEST(probe_ehinv, "TLBP never finds an invalidated entry", "§2.6, §8")
{
	struct tlb_entry its = entry_at(GPA, 5);

	root_tlb_write(TEST_INDEX, &its);
	CHECK_EQ(root_tlb_probe(GPA, 5), TEST_INDEX);
	its.entryhi |= ENTRYHI_EHINV;
	root_tlb_write(TEST_INDEX, &its);
	CHECK(root_tlb_probe(GPA, 5) & INDEX_P);
}

TEST(tlbwr, "TLBWR tags with RID, forces G, and leaves the wired entries alone", "§2.6")
{
	u32 size = root_tlb_size(), index;
	u64 used = 0;

	for (u32 i = 0; i < 4 * size; i++) {
		u64 va = GPA + 0x2000 * i;

		mtc0(C0_GUESTCTL1, GC1_RID(3));
		dmtc0(C0_ENTRYHI, va);
		dmtc0(C0_ENTRYLO0, LO_RW(RPA_FREE));
		dmtc0(C0_ENTRYLO1, LO_RW(RPA_FREE));
		tlb_op(tlbwr);
		index = root_tlb_probe(va | 0x55, 3);
		CHECK(!(index & INDEX_P));
		CHECK(index >= ROOT_WIRED && index < size);
		used |= BIT(index & 63);
	}
	CHECK(used & (used - 1));	/* not one slot only */
	CHECK_EQ(root_tlb_probe(GPA_DATA, 1), 2);
}

TEST(mapping_is_root_only, "an entry of a guest does not translate root's addresses",
	"§7.1")
{
	struct tlb_entry its = entry_at(0x1400000, 1), mine;

	root_tlb_write(TEST_INDEX, &its);
	CHECK(CATCH(root_insn(LW(V0, 0, A0), 0x1400000)));
	mine = entry_at(0x1400000, 0);
	mine.lo0 = LO_RW(RPA_FREE + 0x2000);
	*(u32 *)ram(RPA_FREE + 0x2000) = 0x600d;
	root_tlb_write(TEST_INDEX + 1, &mine);
	CHECK_EQ(*(volatile u32 *)0x1400000, 0x600d);
}

TEST(rid_is_no_translation, "RID != 0 does not redirect root's own accesses (DRG=0)",
	"§7.1, §7.5")
{
	struct tlb_entry its = entry_at(0x1400000, 1), mine = entry_at(0x1400000, 0);
	u32 got;

	mine.lo0 = LO_RW(RPA_FREE + 0x2000);
	*(u32 *)ram(RPA_FREE) = 0xbad;
	*(u32 *)ram(RPA_FREE + 0x2000) = 0x600d;
	root_tlb_write(TEST_INDEX, &its);
	root_tlb_write(TEST_INDEX + 1, &mine);
	mtc0(C0_GUESTCTL1, GC1_RID(1));
	got = *(volatile u32 *)0x1400000;
	mtc0(C0_GUESTCTL1, 0);
	CHECK_EQ(got, 0x600d);
}

/* Entries of guests 0, 1 and 2 at TEST_INDEX + id, one more global of root. */
static void fill(void)
{
	struct tlb_entry global = entry_at(0x1800000, 0);

	for (u32 id = 0; id < 3; id++) {
		struct tlb_entry entry = entry_at(0x1400000, id);

		root_tlb_write(TEST_INDEX + id, &entry);
	}
	global.lo0 |= ENTRYLO_G;
	global.lo1 |= ENTRYLO_G;
	root_tlb_write(TEST_INDEX + 3, &global);
}

static void check_left(bool root, bool global, bool guest1, bool guest2)
{
	CHECK_EQ(!(root_tlb_probe(0x1400000, 0) & INDEX_P), root);
	CHECK_EQ(!(root_tlb_probe(0x1800000, 0) & INDEX_P), global);
	CHECK_EQ(!(root_tlb_probe(0x1400000, 1) & INDEX_P), guest1);
	CHECK_EQ(!(root_tlb_probe(0x1400000, 2) & INDEX_P), guest2);
	/* The standard guest of this test is number 1. */
	CHECK_EQ(!(root_tlb_probe(GPA_CODE, 1) & INDEX_P), guest1);
}

TEST(tlbinvf, "TLBINVF invalidates all entries of RID, wired and global, no others",
	"§2.6")
{
	fill();
	mtc0(C0_GUESTCTL1, GC1_RID(1));
	mtc0(C0_INDEX, 0);
	tlb_op(tlbinvf);
	check_left(true, true, false, true);
	guest_reset();
	fill();
	mtc0(C0_GUESTCTL1, 0);
	mtc0(C0_INDEX, 0);
	tlb_op(tlbinvf);
	check_left(false, false, true, true);
}

TEST(tlbinv, "TLBINV invalidates non-global entries of RID and ASID only", "§2.6")
{
	fill();
	mtc0(C0_GUESTCTL1, 0);
	mtc0(C0_INDEX, 0);
	dmtc0(C0_ENTRYHI, 1);
	tlb_op(tlbinv);
	check_left(true, true, true, true);
	dmtc0(C0_ENTRYHI, 0);
	tlb_op(tlbinv);
	check_left(false, true, true, true);
}

TEST(tlbinv_guest, "TLBINV leaves the entries of a guest: they are global", "§2.6")
{
	fill();
	mtc0(C0_GUESTCTL1, GC1_RID(2));
	mtc0(C0_INDEX, 0);
	dmtc0(C0_ENTRYHI, 0);
	tlb_op(tlbinv);
	check_left(true, true, true, true);
}

TEST(invalidated_is_seen, "after TLBINVF with its RID the guest misses at once", "§2.6, §7.1")
{
	vcpu.gpr[A0] = GVA_DATA;
	RUN(LW(V0, 0, A0));
	CHECK_DONE();
	mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
	mtc0(C0_INDEX, 0);
	tlb_op(tlbinvf);
	RUN(LW(V0, 0, A0));
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_CODE);
}
