// SPDX-License-Identifier: GPL-2.0
/*
 * signals.c - proves that signals reach a process in guest mode as they reach
 * any other: while it computes, while it waits in a system call, with masks,
 * with SA_RESTART, on an alternate stack; and that handlers may use the library.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "guest.h"

static volatile sig_atomic_t count;
static volatile bool guest_in_handler;
static volatile int enter_in_handler;
static volatile int leave_in_handler;

static void on_signal(int sig)
{
	(void)sig;
	count = count + 1;
	guest_in_handler = dune_in_guest();
	enter_in_handler = dune_enter();
	leave_in_handler = dune_leave();
}

static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

/* SIGALRM after @ms, once or, with @again, over and over. */
static void alarm_ms(long ms, bool again)
{
	struct itimerval timer = { .it_value.tv_usec = ms * 1000 };

	if (again)
		timer.it_interval = timer.it_value;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop_alarm(void)
{
	struct itimerval timer = { 0 };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void test_loop(void)
{
	handle(SIGALRM, on_signal, 0);
	count = 0;
	alarm_ms(20, false);
	while (!count)
		;
	is(count, 1, "a signal interrupts a loop in guest mode");
	ok(!guest_in_handler, "its handler runs in host mode");
	is(enter_in_handler, -EBUSY, "where dune_enter() is an error");
	is(leave_in_handler, -EINVAL, "and so is dune_leave()");
	ok(dune_in_guest(), "afterwards the loop is in guest mode again");
}

static void test_self(void)
{
	handle(SIGUSR1, on_signal, 0);
	count = 0;
	for (int i = 0; i < 1000; i++)
		kill(getpid(), SIGUSR1);
	is(count, 1000, "a thousand signals to oneself are a thousand handler calls");
}

static void test_mask(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	count = 0;
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	is(count, 0, "a blocked signal waits");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	is(count, 1, "until it is unblocked");
}

static void test_blocking(void)
{
	int fds[2];
	char byte;

	if (pipe(fds) < 0)
		bail_out("pipe: %s", strerror(errno));
	handle(SIGALRM, on_signal, 0);
	count = 0;
	errno = 0;
	alarm_ms(20, false);
	ok(read(fds[0], &byte, 1) == -1 && errno == EINTR, "a signal interrupts a blocking read()");
	is(count, 1, "after its handler has run");
	close(fds[0]);
	close(fds[1]);
}

static int restart_fd;

static void write_byte(int sig)
{
	(void)sig;
	count = count + 1;
	if (write(restart_fd, "x", 1) != 1)
		_exit(99);
}

static void test_restart(void)
{
	int fds[2];
	char byte = 0;

	if (pipe(fds) < 0)
		bail_out("pipe: %s", strerror(errno));
	restart_fd = fds[1];
	handle(SIGALRM, write_byte, SA_RESTART);
	count = 0;
	alarm_ms(20, false);
	is(read(fds[0], &byte, 1), 1, "with SA_RESTART the read() goes on");
	ok(byte == 'x' && count == 1, "and gets what the handler wrote");
	close(fds[0]);
	close(fds[1]);
}

static void test_altstack(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sigaltstack(&ss, NULL);
	handle(SIGUSR1, on_signal, SA_ONSTACK);
	count = 0;
	guest_in_handler = true;
	kill(getpid(), SIGUSR1);
	ok(count == 1 && !guest_in_handler, "a handler on an alternate stack knows that it is in host mode");
	is(enter_in_handler, -EBUSY, "and dune_enter() is an error there as well");
	ss.ss_flags = SS_DISABLE;
	sigaltstack(&ss, NULL);
}

static sigjmp_buf way_out;

static void jump(int sig)
{
	(void)sig;
	siglongjmp(way_out, 1);
}

static void spin_for_ever(void)
{
	volatile bool forever = true;

	while (forever)
		;
}

static void read_for_ever(void)
{
	int fds[2];
	char byte;

	if (pipe(fds) == 0 && read(fds[0], &byte, 1))
		abort();
}

/* Interrupts of the guest are on, so the vCPU is not as dune_leave() leaves it. */
static void spin_with_interrupts(void)
{
	__asm__ volatile("ei\n\tehb");
	spin_for_ever();
}

static void test_siglongjmp(void (*function)(void), const char *what)
{
	handle(SIGALRM, jump, 0);
	for (int i = 0; i < 5; i++) {
		if (!sigsetjmp(way_out, 1)) {
			alarm_ms(20, false);
			function();
		}
		if (dune_in_guest() || dune_leave() != -EINVAL || dune_enter() || !dune_in_guest()) {
			ok(false, "%s", what);
			return;
		}
	}
	ok(true, "%s", what);
}

/* Sums in floating point while SIGALRM comes all the time. */
static void test_storm(void)
{
	double sum = 0;
	double expected = 0;

	handle(SIGALRM, on_signal, 0);
	for (int i = 1; i <= 1000000; i++)
		expected += 1.0 / i;
	count = 0;
	alarm_ms(2, true);
	while (count < 100) {
		sum = 0;
		for (int i = 1; i <= 1000000; i++)
			sum += 1.0 / i;
	}
	stop_alarm();
	ok(sum == expected, "a hundred signals change nothing in a computation");
	ok(dune_in_guest(), "and it is in guest mode still");
}

static int spin(void)
{
	volatile bool forever = true;

	enter();
	while (forever)
		;
	return 1;
}

static int spin_blocked(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return spin();
}

static void test_kill(int (*function)(void), int sig, const char *what)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(function());
	usleep(100000);
	kill(pid, sig);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == sig, "%s", what);
}

/* Stopped and continued, as by a shell. */
static void test_stop(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(spin());
	usleep(100000);
	kill(pid, SIGSTOP);
	ok(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status),
	   "SIGSTOP stops a process in guest mode");
	kill(pid, SIGCONT);
	ok(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status),
	   "SIGCONT continues it");
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "and SIGTERM ends it");
}

int main(void)
{
	test_kill(spin, SIGTERM, "SIGTERM kills a process that loops in guest mode");
	test_kill(spin_blocked, SIGKILL, "SIGKILL kills one that blocks all signals");
	test_stop();
	enter();
	test_loop();
	test_self();
	test_mask();
	test_blocking();
	test_restart();
	test_altstack();
	test_storm();
	test_siglongjmp(spin_for_ever, "siglongjmp() out of a handler leads to host mode");
	test_siglongjmp(read_for_ever, "also if it interrupted a system call");
	test_siglongjmp(spin_with_interrupts, "or guest mode with the guest's interrupts on");
	leave();
	return tap_done();
}
