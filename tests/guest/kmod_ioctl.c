// SPDX-License-Identifier: GPL-2.0
/*
 * Every argument that dune.ko must refuse, with the error that uapi/dune.h
 * promises, and what is to be accepted: older and newer callers.
 */

#include <stddef.h>

#include "kmod.h"

/* An address that is not mapped, and one that user space never has. */
#define UNMAPPED	((void *)8)
#define KERNEL		((void *)0xffffffff80100000ul)

GUEST_CODE(leave, HYPCALL(1));

/* A struct with a tail that this kernel does not know. */
#define LONGER(type)	struct { type known; uint64_t tail[4]; }

static const struct {
	unsigned long cmd;
	size_t size;
	const char *name;
} calls[] = {
	{ DUNE_GET_INFO, sizeof(struct dune_info), "DUNE_GET_INFO" },
	{ DUNE_VCPU_CREATE, sizeof(struct dune_vcpu_create), "DUNE_VCPU_CREATE" },
	{ DUNE_ENTER, sizeof(struct dune_enter), "DUNE_ENTER" },
	{ DUNE_VCPU_STATS, sizeof(struct dune_vcpu_stats), "DUNE_VCPU_STATS" },
};

/* The rules of the size field are those of all structs. */
static void sizes(int fd)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		union {
			uint32_t size;
			char bytes[8192];
		} arg = { 0 };
		unsigned long cmd = calls[i].cmd;
		const char *name = calls[i].name;

		ok(call(fd, cmd, UNMAPPED) == EFAULT, "%s: unmapped argument: EFAULT", name);
		ok(call(fd, cmd, KERNEL) == EFAULT, "%s: kernel address: EFAULT", name);
		ok(call(fd, cmd, NULL) == EFAULT, "%s: null argument: EFAULT", name);
		arg.size = 0;
		ok(call(fd, cmd, &arg) == EINVAL, "%s: size 0: EINVAL", name);
		arg.size = calls[i].size - 1;
		ok(call(fd, cmd, &arg) == EINVAL, "%s: size too small: EINVAL", name);
		arg.size = UINT32_MAX;
		ok(call(fd, cmd, &arg) == E2BIG, "%s: size 4 GiB: E2BIG", name);
		arg.size = calls[i].size + 8;
		arg.bytes[calls[i].size + 7] = 1;
		ok(call(fd, cmd, &arg) == E2BIG, "%s: unknown tail, not zero: E2BIG", name);
	}
}

/* An argument of which only the start is mapped. */
static void half_mapped(int fd)
{
	long size = sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *start = (uint32_t *)(two + size - 8);

	munmap(two + size, size);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		*start = calls[i].size;
		ok(call(fd, calls[i].cmd, start) == EFAULT,
		   "%s: argument runs into an unmapped page: EFAULT", calls[i].name);
	}
	munmap(two, size);
}

static void info(int fd)
{
	LONGER(struct dune_info) arg = { .known.size = sizeof(arg) };

	is(call(fd, DUNE_GET_INFO, &arg), 0, "DUNE_GET_INFO: longer struct, zero tail: accepted");
	is(arg.known.abi_version, DUNE_ABI_VERSION, "abi_version");
	is(arg.known.page_size, sysconf(_SC_PAGESIZE), "page_size");
	ok(arg.known.address_bits >= 40 && arg.known.address_bits <= 48, "address_bits: %u",
	   arg.known.address_bits);
	ok(arg.known.guest_tlb_entries >= 16, "guest_tlb_entries: %u",
	   arg.known.guest_tlb_entries);
	ok(arg.known.guest_kscratch && !(arg.known.guest_kscratch & ~0xfcu),
	   "guest_kscratch: 0x%x", arg.known.guest_kscratch);
}

static int create_with(int fd, uint32_t flags, uint64_t ebase, uint32_t pad)
{
	struct dune_vcpu_create arg = {
		.size = sizeof(arg), .flags = flags, .ebase = ebase, .pad = pad,
	};
	int err = call(fd, DUNE_VCPU_CREATE, &arg);

	if (!err)
		call(fd, DUNE_VCPU_DESTROY, &arg.handle);
	return err;
}

static void create(int fd)
{
	struct dune_info known = { .size = sizeof(known) };
	LONGER(struct dune_vcpu_create) newer = { .known.size = sizeof(newer) };
	uint64_t end;

	call(fd, DUNE_GET_INFO, &known);
	end = 1ul << known.address_bits;

	is(create_with(fd, 0, 0x10000, 0), 0, "DUNE_VCPU_CREATE: accepted");
	is(create_with(fd, 1, 0x10000, 0), EINVAL, "unknown flag: EINVAL");
	is(create_with(fd, 1u << 31, 0x10000, 0), EINVAL, "unknown flag, bit 31: EINVAL");
	is(create_with(fd, 0, 0x10000, 1), EINVAL, "padding: EINVAL");
	is(create_with(fd, 0, 0x10800, 0), EINVAL, "ebase not aligned: EINVAL");
	is(create_with(fd, 0, end, 0), EINVAL, "ebase behind the last address: EINVAL");
	is(create_with(fd, 0, end - 0x1000, 0), 0, "ebase at the last page: accepted");
	is(create_with(fd, 0, GUEST(0x10000), 0), EINVAL, "ebase in XKPHYS: EINVAL");
	is(create_with(fd, 0, -0x1000ul, 0), EINVAL, "ebase in a kernel segment: EINVAL");

	is(call(fd, DUNE_VCPU_CREATE, &newer), 0, "longer struct, zero tail: accepted");
	is(call(fd, DUNE_VCPU_DESTROY, &newer.known.handle), 0, "DUNE_VCPU_DESTROY: accepted");
	is(call(fd, DUNE_VCPU_DESTROY, &newer.known.handle), ENOENT,
	   "DUNE_VCPU_DESTROY again: ENOENT");
	is(call(fd, DUNE_VCPU_DESTROY, UNMAPPED), EFAULT,
	   "DUNE_VCPU_DESTROY: unmapped argument: EFAULT");
}

/* A handle is not a pointer, and is one file's (D2, D4). */
static void handles(int fd)
{
	static const uint32_t bad[] = { 0, 12345, INT32_MAX, UINT32_MAX, 0x80000000 };
	uint32_t handle = vcpu_new(fd, NULL);
	int other = dune_open();
	struct dune_enter io = at(handle, leave);
	struct dune_vcpu_stats stats = { .size = sizeof(stats), .handle = handle };

	is(call(other, DUNE_ENTER, &io), ENOENT, "handle of another file: DUNE_ENTER: ENOENT");
	is(call(other, DUNE_VCPU_STATS, &stats), ENOENT,
	   "handle of another file: DUNE_VCPU_STATS: ENOENT");
	is(call(other, DUNE_VCPU_DESTROY, &handle), ENOENT,
	   "handle of another file: DUNE_VCPU_DESTROY: ENOENT");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		io.handle = stats.handle = bad[i];
		ok(call(fd, DUNE_ENTER, &io) == ENOENT &&
		   call(fd, DUNE_VCPU_STATS, &stats) == ENOENT &&
		   call(fd, DUNE_VCPU_DESTROY, &io.handle) == ENOENT,
		   "handle 0x%x: ENOENT", bad[i]);
	}
	close(other);
	io = at(handle, leave);
	run_to_end(fd, &io);
	is(io.reason, DUNE_EXIT_LEAVE, "closing another file leaves the vCPU alone (D1)");
	call(fd, DUNE_VCPU_DESTROY, &handle);
}

static void enter(int fd)
{
	uint32_t handle = vcpu_new(fd, NULL);
	LONGER(struct dune_enter) newer = { .known = at(handle, leave) };
	struct dune_enter io = at(handle, leave);
	uint64_t *sealed = (uint64_t *)guest_page();

	io.flags = 1;
	is(call(fd, DUNE_ENTER, &io), EINVAL, "DUNE_ENTER: unknown flag: EINVAL");
	newer.known.size = sizeof(newer);
	is(call(fd, DUNE_ENTER, &newer), 0, "DUNE_ENTER: longer struct, zero tail: accepted");

	io = at(handle, leave);
	memcpy(sealed, &io, sizeof(io));
	mprotect(sealed, sysconf(_SC_PAGESIZE), PROT_READ);
	is(call(fd, DUNE_ENTER, sealed), EFAULT, "DUNE_ENTER: argument cannot be written: EFAULT");
	io = at(handle, leave);
	is(run_to_end(fd, &io), DUNE_EXIT_LEAVE, "and the vCPU can be entered afterwards");
	call(fd, DUNE_VCPU_DESTROY, &handle);
}

static void unknown_calls(int fd)
{
	char arg[8192] = { 0 };

	is(call(fd, _IO(DUNE_IOC_MAGIC, 0), arg), ENOTTY, "right number, no argument: ENOTTY");
	is(call(fd, _IOWR(DUNE_IOC_MAGIC, 99, struct dune_info), arg), ENOTTY,
	   "unknown number: ENOTTY");
	is(call(fd, _IOWR('T', 0, struct dune_info), arg), ENOTTY, "unknown type: ENOTTY");
	is(read(fd, arg, 1) < 0 ? errno : 0, EINVAL, "read(): EINVAL");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV,
	   "mmap(): ENODEV");
}

/* Thousands of vCPUs without a file each; the bound is an error, and all go. */
static void many(int fd)
{
	uint32_t handle, count = 0;
	int err = 0;

	while (count < 100000 && !(err = vcpu_create(fd, NULL, &handle)))
		count++;
	ok(err == ENOSPC && count >= 4096, "%u vCPUs, then ENOSPC", count);
	is(call(fd, DUNE_VCPU_DESTROY, &handle), ENOENT, "the one refused has no handle");
	handle = count / 2;
	is(call(fd, DUNE_VCPU_DESTROY, &handle), 0, "one destroyed");
	is(vcpu_create(fd, NULL, &handle), 0, "makes room for one");
}

int main(void)
{
	int fd = dune_open();

	sizes(fd);
	half_mapped(fd);
	info(fd);
	create(fd);
	handles(fd);
	enter(fd);
	unknown_calls(fd);
	many(fd);
	close(fd);
	return tap_done();
}
