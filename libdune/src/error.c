// SPDX-License-Identifier: LGPL-2.1-only
/* error.c - what an error of this library means and what to do about it. */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const struct {
	int error;
	const char *text;
} messages[] = {
	{ ENOENT, "no " DUNE_DEVICE ": load the module (insmod dune.ko); it needs a CPU with the VZ module" },
	{ ENODEV, DUNE_DEVICE " has no driver: load the module (insmod dune.ko); it needs a CPU with the VZ module" },
	{ ENXIO, DUNE_DEVICE " has no driver: load the module (insmod dune.ko); it needs a CPU with the VZ module" },
	{ EACCES, "no permission to open " DUNE_DEVICE ": chmod 666 " DUNE_DEVICE " as root, or run as root" },
	{ EPERM, "not allowed to use " DUNE_DEVICE ": see the kernel log (dmesg)" },
	{ EPROTO, "dune.ko speaks another version of the interface: build module and program from the same source" },
	{ ENOTSUP, "this CPU's guest lacks KScratch1 and KScratch2, or has addresses of more than 48 bits" },
	{ ENOTCONN, "Dune is not set up in this process or thread: call dune_init(), then dune_enter()" },
	{ EALREADY, "the thread is in guest mode already" },
	{ EBUSY, "guest mode of this thread is interrupted by a signal handler: return from the handler first" },
	{ EINVAL, "wrong argument, or the thread is not in guest mode" },
	{ ENOSPC, "too many vCPUs: end threads that have entered guest mode" },
	{ EBADF, "the descriptor of " DUNE_DEVICE " was closed by the program: it must stay open" },
	{ EXDEV, "the descriptor of " DUNE_DEVICE " belongs to another process: call dune_init() in this one" },
};

const char *dune_strerror(int error)
{
	if (error < 0)
		error = -error;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].error == error)
			return messages[i].text;
	return strerror(error);
}
