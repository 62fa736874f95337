// SPDX-License-Identifier: GPL-2.0
/* GVA -> GPA -> RPA for instruction fetches. */
#include "exits.h"

#define MAPPED	UINT64_C(0x00010000)
#define XKPHYS	UINT64_C(0x9800000000000000)

static void run_from(u64 gva)
{
	vcpu.epc = gva;
	run();
}

/* On a fetch exception BadInstr means nothing; EPC and BadVAddr say it all. */

TEST(segments, "code runs from kseg0, kseg1, xkphys and a mapped page alike", "§7.1, §7.2")
{
	static const u64 addresses[] = {
		KSEG0 + GPA_CODE, KSEG1 + GPA_CODE, XKPHYS + GPA_CODE, MAPPED,
		0xffffffffc0010000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		about("PC %X", addresses[i]);
		guest_reset();
		map_gva(0, addresses[i], LO_RW(GPA_CODE), 0);
		LOAD(RPA_CODE, DADDIU(V0, R0, 7), BEQ(R0, R0, 1), DADDIU(V0, V0, 1));
		run_from(addresses[i]);
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 8);
		CHECK_EQ(vcpu.epc, addresses[i] + 12);
	}
}

TEST(root_refill, "a fetch from a GPA without root entry is a root XTLB refill", "§7.4")
{
	run_from(KSEG0 + GPA_FREE + 0x40);
	CHECK_ROOT_REFILL(EXC_TLBL, KSEG0 + GPA_FREE + 0x40, GPA_FREE + 0x40);
	map_gva(0, MAPPED, LO_RW(GPA_FREE), 0);
	run_from(MAPPED + 0x40);
	CHECK_ROOT_REFILL(EXC_TLBL, MAPPED + 0x40, GPA_FREE + 0x40);
}

TEST(root_invalid, "a fetch through root V=0 is TLBL in root at 0x180", "§7.4")
{
	map_gpa(ROOT_WIRED, GPA_FREE, ENTRYLO_PFN(RPA_FREE), 0);
	run_from(KSEG0 + GPA_FREE);
	CHECK_ROOT_TLB(EXC_TLBL, KSEG0 + GPA_FREE, GPA_FREE);
}

TEST(root_xi, "a fetch through root XI=1 is TLBXI in root; data may be read", "§7.3, §7.4")
{
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE) | ENTRYLO_XI, 0);
	run_from(KSEG0 + GPA_FREE);
	CHECK_ROOT_TLB(EXC_TLBXI, KSEG0 + GPA_FREE, GPA_FREE);
	mtc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE);
	run_from(KSEG0 + GPA_FREE);
	CHECK_ROOT_TLB(EXC_TLBL, KSEG0 + GPA_FREE, GPA_FREE);
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	RUN(LW(V0, 0, A0));
	CHECK_DONE();
}

TEST(guest_refill, "a fetch without guest entry is a refill in the guest", "§6.2")
{
	run_from(MAPPED + 0x80);
	CHECK_GUEST_REFILL(EXC_TLBL, 0x080, MAPPED + 0x80);
	CHECK_EQ(dmfgc0(C0_BADVADDR), MAPPED + 0x80);
}

TEST(guest_xi, "a fetch through guest XI=1 is TLBXI in the guest", "§6.2, §7.3")
{
	map_gva(0, MAPPED, LO_RW(GPA_CODE) | ENTRYLO_XI, 0);
	run_from(MAPPED);
	CHECK_GUEST_EXCEPTION(EXC_TLBXI, MAPPED);
	CHECK_EQ(dmfgc0(C0_BADVADDR), MAPPED);
}

TEST(guest_address_error, "a fetch from an odd or a forbidden PC is AdEL in the guest",
	"§6.2, §7.2")
{
	run_from(GVA_CODE + 2);
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE + 2);
	CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_CODE + 2);
	mtgc0(C0_STATUS, STATUS_UX | STATUS_USER);
	run_from(GVA_CODE);
	CHECK_GUEST_EXCEPTION(EXC_ADEL, GVA_CODE);
	CHECK_EQ(dmfgc0(C0_BADVADDR), GVA_CODE);
}

TEST(refill_of_vector, "the guest's own vector may miss in root, and be resumed", "§7.4")
{
	root_tlb_write(1, &(struct tlb_entry){ .entryhi = ENTRYHI_EHINV });
	RUN(SYSCALL);
	CHECK_EQ(exit_exccode(), EXC_TLBL);
	CHECK_EQ(vcpu.vector, 0x080);
	CHECK_EQ(vcpu.epc, GVA_VECTORS + 0x180);
	CHECK_EQ(vcpu.badvaddr, GPA_VECTORS + 0x180);
	/* The guest had taken its exception already; nothing is lost. */
	CHECK_EQ(dmfgc0(C0_EPC), GVA_CODE);
	map_gpa(1, GPA_VECTORS, LO_RW(RPA_VECTORS), 0);
	run();
	CHECK_GUEST_EXCEPTION(EXC_SYS, GVA_CODE);
}

TEST(page_crossing, "straight code and a branch with its slot cross into another RPA",
	"§7.1")
{
	/* GPA page 0 ends at one RPA, page 1 goes on at another. */
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE + 0x5000), LO_RW(RPA_FREE));
	((u32 *)ram(RPA_FREE + 0x5000))[1022] = ADDIU(V0, R0, 1);
	((u32 *)ram(RPA_FREE + 0x5000))[1023] = BEQ(R0, R0, 2);
	LOAD(RPA_FREE, ADDIU(V0, V0, 10), WAIT, ADDIU(V0, V0, 100));
	sync_code(ram(RPA_FREE + 0x5ff0), 16);
	run_from(KSEG0 + GPA_FREE + 0xff8);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 111);
}

TEST(slot_on_missing_page, "a delay slot on a page root lacks: EPC = branch, BD, replay",
	"§6.8, §7.4")
{
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE + 0x5000), 0);
	((u32 *)ram(RPA_FREE + 0x5000))[1023] = BEQ(R0, R0, 2);
	LOAD(RPA_FREE, ADDIU(V0, R0, 10), WAIT, ADDIU(V0, V0, 100));
	sync_code(ram(RPA_FREE + 0x5ff0), 16);
	run_from(KSEG0 + GPA_FREE + 0xffc);
	CHECK_ROOT_TLB(EXC_TLBL, KSEG0 + GPA_FREE + 0xffc, GPA_FREE + 0x1000);
	CHECK(vcpu.cause & CAUSE_BD);
	map_gpa(ROOT_WIRED, GPA_FREE, LO_RW(RPA_FREE + 0x5000), LO_RW(RPA_FREE));
	run();
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 110);
}

TEST(same_gva_other_rpa, "code changed by a new stage-2 mapping is what runs next", "§7.1")
{
	LOAD(RPA_FREE, ADDIU(V0, R0, 1));
	LOAD(RPA_FREE + 0x1000, ADDIU(V0, R0, 2));
	for (u32 i = 0; i < 4; i++) {
		about("round %d", i);
		map_gpa(ROOT_WIRED, GPA_FREE,
			LO_RW(RPA_FREE + (i & 1 ? 0x1000 : 0)), 0);
		run_from(KSEG0 + GPA_FREE);
		CHECK_DONE();
		CHECK_EQ(vcpu.gpr[V0], 1 + (i & 1));
	}
}

TEST(self_modifying, "the guest's store + SYNCI changes the code it runs, no exit",
	"§6.3(h), §12")
{
	vcpu.gpr[A0] = GVA_CODE;
	vcpu.gpr[A1] = ADDIU(V0, R0, 42);
	RUN(SW(A1, 16, A0), SYNCI(16, A0), SYNC, EHB, WAIT);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 42);
}
