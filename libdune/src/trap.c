// SPDX-License-Identifier: LGPL-2.1-only
/* trap.c - who handles which exception, and what happens if nobody does. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "internal.h"
#include "report.h"

/* A handler and its argument change together: @version is odd meanwhile. */
static struct slot {
	unsigned int version;
	dune_trap_handler handler;
	void *arg;
} slots[DUNE_EXC_COUNT_];

static const struct {
	int sig;
	const char *name;
	const char *text;
} exceptions[DUNE_EXC_COUNT_] = {
	[DUNE_EXC_INT] = { SIGILL, "INT", "interrupt" },
	[DUNE_EXC_MOD] = { SIGSEGV, "MOD", "write to a read-only page" },
	[DUNE_EXC_TLBL] = { SIGSEGV, "TLBL", "load or fetch from an invalid page" },
	[DUNE_EXC_TLBS] = { SIGSEGV, "TLBS", "store to an invalid page" },
	[DUNE_EXC_ADEL] = { SIGBUS, "ADEL", "address error on load or fetch" },
	[DUNE_EXC_ADES] = { SIGBUS, "ADES", "address error on store" },
	[DUNE_EXC_IBE] = { SIGBUS, "IBE", "bus error on fetch" },
	[DUNE_EXC_DBE] = { SIGBUS, "DBE", "bus error on data access" },
	[DUNE_EXC_SYS] = { SIGILL, "SYS", "syscall in a branch delay slot" },
	[DUNE_EXC_BP] = { SIGTRAP, "BP", "breakpoint" },
	[DUNE_EXC_RI] = { SIGILL, "RI", "reserved instruction" },
	[DUNE_EXC_CPU] = { SIGILL, "CPU", "coprocessor unusable" },
	[DUNE_EXC_OV] = { SIGFPE, "OV", "integer overflow" },
	[DUNE_EXC_TR] = { SIGTRAP, "TR", "trap instruction" },
	[DUNE_EXC_MSAFPE] = { SIGFPE, "MSAFPE", "MSA floating point exception" },
	[DUNE_EXC_FPE] = { SIGFPE, "FPE", "floating point exception" },
	[DUNE_EXC_TLBRI] = { SIGSEGV, "TLBRI", "load from a page without read permission" },
	[DUNE_EXC_TLBXI] = { SIGSEGV, "TLBXI", "fetch from a page without execute permission" },
	[DUNE_EXC_MSADIS] = { SIGILL, "MSADIS", "MSA disabled" },
	[DUNE_EXC_WATCH] = { SIGTRAP, "WATCH", "watchpoint" },
	[DUNE_EXC_MCHECK] = { SIGILL, "MCHECK", "machine check" },
	[DUNE_EXC_DSPDIS] = { SIGILL, "DSPDIS", "DSP disabled" },
};

int dune_trap_register(unsigned int exccode, dune_trap_handler handler, void *arg)
{
	struct slot *slot;
	unsigned int version;

	if (exccode >= DUNE_EXC_COUNT_)
		return -EINVAL;
	slot = &slots[exccode];
	do {
		version = __atomic_load_n(&slot->version, __ATOMIC_RELAXED) & ~1U;
	} while (!__atomic_compare_exchange_n(&slot->version, &version, version + 1, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	__atomic_store_n(&slot->handler, handler, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->arg, arg, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->version, version + 2, __ATOMIC_RELEASE);
	return 0;
}

static dune_trap_handler lookup(unsigned int exccode, void **arg)
{
	struct slot *slot = &slots[exccode];
	dune_trap_handler handler;
	unsigned int version;

	do {
		version = __atomic_load_n(&slot->version, __ATOMIC_ACQUIRE);
		handler = __atomic_load_n(&slot->handler, __ATOMIC_ACQUIRE);
		*arg = __atomic_load_n(&slot->arg, __ATOMIC_ACQUIRE);
	} while (version & 1 || __atomic_load_n(&slot->version, __ATOMIC_RELAXED) != version);
	return handler;
}

/* Going on in host mode after a trap: the handler left guest mode or forked. */
static _Noreturn void resume_in_host(const struct dune_frame *frame)
{
	struct dune_regs regs = { .hi = frame->hi, .lo = frame->lo, .pc = frame->epc };

	memcpy(regs.gpr, frame->gpr, sizeof(regs.gpr));
	dune_resume_all(&regs);
}

void dune_trap_dispatch(struct dune_frame *frame)
{
	unsigned int exccode = DUNE_CAUSE_EXCCODE(frame->cause);
	dune_trap_handler handler;
	void *arg;

	dune_vcpu_self()->traps[exccode]++;
	handler = lookup(exccode, &arg);
	if (handler)
		handler(frame, arg);
	else
		dune_trap_default(frame);
	if (!dune_in_guest())
		resume_in_host(frame);
}

/*
 * Codes 6 and 7 of `break` and `teq` mean overflow and division by zero. They
 * sit in bits 25:16 of `break` and 15:6 of the trap instructions.
 * Linux: arch/mips/kernel/traps.c, do_trap_or_bp().
 */
static int arithmetic_code(unsigned int exccode, uint64_t instr)
{
	uint64_t code;

	if (exccode == DUNE_EXC_BP)
		code = instr >> 16 & 0x3ff;
	else if (exccode == DUNE_EXC_TR && !(instr >> 26))
		code = instr >> 6 & 0x3ff;
	else
		return 0;
	return code == 6 ? FPE_INTOVF : code == 7 ? FPE_INTDIV : 0;
}

static int default_signal(const struct dune_frame *frame, int *code)
{
	unsigned int exccode = DUNE_CAUSE_EXCCODE(frame->cause);
	int sig = exceptions[exccode].sig ? exceptions[exccode].sig : SIGILL;

	switch (sig) {
	case SIGSEGV:
		*code = SEGV_ACCERR;
		break;
	case SIGBUS:
		*code = BUS_ADRALN;
		break;
	case SIGFPE:
		*code = exccode == DUNE_EXC_OV ? FPE_INTOVF : FPE_FLTINV;
		break;
	case SIGTRAP:
		*code = arithmetic_code(exccode, frame->badinstr);
		if (*code)
			return SIGFPE;
		*code = TRAP_BRKPT;
		break;
	default:
		*code = ILL_ILLOPC;
	}
	return sig;
}

static bool has_badvaddr(unsigned int exccode)
{
	return (exccode >= DUNE_EXC_MOD && exccode <= DUNE_EXC_ADES) ||
	       exccode == DUNE_EXC_TLBRI || exccode == DUNE_EXC_TLBXI;
}

static void describe(struct dune_text *text, const struct dune_frame *frame, int sig)
{
	unsigned int exccode = DUNE_CAUSE_EXCCODE(frame->cause);
	bool known = exceptions[exccode].name;

	dune_text_add(text, "dune: ");
	dune_text_add(text, dune_signal_name(sig));
	dune_text_add(text, ": unhandled trap: ");
	dune_text_add(text, known ? exceptions[exccode].text : "unknown exception");
	dune_text_add_reg(text, ", pc", frame->epc);
	if (has_badvaddr(exccode))
		dune_text_add_reg(text, ", address", frame->badvaddr);
	dune_text_add(text, ", ExcCode ");
	dune_text_add_dec(text, exccode);
	if (known) {
		dune_text_add(text, " (");
		dune_text_add(text, exceptions[exccode].name);
		dune_text_add(text, ")");
	}
	if (frame->cause & DUNE_CAUSE_BD)
		dune_text_add(text, ", in the delay slot of the branch at pc");
	dune_text_add_reg(text, "\n    status", frame->status);
	dune_text_add_reg(text, "  cause", frame->cause);
	dune_text_add_reg(text, "  instruction", frame->badinstr);
	dune_text_add_gprs(text, frame->gpr, frame->hi, frame->lo);
	dune_text_add(text, "dune: handle it with dune_trap_register()\n");
}

void dune_trap_default(const struct dune_frame *frame)
{
	unsigned int exccode = DUNE_CAUSE_EXCCODE(frame->cause);
	struct dune_text text = { 0 };
	int code;
	int sig = default_signal(frame, &code);

	if (dune_raise_fault(sig, code, has_badvaddr(exccode) ? frame->badvaddr : frame->epc))
		return;
	describe(&text, frame, sig);
	dune_die(&text, sig);
}
