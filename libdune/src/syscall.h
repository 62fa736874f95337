/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * syscall.h - system calls that touch neither errno nor any other state of
 * libc. They return the result or a negative errno.
 */
#ifndef _DUNE_SYSCALL_H
#define _DUNE_SYSCALL_H

#include <asm/unistd.h>

/* n64: number in v0, arguments in a0-a5, result in v0 and v1, a3 set on error. */
#define DUNE_SYSCALL_CLOBBERS_						\
	"$1", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25",	\
	"hi", "lo", "memory"

static inline long dune_syscall4(long nr, long a, long b, long c, long d)
{
	register long v0 __asm__("$2") = nr;
	register long a0 __asm__("$4") = a;
	register long a1 __asm__("$5") = b;
	register long a2 __asm__("$6") = c;
	register long a3 __asm__("$7") = d;

	__asm__ volatile("syscall"
			 : "+r"(v0), "+r"(a3)
			 : "r"(a0), "r"(a1), "r"(a2)
			 : "$3", DUNE_SYSCALL_CLOBBERS_);
	return a3 ? -v0 : v0;
}

#define dune_syscall3(nr, a, b, c)	dune_syscall4(nr, a, b, c, 0)
#define dune_syscall2(nr, a, b)		dune_syscall4(nr, a, b, 0, 0)
#define dune_syscall0(nr)		dune_syscall4(nr, 0, 0, 0, 0)

#endif
