// SPDX-License-Identifier: GPL-2.0
/*
 * Beginning and end: several threads, fork, exec, kill, close, destroy and unload
 * while a vCPU is in guest mode, and signals that arrive there.
 */

#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "kmod.h"

GUEST_CODE(leave, HYPCALL(1));

/* Tells at A0 that it is there, and stays until A1 is not zero. */
GUEST_CODE(stay, "li $2, 1\nsw $2, 0($4)\n1: lw $2, 0($5)\nbeqz $2, 1b\nnop\n" HYPCALL(1));

/* The same, with interrupts off, and for ever. */
GUEST_CODE(spin, "di\nehb\nli $2, 1\nsw $2, 0($4)\n1: b 1b\nnop\n");

static void nap(void)
{
	nanosleep(&(struct timespec) { .tv_nsec = 5000000 }, NULL);
}

/* A thread in guest mode; @inside and @go are what the guest code sees. */
struct runner {
	pthread_t thread;
	int fd;
	struct dune_enter io;
	int err;
	atomic_int inside, go;
};

static void *runner_main(void *arg)
{
	struct runner *r = arg;

	do
		r->err = call(r->fd, DUNE_ENTER, &r->io);
	while (!r->err && r->io.reason == DUNE_EXIT_SIGNAL);
	return NULL;
}

static void runner_start(struct runner *r, int fd, uint32_t vcpu, const void *code)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->io = at(vcpu, code);
	r->io.regs.gpr[A0] = GUEST(&r->inside);
	r->io.regs.gpr[A1] = GUEST(&r->go);
	if (pthread_create(&r->thread, NULL, runner_main, r))
		bail_out("pthread_create");
	while (!r->inside)
		sched_yield();
}

static void runner_end(struct runner *r)
{
	r->go = 1;
	pthread_join(r->thread, NULL);
}

/* It came out by itself, or on the way in again (SIGNAL) found the vCPU gone. */
static bool ended_well(const struct runner *r, int gone)
{
	if (r->err)
		return r->err == gone && r->io.reason == DUNE_EXIT_SIGNAL;
	return r->io.reason == DUNE_EXIT_LEAVE;
}

static void test_busy(int fd)
{
	static struct runner r, other;
	uint32_t vcpu = vcpu_new(fd, NULL), second = vcpu_new(fd, NULL);
	struct dune_enter io = at(vcpu, leave);
	struct dune_vcpu_stats stats = { .size = sizeof(stats), .handle = vcpu };

	runner_start(&r, fd, vcpu, stay);
	is(call(fd, DUNE_ENTER, &io), EBUSY, "a vCPU that another thread is in: EBUSY");
	is(call(fd, DUNE_VCPU_STATS, &stats), 0, "its counters can be read");
	runner_start(&other, fd, second, stay);
	ok(true, "another vCPU of the space runs at the same time");
	runner_end(&other);
	runner_end(&r);
	ok(!r.err && r.io.reason == DUNE_EXIT_LEAVE, "the first is not disturbed");
	is(run_to_end(fd, &io), DUNE_EXIT_LEAVE, "and can be entered afterwards");
}

static void test_destroy(int fd)
{
	static struct runner r;
	uint32_t vcpu = vcpu_new(fd, NULL);
	struct dune_enter io = at(vcpu, leave);

	runner_start(&r, fd, vcpu, stay);
	is(call(fd, DUNE_VCPU_DESTROY, &vcpu), 0, "destroyed while a thread is in it");
	is(call(fd, DUNE_ENTER, &io), ENOENT, "the handle is gone");
	runner_end(&r);
	ok(ended_well(&r, ENOENT), "the thread in it is not harmed");
}

static void test_close(void)
{
	static struct runner r;
	int fd = dune_open();

	runner_start(&r, fd, vcpu_new(fd, NULL), stay);
	is(close(fd), 0, "closed while a thread is in guest mode");
	nap();
	runner_end(&r);
	ok(ended_well(&r, EBADF), "the thread in it is not harmed");
}

/* In a child: 0 if all of it is EXDEV. */
static int foreign(int fd, uint32_t vcpu)
{
	struct dune_enter io = at(vcpu, leave);
	struct dune_vcpu_stats stats = { .size = sizeof(stats), .handle = vcpu };
	uint32_t handle;

	if (call(fd, DUNE_ENTER, &io) != EXDEV)
		return 1;
	if (call(fd, DUNE_VCPU_STATS, &stats) != EXDEV)
		return 2;
	if (call(fd, DUNE_VCPU_DESTROY, &vcpu) != EXDEV)
		return 3;
	if (vcpu_create(fd, NULL, &handle) != EXDEV)
		return 4;
	return 0;
}

static int wait_status(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void test_fork(int fd)
{
	static struct runner r;
	uint32_t vcpu = vcpu_new(fd, NULL);
	struct dune_enter io = at(vcpu, leave);
	pid_t pid;

	runner_start(&r, fd, vcpu_new(fd, NULL), stay);
	pid = fork();
	if (!pid)
		_exit(foreign(fd, vcpu));
	is(wait_status(pid), 0, "file and vCPUs inherited by a child: EXDEV, each call");

	pid = fork();
	if (!pid) {
		int own = dune_open();
		struct dune_enter mine = at(vcpu_new(own, NULL), leave);

		_exit(run_to_end(own, &mine) != DUNE_EXIT_LEAVE);
	}
	is(wait_status(pid), 0, "the child opens its own and has a space of its own");
	runner_end(&r);
	ok(!r.err && r.io.reason == DUNE_EXIT_LEAVE, "the parent, in guest mode, is unharmed");
	is(run_to_end(fd, &io), DUNE_EXIT_LEAVE, "as is its other vCPU");
}

/* After exec the file is another mm's, even in the same process. */
static void test_exec(const char *self)
{
	pid_t pid = fork();

	if (!pid) {
		int fd = dune_open();
		char fd_arg[16], vcpu_arg[16];

		snprintf(fd_arg, sizeof(fd_arg), "%d", fd);
		snprintf(vcpu_arg, sizeof(vcpu_arg), "%u", vcpu_new(fd, NULL));
		fcntl(fd, F_SETFD, 0);
		execl(self, self, "foreign", fd_arg, vcpu_arg, NULL);
		_exit(127);
	}
	is(wait_status(pid), 0, "a file kept over exec: EXDEV, each call");
}

static atomic_int *shared_flag(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* A child that spins in guest mode with its interrupts off. */
static pid_t spinner(atomic_int *flag)
{
	pid_t pid;

	*flag = 0;
	pid = fork();
	if (!pid) {
		int fd = dune_open();
		struct dune_enter io = at(vcpu_new(fd, NULL), spin);

		io.regs.gpr[A0] = GUEST(flag);
		run_to_end(fd, &io);
		_exit(1);
	}
	while (!*flag)
		sched_yield();
	return pid;
}

static void test_kill(void)
{
	atomic_int *flag = shared_flag();
	unsigned int killed = 0;
	pid_t pid;

	for (int i = 0; i < 20; i++) {
		pid = spinner(flag);
		kill(pid, SIGKILL);
		killed += wait_status(pid) == SIGKILL;
	}
	is(killed, 20, "kill -9 of a guest that spins with interrupts off, 20 times");
	pid = spinner(flag);
	kill(pid, SIGTERM);
	is(wait_status(pid), SIGTERM, "SIGTERM");
	munmap(flag, 4096);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void test_signals(int fd)
{
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { { 0, 0 }, { 0, 0 } };
	static struct runner r;
	struct dune_enter io = at(vcpu_new(fd, NULL), stay);
	unsigned int returns = 0;

	alarms = 0;
	signal(SIGALRM, on_alarm);
	io.regs.gpr[A0] = GUEST(&r.inside);
	io.regs.gpr[A1] = GUEST(&r.go);
	setitimer(ITIMER_REAL, &often, NULL);
	while (alarms < 10) {
		run(fd, &io);
		returns += io.reason == DUNE_EXIT_SIGNAL;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	ok(returns >= 10 && r.inside, "%u signals: each comes out with SIGNAL, its handler ran",
	   returns);
	r.go = 1;
	is(run_to_end(fd, &io), DUNE_EXIT_LEAVE, "the guest goes on where it was");
}

/*
 * The first open of an address space takes all its locks, which a signal ends.
 * Nothing else holds the file here, so each open is the first.
 */
static int open_under_signals(int flags, int allowed)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	int wrong = 0;

	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < 5000; i++) {
		struct itimerval soon = { .it_value.tv_usec = 1 + i % 250 };
		int fd;

		setitimer(ITIMER_REAL, &soon, NULL);
		fd = open(DUNE_DEVICE, O_RDWR | O_CLOEXEC);
		wrong += fd < 0 && errno != allowed;
		if (fd >= 0)
			close(fd);
	}
	return wrong;
}

static void test_open_under_signals(void)
{
	alarms = 0;
	is(open_under_signals(SA_RESTART, 0), 0, "open() is restarted after a signal (SA_RESTART)");
	is(open_under_signals(0, EINTR), 0, "without SA_RESTART it fails with EINTR, if at all");
	ok(alarms > 100, "%d signals came meanwhile", (int)alarms);
	nap();				/* the last one */
}

static void test_unload(void)
{
	atomic_int *flag = shared_flag();
	pid_t pid = spinner(flag);
	long ret = syscall(SYS_delete_module, "dune", O_NONBLOCK);

	if (geteuid())
		ok(ret < 0 && errno == EPERM, "unload by an unprivileged user: EPERM");
	else
		ok(ret < 0 && errno == EAGAIN, "unload while a guest runs: EAGAIN");
	kill(pid, SIGKILL);
	wait_status(pid);
	munmap(flag, 4096);
}

/* More spaces, one after the other, than there are GuestIDs. */
static void test_guestids(void)
{
	unsigned int good = 0;

	for (int i = 0; i < 300; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = dune_open();
			struct dune_enter io = at(vcpu_new(fd, NULL), leave);

			_exit(run_to_end(fd, &io) != DUNE_EXIT_LEAVE);
		}
		good += wait_status(pid) == 0;
	}
	is(good, 300, "300 processes: more than GuestIDs");
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 4 && !strcmp(argv[1], "foreign"))
		return foreign(atoi(argv[2]), (uint32_t)atoi(argv[3]));
	test_open_under_signals();
	fd = dune_open();
	test_busy(fd);
	test_destroy(fd);
	test_close();
	test_fork(fd);
	test_exec(argv[0]);
	test_kill();
	test_signals(fd);
	test_unload();
	test_guestids();
	return tap_done();
}
