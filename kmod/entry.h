/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between C and entry.S.
 *
 * entry.S is not run where the module loader put it, which is a mapped segment:
 * while Root.EBase is ours, or while GuestCtl1.RID is not zero, a root TLB miss
 * on module text would be fatal. It is an image that vecpage.c copies to one
 * page for each CPU in the unmapped segment, and it is called there:
 *
 *	dune_in_page(dune_root_flush)(guestctl1, first, end);
 *
 * All of it runs with interrupts off.
 */
#ifndef _DUNE_ENTRY_H
#define _DUNE_ENTRY_H

/* Offsets of the copied image; EBase forces the alignment. */
#define DUNE_PAGE_SIZE		0x1000	/* what the image may fill, alignment of EBase */
#define DUNE_PAGE_CTX		0xff8	/* pointer to the struct dune_ctx that runs */
#define DUNE_VECTORS		8	/* vectored interrupts, see dune_probe() */

#ifndef __ASSEMBLY__

#include <linux/types.h>

#include "uapi/dune.h"

/*
 * struct dune_ctx - what one world switch takes in and gives out.
 * @regs: guest general registers and PC (GVA), in and out.
 * @guestctl0: in: GuestCtl0 with GM set; out: with GM clear, and GExcCode.
 * @cause: out: Root.Cause.
 * @badvaddr: out: Root.BadVAddr; a GPA when GExcCode is GPA (mips-vz.md §7.4).
 * @badinstr: out: Root.BadInstr.
 * @host_status, @host_ebase, @host_sp: the kernel's, between entry and exit.
 *
 * Lies in the linear map: the exit path reaches it without the TLB. All fields
 * are 64 bits wide, so that entry.S is the same for both byte orders.
 */
struct dune_ctx {
	struct dune_regs regs;
	unsigned long guestctl0;
	unsigned long cause;
	unsigned long badvaddr;
	unsigned long badinstr;
	unsigned long host_status;
	unsigned long host_ebase;
	unsigned long host_sp;
};

/* The image: its bounds, and its entry points, never called in place. */
extern const char dune_image[];
extern const char dune_image_end[];

/* Runs guest mode until the next root exception. @page: this CPU's page. */
void dune_enter_guest(struct dune_ctx *ctx, void *page);

/* Writes a pair into the root TLB, over the entry that matches or at random. */
void dune_root_tlb_write(unsigned long entryhi, unsigned long entrylo0,
			 unsigned long entrylo1, unsigned long guestctl1);

/*
 * Invalidates all root (guest) TLB entries of the GuestID in @guestctl1.RID;
 * Index values @first to @end - 1 select the FTLB sets, if there are any.
 */
void dune_root_tlb_flush(unsigned long guestctl1, unsigned long first,
			 unsigned long end);
void dune_guest_tlb_flush(unsigned long guestctl1);

#endif /* !__ASSEMBLY__ */
#endif
