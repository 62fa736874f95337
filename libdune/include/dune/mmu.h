/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * mmu.h - the first stage of address translation, which the process owns.
 *
 * Guest mode begins with the identity: every address means what it means in
 * host mode, and Linux's own mapping (the second stage) decides what may be
 * done with it. The calls below put a page table on top of that, in steps of
 * DUNE_PAGE_SIZE whatever the page size of Linux: they can take rights away or
 * lead an address somewhere else, but never give more than Linux gives. A
 * forbidden access is a trap (<dune/trap.h>), not an exit and not a signal.
 *
 * The page table belongs to the process. A change is in force for the calling
 * thread when the call returns; for another thread in guest mode at the latest
 * when it has made its next system call. Host mode does not use this table, and
 * neither does Linux: an address in a system call means what it means there.
 *
 * It is no protection from the code that runs in guest mode, which reaches all
 * memory of the process through the unmapped segment XKPHYS as well.
 *
 * All calls work in both modes. A range must begin and end on page boundaries
 * and lie in the address space; otherwise -EINVAL. On -ENOMEM nothing has been
 * changed. -ENOTCONN: no dune_init() in this process.
 */
#ifndef _DUNE_MMU_H
#define _DUNE_MMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DUNE_PAGE_SIZE	4096

/* dune_mprotect() - set the rights (PROT_*) of a range, wherever it leads. */
int dune_mprotect(void *addr, size_t len, int prot);

/* dune_remap() - make [addr, addr + len) an alias of [target, target + len). */
int dune_remap(void *addr, size_t len, void *target, int prot);

/* dune_identity() - undo both: the range means itself, all rights. */
int dune_identity(void *addr, size_t len);

/**
 * dune_translate() - what the page table says about an address.
 * @addr: any address.
 * @target: out, may be NULL: the process address that @addr leads to.
 *
 * Returns PROT_* (0 is PROT_NONE) or a negative errno.
 */
int dune_translate(const void *addr, void **target);

/**
 * dune_tlb_probe() - does this thread's guest TLB hold an entry for @addr?
 *
 * For tests and measurements; only in guest mode, false otherwise.
 */
bool dune_tlb_probe(const void *addr);

#ifdef __cplusplus
}
#endif

#endif
