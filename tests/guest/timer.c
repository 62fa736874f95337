// SPDX-License-Identifier: GPL-2.0
/*
 * timer.c - proves that the guest's timer loses no interrupt: TI is set once
 * Count has passed Compare, wherever the thread was then, stays set until
 * Compare is written, and is not set before.
 */
#include <sys/syscall.h>
#include <time.h>

#include <dune/cp0.h>
#include <dune/trap.h>

#include "guest.h"

#define CAUSE_TI	(UINT32_C(1) << 30)
#define STATUS_IE	UINT32_C(1)
#define C0_INTCTL	"$12, 1"
#define INTCTL_IPTI(v)	((v) >> 29)

enum {
	TIMES = 30,
	TICKS = 20000,
	MS = 1000000,		/* nanoseconds */
};

static uint32_t count(void)
{
	return dune_read_c0_32(DUNE_C0_COUNT);
}

static bool ti(void)
{
	return dune_read_c0_32(DUNE_C0_CAUSE) & CAUSE_TI;
}

/*
 * Clears TI, which comes again in @ticks, and then returns true; or false if the
 * thread was kept from writing Compare in time, so that TI is a round away.
 */
static bool set_timer(uint32_t ticks)
{
	uint32_t start = count();

	dune_write_c0_32(DUNE_C0_COMPARE, start + ticks);
	return count() - start < ticks;
}

static void spin(uint32_t ticks)
{
	uint32_t start = count();

	while (count() - start < ticks)
		;
}

static void sleep_ns(long ns)
{
	const struct timespec time = { .tv_nsec = ns };

	syscall(SYS_nanosleep, &time, NULL);
}

/* Ticks of Count in a second. */
static uint32_t frequency(void)
{
	struct timespec from, to;
	uint32_t start;
	uint64_t ticks;

	clock_gettime(CLOCK_MONOTONIC, &from);
	start = count();
	sleep_ns(100 * MS);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ticks = count() - start;
	return (uint32_t)(ticks * 1000000000 /
			  (uint64_t)((to.tv_sec - from.tv_sec) * 1000000000 +
				     to.tv_nsec - from.tv_nsec));
}

/* An emulated timer may come late. A lost interrupt does not come at all. */
static bool ti_comes(uint32_t per_second)
{
	uint32_t start = count();

	while (!ti() && count() - start < per_second / 10)
		;
	return ti();
}

static void test_in_guest_mode(uint32_t per_second)
{
	unsigned int set = 0;

	for (int i = 0; i < TIMES; i++) {
		while (!set_timer(TICKS))
			;
		set += ti_comes(per_second);
	}
	is(set, TIMES, "Compare passed in guest mode sets TI");
}

static void test_spinning_long(uint32_t per_second)
{
	unsigned int set = 0;

	for (int i = 0; i < TIMES; i++) {
		while (!set_timer(TICKS))
			;
		spin(per_second / 20);	/* root interrupts come in between */
		set += ti();
	}
	is(set, TIMES, "also if interrupts of root come in between");
}

static void test_in_host_mode(uint32_t per_second)
{
	uint32_t half = per_second / 1000;
	unsigned int set = 0;

	for (int i = 0; i < TIMES; i++) {
		while (!set_timer(half))
			;
		sleep_ns(2 * MS);
		set += ti();
	}
	is(set, TIMES, "Compare passed in a system call that sleeps sets TI");
}

/* The moment moves through the whole exit: before it, in it, after it. */
static void test_around_exit(uint32_t per_second)
{
	unsigned int set = 0;
	unsigned int tries = 0;

	for (uint32_t ticks = 500; ticks < 100000; ticks += ticks / 40) {
		if (!set_timer(ticks))
			continue;
		syscall(SYS_getppid);
		spin(ticks);
		set += ti_comes(per_second);
		tries++;
	}
	ok(tries > 50 && set == tries, "Compare passed at any moment around an exit sets TI");
}

static void test_survives(uint32_t per_second)
{
	unsigned int set = 0;

	while (!set_timer(TICKS))
		;
	set += !ti_comes(per_second);
	for (int i = 0; i < TIMES; i++) {
		if (i % 2)
			sleep_ns(MS);
		else
			syscall(SYS_getppid);
		set += ti();
	}
	is(set, TIMES, "TI survives exits");
	set_timer(UINT32_MAX);
	ok(!ti(), "and writing Compare clears it");
}

static void test_not_early(uint32_t per_second)
{
	unsigned int set = 0;

	set_timer(UINT32_MAX / 2);
	for (int i = 0; i < TIMES; i++) {
		sleep_ns(MS);
		spin(per_second / 100);
		set += ti();
	}
	is(set, 0, "TI is not set before its time");
	set_timer((uint32_t)-1);
	for (int i = 0; i < TIMES; i++) {
		syscall(SYS_getppid);
		set += ti();
	}
	is(set, 0, "nor if Compare has just been passed when it is written");
}

static volatile unsigned int ticked;

static void tick(struct dune_frame *frame, void *arg)
{
	(void)frame;
	(void)arg;
	ticked++;
	set_timer(UINT32_MAX);
}

static void test_interrupt(void)
{
	uint32_t status = dune_read_c0_32(DUNE_C0_STATUS);
	uint32_t line = INTCTL_IPTI(dune_read_c0_32(C0_INTCTL));

	ticked = 0;
	dune_trap_register(DUNE_EXC_INT, tick, NULL);
	while (!set_timer(TICKS))
		;
	dune_write_c0_32(DUNE_C0_STATUS, status | UINT32_C(1) << (8 + line) | STATUS_IE);
	sleep_ns(5 * MS);
	spin(1000);
	dune_write_c0_32(DUNE_C0_STATUS, status);
	is(ticked, 1, "the interrupt that came in a system call is taken, once");
	dune_trap_register(DUNE_EXC_INT, NULL, NULL);
}

int main(void)
{
	uint32_t per_second;

	enter();
	per_second = frequency();
	printf("# Count: %u ticks a second\n", per_second);
	test_in_guest_mode(per_second);
	test_spinning_long(per_second);
	test_in_host_mode(per_second);
	test_around_exit(per_second);
	test_survives(per_second);
	test_not_early(per_second);
	test_interrupt();
	leave();
	return tap_done();
}
