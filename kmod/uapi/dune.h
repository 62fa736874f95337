/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * dune.h - the interface of /dev/dune, the only header that dune.ko and user
 * space share.
 *
 * A process opens /dev/dune, creates one vCPU for each thread that is to use
 * guest mode, and calls DUNE_ENTER with the vCPU's handle. The thread then runs
 * in MIPS VZ guest kernel mode until something needs the process in host mode;
 * the call returns with the reason and the complete register state, and is made
 * again to go on.
 *
 * Guest-physical address = virtual address of the process (identity), bounds
 * checked to the process's address range.
 *
 * Every structure starts with its own size. A kernel that knows a longer one
 * takes the missing tail as zero; a kernel that knows a shorter one refuses a
 * tail that is not zero with E2BIG (the rule of copy_struct_from_user()).
 * Unknown flags and non-zero padding are refused with EINVAL.
 */
#ifndef _UAPI_DUNE_H
#define _UAPI_DUNE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DUNE_DEVICE		"/dev/dune"
#define DUNE_ABI_VERSION	1

/*
 * HYPCALL codes (bits 20:11 of the instruction). A code that is not listed
 * leaves guest mode with DUNE_EXIT_HYPCALL and is the program's own.
 */
#define DUNE_HC_SYSCALL		0	/* Linux system call, registers as for `syscall` */
#define DUNE_HC_LEAVE		1	/* back to host mode after this instruction */

/*
 * Why DUNE_ENTER returned. regs.pc is where guest mode goes on, so behind the
 * HYPCALL instruction for the first three, and at the instruction that could
 * not be executed for the last three. SIGNAL also stands for other work that
 * Linux does when a thread returns to user mode (rseq for one), so it may come
 * without a signal.
 */
enum dune_exit_reason {
	DUNE_EXIT_SYSCALL	= 0,	/* HYPCALL DUNE_HC_SYSCALL */
	DUNE_EXIT_LEAVE		= 1,	/* HYPCALL DUNE_HC_LEAVE */
	DUNE_EXIT_HYPCALL	= 2,	/* HYPCALL with a code of the program */
	DUNE_EXIT_SIGNAL	= 3,	/* work pending on the way to user mode */
	DUNE_EXIT_FAULT		= 4,	/* access to an unmapped or protected address */
	DUNE_EXIT_PRIVILEGED	= 5,	/* privileged instruction, not emulated */
	DUNE_EXIT_UNHANDLED	= 6,	/* exit that is not handled */
};

/*
 * What a vCPU counts: DUNE_ENTER calls, and exits from guest mode to dune.ko by
 * cause.
 */
enum dune_stat {
	DUNE_STAT_ENTER,		/* DUNE_ENTER calls */
	DUNE_STAT_INTERRUPT,		/* root interrupt */
	DUNE_STAT_REFILL,		/* root TLB refill, page was mapped */
	DUNE_STAT_FAULT,		/* page fault served by Linux */
	DUNE_STAT_HYPCALL,		/* HYPCALL */
	DUNE_STAT_FPU,			/* first use of the FPU */
	DUNE_STAT_GPSI,			/* privileged sensitive instruction */
	DUNE_STAT_OTHER,		/* any other cause */
	DUNE_STAT_COUNT_
};

/*
 * struct dune_info - what this kernel and CPU offer (DUNE_GET_INFO).
 * @size: in: sizeof(struct dune_info) of the caller.
 * @abi_version: DUNE_ABI_VERSION of the module.
 * @page_size: Linux page size, bytes.
 * @address_bits: guest-physical (= process virtual) address width.
 * @guest_tlb_entries: entries of the guest TLB.
 * @guest_kscratch: mask of the KScratch registers (31,n) the guest owns, bit n.
 */
struct dune_info {
	__u32 size;
	__u32 abi_version;
	__u32 page_size;
	__u32 address_bits;
	__u32 guest_tlb_entries;
	__u32 guest_kscratch;
};

/*
 * struct dune_vcpu_create - make a vCPU (DUNE_VCPU_CREATE).
 * @size: in: sizeof(struct dune_vcpu_create).
 * @flags: in: 0.
 * @ebase: in: process address of the guest's exception vectors, 4 KiB aligned.
 *	Guest EBase becomes XKPHYS cached (0x9800000000000000) | @ebase, so that
 *	the vectors never need a guest TLB entry. The guest may change it.
 * @handle: out: the vCPU, valid for this open file until destroyed.
 * @pad: in: 0.
 *
 * The guest starts with Status = KX|SX|UX|CU1|FR, kernel mode, BEV, EXL, ERL
 * and IE clear; PageGrain = RIE|XIE|IEC|ELPA; Wired, EntryHi, Cause and all
 * KScratch registers zero; HWREna as Linux gives it to a process. UserLocal is
 * the thread's TLS pointer at each enter.
 *
 * The guest TLB is a cache that may lose any entry between two instructions,
 * wired ones included. CACHE is denied (DUNE_EXIT_PRIVILEGED), SYNCI is not.
 *
 * Errors: EINVAL (flags, pad, alignment or range of @ebase), E2BIG, EFAULT,
 * EXDEV (file belongs to another address space), ENOMEM, ENOSPC (too many).
 */
struct dune_vcpu_create {
	__u32 size;
	__u32 flags;
	__u64 ebase;
	__u32 handle;
	__u32 pad;
};

/* struct dune_regs - general registers of a vCPU; gpr[0] reads as zero. */
struct dune_regs {
	__u64 gpr[32];
	__u64 hi;
	__u64 lo;
	__u64 pc;
};

/*
 * struct dune_enter - run a vCPU until it needs the process (DUNE_ENTER).
 * @size: in: sizeof(struct dune_enter).
 * @handle: in: from DUNE_VCPU_CREATE.
 * @flags: in: 0.
 * @reason: out: enum dune_exit_reason.
 * @exccode: out: Root.Cause.ExcCode of the exit.
 * @gexccode: out: GuestCtl0.GExcCode; meaningful with GE and TLB exceptions.
 * @instr: out: Root.BadInstr, 0 where the architecture leaves it undefined.
 * @hypcall: out: code of the HYPCALL for SYSCALL, LEAVE, HYPCALL.
 * @badvaddr: out: faulting address for FAULT.
 * @access: out: for FAULT: DUNE_ACCESS_*. A limit: a fetch from a mapping with
 *	PROT_EXEC and not PROT_READ is a FAULT, although allowed, while the page is
 *	not in memory; MAP_POPULATE or PROT_READ avoids it.
 * @delay_slot: out: 1 when the instruction sits in a branch delay slot; regs.pc
 *	is then the branch.
 * @guest_epc, @guest_status, @guest_cause: out: the guest's own CP0 registers.
 * @regs: in and out.
 *
 * Returns 0 with @reason, or EINVAL, E2BIG, EFAULT, ENOENT (no such vCPU),
 * EBUSY (another thread is in it), EXDEV (another address space, as after fork).
 */
struct dune_enter {
	__u32 size;
	__u32 handle;
	__u32 flags;
	__u32 reason;
	__u32 exccode;
	__u32 gexccode;
	__u32 instr;
	__u32 hypcall;
	__u64 badvaddr;
	__u32 access;
	__u32 delay_slot;
	__u64 guest_epc;
	__u64 guest_status;
	__u64 guest_cause;
	struct dune_regs regs;
};

#define DUNE_ACCESS_READ	0
#define DUNE_ACCESS_WRITE	1
#define DUNE_ACCESS_FETCH	2

/*
 * struct dune_vcpu_stats - counters of a vCPU (DUNE_VCPU_STATS).
 * @size: in: sizeof(struct dune_vcpu_stats).
 * @handle: in.
 * @count: out: indexed by enum dune_stat.
 */
struct dune_vcpu_stats {
	__u32 size;
	__u32 handle;
	__u64 count[DUNE_STAT_COUNT_];
};

#define DUNE_IOC_MAGIC		0xd5
#define DUNE_GET_INFO		_IOWR(DUNE_IOC_MAGIC, 0, struct dune_info)
#define DUNE_VCPU_CREATE	_IOWR(DUNE_IOC_MAGIC, 1, struct dune_vcpu_create)
#define DUNE_VCPU_DESTROY	_IOW(DUNE_IOC_MAGIC, 2, __u32)
#define DUNE_ENTER		_IOWR(DUNE_IOC_MAGIC, 3, struct dune_enter)
#define DUNE_VCPU_STATS		_IOWR(DUNE_IOC_MAGIC, 4, struct dune_vcpu_stats)

#endif
