// SPDX-License-Identifier: LGPL-2.1-only
/* report.c - see report.h. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "syscall.h"

/* n64's kernel structures; libc's differ. Linux: arch/mips uapi asm/signal.h. */
struct kernel_sigset {
	uint64_t bits[2];
};

struct kernel_sigaction {
	unsigned int flags;
	void *handler;
	struct kernel_sigset mask;
};

void dune_text_add(struct dune_text *text, const char *string)
{
	while (*string && text->length < sizeof(text->buffer))
		text->buffer[text->length++] = *string++;
}

void dune_text_add_hex(struct dune_text *text, uint64_t value, unsigned int digits)
{
	char string[17];

	string[digits] = '\0';
	while (digits--) {
		string[digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
	dune_text_add(text, string);
}

void dune_text_add_dec(struct dune_text *text, unsigned int value)
{
	char string[11];
	char *p = string + sizeof(string) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	dune_text_add(text, p);
}

void dune_text_add_reg(struct dune_text *text, const char *name, uint64_t value)
{
	dune_text_add(text, name);
	dune_text_add(text, " 0x");
	dune_text_add_hex(text, value, 16);
}

void dune_text_add_gprs(struct dune_text *text, const uint64_t *gpr, uint64_t hi, uint64_t lo)
{
	static const char name[32][3] = {
		"ze", "at", "v0", "v1", "a0", "a1", "a2", "a3",
		"a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3",
		"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7",
		"t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
	};

	for (int i = 0; i < 32; i++) {
		dune_text_add(text, i % 4 ? "  " : "\n    ");
		dune_text_add(text, name[i]);
		dune_text_add(text, " ");
		dune_text_add_hex(text, gpr[i], 16);
	}
	dune_text_add(text, "\n    hi ");
	dune_text_add_hex(text, hi, 16);
	dune_text_add(text, "  lo ");
	dune_text_add_hex(text, lo, 16);
	dune_text_add(text, "\n");
}

const char *dune_signal_name(int sig)
{
	switch (sig) {
	case SIGABRT:
		return "SIGABRT";
	case SIGBUS:
		return "SIGBUS";
	case SIGFPE:
		return "SIGFPE";
	case SIGILL:
		return "SIGILL";
	case SIGSEGV:
		return "SIGSEGV";
	default:
		return "SIGTRAP";
	}
}

static bool is_blocked(int sig)
{
	struct kernel_sigset mask;

	dune_syscall4(__NR_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof(mask));
	return mask.bits[0] >> (sig - 1) & 1;
}

static bool has_handler(int sig)
{
	struct kernel_sigaction action;

	dune_syscall4(__NR_rt_sigaction, sig, 0, (long)&action, sizeof(action.mask));
	return action.handler != SIG_DFL && action.handler != SIG_IGN;
}

bool dune_raise_fault(int sig, int code, uint64_t addr)
{
	siginfo_t info;

	if (is_blocked(sig) || !has_handler(sig))
		return false;
	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_addr = (void *)(uintptr_t)addr;
	return dune_syscall4(__NR_rt_tgsigqueueinfo, dune_syscall0(__NR_getpid),
			     dune_syscall0(__NR_gettid), sig, (long)&info) == 0;
}

void dune_die(const struct dune_text *text, int sig)
{
	struct kernel_sigaction action = { .handler = SIG_DFL };
	struct kernel_sigset mask = { .bits = { UINT64_C(1) << (sig - 1) } };

	dune_syscall3(__NR_write, STDERR_FILENO, (long)text->buffer, (long)text->length);
	dune_syscall4(__NR_rt_sigaction, sig, (long)&action, 0, sizeof(action.mask));
	dune_syscall4(__NR_rt_sigprocmask, SIG_UNBLOCK, (long)&mask, 0, sizeof(mask));
	dune_syscall3(__NR_tgkill, dune_syscall0(__NR_getpid), dune_syscall0(__NR_gettid), sig);
	for (;;)
		dune_syscall2(__NR_exit_group, 128 + sig, 0);
}
