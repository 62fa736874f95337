// SPDX-License-Identifier: GPL-2.0
/*
 * Second stage: guest-physical address = address in the process.
 *
 * MIPS refills its TLB in software, so the second stage needs no table: a root
 * TLB miss on a GPA is served by a walk of current->mm's page tables, as the
 * kernel's own refill handler does it. With interrupts off on a CPU that runs
 * the mm, the tables stay: Linux frees one only after the TLB shootdown has
 * reached this CPU. What the walk may use, and until when, is space.h's.
 */

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>

#include <asm/cpu-features.h>
#include <asm/mmu_context.h>
#include <asm/pgtable-bits.h>
#include <asm/tlb.h>

#include "guestid.h"
#include "mmu.h"
#include "space.h"
#include "vecpage.h"

/* Root EntryLo PFN field: bit 6 up, in units of 4 KiB. */
#define ENTRYLO_PFN(offset)	((offset) >> 12 << 6)

/* Two neighbouring pages: what one TLB entry maps. */
struct pte_pair {
	unsigned long pte[2];
	unsigned long entrylo[2];
};

static void pair_set(struct pte_pair *pair, int i, unsigned long pte,
		     unsigned long offset)
{
	pair->pte[i] = pte;
	pair->entrylo[i] = ENTRYLO_G;
	if (pte & _PAGE_VALID)
		pair->entrylo[i] |= pte_to_entrylo(pte) + ENTRYLO_PFN(offset);
}

#ifdef CONFIG_MIPS_HUGE_TLB_SUPPORT
/* A huge page is mapped in base pages for now. */
static bool walk_huge(pmd_t pmd, unsigned long gpa, struct pte_pair *pair)
{
	unsigned long offset = gpa & (HPAGE_SIZE - 1) & (PAGE_MASK << 1);

	if (!(pmd_val(pmd) & _PAGE_HUGE))
		return false;
	pair_set(pair, 0, pmd_val(pmd), offset);
	pair_set(pair, 1, pmd_val(pmd), offset + PAGE_SIZE);
	return true;
}
#else
static bool walk_huge(pmd_t pmd, unsigned long gpa, struct pte_pair *pair)
{
	return false;
}
#endif

/*
 * No level is tested for being empty: empty entries lead to Linux's invalid
 * tables, and those to invalid PTEs. The kernel's refill handler relies on that.
 */
static void walk(struct mm_struct *mm, unsigned long gpa, struct pte_pair *pair)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, gpa), gpa);
	pud_t *pud = pud_offset(p4d, gpa);
	pmd_t pmd = READ_ONCE(*pmd_offset(pud, gpa));
	pte_t *ptep;

	if (walk_huge(pmd, gpa, pair))
		return;
	ptep = pte_offset_kernel(&pmd, gpa & (PAGE_MASK << 1));
	pair_set(pair, 0, pte_val(READ_ONCE(ptep[0])), 0);
	pair_set(pair, 1, pte_val(READ_ONCE(ptep[1])), 0);
}

static bool allowed(unsigned long pte, u32 access)
{
	if (!(pte & _PAGE_VALID))
		return false;
	switch (access) {
	case DUNE_ACCESS_WRITE:
		return pte & _PAGE_DIRTY;
	case DUNE_ACCESS_FETCH:
		return !(pte & _PAGE_NO_EXEC);
	default:
		return !cpu_has_rixi || !(pte & _PAGE_NO_READ);
	}
}

bool dune_mmu_refill(struct dune_space *space, unsigned int guestid,
		     unsigned long gpa, u32 access)
{
	struct pte_pair pair;

	if (gpa >= TASK_SIZE64 || atomic_read(&space->invalidating))
		return false;
	walk(current->mm, gpa, &pair);
	if (!allowed(pair.pte[!!(gpa & PAGE_SIZE)], access))
		return false;
	dune_in_page(dune_root_tlb_write)(gpa & (PAGE_MASK << 1),
					  pair.entrylo[0], pair.entrylo[1],
					  dune_guestctl1_rid(guestid));
	return true;
}

/*
 * Is there memory at @gpa that may be read, a stack that has to grow included?
 * Only an access by the kernel's own page fault handler makes a stack grow:
 * expand_stack() is not exported, and fixup_user_fault() does not call it.
 */
static bool grow_stack(unsigned long gpa)
{
	return !fault_in_readable((const char __user *)gpa, 1);
}

/* fixup_user_fault() knows read and write; execution is checked here. */
static int fault_in(struct mm_struct *mm, unsigned long gpa, u32 access)
{
	unsigned int flags = access == DUNE_ACCESS_WRITE ? FAULT_FLAG_WRITE : 0;
	struct vm_area_struct *vma;
	bool unlocked;
	int ret;

	mmap_read_lock(mm);
	ret = fixup_user_fault(mm, gpa, flags, &unlocked);
	vma = vma_lookup(mm, gpa);
	if (!vma)
		ret = -ENOENT;
	else if (!ret && access == DUNE_ACCESS_FETCH && !(vma->vm_flags & VM_EXEC))
		ret = -EFAULT;
	mmap_read_unlock(mm);
	return ret;
}

int dune_mmu_fault(struct dune_space *space, unsigned long gpa, u32 access)
{
	struct mm_struct *mm = current->mm;
	int ret;

	if (gpa >= TASK_SIZE64)
		return -EFAULT;
	if (dune_space_wait_idle(space))
		return 0;

	ret = fault_in(mm, gpa, access);
	if (ret == -ENOENT && grow_stack(gpa))
		ret = fault_in(mm, gpa, access);

	/* -EINTR: killed while it waited for the page. */
	return ret == -EINTR ? 0 : ret ? -EFAULT : 0;
}

void dune_mmu_flush_root(unsigned int guestid)
{
	unsigned long first = current_cpu_data.tlbsizevtlb;
	unsigned long sets = current_cpu_data.tlbsizeftlbsets;

	dune_in_page(dune_root_tlb_flush)(dune_guestctl1_rid(guestid), first,
					  first + sets);
}

void dune_mmu_flush_guest(unsigned int guestid)
{
	dune_in_page(dune_guest_tlb_flush)(dune_guestctl1_rid(guestid));
}
