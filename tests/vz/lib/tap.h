/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test registration, checks, and output as TAP by UHI semihosting.
 *
 * A test passes if it made at least one check and none failed. An exception
 * nobody expected, or a hang, fails the test it happens in; the next one runs.
 */
#ifndef VZ_TAP_H
#define VZ_TAP_H

#include "types.h"

struct test {
	const char *topic;	/* the file */
	const char *what;	/* what it proves */
	const char *section;	/* of mips-vz.md */
	void (*run)(void);
};

#define TEST(name, what, where) \
	static void name(void); \
	static const struct test name##_test = { TOPIC, what, where, name }; \
	static const struct test *const name##_entry \
		__attribute__((section(".tests"), used)) = &name##_test; \
	static void name(void)

/* A topic that also means something on a CPU without VZ defines this. */
extern const bool runs_without_vz __attribute__((weak));

/* Write a line. Conversions: %s %d %x (u32) %X (u64). */
void print(const char *format, ...);
/* The same as a TAP diagnostic. */
void note(const char *format, ...);
/* End the program as a failure of the whole run. */
void bail_out(const char *format, ...) __attribute__((noreturn));

/* What the checks in a loop are about; printed when one fails. */
void about(const char *format, ...);

/* True if this was a failure and is told; the first ones of a test are. */
bool check(int line, bool ok, const char *what);
void check_eq(int line, u64 got, u64 want, const char *what);

#define CHECK(condition)	check(__LINE__, condition, #condition)
#define CHECK_EQ(got, want)	check_eq(__LINE__, (u64)(got), (u64)(want), #got)

/* End the running test now, as failed. */
void abandon_test(void) __attribute__((noreturn));

#endif
