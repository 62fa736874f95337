// SPDX-License-Identifier: GPL-2.0
/*
 * threads.c - proves that threads and guest mode go together: threads made in
 * guest mode begin in host mode, each has a vCPU of its own while it lives, and
 * many of them at once do not disturb one another.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <dune/mmu.h>
#include <dune/trap.h>

#include "guest.h"

#define THREADS		16
#define ROUNDS		50
#define GENERATIONS	300	/* more than one process may have vCPUs at a time */

static __thread long own;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *first(void *arg)
{
	long result = dune_in_guest() ? 1 : 0;

	enter();
	result += dune_in_guest() ? 0 : 2;
	leave();
	return (void *)(result + (long)arg);
}

static void test_create(void)
{
	pthread_t thread;
	void *result = NULL;

	is(pthread_create(&thread, NULL, first, (void *)0x660), 0, "pthread_create() in guest mode");
	pthread_join(thread, &result);
	is((long)result, 0x660, "the thread begins in host mode and can enter");
	ok(dune_in_guest(), "its creator stays in guest mode");
}

/* The handler of every thread counts in that thread's own variable. */
static void count_trap(struct dune_frame *frame, void *arg)
{
	(void)arg;
	frame->epc += 4;
	own++;
}

static void *work(void *arg)
{
	long wrong = 0;
	long id = (long)arg;
	double sum = 0;
	volatile long stack[256];

	own = id * 1000;
	enter();
	for (int i = 0; i < 256; i++)
		stack[i] = id * i;
	for (int round = 0; round < ROUNDS; round++) {
		__asm__ volatile("teq $0, $0" : : : "memory");
		for (int i = 1; i <= 1000; i++)
			sum += (double)id / i;
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		sched_yield();
		for (int i = 0; i < 256; i++)
			wrong += stack[i] != id * i;
		free(malloc(1000 + (size_t)id));
	}
	wrong += own != id * 1000 + ROUNDS;
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 1; i <= 1000; i++)
			sum -= (double)id / i;
	wrong += sum > 1e-6 || sum < -1e-6;
	/* Half of the threads end in guest mode. */
	if (id & 1)
		leave();
	return (void *)wrong;
}

static void test_many(void)
{
	pthread_t threads[THREADS];
	long wrong = 0;

	dune_trap_register(DUNE_EXC_TR, count_trap, NULL);
	counter = 0;
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			bail_out("pthread_create");
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		wrong += (long)result;
	}
	is(wrong, 0, "16 threads in guest mode keep stack, FPU, TLS and traps apart");
	is(counter, THREADS * ROUNDS, "and share a mutex");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

static void *enter_and_end(void *arg)
{
	(void)arg;
	return (void *)(long)dune_enter();
}

static void test_generations(void)
{
	long failed = 0;

	for (int i = 0; i < GENERATIONS; i++) {
		pthread_t thread;
		void *result = NULL;

		if (pthread_create(&thread, NULL, enter_and_end, NULL))
			bail_out("pthread_create");
		pthread_join(thread, &result);
		failed += (long)result != 0;
	}
	is(failed, 0, "a thread that ends in guest mode gives its vCPU back");
}

static char page[DUNE_PAGE_SIZE] __attribute__((aligned(DUNE_PAGE_SIZE)));
static volatile int stage;
static volatile unsigned int modified;

static void allow(struct dune_frame *frame, void *arg)
{
	(void)frame;
	(void)arg;
	modified++;
	dune_identity(page, sizeof(page));
}

static void await(int value)
{
	while (stage != value)
		sched_yield();
}

/* Writes to the page before and after another thread protects it. */
static void *other(void *arg)
{
	(void)arg;
	enter();
	*(volatile char *)page = 1;
	stage = 1;
	await(2);
	*(volatile char *)page = 2;
	return NULL;
}

static void test_shootdown(void)
{
	pthread_t thread;

	dune_trap_register(DUNE_EXC_MOD, allow, NULL);
	if (pthread_create(&thread, NULL, other, NULL))
		bail_out("pthread_create");
	await(1);
	dune_mprotect(page, sizeof(page), PROT_READ);
	stage = 2;
	pthread_join(thread, NULL);
	is(modified, 1, "a protection reaches another thread by its next system call");
	is(page[0], 2, "whose handler then allowed the write");
}

static volatile bool cancel_me;
static volatile bool cleaned_in_guest;
static volatile int left_in_cleanup;

static void clean_up(void *arg)
{
	(void)arg;
	cleaned_in_guest = dune_in_guest();
	left_in_cleanup = dune_leave();
}

static void *until_cancelled(void *spins)
{
	int old;

	enter();
	pthread_cleanup_push(clean_up, NULL);
	pthread_setcanceltype(spins ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, &old);
	cancel_me = true;
	for (;;) {
		if (!spins)
			sleep(100);
	}
	pthread_cleanup_pop(0);
	return NULL;
}

static void test_cancel(bool spins, const char *what)
{
	pthread_t thread;
	void *result = NULL;

	cancel_me = false;
	cleaned_in_guest = true;
	left_in_cleanup = 0;
	pthread_create(&thread, NULL, until_cancelled, spins ? &thread : NULL);
	while (!cancel_me)
		sched_yield();
	usleep(20000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	ok(result == PTHREAD_CANCELED && !cleaned_in_guest && left_in_cleanup == -EINVAL, "%s", what);
}

int main(void)
{
	enter();
	test_create();
	test_many();
	test_generations();
	test_shootdown();
	test_cancel(true, "pthread_cancel() of a thread that spins: its cleanup is in host mode");
	test_cancel(false, "also of one that sleeps");
	leave();
	return tap_done();
}
