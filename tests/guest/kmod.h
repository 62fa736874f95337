/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmod.h - what the tests of dune.ko share. They use /dev/dune as it is, without
 * libdune, and guest code of a few instructions each.
 *
 * The guest code lies in the program's text and runs at XKPHYS | its address, and
 * its pointers are XKPHYS | address: so it needs no first stage. Vectors are in a
 * page of their own (guest_page()).
 */
#ifndef _KMOD_H
#define _KMOD_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <dune/uapi.h>

#include "tap.h"

/* Cached, unmapped: where the guest sees address @p of the process. */
#define XKPHYS		0x9800000000000000ul
#define GUEST(p)	(XKPHYS | (uintptr_t)(p))

/* Root.Cause.ExcCode and GuestCtl0.GExcCode (mips-vz.md §6.1) */
enum { EXC_MOD = 1, EXC_TLBL = 2, EXC_TLBS = 3, EXC_TLBXI = 20, EXC_GE = 27 };
enum { GEXC_GPSI = 0, GEXC_HC = 2, GEXC_GPA = 10 };

/*
 * GUEST_CODE(name, "instructions"): a piece of guest code, `name` in C. Ends in
 * a hypercall; HYPCALL(n) is the instruction.
 */
#define STR_(x)		#x
#define STR(x)		STR_(x)
#define HYPCALL(n)	".word 0x42000028 | " STR(n) " << 11\n"
#define GUEST_CODE(name, code)						\
	extern const char name[];					\
	asm(".pushsection .text\n.balign 8\n.set push\n.set noreorder\n" \
	    ".set noat\n.set virt\n" #name ":\n" code ".set pop\n.popsection")

/* Register numbers by their n64 names, as far as the tests use them. */
enum { V0 = 2, A0 = 4, A1 = 5, A2 = 6, A3 = 7, SP = 29, RA = 31 };

/* A whole page of the process, readable, writable, executable, touched. */
static inline char *guest_page(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	memset(page, 0, size);
	return page;
}

static inline int dune_open(void)
{
	int fd = open(DUNE_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail_out(DUNE_DEVICE ": %s", strerror(errno));
	return fd;
}

/* ioctl() that gives 0 or the error number. */
static inline int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

static inline int vcpu_create(int fd, void *vectors, uint32_t *handle)
{
	struct dune_vcpu_create create = {
		.size = sizeof(create),
		.ebase = (uintptr_t)vectors,
	};
	int err = call(fd, DUNE_VCPU_CREATE, &create);

	*handle = create.handle;
	return err;
}

/* A vCPU or the end of the test. */
static inline uint32_t vcpu_new(int fd, void *vectors)
{
	uint32_t handle;
	int err = vcpu_create(fd, vectors, &handle);

	if (err)
		bail_out("DUNE_VCPU_CREATE: %s", strerror(err));
	return handle;
}

/* What to enter with: at @code, everything else zero. */
static inline struct dune_enter at(uint32_t handle, const void *code)
{
	return (struct dune_enter) {
		.size = sizeof(struct dune_enter),
		.handle = handle,
		.regs.pc = GUEST(code),
	};
}

/* Enters, or ends the test. */
static inline void run(int fd, struct dune_enter *io)
{
	int err = call(fd, DUNE_ENTER, io);

	if (err)
		bail_out("DUNE_ENTER: %s", strerror(err));
}

/* The same, and goes on after signals, which the tests do not ask for here. */
static inline uint32_t run_to_end(int fd, struct dune_enter *io)
{
	do
		run(fd, io);
	while (io->reason == DUNE_EXIT_SIGNAL);
	return io->reason;
}

#endif
