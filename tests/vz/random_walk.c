// SPDX-License-Identifier: GPL-2.0
/*
 * Random changes of both stages and accesses by two guests, against a model of
 * a few lines. The seed is fixed: a failure repeats.
 */
#include "exits.h"

#define VA	UINT64_C(0x00010000)
#define GUESTS	2
#define PAGES	4

struct mapping {
	u8 present, dirty, to;
};

static struct mapping stage1[GUESTS][PAGES], stage2[GUESTS][PAGES];
static u64 model_memory[PAGES];
static u32 seed;

static u32 pick(u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % below;
}

static struct mapping random_mapping(void)
{
	return (struct mapping){ pick(4) != 0, pick(3) != 0, pick(PAGES) };
}

static u64 entrylo(const struct mapping *m, u64 base)
{
	return ENTRYLO_PFN(base + 0x2000 * m->to) | ENTRYLO_CACHED |
	       (m->present ? ENTRYLO_V : 0) | (m->dirty ? ENTRYLO_D : 0);
}

static void change_stage1(u32 g, u32 v)
{
	stage1[g][v] = random_mapping();
	guest_tlb_write(g * PAGES + v, &(struct tlb_entry){ .entryhi = VA + 0x2000 * v,
			.lo0 = entrylo(&stage1[g][v], GPA_FREE), .guest_id = g + 1 });
}

static void change_stage2(u32 g, u32 p)
{
	stage2[g][p] = random_mapping();
	root_tlb_write(16 + g * PAGES + p, &(struct tlb_entry){
		       .entryhi = GPA_FREE + 0x2000 * p,
		       .lo0 = entrylo(&stage2[g][p], RPA_FREE), .guest_id = g + 1 });
}

static void access_and_check(u32 g, u32 v, bool store)
{
	const struct mapping *one = &stage1[g][v], *two = &stage2[g][one->to];
	u32 miss = store ? EXC_TLBS : EXC_TLBL;

	guest_id = g + 1;
	mtgc0(C0_STATUS, STATUS_KX | STATUS_UX);
	mtgc0(C0_CAUSE, 0);
	dmtgc0(C0_EPC, 0);
	dmtgc0(C0_BADVADDR, 0);
	vcpu.gpr[A0] = VA + 0x2000 * v;
	vcpu.gpr[A1] = seed;
	vcpu.epc = GVA_CODE + (store ? 16 : 0);
	run();
	if (!one->present)
		CHECK_GUEST_EXCEPTION(miss, GVA_CODE + (store ? 16 : 0));
	else if (store && !one->dirty)
		CHECK_GUEST_EXCEPTION(EXC_MOD, GVA_CODE + 16);
	else if (!two->present)
		CHECK_ROOT_TLB(miss, GVA_CODE + (store ? 16 : 0),
			       GPA_FREE + 0x2000 * one->to);
	else if (store && !two->dirty)
		CHECK_ROOT_TLB(EXC_MOD, GVA_CODE + 16, GPA_FREE + 0x2000 * one->to);
	else {
		CHECK_DONE();
		if (store)
			model_memory[two->to] = seed;
		else
			CHECK_EQ(vcpu.gpr[V0], model_memory[two->to]);
	}
}

TEST(random_walk, "5000 random mapping changes and accesses by two guests match a model",
	"§7.1, §7.3")
{
	guest_id = 2;
	root_tlb_write(ROOT_WIRED, &(struct tlb_entry){
		.entryhi = GPA_CODE, .pagemask = PAGEMASK_16K, .guest_id = 2,
		.lo0 = LO_RW(RPA_CODE), .lo1 = LO_RW(RPA_CODE + GUEST_CODE_PAGE) });
	map_gpa(ROOT_WIRED + 1, GPA_VECTORS, LO_RW(RPA_VECTORS), 0);
	LOAD(RPA_CODE, LD(V0, 0, A0));
	LOAD(RPA_CODE + 16, SD(A1, 0, A0));
	seed = 2;
	for (u32 p = 0; p < PAGES; p++) {
		model_memory[p] = *(u64 *)ram(RPA_FREE + 0x2000 * p) = 0x1000 + p;
		for (u32 g = 0; g < GUESTS; g++) {
			change_stage1(g, p);
			change_stage2(g, p);
		}
	}
	for (u32 step = 0; step < 5000; step++) {
		u32 g = pick(GUESTS), n = pick(PAGES), what = pick(10);

		about("step %d", step);
		if (what == 0)
			change_stage1(g, n);
		else if (what == 1)
			change_stage2(g, n);
		else
			access_and_check(g, n, what & 1);
	}
}
