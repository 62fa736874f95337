// SPDX-License-Identifier: GPL-2.0
/*
 * fork.c - proves that a process in guest mode can make children in every way:
 * the parent stays in guest mode, the child begins in host mode with the same
 * registers and can enter by itself; memory is private or shared as asked.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <dune/mmu.h>
#include <dune/trap.h>

#include "guest.h"

static volatile int word;

static int wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Exit status of the child: which of its expectations failed. */
static int in_child(int local, double number)
{
	if (dune_in_guest())
		return 1;
	if (local != 42)
		return 2;
	if (number != 1.5)
		return 12;
	if (word != 1)
		return 22;
	if (dune_enter() != -ENOTCONN)
		return 3;
	if (dune_init() || dune_enter() || !dune_in_guest())
		return 4;
	word = 2;
	if (getpid() == getppid())
		return 5;
	if (dune_leave() || dune_in_guest())
		return 6;
	return 69;
}

static void test_fork(void)
{
	volatile int local = 42;
	volatile double number = 1.5;
	pid_t pid;

	word = 1;
	pid = fork();
	if (!pid)
		_exit(in_child(local, number));
	ok(pid > 0 && dune_in_guest(), "fork(): the parent stays in guest mode");
	word = 3;
	is(wait_for(pid), 69, "the child begins in host mode and can enter by itself");
	is(word, 3, "and writes to memory of its own");
}

/* The child enters as well and forks, and so on. */
static int generation(int left)
{
	pid_t pid;

	enter();
	if (!left)
		return 69;
	pid = fork();
	if (!pid)
		_exit(generation(left - 1));
	return wait_for(pid);
}

static void test_generations(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(generation(10));
	is(wait_for(pid), 69, "ten generations fork from guest mode");
}

/* A child's first stage is the identity again, and its own. */
static void test_page_table(void)
{
	static char page[DUNE_PAGE_SIZE] __attribute__((aligned(DUNE_PAGE_SIZE)));
	pid_t pid;

	dune_mprotect(page, sizeof(page), PROT_READ);
	pid = fork();
	if (!pid) {
		enter();
		*(volatile char *)page = 1;
		dune_mprotect(page, sizeof(page), PROT_NONE);
		_exit(dune_translate(page, NULL) == PROT_NONE ? 69 : 1);
	}
	is(wait_for(pid), 69, "a child has a page table of its own");
	is(dune_translate(page, NULL), PROT_READ, "and the parent keeps its");
	dune_identity(page, sizeof(page));
}

/* Copy on write, in both directions, while both are in guest mode. */
static void test_cow(void)
{
	enum { SIZE = 1 << 20 };
	int *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int *turn = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int wrong = 0;
	pid_t pid;

	for (size_t i = 0; i < SIZE / sizeof(int); i += 256)
		memory[i] = (int)i;
	pid = fork();
	if (!pid) {
		enter();
		while (!__atomic_load_n(turn, __ATOMIC_ACQUIRE))
			sched_yield();
		for (size_t i = 0; i < SIZE / sizeof(int); i += 256)
			wrong += memory[i] != (int)i;
		for (size_t i = 0; i < SIZE / sizeof(int); i += 256)
			memory[i] = -2;
		_exit(wrong ? 1 : 69);
	}
	for (size_t i = 0; i < SIZE / sizeof(int); i += 256)
		memory[i] = -1;
	__atomic_store_n(turn, 1, __ATOMIC_RELEASE);
	is(wait_for(pid), 69, "what the parent writes after fork() does not show in the child");
	for (size_t i = 0; i < SIZE / sizeof(int); i += 256)
		wrong += memory[i] != -1;
	is(wrong, 0, "nor the other way round");
	munmap(memory, SIZE);
	munmap(turn, 4096);
}

static void test_vfork(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execl("/proc/self/exe", "fork", "exit-with-17", NULL);
		_exit(1);
	}
	is(wait_for(pid), 17, "vfork() and exec() work");
	ok(dune_in_guest(), "and the parent is in guest mode");
	pid = vfork();
	if (!pid)
		_exit(23);
	is(wait_for(pid), 23, "vfork() and _exit() work");
}

static void test_spawn(void)
{
	char *argv[] = { "fork", "exit-with-17", NULL };
	char *envp[] = { NULL };
	pid_t pid = -1;

	is(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, envp), 0, "posix_spawn() succeeds");
	is(wait_for(pid), 17, "and the child runs");
	is(posix_spawn(&pid, "/no/such/file", NULL, NULL, argv, envp), ENOENT,
	   "a failing posix_spawn() reports the child's error");
}

static int on_new_stack(void *arg)
{
	*(volatile int *)arg = 5;
	return dune_in_guest() ? 1 : 69;
}

static void test_clone(void)
{
	enum { SIZE = 65536 };
	char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int mine = 0;
	pid_t pid = clone(on_new_stack, stack + SIZE, SIGCHLD, (void *)&mine);

	is(wait_for(pid), 69, "clone() with a new stack and its own memory: the child runs there");
	is(mine, 0, "and its memory is its own");
	errno = 0;
	ok(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL,
	   "a clone() that Linux refuses is refused");
	errno = 0;
	ok(syscall(SYS_clone, CLONE_VM | SIGCHLD, 16, 0, 0, 0) == -1 && errno == EFAULT,
	   "one with a stack that is not there fails as well");
	munmap(stack, SIZE);
}

/* The arguments of clone3() as a later Linux may have them. */
struct long_clone_args {
	struct clone_args known;
	uint64_t tail[4];
};

/* clone3() with a stack, where the child calls @function. */
static pid_t clone3_call(const void *args, size_t size, int (*function)(void))
{
	register long v0 __asm__("$2") = SYS_clone3;
	register const void *a0 __asm__("$4") = args;
	register size_t a1 __asm__("$5") = size;
	register long a3 __asm__("$7");
	register int (*target)(void) __asm__("$16") = function;

	__asm__ volatile(".set push\n\t.set noreorder\n\t"
			 "syscall\n\t"
			 "bnez $7, 1f\n\t"
			 "nop\n\t"
			 "bnez $2, 1f\n\t"
			 "move $25, $16\n\t"
			 "jalr $25\n\t"
			 "nop\n\t"
			 "1:\n\t"
			 ".set pop"
			 : "+r"(v0), "=r"(a3)
			 : "r"(a0), "r"(a1), "r"(target)
			 : "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15",
			   "$24", "$25", "$31", "hi", "lo", "memory");
	return a3 ? -(pid_t)v0 : (pid_t)v0;
}

static int here_is_host_mode(void)
{
	_exit(dune_in_guest() ? 1 : 69);
}

/* With the parent's TLS, so the vCPU that it finds is the parent's. */
static int here_is_a_stack(void)
{
	char frame[1024];

	memset(frame, 1, sizeof(frame));
	__asm__ volatile("" : : "r"(frame) : "memory");
	_exit(dune_in_guest() || dune_enter() != -EBUSY ? 1 : 69);
}

static void test_long_clone3(void)
{
	enum { SIZE = 65536 };
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct long_clone_args args = {
		.known = {
			.exit_signal = SIGCHLD,
			.stack = (uintptr_t)memory,
			.stack_size = SIZE,
		},
	};
	struct long_clone_args *last = (void *)(memory + SIZE - sizeof(args));

	is(wait_for(clone3_call(&args, sizeof(args), here_is_host_mode)), 69,
	   "clone3() with more arguments than known, all zero: the child runs on its stack");
	args.known.flags = CLONE_VM | CLONE_VFORK;
	is(wait_for(clone3_call(&args, sizeof(args), here_is_a_stack)), 69,
	   "also if it shares the memory");
	args.tail[3] = 1;
	is(clone3_call(&args, sizeof(args), here_is_host_mode), -E2BIG, "one not zero: E2BIG");
	is(clone3_call(memory, 8192, here_is_host_mode), -E2BIG, "more than a page: E2BIG");
	munmap(memory + SIZE - 4096, 4096);
	is(clone3_call(last, sizeof(*last), here_is_host_mode), -EFAULT,
	   "arguments that are not there: EFAULT");
	is(clone3_call(memory + SIZE - 4096 - sizeof(args.known), sizeof(args),
		       here_is_host_mode), -EFAULT, "nor is their tail: EFAULT");
	munmap(memory, SIZE - 4096);
}

static void test_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		_exit(dune_in_guest() ? 1 : 69);
	is(wait_for(pid), 69, "clone3() works like fork()");
	errno = 0;
	ok(syscall(SYS_clone3, 16L, sizeof(args)) == -1 && errno == EFAULT,
	   "with a bad pointer it fails");
	errno = 0;
	ok(syscall(SYS_clone3, &args, 1L) == -1 && errno == EINVAL, "and with a bad size");
}

static void fork_in_trap(struct dune_frame *frame, void *arg)
{
	frame->epc += 4;
	frame->gpr[2] = 99;
	*(pid_t *)arg = fork();
}

static void test_fork_in_trap(void)
{
	pid_t pid = -1;
	long v0;

	dune_trap_register(DUNE_EXC_TR, fork_in_trap, &pid);
	__asm__ volatile("teq $0, $0\n\t"
			 "move %0, $2" : "=r"(v0) : : "$2", "memory");
	if (!pid)
		_exit(v0 == 99 && !dune_in_guest() ? 69 : 1);
	is(v0, 99, "fork() in a trap handler: the parent goes on behind the trap");
	ok(dune_in_guest(), "in guest mode");
	is(wait_for(pid), 69, "and the child does in host mode");
	dune_trap_register(DUNE_EXC_TR, NULL, NULL);
}

static volatile sig_atomic_t child_of_handler = -1;

static void fork_in_handler(int sig)
{
	(void)sig;
	child_of_handler = fork();
}

static void test_fork_in_signal_handler(void)
{
	int pid;

	signal(SIGALRM, fork_in_handler);
	alarm(1);
	while ((pid = child_of_handler) < 0)
		;
	if (!pid)
		_exit(dune_in_guest() ? 1 : 69);
	ok(dune_in_guest(), "fork() in a signal handler: the parent goes on in guest mode");
	is(wait_for(pid), 69, "and the child goes on in host mode");

	child_of_handler = -1;
	signal(SIGUSR1, fork_in_handler);
	kill(getpid(), SIGUSR1);
	pid = child_of_handler;
	if (!pid)
		_exit(dune_in_guest() ? 1 : 69);
	is(wait_for(pid), 69, "also if the handler interrupted a system call");
}

static int exec_in_guest(void)
{
	enter();
	execl("/proc/self/exe", "fork", "exit-with-17", NULL);
	return 1;
}

int main(int argc, char **argv)
{
	struct outcome out;

	if (argc == 2 && !strcmp(argv[1], "exit-with-17"))
		return dune_in_guest() ? 1 : 17;
	out = run_child(exec_in_guest);
	ok(exited(&out, 17), "execve() in guest mode replaces the process");
	enter();
	test_fork();
	test_generations();
	test_page_table();
	test_cow();
	test_vfork();
	test_spawn();
	test_clone();
	test_clone3();
	test_long_clone3();
	test_fork_in_trap();
	test_fork_in_signal_handler();
	leave();
	return tap_done();
}
