// SPDX-License-Identifier: GPL-2.0
/*
 * Coherence: what root or the guest changed between two accesses is what the
 * second one meets, however translations are cached.
 */
#include "exits.h"

#define VA	UINT64_C(0x00010000)
#define TEST_INDEX	ROOT_WIRED

static u64 *page(u32 n)
{
	return ram(RPA_FREE + 0x1000 * n);
}

TEST(root_moves_page, "root gives a GPA another RPA: load, store and fetch follow", "§7.1")
{
	for (u32 i = 0; i < 8; i++) {
		u32 n = i % 3;

		about("round %d", i);
		page(n)[0] = 0x100 + n;
		map_gpa(TEST_INDEX, GPA_FREE, LO_RW(RPA_FREE + 0x1000 * n), 0);
		CHECK_LOAD(KSEG0 + GPA_FREE, 0x100 + n);
		guest_store(KSEG0 + GPA_FREE + 8, 0x200 + i);
		CHECK_DONE();
		CHECK_EQ(page(n)[1], 0x200 + i);
		LOAD(RPA_FREE + 0x1000 * n + 0x800, ADDIU(V0, R0, 0x30 + n));
		vcpu.epc = KSEG0 + GPA_FREE + 0x800;
		run();
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 0x30 + n);
	}
}

TEST(root_invalidates, "root takes a page away: EHINV, V=0, and gives it back", "§7.1, §8")
{
	struct tlb_entry gone = { .entryhi = ENTRYHI_EHINV };

	for (u32 i = 0; i < 3; i++) {
		about("round %d", i);
		map_gpa(TEST_INDEX, GPA_FREE, LO_RW(RPA_FREE), 0);
		page(0)[0] = i;
		CHECK_LOAD(KSEG0 + GPA_FREE, i);
		root_tlb_write(TEST_INDEX, &gone);
		guest_load(KSEG0 + GPA_FREE);
		CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE);
		map_gpa(TEST_INDEX, GPA_FREE, LO_RW(RPA_FREE), 0);
		CHECK_LOAD(KSEG0 + GPA_FREE, i);
		map_gpa(TEST_INDEX, GPA_FREE, ENTRYLO_PFN(RPA_FREE), 0);
		guest_load(KSEG0 + GPA_FREE);
		CHECK_ROOT_TLB(EXC_TLBL, GVA_CODE, GPA_FREE);
	}
}

TEST(kvm_invalidates, "KVM's way: TLBP with RID and ASID 0, then EHINV + TLBWI", "§8")
{
	u32 index;

	map_gpa(TEST_INDEX + 5, GPA_FREE | 0x42, LO_RW(RPA_FREE), 0);
	page(0)[0] = 0x99;
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x99);
	index = root_tlb_probe(GPA_FREE, guest_id);
	CHECK_EQ(index, TEST_INDEX + 5);
	root_tlb_write(index, &(struct tlb_entry){ .guest_id = guest_id,
		       .entryhi = KSEG1 | (u64)index << 13 | ENTRYHI_EHINV });
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE);
}

TEST(root_write_protects, "root clears D after a store: the next store is Mod, and back",
	"§7.3")
{
	for (u32 i = 0; i < 3; i++) {
		about("round %d", i);
		map_gpa(TEST_INDEX, GPA_FREE, LO_RW(RPA_FREE), 0);
		guest_store(KSEG0 + GPA_FREE, 0x500 + i);
		CHECK_DONE();
		map_gpa(TEST_INDEX, GPA_FREE, LO_RO(RPA_FREE), 0);
		guest_store(KSEG0 + GPA_FREE, 0xdead);
		CHECK_ROOT_TLB(EXC_MOD, GVA_CODE, GPA_FREE);
		CHECK_LOAD(KSEG0 + GPA_FREE, 0x500 + i);
	}
}

TEST(root_tlbwr, "TLBWR as well makes a missing page present at once", "§7.4")
{
	page(0)[0] = 0x1d;
	guest_load(KSEG0 + GPA_FREE);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE);
	mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
	dmtc0(C0_ENTRYHI, GPA_FREE);
	dmtc0(C0_ENTRYLO0, LO_RW(RPA_FREE));
	dmtc0(C0_ENTRYLO1, 0);
	mtc0(C0_PAGEMASK, 0);
	tlb_op(tlbwr);
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x1d);
}

TEST(page_mask, "a large root entry replaced by a small one leaves nothing behind", "§7.3")
{
	const struct tlb_entry large = { .entryhi = GPA_FREE, .pagemask = PAGEMASK_64K,
		.lo0 = LO_RW(RPA_FREE), .lo1 = LO_RW(RPA_FREE + 0x10000), .guest_id = 1 };

	page(5)[0] = 0x55;
	page(0)[0] = 0x11;
	root_tlb_write(TEST_INDEX, &large);
	CHECK_LOAD(KSEG0 + GPA_FREE + 0x5000, 0x55);
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x11);
	map_gpa(TEST_INDEX, GPA_FREE, LO_RW(RPA_FREE), 0);
	CHECK_LOAD(KSEG0 + GPA_FREE, 0x11);
	guest_load(KSEG0 + GPA_FREE + 0x5000);
	CHECK_ROOT_REFILL(EXC_TLBL, GVA_CODE, GPA_FREE + 0x5000);
}

TEST(root_moves_guest_entry, "root rewrites a guest TLB entry by TLBGWI: the guest follows",
	"§2.5")
{
	for (u32 i = 0; i < 6; i++) {
		u32 n = i & 1;

		about("round %d", i);
		((u64 *)ram(n ? RPA_DATA1 : RPA_DATA0))[0] = 0x700 + n;
		map_gva(2, VA, LO_RW(GPA_DATA + 0x1000 * n), 0);
		CHECK_LOAD(VA, 0x700 + n);
	}
}

TEST(root_flushes_guest_tlb, "TLBGINVF, TLBGINV and TLBGWI with EHINV are seen at once",
	"§2.5")
{
	struct tlb_entry gone = { .entryhi = ENTRYHI_EHINV, .guest_id = guest_id };

	((u64 *)ram(RPA_DATA0))[0] = 0x77;
	for (u32 way = 0; way < 3; way++) {
		about("way %d", way);
		mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
		map_gva(2, VA, LO_RW(GPA_DATA), 0);
		CHECK_LOAD(VA, 0x77);
		mtc0(C0_GUESTCTL1, GC1_RID(guest_id));
		mtgc0(C0_INDEX, 0);
		dmtgc0(C0_ENTRYHI, 0);
		if (way == 0)
			tlb_op(tlbginvf);
		else if (way == 1)
			tlb_op(tlbginv);
		else
			guest_tlb_write(2, &gone);
		guest_load(VA);
		CHECK_GUEST_REFILL(EXC_TLBL, 0x080, GVA_CODE);
	}
}

TEST(other_id_untouched, "TLBGINVF and TLBINVF of another GuestID take nothing away",
	"§2.5, §2.6")
{
	((u64 *)ram(RPA_DATA0))[0] = 0x77;
	map_gva(2, VA, LO_RW(GPA_DATA), 0);
	CHECK_LOAD(VA, 0x77);
	mtc0(C0_GUESTCTL1, GC1_RID(2));
	mtgc0(C0_INDEX, 0);
	mtc0(C0_INDEX, 0);
	tlb_op(tlbginvf);
	tlb_op(tlbinvf);
	CHECK_LOAD(VA, 0x77);
}

TEST(root_changes_asid, "root's MTGC0 of Guest.EntryHi.ASID selects the other mapping", "§7.1")
{
	((u64 *)ram(RPA_DATA0))[0] = 0x70;
	((u64 *)ram(RPA_DATA1))[0] = 0x71;
	map_gva(2, VA | 1, LO_RW(GPA_DATA), 0);
	map_gva(3, VA | 2, LO_RW(GPA_DATA + 0x1000), 0);
	for (u32 i = 0; i < 4; i++) {
		dmtgc0(C0_ENTRYHI, 1 + (i & 1));
		CHECK_LOAD(VA, 0x70 + (i & 1));
	}
}

TEST(root_changes_mode, "root's MTGC0 of Guest.Status changes what the guest may reach",
	"§7.2")
{
	map_gva(2, VA, LO_RW(GPA_CODE), LO_RW(GPA_CODE));
	LOAD(RPA_CODE, LD(V0, 0, A0), SYSCALL);
	vcpu.gpr[A0] = GVA_DATA;
	for (u32 i = 0; i < 4; i++) {
		bool user = i & 1;

		about("user %d", user);
		mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | (user ? STATUS_USER : 0));
		vcpu.epc = VA;
		run();
		if (user)
			CHECK_GUEST_EXCEPTION(EXC_ADEL, VA);
		else
			CHECK_GUEST_EXCEPTION(EXC_SYS, VA + 4);
	}
}

TEST(root_changes_kx, "root's MTGC0 of Guest.Status.KX and UX opens and closes 64-bit segments",
	"§4, §7.2")
{
	static const struct { u64 gva; u32 bit; } rows[] = {
		{ 0x9800000000000000 + GPA_DATA, STATUS_KX },
		{ 0xc000000000010000, STATUS_KX },
		{ 0x0000000100010000, STATUS_UX },
	};

	((u64 *)ram(RPA_DATA0))[0] = 0x70;
	map_gva(1, rows[1].gva, LO_RW(GPA_DATA), 0);
	map_gva(2, rows[2].gva, LO_RW(GPA_DATA), 0);
	for (u32 i = 0; i < 4 * ARRAY_SIZE(rows); i++) {
		u32 status = STATUS_KX | STATUS_SX | STATUS_UX;
		u32 row = i / 4;

		about("GVA %X, round %d", rows[row].gva, i & 3);
		mtgc0(C0_STATUS, i & 1 ? status & ~rows[row].bit : status);
		if (i & 1) {
			guest_load(rows[row].gva);
			CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
			CHECK_EQ(dmfgc0(C0_BADVADDR), rows[row].gva);
		} else {
			CHECK_LOAD(rows[row].gva, 0x70);
		}
	}
}

TEST(guest_changes_kx, "the guest's own MTC0 of Status.KX closes xkphys to its next access",
	"§7.2, §20 3")
{
	vcpu.gpr[A0] = 0x9800000000000000 + GPA_DATA;
	vcpu.gpr[A1] = STATUS_UX;
	RUN(LD(V0, 0, A0), MTC0(A1, C0_STATUS), EHB, LD(V0, 0, A0));
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE + 12);
}

TEST(root_changes_erl, "root's MTGC0 of Guest.Status.ERL makes useg unmapped and mapped again",
	"§7.2")
{
	((u64 *)ram(RPA_DATA0))[0] = 0x70;
	((u64 *)ram(RPA_DATA1))[0] = 0x71;
	map_gva(2, GPA_DATA, LO_RW(GPA_DATA + 0x1000), 0);
	for (u32 i = 0; i < 4; i++) {
		mtgc0(C0_STATUS, STATUS_KX | STATUS_UX | (i & 1 ? STATUS_ERL : 0));
		CHECK_LOAD(GPA_DATA, i & 1 ? 0x70 : 0x71);
	}
}

TEST(root_and_guest_same_va, "one user address, root's page and the guest's, in turn", "§7.1")
{
	struct tlb_entry mine = { .entryhi = VA, .lo0 = LO_RW(RPA_FREE + 0x3000) };

	page(3)[0] = 0x3333;
	((u64 *)ram(RPA_DATA0))[0] = 0x4444;
	root_tlb_write(TEST_INDEX, &mine);
	map_gva(2, VA, LO_RW(GPA_DATA), 0);
	for (u32 i = 0; i < 4; i++) {
		CHECK_EQ(*(volatile u64 *)VA, 0x3333 + i);
		CHECK_LOAD(VA, 0x4444);
		*(volatile u64 *)VA += 1;
	}
	/* Root loses its page, the guest does not; and the other way round. */
	mine.entryhi = ENTRYHI_EHINV;
	root_tlb_write(TEST_INDEX, &mine);
	CHECK_LOAD(VA, 0x4444);
	CHECK(CATCH(root_insn(LD(V0, 0, A0), VA)));
}

TEST(root_asid_switch, "root changes its ASID between entries: the guest does not notice",
	"§7.1")
{
	((u64 *)ram(RPA_DATA0))[0] = 0x4444;
	map_gva(2, VA, LO_RW(GPA_DATA), 0);
	for (u32 i = 0; i < 4; i++) {
		dmtc0(C0_ENTRYHI, i);
		CHECK_LOAD(VA, 0x4444);
	}
	dmtc0(C0_ENTRYHI, 0);
}

TEST(guest_config_differs, "the same page runs for two guests with different Config", "§5.3")
{
	u32 config1 = mfgc0(C0_CONFIG1);

	LOAD(RPA_CODE, MFC1(V0, 0));
	vcpu.entry_status |= STATUS_CU1;
	for (u32 i = 0; i < 4; i++) {
		bool fp = i & 1;

		about("FP %d", fp);
		mtgc0(C0_CONFIG1, fp ? config1 | CONFIG1_FP : config1 & ~CONFIG1_FP);
		mtgc0(C0_STATUS, STATUS_KX | STATUS_CU1);
		vcpu.epc = GVA_CODE;
		run();
		CHECK_EQ(vcpu.badinstr, fp ? HYPCALL(HC_DONE) :
			 HYPCALL(HC_VECTOR(0x180)));
	}
}

TEST(guest_registers_differ, "the same page, a guest with UserLocal and one without", "§5.1, §5.3")
{
	u32 config3 = mfgc0(C0_CONFIG3);

	dmtgc0(C0_USERLOCAL, 0x1234);
	LOAD(RPA_CODE, DMFC0(V0, C0_USERLOCAL));
	for (u32 i = 0; i < 4; i++) {
		bool there;

		mtgc0(C0_CONFIG3, i & 1 ? config3 | CONFIG3_ULRI : config3 & ~CONFIG3_ULRI);
		/* Whether root may take it away is the CPU's choice (§5.3). */
		there = mfgc0(C0_CONFIG3) & CONFIG3_ULRI;
		about("ULRI %d", there);
		vcpu.epc = GVA_CODE;
		run();
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], there ? 0x1234 : 0);
	}
}

TEST(controls_differ, "the same page runs under different GuestCtl0: traps come and go", "§3.1")
{
	LOAD(RPA_CODE, MFC0(V0, C0_COUNT), MFC0(V0, C0_WIRED), MFC0(V0, C0_EPC));
	for (u32 i = 0; i < 8; i++) {
		u32 ctl = vcpu.entry_guestctl0;
		u64 stop = GVA_CODE + 12;

		ctl |= GC0_GT | GC0_AT(3) | GC0_CP0;
		if (i & 1) {
			ctl &= ~GC0_CP0;
			stop = GVA_CODE;
		} else if (i & 2) {
			ctl &= ~GC0_GT;
			stop = GVA_CODE;
		} else if (i & 4) {
			ctl = (ctl & ~GC0_AT(3)) | GC0_AT(1);
			stop = GVA_CODE + 4;
		}
		about("GuestCtl0 %x", ctl);
		vcpu.entry_guestctl0 = ctl;
		vcpu.epc = GVA_CODE;
		run();
		CHECK_EQ(vcpu.epc, stop);
	}
}
