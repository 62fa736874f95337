/* SPDX-License-Identifier: GPL-2.0 */
/* Root and guest TLB, by the instructions root has for them. */
#ifndef VZ_TLB_H
#define VZ_TLB_H

#include "cp0.h"

/* What TLBR and TLBGR deliver; also what a write takes. */
struct tlb_entry {
	u64 entryhi, lo0, lo1;
	u32 pagemask;
	u8 guest_id;
};

/* Root entries [0, ROOT_WIRED) map the standard guest (layout.h). */
#define ROOT_WIRED	3

u32 root_tlb_size(void);
u32 guest_tlb_size(void);
/* Number of virtual address bits that EntryHi of root can hold. */
u32 root_segbits(void);

/* TLBWI / TLBGWI of @entry at @index with GuestCtl1.RID = its guest_id. */
void root_tlb_write(u32 index, const struct tlb_entry *entry);
void guest_tlb_write(u32 index, const struct tlb_entry *entry);
/* TLBR / TLBGR; guest_id is what RID reads afterwards. */
struct tlb_entry root_tlb_read(u32 index);
struct tlb_entry guest_tlb_read(u32 index);
/* TLBP / TLBGP with RID = @guest_id; the Index register. */
u32 root_tlb_probe(u64 entryhi, u8 guest_id);
u32 guest_tlb_probe(u64 entryhi, u8 guest_id);

void root_tlb_flush(void);
void guest_tlb_flush(void);

/* Stage 2: 4 KiB pages at @gpa (of an even page) for the running guest. */
void map_gpa(u32 index, u64 gpa, u64 lo0, u64 lo1);
/* Stage 1: 4 KiB pages at @gva, ASID 0, for the running guest. */
void map_gva(u32 index, u64 gva, u64 lo0, u64 lo1);

#endif
