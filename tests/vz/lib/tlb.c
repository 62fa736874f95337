// SPDX-License-Identifier: GPL-2.0
#include "guest.h"
#include "tlb.h"

/* Config4 says how Config1.MMUSize-1 is extended; FTLB is not counted. */
static u32 tlb_size(u32 config1, u32 config4)
{
	u32 minus1 = config1 >> 25 & 0x3f;

	if (!(config4 & CONFIG_M) && !config4)
		return minus1 + 1;
	switch (config4 >> 14 & 3) {
	case 1:
		minus1 |= (config4 & 0xff) << 6;
		break;
	case 3:
		minus1 |= (config4 >> 24 & 0xf) << 6;
		break;
	}
	return minus1 + 1;
}

u32 root_tlb_size(void)
{
	return tlb_size(mfc0(C0_CONFIG1), mfc0(C0_CONFIG4));
}

u32 guest_tlb_size(void)
{
	return tlb_size(mfgc0(C0_CONFIG1), mfgc0(C0_CONFIG4));
}

u32 root_segbits(void)
{
	u64 vpn2;

	dmtc0(C0_ENTRYHI, ENTRYHI_VPN2);
	vpn2 = dmfc0(C0_ENTRYHI) & ENTRYHI_VPN2;
	dmtc0(C0_ENTRYHI, 0);
	return 64 - __builtin_clzl(vpn2);
}

static void set_rid(u8 rid)
{
	mtc0(C0_GUESTCTL1, (mfc0(C0_GUESTCTL1) & ~GC1_RID(0xff)) | GC1_RID(rid));
}

void root_tlb_write(u32 index, const struct tlb_entry *entry)
{
	set_rid(entry->guest_id);
	dmtc0(C0_ENTRYHI, entry->entryhi);
	dmtc0(C0_ENTRYLO0, entry->lo0);
	dmtc0(C0_ENTRYLO1, entry->lo1);
	mtc0(C0_PAGEMASK, entry->pagemask);
	mtc0(C0_INDEX, index);
	tlb_op(tlbwi);
	mtc0(C0_PAGEMASK, 0);
	dmtc0(C0_ENTRYHI, 0);
	set_rid(0);
}

void guest_tlb_write(u32 index, const struct tlb_entry *entry)
{
	set_rid(entry->guest_id);
	dmtgc0(C0_ENTRYHI, entry->entryhi);
	dmtgc0(C0_ENTRYLO0, entry->lo0);
	dmtgc0(C0_ENTRYLO1, entry->lo1);
	mtgc0(C0_PAGEMASK, entry->pagemask);
	mtgc0(C0_INDEX, index);
	tlb_op(tlbgwi);
	mtgc0(C0_PAGEMASK, 0);
	dmtgc0(C0_ENTRYHI, 0);
	set_rid(0);
}

static u8 take_rid(void)
{
	u8 rid = GC1_RID_OF(mfc0(C0_GUESTCTL1));

	set_rid(0);
	return rid;
}

struct tlb_entry root_tlb_read(u32 index)
{
	struct tlb_entry entry;

	mtc0(C0_INDEX, index);
	tlb_op(tlbr);
	entry.entryhi = dmfc0(C0_ENTRYHI);
	entry.lo0 = dmfc0(C0_ENTRYLO0);
	entry.lo1 = dmfc0(C0_ENTRYLO1);
	entry.pagemask = mfc0(C0_PAGEMASK);
	entry.guest_id = take_rid();
	mtc0(C0_PAGEMASK, 0);
	dmtc0(C0_ENTRYHI, 0);
	return entry;
}

struct tlb_entry guest_tlb_read(u32 index)
{
	struct tlb_entry entry;

	mtgc0(C0_INDEX, index);
	tlb_op(tlbgr);
	entry.entryhi = dmfgc0(C0_ENTRYHI);
	entry.lo0 = dmfgc0(C0_ENTRYLO0);
	entry.lo1 = dmfgc0(C0_ENTRYLO1);
	entry.pagemask = mfgc0(C0_PAGEMASK);
	entry.guest_id = take_rid();
	mtgc0(C0_PAGEMASK, 0);
	dmtgc0(C0_ENTRYHI, 0);
	return entry;
}

u32 root_tlb_probe(u64 entryhi, u8 guest_id)
{
	set_rid(guest_id);
	dmtc0(C0_ENTRYHI, entryhi);
	mtc0(C0_INDEX, 0);
	tlb_op(tlbp);
	dmtc0(C0_ENTRYHI, 0);
	set_rid(0);
	return mfc0(C0_INDEX);
}

u32 guest_tlb_probe(u64 entryhi, u8 guest_id)
{
	set_rid(guest_id);
	dmtgc0(C0_ENTRYHI, entryhi);
	mtgc0(C0_INDEX, 0);
	tlb_op(tlbgp);
	dmtgc0(C0_ENTRYHI, 0);
	set_rid(0);
	return mfgc0(C0_INDEX);
}

void root_tlb_flush(void)
{
	const struct tlb_entry invalid = { .entryhi = ENTRYHI_EHINV };

	for (u32 i = 0; i < root_tlb_size(); i++)
		root_tlb_write(i, &invalid);
}

void guest_tlb_flush(void)
{
	const struct tlb_entry invalid = { .entryhi = ENTRYHI_EHINV };

	for (u32 i = 0; i < guest_tlb_size(); i++)
		guest_tlb_write(i, &invalid);
}

void map_gpa(u32 index, u64 gpa, u64 lo0, u64 lo1)
{
	root_tlb_write(index, &(struct tlb_entry){
		.entryhi = gpa, .lo0 = lo0, .lo1 = lo1, .guest_id = guest_id });
}

void map_gva(u32 index, u64 gva, u64 lo0, u64 lo1)
{
	guest_tlb_write(index, &(struct tlb_entry){
		.entryhi = gva, .lo0 = lo0, .lo1 = lo1, .guest_id = guest_id });
}
