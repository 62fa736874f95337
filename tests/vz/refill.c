// SPDX-License-Identifier: GPL-2.0
/*
 * Root refills its TLB in the refill vector itself, TLBWR and ERET with GM
 * still set, as KVM does: the guest's access is replayed and no one notices.
 */
#include "exits.h"

extern const u32 refill_vectors[];

static void set_root_ebase(u32 base)
{
	u32 status = mfc0(C0_STATUS);

	mtc0(C0_STATUS, (status & ~STATUS_IE) | STATUS_BEV);
	mtc0(C0_EBASE, base);
	mtc0(C0_STATUS, status);
}

/* run() with the refill handler of crt.S; the number of its refills. */
static u32 run_refilled(void)
{
	u32 ebase = mfc0(C0_EBASE);

	guest_rid = guest_id;
	dmtc0(C0_KSCRATCH3, 0);
	set_root_ebase((u32)(u64)refill_vectors);
	run();
	set_root_ebase(ebase);
	return dmfc0(C0_KSCRATCH3);
}

#define RUN_REFILLED(...) ({ \
	LOAD(RPA_CODE, __VA_ARGS__); \
	vcpu.epc = GVA_CODE; \
	run_refilled(); })

static u64 *page(u32 n)
{
	return ram(RPA_FREE + 0x1000 * n);
}

TEST(load_store, "a load and a store are replayed after the refill, once each", "§4, §7.4")
{
	page(1)[0] = 0xfeed;
	page(3)[1] = 0;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	vcpu.gpr[A1] = 5;
	CHECK_EQ(RUN_REFILLED(LD(V0, 0x1000, A0), DADDU(A1, A1, V0), SD(A1, 0x3008, A0)), 2);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0xfeed);
	CHECK_EQ(page(3)[1], 0xfeed + 5);
	CHECK(!(root_tlb_probe(GPA_FREE, guest_id) & INDEX_P));
}

TEST(registers, "no register of the guest changes on the way", "§4, §7.4")
{
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	page(0)[0] = 0x77;
	CHECK_EQ(RUN_REFILLED(LD(R0, 0, A0)), 1);
	CHECK_DONE();
	for (u32 i = 1; i < 32; i++) {
		about("GPR %d", i);
		if (i != A0)
			CHECK_EQ(vcpu.gpr[i], 0x0101010101010101 * i);
	}
	CHECK_EQ(mfgc0(C0_STATUS) & STATUS_EXL, 0);
	CHECK_EQ(dmfgc0(C0_EPC), 0);
	CHECK_EQ(dmfgc0(C0_BADVADDR), 0);
}

TEST(delay_slot, "a load in a delay slot: branch and slot are both done again", "§6.8, §7.4")
{
	page(0)[0] = 0x99;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	vcpu.gpr[V1] = 0;
	CHECK_EQ(RUN_REFILLED(BEQ(R0, R0, 2), LD(V0, 0, A0), WAIT, DADDIU(V1, V1, 1)), 1);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 0x99);
	CHECK_EQ(vcpu.gpr[V1], 1);
}

TEST(fetch, "a fetch, from kseg0 and behind a guest TLB entry", "§7.4")
{
	LOAD(RPA_FREE + 0x40, DADDIU(V0, R0, 3));
	vcpu.epc = KSEG0 + GPA_FREE + 0x40;
	CHECK_EQ(run_refilled(), 1);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 3);
	LOAD(RPA_FREE + 0x2040, DADDIU(V0, R0, 4));
	map_gva(0, 0x10000, LO_RW(GPA_FREE + 0x2000), 0);
	vcpu.epc = 0x10040;
	CHECK_EQ(run_refilled(), 1);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V0], 4);
}

TEST(guest_vector, "the fetch of the guest's exception vector", "§7.4")
{
	/* The guest's handler: v1 = EPC, then done. */
	LOAD(RPA_FREE + 0x180, DMFC0(V1, C0_EPC));
	dmtgc0(C0_EBASE, KSEG0 + GPA_FREE);
	CHECK_EQ(RUN_REFILLED(NOP, SYSCALL), 1);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], GVA_CODE + 4);
}

/* a0 = first byte, a1 = behind the last; each page gets and keeps its address. */
GUEST_CODE(walk,
	"	move	$2, $4\n"
	"1:	sd	$2, 8($2)\n"
	"	daddiu	$2, $2, 0x1000\n"
	"	bne	$2, $5, 1b\n"
	"	 nop\n"
	"	move	$2, $4\n"
	"	move	$3, $0\n"
	"2:	ld	$6, 8($2)\n"
	"	dsubu	$6, $6, $2\n"
	"	or	$3, $3, $6\n"
	"	daddiu	$2, $2, 0x1000\n"
	"	bne	$2, $5, 2b\n"
	"	 nop\n"
	GUEST_DONE);

#define WALK_PAGES	2048

TEST(thrash, "a guest over many times the root TLB's reach, interrupted, loses no byte", "§7.4")
{
	u32 refills = 0, interrupts = 0;

	for (u32 n = 0; n < WALK_PAGES; n++)
		page(n)[1] = 0;
	vcpu.gpr[A0] = KSEG0 + GPA_FREE;
	vcpu.gpr[A1] = KSEG0 + GPA_FREE + 0x1000 * WALK_PAGES;
	vcpu.epc = (u64)walk;
	vcpu_ticks = 2000000;
	do {
		refills += run_refilled();
	} while (exit_exccode() == EXC_INT && ++interrupts < 100000);
	CHECK_DONE();
	CHECK_EQ(vcpu.gpr[V1], 0);
	/* Two pages an entry, twice over. */
	CHECK(refills >= WALK_PAGES / 2 - root_tlb_size());
	for (u32 n = 0; n < WALK_PAGES; n++)
		CHECK_EQ(page(n)[1], KSEG0 + GPA_FREE + 0x1000 * n);
}
