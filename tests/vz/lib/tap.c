// SPDX-License-Identifier: GPL-2.0
/* The test runner: every registered test in turn, as TAP. */
#include <stdarg.h>

#include "board.h"
#include "cp0.h"
#include "guest.h"
#include "tap.h"
#include "uhi.h"
#include "watchdog.h"

extern const struct test *const tests_begin[], *const tests_end[];

static char subject[160];
static u32 checks, failures;
static bool running;
static void *test_context[5];

/* ---- Formatting ---- */

struct text {
	char *at, *end;
};

static void put(struct text *t, char c)
{
	if (t->at < t->end)
		*t->at++ = c;
}

static void put_number(struct text *t, u64 value, u32 base)
{
	char digits[20];
	u32 n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put(t, digits[--n]);
}

static void put_string(struct text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

static void put_hex(struct text *t, u64 value)
{
	put_string(t, "0x");
	put_number(t, value, 16);
}

static void format_text(struct text *t, const char *format, va_list args)
{
	for (; *format; format++) {
		if (*format != '%') {
			put(t, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_string(t, va_arg(args, const char *));
			break;
		case 'd':
			put_number(t, va_arg(args, u32), 10);
			break;
		case 'x':
			put_hex(t, va_arg(args, u32));
			break;
		case 'X':
			put_hex(t, va_arg(args, u64));
			break;
		}
	}
}

static void print_line(const char *prefix, const char *format, va_list args)
{
	char line[400];
	struct text t = { line, line + sizeof(line) - 1 };

	put_string(&t, prefix);
	format_text(&t, format, args);
	t.end++;
	put(&t, '\n');
	uhi_write(line, t.at - line);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("", format, args);
	va_end(args);
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("#   ", format, args);
	va_end(args);
}

void bail_out(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("Bail out! ", format, args);
	va_end(args);
	uhi_exit(2);
	__builtin_unreachable();
}

/* ---- Checks ---- */

void about(const char *format, ...)
{
	struct text t = { subject, subject + sizeof(subject) - 1 };
	va_list args;

	va_start(args, format);
	format_text(&t, format, args);
	va_end(args);
	*t.at = '\0';
}

/* A table of 500 rows that all fail must not bury the first one. */
static bool worth_telling(void)
{
	const u32 enough = 24;

	checks++;
	return failures++ < enough;
}

bool check(int line, bool ok, const char *what)
{
	if (ok) {
		checks++;
		return false;
	}
	if (!worth_telling())
		return false;
	note("line %d: %s: not so%s%s", line, what, *subject ? ", about " : "", subject);
	return true;
}

void check_eq(int line, u64 got, u64 want, const char *what)
{
	if (got == want)
		checks++;
	else if (worth_telling())
		note("line %d: %s is %X, not %X%s%s", line, what, got, want,
		     *subject ? ", about " : "", subject);
}

/* ---- Running ---- */

void abandon_test(void)
{
	if (!running)
		bail_out("the harness itself failed");
	running = false;
	watchdog_start(WATCHDOG_TICKS);
	__builtin_longjmp(test_context, 1);
}

static bool run_test(const struct test *test)
{
	checks = failures = 0;
	about("");
	quiet_board();
	watchdog_start(WATCHDOG_TICKS);
	mtc0(C0_STATUS, ROOT_STATUS);
	vcpu_reset();
	if (has_vz())
		guest_reset();
	if (__builtin_setjmp(test_context)) {
		failures++;
	} else {
		running = true;
		test->run();
		running = false;
		if (!checks) {
			note("the test checked nothing");
			failures++;
		}
	}
	if (failures > 1)
		note("%d of %d checks failed", failures, checks);
	return !failures;
}

int main(void);
int main(void)
{
	u32 count = tests_end - tests_begin, failed = 0;

	print("TAP version 13");
	if (!has_vz() && !&runs_without_vz)
		bail_out("CPU has no VZ (Config3.VZ = 0)");
	print("1..%d", count);
	if (has_vz())
		reset_state_capture();
	for (u32 i = 0; i < count; i++) {
		const struct test *test = tests_begin[i];
		bool ok = run_test(test);

		failed += !ok;
		print("%s %d - %s: %s (mips-vz.md %s)", ok ? "ok" : "not ok",
		      i + 1, test->topic, test->what, test->section);
	}
	uhi_exit(failed ? 1 : 0);
	__builtin_unreachable();
}
