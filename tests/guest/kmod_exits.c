// SPDX-License-Identifier: GPL-2.0
/*
 * What comes out of guest mode: registers, every exit reason with its details,
 * and that guest mode goes on behind it.
 */

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "kmod.h"

/* Status and PageGrain as uapi/dune.h gives them. */
#define STATUS_START	0x240000e0u	/* CU1 FR KX SX UX */
#define PAGEGRAIN_START	0xe8000000u	/* RIE XIE ELPA IEC */

static int fd;
static char *vectors;

GUEST_CODE(leave, HYPCALL(1));
GUEST_CODE(others, HYPCALL(0) HYPCALL(1) HYPCALL(2) HYPCALL(1023));
GUEST_CODE(in_slot, "b . + 8\n" HYPCALL(0));
GUEST_CODE(load, "ld $2, 0($4)\n" HYPCALL(1));
GUEST_CODE(load_in_slot, "b . + 8\nld $2, 0($4)\n" HYPCALL(1));
GUEST_CODE(store, "sd $5, 0($4)\n" HYPCALL(1));
GUEST_CODE(jump, "jr $4\nnop\n");
GUEST_CODE(read_prid, "li $2, 5\nmfc0 $2, $15, 0\n" HYPCALL(1));
GUEST_CODE(wait_twice, "wait\nwait\nli $2, 77\n" HYPCALL(1));
GUEST_CODE(cache_op, "cache 0x11, 0($4)\n" HYPCALL(1));

/* All registers but at are in the hands of the test. */
GUEST_CODE(registers,
	   "mfhi $1\ndaddiu $1, 1\nmthi $1\n"
	   "mflo $1\ndaddiu $1, 1\nmtlo $1\n"
	   ".irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	   "daddiu $\\n, 1\n"
	   ".endr\n"
	   HYPCALL(1));

static void test_registers(uint32_t vcpu)
{
	struct dune_enter io = at(vcpu, registers);
	unsigned int wrong = 0;

	for (int i = 0; i < 32; i++)
		io.regs.gpr[i] = 0x0123456789abcd00ul << (i & 3) | i;
	io.regs.hi = 0xfedcba9876543210ul;
	io.regs.lo = 0x8000000000000000ul;
	run_to_end(fd, &io);
	for (int i = 2; i < 32; i++)
		wrong += io.regs.gpr[i] != (0x0123456789abcd00ul << (i & 3) | i) + 1;
	is(wrong, 0, "30 registers in and out, each with its own value");
	is(io.regs.hi, 0xfedcba9876543211ul, "HI in and out");
	is(io.regs.lo, 0x8000000000000001ul, "LO in and out");
	is(io.regs.gpr[0], 0, "register 0 reads as zero, whatever was passed");
}

static void test_hypcalls(uint32_t vcpu)
{
	static const struct {
		uint32_t reason, code;
	} expect[] = {
		{ DUNE_EXIT_SYSCALL, 0 }, { DUNE_EXIT_LEAVE, 1 },
		{ DUNE_EXIT_HYPCALL, 2 }, { DUNE_EXIT_HYPCALL, 1023 },
	};
	struct dune_enter io = at(vcpu, others);

	for (unsigned int i = 0; i < 4; i++) {
		run_to_end(fd, &io);
		ok(io.reason == expect[i].reason && io.hypcall == expect[i].code &&
		   io.exccode == EXC_GE && io.gexccode == GEXC_HC && !io.delay_slot &&
		   io.instr == (0x42000028 | expect[i].code << 11) &&
		   io.regs.pc == GUEST(others) + 4 * (i + 1),
		   "hypcall %u: reason %u, PC behind it", expect[i].code, io.reason);
	}

	io = at(vcpu, in_slot);
	run_to_end(fd, &io);
	ok(io.reason == DUNE_EXIT_UNHANDLED && io.delay_slot &&
	   io.regs.pc == GUEST(in_slot) && io.instr == 0x42000028,
	   "hypcall in a delay slot: reported, PC at the branch");
}

static void is_fault(const struct dune_enter *io, const void *addr, uint32_t access,
		     uint64_t pc, const char *what)
{
	bool good = ok(io->reason == DUNE_EXIT_FAULT && io->badvaddr == (uintptr_t)addr &&
		       io->access == access && io->regs.pc == pc &&
		       io->gexccode == GEXC_GPA, "%s: reported", what);

	if (!good)
		printf("# reason %u badvaddr 0x%lx access %u pc 0x%lx exccode %u gexccode %u\n",
		       io->reason, (long)io->badvaddr, io->access, (long)io->regs.pc,
		       io->exccode, io->gexccode);
}

/* Addresses that Linux has nothing for, or not for that. */
static void test_faults(uint32_t vcpu)
{
	long size = sysconf(_SC_PAGESIZE);
	char *page = guest_page(), *none = guest_page();
	struct dune_enter io;

	munmap(none, size);
	io = at(vcpu, load);
	io.regs.gpr[A0] = GUEST(none + 8);
	run_to_end(fd, &io);
	is_fault(&io, none + 8, DUNE_ACCESS_READ, GUEST(load), "load, unmapped");
	is(io.instr, 0xdc820000, "its instruction");

	io = at(vcpu, load_in_slot);
	io.regs.gpr[A0] = GUEST(none);
	run_to_end(fd, &io);
	is_fault(&io, none, DUNE_ACCESS_READ, GUEST(load_in_slot), "load in a delay slot");
	is(io.delay_slot, 1, "PC is the branch");

	io = at(vcpu, store);
	io.regs.gpr[A0] = GUEST(none);
	run_to_end(fd, &io);
	is_fault(&io, none, DUNE_ACCESS_WRITE, GUEST(store), "store, unmapped");

	io = at(vcpu, jump);
	io.regs.gpr[A0] = GUEST(none);
	run_to_end(fd, &io);
	is_fault(&io, none, DUNE_ACCESS_FETCH, GUEST(none), "jump, unmapped");
	is(io.instr, 0, "no instruction is told");

	/* What is mapped in the end can be gone on with. */
	mmap(none, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	io = at(vcpu, load);
	io.regs.gpr[A0] = GUEST(none);
	io.regs.gpr[V0] = 1;
	run_to_end(fd, &io);
	ok(io.reason == DUNE_EXIT_LEAVE && !io.regs.gpr[V0], "load, mapped since: zero");

	io = at(vcpu, jump);
	io.regs.gpr[A0] = GUEST(none);
	run_to_end(fd, &io);
	is_fault(&io, none, DUNE_ACCESS_FETCH, GUEST(none), "jump, page is not executable");

	mprotect(page, size, PROT_READ);
	io = at(vcpu, store);
	io.regs.gpr[A0] = GUEST(page);
	run_to_end(fd, &io);
	is_fault(&io, page, DUNE_ACCESS_WRITE, GUEST(store), "store, read-only page");
	io = at(vcpu, load);
	io.regs.gpr[A0] = GUEST(page);
	is(run_to_end(fd, &io), DUNE_EXIT_LEAVE, "load from it");

	mprotect(page, size, PROT_NONE);
	io = at(vcpu, load);
	io.regs.gpr[A0] = GUEST(page);
	run_to_end(fd, &io);
	is_fault(&io, page, DUNE_ACCESS_READ, GUEST(load), "load, PROT_NONE");

	io = at(vcpu, load);
	io.regs.gpr[A0] = GUEST(0);
	run_to_end(fd, &io);
	is_fault(&io, NULL, DUNE_ACCESS_READ, GUEST(load), "load from 0");
	munmap(page, size);
	munmap(none, size);
}

/* Behind the end of the process's addresses there is nothing. */
static void test_bounds(uint32_t vcpu)
{
	struct dune_info info = { .size = sizeof(info) };
	struct dune_enter io;

	call(fd, DUNE_GET_INFO, &info);
	for (unsigned int bit = info.address_bits; bit < 48; bit++) {
		io = at(vcpu, load);
		io.regs.gpr[A0] = GUEST(1ul << bit);
		run_to_end(fd, &io);
		if (bit == info.address_bits)
			is_fault(&io, (void *)(1ul << bit), DUNE_ACCESS_READ, GUEST(load),
				 "first address that no process has");
		else if (io.reason != DUNE_EXIT_FAULT)
			ok(false, "address bit %u is refused", bit);
	}
	io = at(vcpu, load);
	io.regs.gpr[A0] = GUEST(0x1000);	/* kernel text, were it physical memory */
	run_to_end(fd, &io);
	is_fault(&io, (void *)0x1000, DUNE_ACCESS_READ, GUEST(load), "low physical memory");
}

static void test_privileged(uint32_t vcpu)
{
	struct dune_enter io = at(vcpu, read_prid);

	run_to_end(fd, &io);
	ok(io.reason == DUNE_EXIT_PRIVILEGED && io.exccode == EXC_GE &&
	   io.gexccode == GEXC_GPSI && io.instr == 0x40027800 &&
	   io.regs.pc == GUEST(read_prid) + 4 && io.regs.gpr[V0] == 5,
	   "mfc0 PRId: reported with its instruction, not executed");

	io = at(vcpu, cache_op);
	io.regs.gpr[A0] = GUEST(vectors);
	is(run_to_end(fd, &io), DUNE_EXIT_PRIVILEGED,
	   "hit invalidate of the data cache is denied: it would show old memory");

	io = at(vcpu, wait_twice);
	run_to_end(fd, &io);
	ok(io.reason == DUNE_EXIT_LEAVE && io.regs.gpr[V0] == 77, "wait ends by itself");
}

/* Guest CP0 as uapi/dune.h says it starts. */
GUEST_CODE(read_cp0,
	   "mfc0 $2, $12, 0\nmfc0 $3, $5, 1\ndmfc0 $4, $15, 1\nmfc0 $5, $6, 0\n"
	   "dmfc0 $6, $10, 0\nmfc0 $7, $13, 0\n"
	   "dmfc0 $8, $31, 2\ndmfc0 $9, $31, 3\ndmfc0 $10, $31, 4\ndmfc0 $11, $31, 5\n"
	   "dmfc0 $12, $31, 6\ndmfc0 $13, $31, 7\n"
	   "rdhwr $14, $29\ndmfc0 $15, $4, 2\n" HYPCALL(1));
GUEST_CODE(write_cp0,
	   "dmtc0 $4, $31, 2\ndmtc0 $4, $31, 7\ndmtc0 $4, $8, 0\ndmtc0 $4, $14, 0\n"
	   "dmtc0 $4, $20, 0\ndmtc0 $4, $2, 0\nmtc0 $0, $6, 0\n" HYPCALL(1));

static uint64_t thread_pointer(void)
{
	uint64_t tp;

	asm(".set push\n.set mips64r2\nrdhwr %0, $29\n.set pop" : "=r" (tp));
	return tp;
}

static void test_cp0(uint32_t vcpu)
{
	uint32_t fresh = vcpu_new(fd, vectors);
	struct dune_enter io = at(fresh, read_cp0);
	uint64_t kscratch = 0;

	run_to_end(fd, &io);
	is(io.regs.gpr[2], STATUS_START, "Status at the start");
	is(io.regs.gpr[3], (int32_t)PAGEGRAIN_START, "PageGrain at the start");
	is(io.regs.gpr[4] & ~0xffful, GUEST(vectors), "EBase is XKPHYS | ebase");
	is(io.regs.gpr[5], 0, "Wired at the start");
	is(io.regs.gpr[6], 0, "EntryHi at the start");
	is(io.regs.gpr[7] & ~0xff00, 0, "Cause at the start");
	for (int i = 8; i < 14; i++)
		kscratch |= io.regs.gpr[i];
	is(kscratch, 0, "KScratch1 to 6 at the start");
	ok(io.regs.gpr[14] == thread_pointer() && io.regs.gpr[15] == thread_pointer(),
	   "UserLocal is the thread pointer");
	is(io.guest_status, STATUS_START, "guest_status is told");

	/* One vCPU's registers are not another's. */
	io = at(vcpu, write_cp0);
	io.regs.gpr[A0] = 0x5555aaaa5555aaa8;
	run_to_end(fd, &io);
	is(io.guest_epc, 0x5555aaaa5555aaa8, "guest_epc is told");
	io = at(fresh, read_cp0);
	run_to_end(fd, &io);
	is(io.regs.gpr[8] | io.regs.gpr[13], 0, "a vCPU does not see another's KScratch");
	io = at(vcpu, read_cp0);
	run_to_end(fd, &io);
	ok(io.regs.gpr[8] == 0x5555aaaa5555aaa8 && io.regs.gpr[13] == 0x5555aaaa5555aaa8,
	   "and keeps its own");
	call(fd, DUNE_VCPU_DESTROY, &fresh);
}

/* A trap of the guest is the guest's: no exit but the hypcall in its handler. */
GUEST_CODE(trap, "li $2, 1\nteq $0, $0\nli $2, 2\n" HYPCALL(1));
GUEST_CODE(handler, "mfc0 $4, $13, 0\ndmfc0 $5, $14, 0\ndaddiu $6, $5, 4\ndmtc0 $6, $14, 0\n"
	   "ehb\neret\n");

static void test_trap(uint32_t vcpu)
{
	struct dune_vcpu_stats before = { .size = sizeof(before), .handle = vcpu };
	struct dune_vcpu_stats after = before;
	struct dune_enter io = at(vcpu, trap);
	uint64_t exits = 0;

	memcpy(vectors + 0x180, handler, 24);
	__builtin___clear_cache(vectors, vectors + 0x1000);
	run_to_end(fd, &io);
	io = at(vcpu, trap);
	call(fd, DUNE_VCPU_STATS, &before);
	run(fd, &io);
	call(fd, DUNE_VCPU_STATS, &after);
	ok(io.reason == DUNE_EXIT_LEAVE && io.regs.gpr[V0] == 2 &&
	   (io.regs.gpr[A0] >> 2 & 31) == 13 && io.regs.gpr[A1] == GUEST(trap) + 4,
	   "teq: taken by the guest's own handler, which goes on behind it");
	is(after.count[DUNE_STAT_ENTER] - before.count[DUNE_STAT_ENTER], 1, "one DUNE_ENTER");
	for (int i = DUNE_STAT_FAULT; i < DUNE_STAT_COUNT_; i++)
		if (i != DUNE_STAT_HYPCALL)
			exits += after.count[i] - before.count[i];
	is(after.count[DUNE_STAT_HYPCALL] - before.count[DUNE_STAT_HYPCALL], 1, "one hypcall");
	is(exits, 0, "and no other exit but interrupts and refills, which may always be");
}

/* The FPU registers of the guest are the thread's; $f24 survives function calls. */
GUEST_CODE(fpu, "dmtc1 $4, $f20\ncvt.d.l $f20, $f20\nadd.d $f24, $f24, $f20\n"
	   "dmfc1 $2, $f24\n" HYPCALL(1));

static double run_fpu(uint32_t vcpu, double start, uint64_t addend, double *seen_by_guest)
{
	struct dune_enter io = at(vcpu, fpu);
	double end;

	io.regs.gpr[A0] = addend;
	asm volatile("mov.d $f24, %0" : : "f" (start) : "$f24");
	run_to_end(fd, &io);
	asm volatile("mov.d %0, $f24" : "=f" (end));
	memcpy(seen_by_guest, &io.regs.gpr[V0], sizeof(*seen_by_guest));
	return end;
}

static void test_fpu(uint32_t vcpu)
{
	double guest, host = run_fpu(vcpu, 0.5, 41, &guest);

	ok(guest == 41.5, "the guest sees the thread's FPU registers: %g", guest);
	ok(host == 41.5, "and the thread the guest's: %g", host);
}

/*
 * A guest that takes its time in the handler of a floating point exception has
 * FCSR in a state that Linux never has; it must neither harm the kernel when
 * others use the FPU meanwhile, nor be lost.
 */
GUEST_CODE(divide, "li $2, 0x400\nctc1 $2, $31\n"	/* enable: division by zero */
	   "dmtc1 $0, $f0\nli $2, 1\ndmtc1 $2, $f2\ncvt.d.l $f2, $f2\n"
	   "div.d $f4, $f2, $f0\nctc1 $0, $31\n" HYPCALL(1));
GUEST_CODE(fpe_handler, "mfc0 $4, $13, 0\n"
	   "1: lw $6, 0($7)\nbeqz $6, 1b\nnop\n"		/* until it is told to */
	   "cfc1 $5, $31\nctc1 $0, $31\n"
	   "dmfc0 $6, $14, 0\ndaddiu $6, 4\ndmtc0 $6, $14, 0\nehb\neret\n");

/* Another process: uses the FPU, then tells so at @done. */
static pid_t fpu_user(atomic_int *done)
{
	pid_t pid = fork();

	if (!pid) {
		volatile double d = 1;

		for (int i = 0; i < 100000; i++)
			d *= 1.0000001;
		*done = 1;
		pause();
	}
	return pid;
}

static void test_fpe(uint32_t vcpu)
{
	struct dune_vcpu_stats before = { .size = sizeof(before), .handle = vcpu };
	struct dune_vcpu_stats after = before;
	struct dune_enter io = at(vcpu, divide);
	atomic_int *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t other = fpu_user(done);

	memcpy(vectors + 0x180, fpe_handler, 52);
	__builtin___clear_cache(vectors, vectors + 0x1000);
	io.regs.gpr[A3] = GUEST(done);
	call(fd, DUNE_VCPU_STATS, &before);
	run_to_end(fd, &io);
	call(fd, DUNE_VCPU_STATS, &after);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	ok(io.reason == DUNE_EXIT_LEAVE && (io.regs.gpr[A0] >> 2 & 31) == 15,
	   "division by zero: taken by the guest's own handler");
	ok(after.count[DUNE_STAT_FPU] > before.count[DUNE_STAT_FPU],
	   "another process has the FPU before the handler ends");
	ok((io.regs.gpr[A1] & 0x8400) == 0x8400, "FCSR keeps cause and enable: 0x%lx",
	   (long)io.regs.gpr[A1]);
	munmap(done, 4096);
}

int main(void)
{
	uint32_t vcpu;

	fd = dune_open();
	vectors = guest_page();
	vcpu = vcpu_new(fd, vectors);
	test_registers(vcpu);
	test_hypcalls(vcpu);
	test_faults(vcpu);
	test_bounds(vcpu);
	test_privileged(vcpu);
	test_cp0(vcpu);
	test_trap(vcpu);
	test_fpu(vcpu);
	test_fpe(vcpu);
	return tap_done();
}
