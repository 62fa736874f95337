/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * dune.h - a thread's way into MIPS VZ guest kernel mode and back.
 *
 *	err = dune_init();		once per process
 *	err = dune_enter();		once per thread that wants privileges
 *	...				guest kernel mode: CP0, traps, page table
 *	err = dune_leave();		an ordinary Linux thread again
 *
 * In guest mode the thread keeps its stack, its registers, its TLS and its
 * whole address space, and system calls, signals and libc go on working. Every
 * function returns 0 or a negative errno; dune_strerror() says what it means
 * here and what to do about it. errno itself is not part of the interface.
 *
 * Linux sees the program's system calls as always (seccomp, ptrace, audit),
 * made by an instruction of the library. A seccomp filter must allow what the
 * library calls besides: ioctl() on its descriptor, sigaltstack() and madvise()
 * in guest mode; the rest, by occasion, is in libdune(3), CAVEATS.
 */
#ifndef _DUNE_DUNE_H
#define _DUNE_DUNE_H

#include <stdbool.h>
#include <stdint.h>

#include <dune/uapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * dune_init() - open /dev/dune and check that this CPU and kernel will do.
 *
 * Idempotent and thread-safe; changes no signal disposition. A forked child
 * starts without Dune and calls it again if it wants guest mode, with an
 * identity page table of its own (see <dune/mmu.h>).
 *
 * Errors: -ENOENT, -ENODEV, -ENXIO (no dune.ko or no VZ), -EACCES, -EPERM
 * (permissions of the device), -EPROTO (the module speaks another version of
 * the interface), -ENOTSUP (the CPU lacks what the exception vectors need),
 * -ENOMEM, -EMFILE.
 */
int dune_init(void);

/**
 * dune_enter() - go on in guest kernel mode.
 *
 * Returns 0 in guest mode, or an error in host mode. The first call of a thread
 * makes its vCPU; it is freed when the thread ends (threads that do not come
 * from pthread_create() keep theirs until the process ends).
 *
 * Errors: -ENOTCONN (no dune_init() in this process), -EALREADY (in guest mode
 * already), -EBUSY (in a signal handler that interrupted guest mode, or in a
 * child that shares the TLS of a thread in guest mode), -ENOMEM,
 * -EAGAIN (no pthread_key_create() key left), -ENOSPC (too many vCPUs), -EBADF
 * (somebody closed the library's descriptor).
 *
 * What happens to a process that is in guest mode:
 *  - fork(), clone(), vfork(): the parent stays in guest mode; the child begins
 *    in host mode, at the same instruction and with the same registers.
 *    Threads made there begin in host mode as well. A child of vfork() may only
 *    exec or _exit(), as everywhere.
 *  - execve() replaces the process and with it guest mode.
 *  - signal handlers run in host mode, on a stack of the library (256 KiB) or
 *    the thread's alternate one. si_code and si_addr of a fault are the
 *    program's; the registers in the ucontext are the library's, which tell
 *    nothing about the program and must not be changed.
 *  - After siglongjmp() out of a handler that interrupted guest mode the thread
 *    is in host mode and can enter again; so are the cleanup handlers of a thread
 *    that pthread_cancel() ends. Such a handler must not set another alternate
 *    stack.
 */
int dune_enter(void);

/**
 * dune_leave() - go on in host mode, with everything intact.
 *
 * Errors: -EINVAL (not in guest mode).
 */
int dune_leave(void);

/* dune_in_guest() - does the calling thread run in guest mode just now? */
bool dune_in_guest(void);

/**
 * struct dune_stats - what it took so far.
 * @vcpu: exits to dune.ko by cause, indexed by enum dune_stat.
 * @traps: exceptions handled inside guest mode, indexed by ExcCode; without
 *	system calls, which are counted as @vcpu[DUNE_STAT_HYPCALL].
 */
struct dune_stats {
	uint64_t vcpu[DUNE_STAT_COUNT_];
	uint64_t traps[32];
};

/**
 * dune_stats() - counters of the calling thread's vCPU, in either mode.
 *
 * Errors: -ENOTCONN (the thread has no vCPU), -EBADF (somebody closed the
 * library's descriptor).
 */
int dune_stats(struct dune_stats *stats);

/* dune_strerror() - cause and remedy for an error that this library returned. */
const char *dune_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif
