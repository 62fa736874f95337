// SPDX-License-Identifier: GPL-2.0
/* Several guests: GuestCtl1.ID tells their entries apart in both TLBs. */
#include "exits.h"

#define VA	UINT64_C(0x00010000)

/* The code of the standard guest for guest @id as well. */
static void share_code_with(u8 id, u32 index)
{
	root_tlb_write(index, &(struct tlb_entry){
		.entryhi = GPA_CODE, .pagemask = PAGEMASK_16K, .guest_id = id,
		.lo0 = LO_RW(RPA_CODE), .lo1 = LO_RW(RPA_CODE + GUEST_CODE_PAGE) });
}

TEST(stage_2, "two guests, one GPA: each reaches its own RPA, turn and turn about",
	"§7.1")
{
	for (u32 id = 1; id <= 2; id++) {
		guest_id = id;
		if (id == 2)
			share_code_with(2, ROOT_WIRED);
		map_gpa(ROOT_WIRED + id, GPA_FREE, LO_RW(RPA_FREE + 0x1000 * id), 0);
		*(u64 *)ram(RPA_FREE + 0x1000 * id) = 0x1000 + id;
	}
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	for (u32 i = 0; i < 6; i++) {
		guest_id = 1 + (i & 1);
		about("turn %d, guest %d", i, guest_id);
		RUN(LD(V0, 0, A0), DADDIU(V0, V0, 0x10), SD(V0, 0, A0));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0x1000 + guest_id + 0x10 * (i / 2 + 1));
	}
}

TEST(stage_1, "two guests, one GVA and ASID: each uses its own guest TLB entry", "§7.1, §7.6")
{
	for (u32 id = 1; id <= 2; id++) {
		guest_id = id;
		if (id == 2) {
			share_code_with(2, ROOT_WIRED);
			map_gpa(ROOT_WIRED + 1, GPA_DATA, LO_RW(RPA_DATA0),
				LO_RW(RPA_DATA1));
		}
		map_gva(id, VA, LO_RW(GPA_DATA + 0x1000 * (id - 1)), 0);
	}
	*(u64 *)ram(RPA_DATA0) = 0x1111;
	*(u64 *)ram(RPA_DATA1) = 0x2222;
	vcpu.gpr[A0] = VA;
	for (u32 i = 0; i < 6; i++) {
		guest_id = 1 + (i & 1);
		about("turn %d, guest %d", i, guest_id);
		RUN(LD(V0, 0, A0));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], guest_id * 0x1111);
	}
}

TEST(global_stays_inside, "a global guest entry does not serve another guest", "§7.1")
{
	guest_id = 2;
	share_code_with(2, ROOT_WIRED);
	map_gpa(ROOT_WIRED + 1, GPA_VECTORS, LO_RW(RPA_VECTORS), 0);
	map_gva(0, VA, LO_RW(GPA_DATA) | ENTRYLO_G, ENTRYLO_G);
	guest_id = 1;
	vcpu.gpr[A0] = VA;
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
}

TEST(no_entry_for_this_id, "root entries of another GuestID do not match, nor root's own",
	"§7.1")
{
	root_tlb_write(ROOT_WIRED, &(struct tlb_entry){ .entryhi = GPA_FREE,
		       .lo0 = LO_RW(RPA_FREE) | ENTRYLO_G, .lo1 = ENTRYLO_G });
	root_tlb_write(ROOT_WIRED + 1, &(struct tlb_entry){ .entryhi = GPA_FREE,
		       .lo0 = LO_RW(RPA_FREE), .guest_id = 2 });
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	RUN(LD(V0, 0, A0));
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE);
}

TEST(id_not_rid, "stage 2 goes by ID; RID has no part in it", "§7.1")
{
	static const u8 rids[] = { 0, 1, 2, 0xff };

	root_tlb_write(ROOT_WIRED, &(struct tlb_entry){ .entryhi = GPA_FREE,
		       .lo0 = LO_RW(RPA_FREE), .guest_id = 1 });
	root_tlb_write(ROOT_WIRED + 1, &(struct tlb_entry){ .entryhi = GPA_FREE,
		       .lo0 = LO_RW(RPA_FREE + 0x1000), .guest_id = 2 });
	*(u64 *)ram(RPA_FREE) = 0x1111;
	*(u64 *)ram(RPA_FREE + 0x1000) = 0x2222;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	for (size_t i = 0; i < ARRAY_SIZE(rids); i++) {
		about("RID %d", rids[i]);
		guest_rid = rids[i];
		RUN(LD(V0, 0, A0));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0x1111);
		CHECK_EQ(GC1_RID_OF(vcpu.guestctl1), rids[i]);
	}
}

TEST(root_asid_ignored, "stage 2 ignores root's ASID, whatever the entry was written with",
	"§7.1")
{
	map_gpa(ROOT_WIRED, GPA_FREE | 0x11, LO_RW(RPA_FREE), 0);
	*(u64 *)ram(RPA_FREE) = 0x1111;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	for (u32 asid = 0x10; asid < 0x13; asid++) {
		about("root ASID %x", asid);
		dmtc0(C0_ENTRYHI, asid);
		RUN(LD(V0, 0, A0));
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0x1111);
	}
}

TEST(guest_asid_not_in_stage_2, "nor does the guest's ASID take part in stage 2", "§7.1")
{
	map_gpa(ROOT_WIRED, GPA_FREE | 0x11, LO_RW(RPA_FREE), 0);
	*(u64 *)ram(RPA_FREE) = 0x1111;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	dmtgc0(C0_ENTRYHI, 0x77);
	RUN(LD(V0, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x1111);
}

TEST(id_zero, "GuestCtl1.ID = 0: the guest is served by root's entries", "§7.1, §20 12")
{
	guest_id = 0;
	root_tlb_write(0, &(struct tlb_entry){
		.entryhi = GPA_CODE, .pagemask = PAGEMASK_16K,
		.lo0 = LO_RW(RPA_CODE) | ENTRYLO_G,
		.lo1 = LO_RW(RPA_CODE + GUEST_CODE_PAGE) | ENTRYLO_G });
	RUN(DADDIU(V0, R0, 3));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 3);
}

TEST(reuse, "a GuestID given to another guest after TLBINVF/TLBGINVF carries nothing over",
	"§8")
{
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE), 0);
	map_gva(3, VA, LO_RW(GPA_FREE), 0);
	*(u64 *)ram(RPA_FREE) = 0x01d;
	vcpu.gpr[A0] = VA;
	RUN(LD(V0, 0, A0));
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x01d);

	mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
	mtc0(C0_INDEX, 0);
	tlb_op(tlbinvf);
	mtgc0(C0_INDEX, 0);
	tlb_op(tlbginvf);

	share_code_with(guest_id, 0);
	map_gpa(1, GPA_VECTORS, LO_RW(RPA_VECTORS), 0);
	RUN(LD(V0, 0, A0));
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
	mtgc0(C0_STATUS, STATUS_KX);
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	RUN(LD(V0, 0, A0));
	CHECK_EQ(exit_exccode(), EXC_TLBL);
	CHECK_EQ(vcpu.badvaddr, GPA_FREE);
}
