/* SPDX-License-Identifier: GPL-2.0 */
/* Unified Hosting Interface: "sdbbp 1" with the operation in t9 ($25). */
#ifndef VZ_UHI_H
#define VZ_UHI_H

#include "types.h"

static inline s64 uhi(u64 operation, u64 a, u64 b, u64 c)
{
	register u64 r25 asm("$25") = operation;
	register u64 r4 asm("$4") = a;
	register u64 r5 asm("$5") = b;
	register u64 r6 asm("$6") = c;
	register s64 r2 asm("$2") = 1;
	register s64 r3 asm("$3");

	asm volatile("sdbbp 1"
		     : "+r"(r2), "=r"(r3), "+r"(r4)
		     : "r"(r5), "r"(r6), "r"(r25)
		     : "memory");
	return r2;
}

static inline void uhi_exit(int status)
{
	uhi(1, status, 0, 0);
}

static inline void uhi_write(const char *text, size_t length)
{
	const int standard_output = 1;

	uhi(5, standard_output, (u64)text, length);
}

#endif
