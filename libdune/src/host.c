// SPDX-License-Identifier: LGPL-2.1-only
/*
 * host.c - the host loop: what host mode does for a thread in guest mode.
 *
 * It runs on the vCPU's host stack, and so do signal handlers that interrupt
 * it: Linux delivers them when DUNE_ENTER or the program's own system call
 * returns. It shares the thread's TLS with the program (see internal.h).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>

#include "internal.h"
#include "report.h"
#include "syscall.h"

#define STATUS_IE	1
#define STATUS_EXL	2

static bool in_vectors(uint64_t pc)
{
	return pc - to_xkphys(dune_vectors) < 4096;
}

/* Where the program goes on, seen from outside the vectors. */
static uint64_t program_pc(const struct dune_enter *enter)
{
	return in_vectors(enter->regs.pc) ? enter->guest_epc + 4 : enter->regs.pc;
}

/* The call in @regs, made by this thread as it stands there. */
static void pass_syscall(struct dune_regs *regs)
{
	register long v0 __asm__("$2") = (long)regs->gpr[2];
	register long v1 __asm__("$3");
	register long a0 __asm__("$4") = (long)regs->gpr[4];
	register long a1 __asm__("$5") = (long)regs->gpr[5];
	register long a2 __asm__("$6") = (long)regs->gpr[6];
	register long a3 __asm__("$7") = (long)regs->gpr[7];
	register long a4 __asm__("$8") = (long)regs->gpr[8];
	register long a5 __asm__("$9") = (long)regs->gpr[9];

	__asm__ volatile("syscall"
			 : "+r"(v0), "=r"(v1), "+r"(a3)
			 : "r"(a0), "r"(a1), "r"(a2), "r"(a4), "r"(a5)
			 : DUNE_SYSCALL_CLOBBERS_);
	regs->gpr[2] = (uint64_t)v0;
	regs->gpr[3] = (uint64_t)v1;
	regs->gpr[7] = (uint64_t)a3;
}

/* Asks Linux for the pages, as an access of the program would. 0 or an error. */
static long populate(uint64_t addr, uint64_t len, int advice)
{
	uint64_t size = dune_process()->info.page_size;
	uint64_t start = addr & -size;

	return dune_syscall3(__NR_madvise, (long)start, (long)(addr + len - start), advice);
}

/* The program's pointer was bad. */
static void fail_syscall(struct dune_regs *regs, int error)
{
	regs->gpr[2] = (uint64_t)error;
	regs->gpr[7] = 1;
}

/*
 * The arguments of a clone3() in @regs. Theirs may be longer than those known
 * here, with a tail of zeroes, as Linux has it (copy_struct_from_user()). 0, or
 * the error: EFAULT, E2BIG.
 */
static int get_clone_args(const struct dune_regs *regs, struct clone_args *args)
{
	const char *from = (const char *)regs->gpr[4];
	uint64_t size = regs->gpr[5];

	if (populate(regs->gpr[4], size, MADV_POPULATE_READ))
		return EFAULT;
	for (uint64_t i = sizeof(*args); i < size; i++) {
		if (from[i])
			return E2BIG;
	}
	memset(args, 0, sizeof(*args));
	memcpy(args, from, size < sizeof(*args) ? size : sizeof(*args));
	return 0;
}

/*
 * The three ways to make a child. It begins in host mode with the program's
 * registers, which it finds in @child: in its own copy of this vCPU, or, if it
 * shares the memory or has another stack, at the top of that stack. There its
 * sp starts below them, so that a signal does not overwrite them.
 *
 * A child of vfork() names no stack or the parent's: what lies below the
 * parent's sp is free. A stack that is not there fails here, with EFAULT; in host
 * mode it would be the child that dies of it.
 */
static void pass_clone(struct dune_vcpu *vcpu)
{
	struct dune_regs *regs = &vcpu->enter.regs;
	struct dune_regs call = *regs;
	struct dune_regs *child = &vcpu->child;
	struct clone_args args;
	uint64_t flags = 0;
	uint64_t stack = 0;

	if (call.gpr[2] == __NR_clone) {
		flags = call.gpr[4];
		stack = call.gpr[5];
	} else if (call.gpr[2] == __NR_clone3) {
		int error = get_clone_args(regs, &args);

		if (error)
			return fail_syscall(regs, error);
		call.gpr[4] = (uint64_t)&args;
		if (call.gpr[5] > sizeof(args))
			call.gpr[5] = sizeof(args);
		flags = args.flags;
		stack = args.stack + args.stack_size;
	}
	if (stack || flags & CLONE_VM) {
		uint64_t top = stack ? stack : call.gpr[29];

		child = (struct dune_regs *)((top - sizeof(*child)) & ~UINT64_C(15));
		if (populate((uint64_t)child, sizeof(*child), MADV_POPULATE_WRITE))
			return fail_syscall(regs, EFAULT);
		args.stack = (uint64_t)child - 16;
		args.stack_size = 16;
		if (call.gpr[2] == __NR_clone)
			call.gpr[5] = (uint64_t)child;
	}
	*child = *regs;
	child->gpr[2] = 0;
	child->gpr[7] = 0;
	if (stack)
		child->gpr[29] = stack;
	child->pc = program_pc(&vcpu->enter);
	dune_switch_clone(&call, child);
	regs->gpr[2] = call.gpr[2];
	regs->gpr[3] = call.gpr[3];
	regs->gpr[7] = call.gpr[7];
}

static void do_syscall(struct dune_vcpu *vcpu)
{
	struct dune_regs *regs = &vcpu->enter.regs;

	switch (regs->gpr[2]) {
	case __NR_clone3:
		/* Other sizes are errors that Linux reports itself. */
		if (regs->gpr[5] < CLONE_ARGS_SIZE_VER0 ||
		    regs->gpr[5] > dune_process()->info.page_size) {
			pass_syscall(regs);
			break;
		}
		/* fallthrough */
	case __NR_clone:
	case __NR_fork:
		pass_clone(vcpu);
		break;
	case __NR_sigaltstack:
		pass_syscall(regs);
		dune_vcpu_note_altstack(vcpu);
		break;
	default:
		pass_syscall(regs);
	}
}

/* Another thread changed the page table: start again where k0 and k1 are free. */
static void catch_up(struct dune_vcpu *vcpu)
{
	struct dune_enter *enter = &vcpu->enter;
	struct dune_process *process = dune_process();

	if (!process ||
	    __atomic_load_n(&process->tables_changed, __ATOMIC_ACQUIRE) == vcpu->tables_seen)
		return;
	if (enter->reason != DUNE_EXIT_SYSCALL && in_vectors(enter->regs.pc))
		return;
	if ((enter->guest_status & (STATUS_IE | STATUS_EXL)) == STATUS_IE)
		return;
	dune_vcpu_aim(vcpu, enter->regs.pc);
}

static _Noreturn void do_leave(struct dune_vcpu *vcpu)
{
	vcpu->inside = false;
	dune_switch_resume(&vcpu->enter.regs);
}

static void describe(struct dune_text *text, const struct dune_enter *enter, int sig,
		     const char *what)
{
	dune_text_add(text, "dune: ");
	dune_text_add(text, dune_signal_name(sig));
	dune_text_add(text, ": ");
	dune_text_add(text, what);
	dune_text_add_reg(text, ", pc", enter->regs.pc);
	if (enter->reason == DUNE_EXIT_FAULT)
		dune_text_add_reg(text, ", address", enter->badvaddr);
	if (enter->delay_slot)
		dune_text_add(text, ", in the delay slot of the branch at pc");
	dune_text_add(text, "\n    instruction 0x");
	dune_text_add_hex(text, enter->instr, 8);
	dune_text_add(text, "  root ExcCode ");
	dune_text_add_dec(text, enter->exccode);
	dune_text_add(text, " GExcCode ");
	dune_text_add_dec(text, enter->gexccode);
	dune_text_add_reg(text, "\n    guest: epc", enter->guest_epc);
	dune_text_add_reg(text, "  status", enter->guest_status);
	dune_text_add_reg(text, "  cause", enter->guest_cause);
	dune_text_add_gprs(text, enter->regs.gpr, enter->regs.hi, enter->regs.lo);
}

/* The thread did something that Linux answers with a signal. */
static void fail(struct dune_vcpu *vcpu, int sig, int code, const char *what)
{
	const struct dune_enter *enter = &vcpu->enter;
	uint64_t addr = enter->reason == DUNE_EXIT_FAULT ? enter->badvaddr : enter->regs.pc;
	struct dune_text text = { 0 };

	if (dune_raise_fault(sig, code, addr))
		return;
	describe(&text, enter, sig, what);
	dune_die(&text, sig);
}

/*
 * The signal for an access that Linux does not allow, and its si_code. dune.ko
 * says only that it is not allowed; asking Linux for the page gives the reason.
 */
static int fault_signal(const struct dune_enter *enter, int *code)
{
	int advice = enter->access == DUNE_ACCESS_WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	switch (populate(enter->badvaddr, 1, advice)) {
	case -ENOMEM:
		*code = SEGV_MAPERR;
		return SIGSEGV;
	case -EFAULT:
	case -EHWPOISON:
		*code = BUS_ADRERR;
		return SIGBUS;
	default:
		*code = SEGV_ACCERR;
		return SIGSEGV;
	}
}

static void do_fault(struct dune_vcpu *vcpu)
{
	static const char *const what[] = {
		[DUNE_ACCESS_READ] = "read from an unmapped or protected address",
		[DUNE_ACCESS_WRITE] = "write to an unmapped or protected address",
		[DUNE_ACCESS_FETCH] = "execution of an unmapped or protected address",
	};
	const struct dune_enter *enter = &vcpu->enter;
	const char *text = what[enter->access % (DUNE_ACCESS_FETCH + 1)];
	int code;
	int sig = fault_signal(enter, &code);

	if (vcpu->trap_low - enter->badvaddr <= DUNE_PAGE_SIZE)
		text = "trap stack overflow: traps nest too deeply";
	else if (sig == SIGBUS)
		text = "access beyond the end of a file, or to a broken page";
	fail(vcpu, sig, code, text);
}

/* DUNE_ENTER itself failed: there is no guest mode any more. */
static void enter_failed(struct dune_vcpu *vcpu, int error)
{
	struct dune_regs *regs = &vcpu->enter.regs;
	struct dune_text text = { 0 };

	if (vcpu->entering) {
		regs->gpr[2] = (uint64_t)-(int64_t)error;
		regs->pc = regs->gpr[27];
		do_leave(vcpu);
	}
	/* A signal handler forked: the child goes on in host mode, like others. */
	if (vcpu != dune_vcpu_self() &&
	    (vcpu->enter.reason == DUNE_EXIT_SYSCALL || !in_vectors(regs->pc))) {
		regs->pc = program_pc(&vcpu->enter);
		dune_resume_all(regs);
	}
	dune_text_add(&text, "dune: SIGABRT: guest mode cannot go on: ");
	dune_text_add(&text, dune_strerror(error));
	dune_text_add_reg(&text, "\n    pc", regs->pc);
	dune_text_add_gprs(&text, regs->gpr, regs->hi, regs->lo);
	dune_die(&text, SIGABRT);
}

static void handle_exit(struct dune_vcpu *vcpu)
{
	switch (vcpu->enter.reason) {
	case DUNE_EXIT_SYSCALL:
		do_syscall(vcpu);
		break;
	case DUNE_EXIT_LEAVE:
		do_leave(vcpu);
	case DUNE_EXIT_HYPCALL:
		fail(vcpu, SIGILL, ILL_ILLOPC, "HYPCALL with a code that nobody handles");
		break;
	case DUNE_EXIT_SIGNAL:
		break;
	case DUNE_EXIT_FAULT:
		do_fault(vcpu);
		break;
	case DUNE_EXIT_PRIVILEGED:
		fail(vcpu, SIGILL, ILL_PRVOPC, "privileged instruction that is not emulated");
		break;
	default:
		fail(vcpu, SIGILL, ILL_ILLTRP, "exit that dune.ko does not handle");
	}
}

void dune_host_loop(struct dune_vcpu *vcpu)
{
	int fd = dune_process()->fd;

	dune_vcpu_aim(vcpu, vcpu->enter.regs.pc);
	for (;;) {
		long ret;

		vcpu->enter.exccode = EXCCODE_IN_GUEST;
		ret = dune_syscall3(__NR_ioctl, fd, DUNE_ENTER, (long)&vcpu->enter);
		if (ret < 0) {
			if (ret != -EINTR)
				enter_failed(vcpu, (int)-ret);
			continue;
		}
		vcpu->entering = false;
		handle_exit(vcpu);
		catch_up(vcpu);
	}
}
