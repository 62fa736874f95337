/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tap.h - results in the Test Anything Protocol, as the kernel's selftests give
 * them. Every test program here is one C file with a main() that ends in
 * `return tap_done()`; works in guest mode and in host mode.
 */
#ifndef _TAP_H
#define _TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int tap_count;
static unsigned int tap_failed;

/* One result. What was proved, as a sentence; printf-like. Returns @pass. */
__attribute__((format(printf, 2, 3)))
static inline bool ok(bool pass, const char *what, ...)
{
	va_list ap;

	printf("%sok %u - ", pass ? "" : "not ", ++tap_count);
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	tap_failed += !pass;
	return pass;
}

/* Two numbers are the same; shows both if they are not. */
static inline bool is(long got, long expected, const char *what)
{
	bool pass = ok(got == expected, "%s", what);

	if (!pass)
		printf("# got %ld (0x%lx), expected %ld (0x%lx)\n", got, got, expected, expected);
	return pass;
}

/* The rest makes no sense. */
__attribute__((format(printf, 1, 2), noreturn))
static inline void bail_out(const char *why, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, why);
	vprintf(why, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed || !tap_count;
}

#endif
