// SPDX-License-Identifier: GPL-2.0
/*
 * syscalls.c - proves that a system call made in guest mode is the system call
 * of host mode: results, errors, all arguments, both result registers, the
 * registers that Linux preserves; and that seccomp and ptrace see it.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "guest.h"

static const char payload[] = "through Linux and back";

static void test_identity(pid_t pid, pid_t tid, uid_t uid)
{
	is(getpid(), pid, "getpid() is the same");
	is(syscall(SYS_gettid), tid, "gettid() is the same");
	is(getuid(), uid, "getuid() is the same");
}

/* What a raw system call leaves in the registers. */
struct result {
	long v0;
	long v1;
	long a3;
	long s0;
};

static struct result raw_syscall(long number, long argument)
{
	register long v0 __asm__("$2") = number;
	register long v1 __asm__("$3") = -1;
	register long a0 __asm__("$4") = argument;
	register long a3 __asm__("$7") = -1;
	register long s0 __asm__("$16") = 0x1616161616161616;

	__asm__ volatile("syscall"
			 : "+r"(v0), "+r"(v1), "+r"(a0), "+r"(a3), "+r"(s0)
			 :
			 : "$1", "$5", "$6", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15",
			   "$24", "$25", "hi", "lo", "memory");
	return (struct result){ v0, v1, a3, s0 };
}

static void test_registers(void)
{
	char buffer[sizeof(payload)] = "";
	struct result pipe = raw_syscall(__NR_pipe, 0);

	is(pipe.a3, 0, "pipe: a3 says success");
	ok(pipe.v0 > 2 && pipe.v1 > 2 && pipe.v0 != pipe.v1,
	   "and v0 and v1 are two descriptors, %ld and %ld", pipe.v0, pipe.v1);
	is(pipe.s0, 0x1616161616161616, "and s0 is preserved");
	is(write((int)pipe.v1, payload, sizeof(payload)), sizeof(payload), "write() into the pipe");
	is(read((int)pipe.v0, buffer, sizeof(buffer)), sizeof(payload), "read() from it");
	is(strcmp(buffer, payload), 0, "the same data");
	close((int)pipe.v0);
	close((int)pipe.v1);
}

static void test_errors(void)
{
	struct result failed = raw_syscall(__NR_close, -1);

	is(failed.a3, 1, "a failing close(): a3 says error");
	is(failed.v0, EBADF, "and v0 which");
	errno = 0;
	ok(open("/no/such/file", O_RDONLY) == -1 && errno == ENOENT, "libc turns it into errno");
	errno = 0;
	ok(syscall(5999) == -1 && errno == ENOSYS, "an unknown number is ENOSYS");
	errno = 0;
	ok(syscall(SYS_write, 1, 16L, 4L) == -1 && errno == EFAULT, "a bad pointer is EFAULT");
}

static void test_arguments(void)
{
	char a[4] = "";
	char b[8] = "";
	struct iovec iov[2] = { { a, 3 }, { b, 7 } };
	int fd = (int)syscall(SYS_memfd_create, "test", 0);
	char *p;

	if (fd < 0 || ftruncate(fd, 3 * 65536) < 0 || pwrite(fd, "0123456789", 10, 2 * 65536) != 10)
		bail_out("memfd: %s", strerror(errno));
	p = mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 2 * 65536);
	ok(p != MAP_FAILED && !memcmp(p, "0123456789", 10), "mmap() passes all six arguments");
	munmap(p, 65536);
	is(preadv(fd, iov, 2, 2 * 65536), 10, "preadv() passes an iovec and an offset");
	ok(!memcmp(a, "012", 3) && !memcmp(b, "3456789", 7), "and fills both buffers");
	close(fd);
}

static void test_memory(void)
{
	const size_t size = 4 << 20;
	char *p = malloc(size);
	unsigned int wrong = 0;

	for (size_t i = 0; i < size; i += 512)
		p[i] = (char)(i >> 9);
	for (size_t i = 0; i < size; i += 512)
		wrong += p[i] != (char)(i >> 9);
	is(wrong, 0, "malloc() of 4 MiB is memory");
	free(p);
	p = sbrk(0);
	ok(brk(p + 65536) == 0 && sbrk(0) == p + 65536, "brk() moves the break");
	p[65535] = 1;
	is(p[65535], 1, "and there is memory");
	brk(p);
}

/* libc takes the time from the vDSO, which is code and data of Linux's own. */
static void test_time(void)
{
	struct timespec vdso;
	struct timespec raw;
	struct timespec later;

	clock_gettime(CLOCK_MONOTONIC, &vdso);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &raw);
	clock_gettime(CLOCK_MONOTONIC, &later);
	ok((vdso.tv_sec < raw.tv_sec ||
	    (vdso.tv_sec == raw.tv_sec && vdso.tv_nsec <= raw.tv_nsec)) &&
	   (raw.tv_sec < later.tv_sec ||
	    (raw.tv_sec == later.tv_sec && raw.tv_nsec <= later.tv_nsec)),
	   "clock_gettime() of the vDSO agrees with the system call");
}

/* The main thread's stack grows under the program as in host mode. */
static int __attribute__((noinline)) deep(int levels)
{
	volatile char frame[4096];

	frame[0] = (char)levels;
	frame[sizeof(frame) - 1] = 1;
	return levels ? deep(levels - 1) + frame[sizeof(frame) - 1] : 0;
}

static void test_exits(void)
{
	struct dune_stats before;
	struct dune_stats after;

	dune_stats(&before);
	for (int i = 0; i < 100; i++)
		syscall(SYS_getppid);
	dune_stats(&after);
	/* The second dune_stats() is a system call itself. */
	is((long)(after.vcpu[DUNE_STAT_HYPCALL] - before.vcpu[DUNE_STAT_HYPCALL]), 101,
	   "a system call is one exit");
}

/* getppid() fails with EXDEV from here on, which it never does by itself. */
static int filtered(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	enter();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return 1;
	errno = 0;
	return syscall(SYS_getppid) == -1 && errno == EXDEV && getpid() > 0 ? 69 : 2;
}

static int traced(void)
{
	enter();
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	return getppid() > 0 && dune_in_guest() ? 69 : 1;
}

/* Lets @pid run to its end; how often it stopped at a getppid(). */
static int watch(pid_t pid, int *status)
{
	int stops = 0;

	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD);
	while (!ptrace(PTRACE_SYSCALL, pid, NULL, NULL) && waitpid(pid, status, 0) == pid &&
	       WIFSTOPPED(*status)) {
		uint64_t regs[38];	/* gpr, lo, hi, epc, ... */

		if (WSTOPSIG(*status) != (SIGTRAP | 0x80))
			continue;
		ptrace(PTRACE_GETREGS, pid, NULL, regs);
		stops += regs[2] == __NR_getppid;
	}
	return stops;
}

static void test_observers(void)
{
	struct outcome out = run_child(filtered);
	int status = 0;
	pid_t pid;

	if (!ok(exited(&out, 69), "seccomp sees system calls of guest mode"))
		show(&out);
	pid = fork();
	if (!pid)
		_exit(traced());
	waitpid(pid, &status, 0);
	is(watch(pid, &status), 1, "ptrace sees them, with the number in v0");
	is(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 69, "and the traced process goes on");
}

int main(void)
{
	pid_t pid = getpid();
	pid_t tid = (pid_t)syscall(SYS_gettid);
	uid_t uid = getuid();

	test_observers();
	enter();
	test_identity(pid, tid, uid);
	test_registers();
	test_errors();
	test_arguments();
	test_memory();
	test_time();
	is(deep(1000), 1000, "the stack grows by 4 MiB");
	test_exits();
	leave();
	return tap_done();
}
