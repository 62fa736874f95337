/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU: the guest state of one thread. It is named by a handle that is valid
 * in one open file; the file holds a reference, and a thread that runs the vCPU
 * holds one for as long as it does, so destroying and closing need not wait.
 */
#ifndef _DUNE_VCPU_H
#define _DUNE_VCPU_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/xarray.h>

#include "cp0.h"
#include "entry.h"
#include "fpu.h"
#include "space.h"
#include "uapi/dune.h"

/*
 * struct dune_vcpu
 * @ctx: what a world switch exchanges; the general registers live here.
 * @gc0: guest CP0 context while the vCPU is not on a CPU.
 * @serial: never used twice, so a CPU can remember whose guest TLB it holds.
 * @busy: a thread is in it.
 * @guestid: on the CPU it runs on, with generation.
 * @last_cpu: CPU that it ran on last; no CPU's guest TLB is the vCPU's before
 *	that, for @serial is new.
 * @faulted: the access that Linux has served since the last exit, to be mapped
 *	on the way in, or it would come out again for that.
 * @stats: indexed by enum dune_stat; written by the thread that is in it.
 */
struct dune_vcpu {
	struct dune_ctx ctx;
	struct dune_gc0 gc0;
	struct dune_fpu fpu;
	struct dune_space *space;
	struct kref ref;
	u64 serial;
	atomic_t busy;
	unsigned int guestid;
	int last_cpu;
	struct {
		bool valid;
		u32 access;
		unsigned long gpa;
	} faulted;
	u64 stats[DUNE_STAT_COUNT_];
};

/*
 * struct dune_file - an open /dev/dune, bound to the mm of its opener.
 * @vcpus: handle to vCPU; 0 is never a handle.
 */
struct dune_file {
	struct dune_space *space;
	struct xarray vcpus;
};

/* 0 or -ENOMEM, -ENOSPC. */
int dune_vcpu_create(struct dune_file *file, unsigned long ebase, u32 *handle);

/* 0 or -ENOENT. A thread that is in the vCPU goes on until it leaves. */
int dune_vcpu_destroy(struct dune_file *file, u32 handle);
void dune_vcpu_destroy_all(struct dune_file *file);

/* The vCPU with a reference, or NULL. */
struct dune_vcpu *dune_vcpu_get(struct dune_file *file, u32 handle);
void dune_vcpu_put(struct dune_vcpu *vcpu);

int dune_vcpu_cache_init(void);
void dune_vcpu_cache_exit(void);

#endif
