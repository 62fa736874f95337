/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * internal.h - what the parts of libdune know of each other.
 *
 * Calling contexts used below: "API" runs in either mode as part of the program
 * and may use libc. "Host loop" runs in host mode on the host stack, between
 * two instructions of the program: it shares the thread's TLS, so it must not
 * touch errno or anything else of libc's, and must not use the FPU.
 */
#ifndef _DUNE_INTERNAL_H
#define _DUNE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <dune/dune.h>
#include <dune/mmu.h>
#include <dune/trap.h>

#include "offsets.h"

#define XKPHYS_CACHED	((uint64_t)XKPHYS_CACHED_HIGH << 48)

/* Both are the same memory: XKPHYS needs no entry of the guest TLB. */
static inline uint64_t to_xkphys(const void *p)
{
	return XKPHYS_CACHED | (uintptr_t)p;
}

static inline void *from_xkphys(uint64_t address)
{
	return (void *)(uintptr_t)(address & ~XKPHYS_CACHED);
}

#define EXCCODE_IN_GUEST	UINT32_MAX

/**
 * struct dune_vcpu - one thread's vCPU.
 * @root, @trap_low, @trap_high, @dispatch: read by vectors.S.
 * @generation: of the process state that it belongs to.
 * @inside: dune_enter() returned and dune_leave() was not called yet.
 * @entering: no DUNE_ENTER has succeeded since dune_enter().
 * @tables_seen: state of the page table that its guest TLB agrees with.
 * @host_low, @host_high: host stack.
 * @alt_low, @alt_high: the thread's sigaltstack(), if it has one.
 * @memory, @memory_size: the mapping that holds stacks and this structure.
 * @traps: see struct dune_stats.
 * @child: registers of a child that has its own copy of this memory.
 * @tid: of the thread. A child that shares its memory may share its TLS too.
 * @enter: the ioctl's argument; its registers are the program's. While the
 *	thread is in guest mode, exccode is EXCCODE_IN_GUEST: dune.ko writes
 *	another on the way out, before Linux delivers a signal.
 */
struct dune_vcpu {
	uint64_t root;
	uint64_t trap_low;
	uint64_t trap_high;
	uint64_t dispatch;
	uint64_t generation;
	bool inside;
	bool entering;
	uint64_t tables_seen;
	uintptr_t host_low;
	uintptr_t host_high;
	uintptr_t alt_low;
	uintptr_t alt_high;
	void *memory;
	size_t memory_size;
	struct dune_vcpu *next;
	uint64_t traps[DUNE_EXC_COUNT_];
	struct dune_regs child;
	pid_t tid;
	struct dune_enter enter;
};

/* process.c: what the process has, and a forked child has not. */
struct dune_process {
	uint64_t generation;		/* 0: dune_init() has not succeeded */
	int fd;
	struct dune_info info;
	uint64_t *root;			/* page table; NULL until needed */
	uint64_t tables_changed;	/* counts changes of the page table */
};

struct dune_process *dune_process(void);	/* NULL without dune_init() */
void dune_lock(void);
void dune_unlock(void);

/* vcpu.c */
struct dune_vcpu *dune_vcpu_self(void);		/* NULL without one */
void dune_vcpu_note_altstack(struct dune_vcpu *vcpu);
void dune_vcpu_aim(struct dune_vcpu *vcpu, uint64_t pc);

/* host.c */
_Noreturn void dune_host_loop(struct dune_vcpu *vcpu);

/* mmu.c: XKPHYS address of the page table, or 0 for no memory. Locked. */
uint64_t dune_mmu_root(struct dune_process *process);

/* trap.c: called by vectors.S. */
void dune_trap_dispatch(struct dune_frame *frame);

/* resume.c: goes on with these registers, all of them, in host mode. */
_Noreturn void dune_resume_all(const struct dune_regs *regs);

/* switch.S */
int dune_switch_enter(struct dune_vcpu *vcpu, struct dune_regs *regs,
		      void *host_stack, void (*loop)(struct dune_vcpu *vcpu));
_Noreturn void dune_switch_resume(const struct dune_regs *regs);
void dune_switch_clone(struct dune_regs *regs, const struct dune_regs *child);

/* vectors.S: addresses, to be used through XKPHYS in guest mode only. */
extern const char dune_vectors[];
extern const char dune_vec_start[];
extern const char dune_vec_tlb_invalidate[];
extern const char dune_vec_tlb_probe[];
extern const char dune_vec_tlb_flush[];

#endif
