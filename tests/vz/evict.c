// SPDX-License-Identifier: GPL-2.0
/*
 * Entries that TLBWR throws out: once software has seen that they are gone,
 * or has flushed, nothing may translate with them any more.
 */
#include "exits.h"

#define VA	UINT64_C(0x00010000)

static u64 *page(u32 n)
{
	return ram(RPA_FREE + 0x1000 * n);
}

/* Root entries of another guest by TLBWR, until @gone says so; bounded. */
static void evict(bool (*gone)(void))
{
	for (u32 i = 0; i < 4096 && !gone(); i++) {
		mtc0(C0_GUESTCTL1, GC1_RID(9));
		dmtc0(C0_ENTRYHI, 0x100000000 + 0x2000 * (u64)i);
		dmtc0(C0_ENTRYLO0, LO_RW(RPA_FREE));
		dmtc0(C0_ENTRYLO1, 0);
		mtc0(C0_PAGEMASK, 0);
		tlb_op(tlbwr);
	}
	dmtc0(C0_ENTRYHI, 0);
	CHECK(gone());
}

static bool gone_by_tlbp(void)
{
	return root_tlb_probe(GPA_FREE, guest_id) & INDEX_P;
}

static bool gone_by_tlbr(void)
{
	for (u32 i = 0; i < root_tlb_size(); i++) {
		struct tlb_entry read = root_tlb_read(i);

		if ((read.entryhi & ~UINT64_C(0x1fff)) == GPA_FREE &&
		    read.guest_id == guest_id)
			return false;
	}
	return true;
}

TEST(evicted_tlbp, "an entry that TLBP no longer finds no longer translates", "§7.1, §8")
{
	map_gpa(root_tlb_size() - 1, GPA_FREE, LO_RW(RPA_FREE), 0);
	page(0)[0] = 0x5e;
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x5e);
	evict(gone_by_tlbp);
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE);
}

TEST(evicted_tlbr, "an entry that TLBR no longer shows no longer translates", "§7.1, §8")
{
	map_gpa(root_tlb_size() - 1, GPA_FREE, LO_RW(RPA_FREE), 0);
	page(0)[0] = 0x5e;
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x5e);
	evict(gone_by_tlbr);
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE);
}

TEST(evicted_flushed, "nothing of a guest survives a TLBWI or TLBINVF flush after TLBWRs",
	"§8")
{
	for (u32 way = 0; way < 2; way++) {
		about("way %d", way);
		guest_reset();
		/* Many pages of the guest, of which most are thrown out again. */
		for (u32 i = 0; i < 2 * root_tlb_size(); i++) {
			mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
			dmtc0(C0_ENTRYHI, GPA_FREE + 0x2000 * i);
			dmtc0(C0_ENTRYLO0, LO_RW(RPA_FREE));
			dmtc0(C0_ENTRYLO1, 0);
			tlb_op(tlbwr);
			guest_load(KSEG0 + GPA_FREE + 0x2000 * i);
			CHECK_DONE();
		}
		if (way) {
			mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
			mtc0(C0_INDEX, 0);
			tlb_op(tlbinvf);
		} else {
			root_tlb_flush();
		}
		root_tlb_write(0, &(struct tlb_entry){
			.entryhi = GPA_CODE, .pagemask = PAGEMASK_16K, .guest_id = 1,
			.lo0 = LO_RW(RPA_CODE),
			.lo1 = LO_RW(RPA_CODE + GUEST_CODE_PAGE) });
		for (u32 i = 0; i < 2 * root_tlb_size(); i++) {
			guest_load(KSEG0 + GPA_FREE + 0x2000 * i);
			CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE + 0x2000 * i);
		}
	}
}

TEST(guest_evicted, "an entry the guest's TLBWR threw out and TLBP misses is gone", "§2.6")
{
	u32 last = guest_tlb_size() - 1;

	((u64 *)ram(RPA_DATA0))[0] = 0x77;
	map_gva(last, VA, LO_RW(GPA_DATA), 0);
	mtgc0(C0_WIRED, last);
	vcpu.gpr[A0] = VA;
	vcpu.gpr[A1] = LO_RW(GPA_DATA);
	vcpu.gpr[A2] = VA + 0x100000;
	/* Only the last index is not wired, so one TLBWR does it. */
	RUN(LD(V1, 0, A0), DMTC0(A2, C0_ENTRYHI), DMTC0(A1, C0_ENTRYLO0),
	    DMTC0(A1, C0_ENTRYLO1), TLBWR, DMTC0(A0, C0_ENTRYHI), TLBP, EHB,
	    MFC0(V0, C0_INDEX), LD(A3, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE + 36);
	CHECK_EQ(vcpu.gpr[V1], 0x77);
	CHECK((s32)vcpu.gpr[V0] < 0);
}

TEST(guest_evicted_by_root, "the same by root: TLBGWR, then TLBGP misses", "§2.5")
{
	u32 last = guest_tlb_size() - 1;

	((u64 *)ram(RPA_DATA0))[0] = 0x77;
	map_gva(last, VA, LO_RW(GPA_DATA), 0);
	CHECK_LOAD(VA, 0x77);
	mtgc0(C0_WIRED, last);
	mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
	dmtgc0(C0_ENTRYHI, VA + 0x100000);
	dmtgc0(C0_ENTRYLO0, LO_RW(GPA_DATA));
	tlb_op(tlbgwr);
	CHECK(guest_tlb_probe(VA, guest_id) & INDEX_P);
	guest_load(VA);
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
}
