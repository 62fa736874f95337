/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * report.h - the end of a thread that cannot go on, told properly.
 *
 * Everything here runs in the host loop or in guest mode, possibly with libc in
 * any state: raw system calls, one buffer on the stack.
 */
#ifndef _DUNE_REPORT_H
#define _DUNE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dune_text {
	size_t length;
	char buffer[4096];
};

void dune_text_add(struct dune_text *text, const char *string);
void dune_text_add_hex(struct dune_text *text, uint64_t value, unsigned int digits);
void dune_text_add_dec(struct dune_text *text, unsigned int value);
void dune_text_add_gprs(struct dune_text *text, const uint64_t *gpr, uint64_t hi, uint64_t lo);

/* "name 0x...": the usual way to show a register. */
void dune_text_add_reg(struct dune_text *text, const char *name, uint64_t value);

const char *dune_signal_name(int sig);

/**
 * dune_raise_fault() - send the calling thread a signal for what it just did.
 * @sig, @code, @addr: si_signo, si_code, si_addr.
 *
 * As for a fault in host mode, a handler of the program runs now. Returns
 * false, with nothing sent, if there is none or the signal is blocked: then
 * Linux would kill the process.
 */
bool dune_raise_fault(int sig, int code, uint64_t addr);

/* dune_die() - write @text to standard error and kill the process by @sig. */
_Noreturn void dune_die(const struct dune_text *text, int sig);

#endif
