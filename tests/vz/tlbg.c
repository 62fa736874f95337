// SPDX-License-Identifier: GPL-2.0
/* TLBGP, TLBGR, TLBGWI, TLBGWR, TLBGINV, TLBGINVF: root on the guest TLB. */
#include "exits.h"

#define VA	UINT64_C(0x0000005500010000)

static struct tlb_entry entry_of(u64 entryhi, u8 id)
{
	return (struct tlb_entry){
		.entryhi = entryhi, .lo0 = LO_RW(GPA_DATA),
		.lo1 = LO_RO(GPA_DATA + 0x1000), .guest_id = id,
	};
}

TEST(write_read, "TLBGWI then TLBGR gives the entry back, at every index", "§2.5")
{
	u32 size = guest_tlb_size();

	for (u32 i = 0; i < size; i++) {
		struct tlb_entry entry = entry_of((VA + 0x2000 * i) | (i & 0xff), i + 1);

		guest_tlb_write(i, &entry);
	}
	for (u32 i = 0; i < size; i++) {
		struct tlb_entry read = guest_tlb_read(i);

		about("index %d", i);
		CHECK_EQ(read.entryhi, (VA + 0x2000 * i) | (i & 0xff));
		CHECK_EQ(read.lo0, LO_RW(GPA_DATA));
		CHECK_EQ(read.lo1, LO_RO(GPA_DATA + 0x1000));
		CHECK_EQ(read.pagemask, 0);
		CHECK_EQ(read.guest_id, i + 1);
	}
}

TEST(page_mask, "PageMask goes through TLBGWI and TLBGR", "§2.5")
{
	static const u32 masks[] = { PAGEMASK_4K, PAGEMASK_16K, PAGEMASK_64K,
				     PAGEMASK_1M, PAGEMASK_16M };

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		struct tlb_entry entry = entry_of(0x5500000000, 1), read;

		about("PageMask %x", masks[i]);
		entry.pagemask = masks[i];
		entry.lo0 = entry.lo1 = LO_RW(0x10000000);
		guest_tlb_write(3, &entry);
		read = guest_tlb_read(3);
		CHECK_EQ(read.pagemask, masks[i]);
		CHECK_EQ(read.lo0, LO_RW(0x10000000));
	}
}

TEST(ri_xi, "RI and XI go through TLBGWI and TLBGR", "§2.5")
{
	struct tlb_entry entry = entry_of(VA, 1), read;

	entry.lo0 |= ENTRYLO_RI;
	entry.lo1 |= ENTRYLO_XI;
	guest_tlb_write(3, &entry);
	read = guest_tlb_read(3);
	CHECK_EQ(read.lo0, entry.lo0);
	CHECK_EQ(read.lo1, entry.lo1);
}

TEST(registers_used, "TLBGWI uses the guest's registers, none of root's", "§2.5")
{
	struct tlb_entry read;

	dmtc0(C0_ENTRYHI, 0x111000);
	dmtc0(C0_ENTRYLO0, LO_RW(0x111000));
	mtc0(C0_INDEX, 1);
	mtc0(C0_PAGEMASK, PAGEMASK_64K);
	dmtgc0(C0_ENTRYHI, VA);
	dmtgc0(C0_ENTRYLO0, LO_RW(0x222000));
	dmtgc0(C0_ENTRYLO1, LO_RW(0x333000));
	mtgc0(C0_PAGEMASK, 0);
	mtgc0(C0_INDEX, 6);
	mtc0(C0_GUESTCTL1, GC1_RID(1));
	tlb_op(tlbgwi);
	CHECK_EQ(mfc0(C0_INDEX), 1);
	CHECK_EQ(mfc0(C0_PAGEMASK), PAGEMASK_64K);
	mtc0(C0_PAGEMASK, 0);
	read = guest_tlb_read(6);
	CHECK_EQ(read.entryhi, VA);
	CHECK_EQ(read.lo0, LO_RW(0x222000));
	/* TLBGR wrote the guest's registers, not root's. */
	CHECK_EQ(dmfc0(C0_ENTRYLO0), LO_RW(0x111000));
	CHECK_EQ(dmfgc0(C0_ENTRYLO1), LO_RW(0x333000));
}

TEST(not_forced_global, "TLBGWI with RID != 0 does not force G in the guest TLB", "§2.5")
{
	struct tlb_entry entry = entry_of(VA | 3, 5);

	guest_tlb_write(3, &entry);
	CHECK(!(guest_tlb_read(3).lo0 & ENTRYLO_G));
	CHECK_EQ(guest_tlb_probe(VA | 3, 5), 3);
	CHECK(guest_tlb_probe(VA | 4, 5) & INDEX_P);
}

TEST(probe, "TLBGP matches VPN2, ASID and RID; a miss sets Guest.Index.P", "§2.5")
{
	struct tlb_entry entry = entry_of(VA | 3, 5);

	guest_tlb_write(7, &entry);
	CHECK_EQ(guest_tlb_probe(VA | 3, 5), 7);
	CHECK_EQ(guest_tlb_probe(VA | 0x1003, 5), 7);	/* the odd page */
	CHECK(guest_tlb_probe(VA | 3, 6) & INDEX_P);
	CHECK(guest_tlb_probe(VA | 3, 0) & INDEX_P);
	CHECK(guest_tlb_probe((VA + 0x2000) | 3, 5) & INDEX_P);
	CHECK(guest_tlb_probe(VA | 2, 5) & INDEX_P);
	entry.lo0 |= ENTRYLO_G;
	entry.lo1 |= ENTRYLO_G;
	guest_tlb_write(7, &entry);
	CHECK_EQ(guest_tlb_probe(VA | 2, 5), 7);
	CHECK(guest_tlb_probe(VA | 2, 6) & INDEX_P);
}

TEST(probe_rid_not_id, "TLBGP looks at GuestCtl1.RID, not at ID", "§2.5")
{
	struct tlb_entry entry = entry_of(VA, 5);

	guest_tlb_write(7, &entry);
	dmtgc0(C0_ENTRYHI, VA);
	mtc0(C0_GUESTCTL1, GC1_RID(6) | 5);
	tlb_op(tlbgp);
	CHECK(mfgc0(C0_INDEX) & INDEX_P);
	mtc0(C0_GUESTCTL1, GC1_RID(5) | 6);
	tlb_op(tlbgp);
	CHECK_EQ(mfgc0(C0_INDEX), 7);
}

TEST(probe_same_va, "the same VA and ASID of two guests are two entries", "§2.5")
{
	struct tlb_entry one = entry_of(VA | 3, 1), two = entry_of(VA | 3, 2);

	guest_tlb_write(4, &one);
	guest_tlb_write(5, &two);
	CHECK_EQ(guest_tlb_probe(VA | 3, 1), 4);
	CHECK_EQ(guest_tlb_probe(VA | 3, 2), 5);
}

TEST(read_sets_rid, "TLBGR sets RID to the entry's GuestID, even a different one", "§2.5, §8")
{
	struct tlb_entry entry = entry_of(VA, 0x21);

	guest_tlb_write(4, &entry);
	mtgc0(C0_INDEX, 4);
	mtc0(C0_GUESTCTL1, GC1_RID(0x77) | 0x11);
	tlb_op(tlbgr);
	CHECK_EQ(mfc0(C0_GUESTCTL1), GC1_RID(0x21) | 0x11);
}

TEST(read_invalid, "TLBGR of an invalid entry: EHINV alone, zeros, RID 0", "§2.5")
{
	struct tlb_entry entry = entry_of(VA, 0x21), read;

	guest_tlb_write(4, &entry);
	entry.entryhi = ENTRYHI_EHINV | KSEG1;
	guest_tlb_write(4, &entry);
	dmtgc0(C0_ENTRYHI, VA | 0x3f);
	dmtgc0(C0_ENTRYLO0, LO_RW(0x5000));
	mtgc0(C0_PAGEMASK, PAGEMASK_64K);
	mtc0(C0_GUESTCTL1, GC1_RID(0x77));
	read = guest_tlb_read(4);
	CHECK_EQ(read.entryhi, ENTRYHI_EHINV);
	CHECK_EQ(read.lo0, 0);
	CHECK_EQ(read.lo1, 0);
	CHECK_EQ(read.pagemask, 0);
	CHECK_EQ(read.guest_id, 0);
	CHECK(guest_tlb_probe(VA, 0x21) & INDEX_P);
}

TEST(reset_flushed, "an entry never written reads as invalid after a flush", "§2.5, §8")
{
	for (u32 i = 0; i < guest_tlb_size(); i++) {
		struct tlb_entry read = guest_tlb_read(i);

		about("index %d", i);
		CHECK_EQ(read.entryhi, ENTRYHI_EHINV);
		CHECK_EQ(read.guest_id, 0);
	}
}

TEST(write_random, "TLBGWR tags with RID and avoids the entries below Guest.Wired", "§2.5")
{
	u32 size = guest_tlb_size(), wired = size - 4;
	u64 used = 0;

	mtgc0(C0_WIRED, wired);
	for (u32 i = 0; i < 64; i++) {
		u32 index;

		mtc0(C0_GUESTCTL1, GC1_RID(5));
		dmtgc0(C0_ENTRYHI, VA + 0x2000 * i);
		dmtgc0(C0_ENTRYLO0, LO_RW(GPA_DATA));
		dmtgc0(C0_ENTRYLO1, LO_RW(GPA_DATA));
		mtgc0(C0_PAGEMASK, 0);
		tlb_op(tlbgwr);
		index = guest_tlb_probe(VA + 0x2000 * i, 5);
		CHECK(!(index & INDEX_P));
		CHECK(index >= wired && index < size);
		used |= BIT(index - wired);
	}
	CHECK(used & (used - 1));	/* not one slot only */
}

/* Guest 1: ASID 1, ASID 2, global. Guest 2: ASID 1, global. */
static void fill(void)
{
	for (u32 i = 0; i < 5; i++) {
		struct tlb_entry entry = entry_of((VA + 0x2000 * i) | (i == 1 ? 2 : 1),
						  i < 3 ? 1 : 2);

		if (i == 2 || i == 4) {
			entry.lo0 |= ENTRYLO_G;
			entry.lo1 |= ENTRYLO_G;
		}
		guest_tlb_write(i, &entry);
	}
}

/* Bit i of @left: entry i of fill() is still there. */
static void check_left(u32 left)
{
	for (u32 i = 0; i < 5; i++) {
		u64 entryhi = (VA + 0x2000 * i) | (i == 1 ? 2 : 1);

		about("entry %d", i);
		CHECK_EQ(!(guest_tlb_probe(entryhi, i < 3 ? 1 : 2) & INDEX_P),
			 left >> i & 1);
	}
	/* Never an entry of the root TLB. */
	CHECK_EQ(root_tlb_probe(GPA_CODE, 1), 0);
}

TEST(invalidate_asid, "TLBGINV: non-global, Guest.EntryHi.ASID, RID; wired or not", "§2.5")
{
	fill();
	mtgc0(C0_WIRED, 5);
	dmtgc0(C0_ENTRYHI, 1);
	mtgc0(C0_INDEX, 0);
	mtc0(C0_GUESTCTL1, GC1_RID(1) | 2);
	tlb_op(tlbginv);
	check_left(0x1e);
	dmtgc0(C0_ENTRYHI, 1);
	mtc0(C0_GUESTCTL1, GC1_RID(3));
	tlb_op(tlbginv);
	check_left(0x1e);
}

TEST(invalidate_all, "TLBGINVF: all of RID, global and wired; no other guest's", "§2.5")
{
	fill();
	mtgc0(C0_WIRED, 5);
	mtgc0(C0_INDEX, 0);
	mtc0(C0_GUESTCTL1, GC1_RID(1) | 2);
	tlb_op(tlbginvf);
	check_left(0x18);
	mtc0(C0_GUESTCTL1, GC1_RID(2) | 1);
	tlb_op(tlbginvf);
	check_left(0);
}

TEST(guest_uses_it, "what root writes by TLBGWI the guest translates with", "§2.5, §7.1")
{
	struct tlb_entry entry = entry_of(VA, guest_id);

	*(u64 *)ram(RPA_DATA0) = 0x2468;
	guest_tlb_write(8, &entry);
	vcpu.gpr[A0] = VA;
	RUN(LD(V0, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x2468);
}
