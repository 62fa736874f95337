// SPDX-License-Identifier: LGPL-2.1-only
/*
 * process.c - /dev/dune, and what belongs to the process as a whole.
 *
 * A vCPU and the second stage belong to one address space, so a forked child
 * must not find its parent's. Linux itself forgets for us: the state lives in
 * memory that is zero in a forked child (MADV_WIPEONFORK), however it was made,
 * and is still the parent's in a child that shares it (vfork, threads).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

#define KSCRATCH_USED	((1U << 2) | (1U << 3))	/* vectors.S */
#define TABLE_BITS	48			/* four levels of 9 bits, 4 KiB */

static struct wiped {
	pthread_mutex_t lock;	/* all zero is unlocked */
	struct dune_process process;
} *wiped;
static int wiped_error;

/* Survive a fork, so that the child can close what it inherited. */
static uint64_t last_generation;
static int last_fd = -1;
static dev_t last_device;

static void map_wiped(void)
{
	void *p = mmap(NULL, sizeof(*wiped), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		wiped_error = -errno;
		return;
	}
	if (madvise(p, sizeof(*wiped), MADV_WIPEONFORK) < 0) {
		wiped_error = -errno;
		munmap(p, sizeof(*wiped));
		return;
	}
	wiped = p;
}

void dune_lock(void)
{
	pthread_mutex_lock(&wiped->lock);
}

void dune_unlock(void)
{
	pthread_mutex_unlock(&wiped->lock);
}

struct dune_process *dune_process(void)
{
	return wiped && wiped->process.generation ? &wiped->process : NULL;
}

/* The parent's file is of no use here. It may be closed or replaced by now. */
static void close_inherited(void)
{
	struct stat st;

	if (last_fd >= 0 && !fstat(last_fd, &st) && S_ISCHR(st.st_mode) &&
	    st.st_rdev == last_device)
		close(last_fd);
	last_fd = -1;
}

static int check_info(const struct dune_info *info)
{
	if (info->abi_version != DUNE_ABI_VERSION)
		return -EPROTO;
	if ((info->guest_kscratch & KSCRATCH_USED) != KSCRATCH_USED ||
	    info->address_bits > TABLE_BITS)
		return -ENOTSUP;
	return 0;
}

static int open_device(struct dune_process *process)
{
	struct stat st;
	int err = 0;
	int fd;

	do {		/* a signal whose handler lacks SA_RESTART ends it */
		fd = open(DUNE_DEVICE, O_RDWR | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	process->info = (struct dune_info){ .size = sizeof(process->info) };
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (ioctl(fd, DUNE_GET_INFO, &process->info) < 0)
		err = errno == ENOTTY || errno == E2BIG ? -EPROTO : -errno;
	else
		err = check_info(&process->info);
	if (err) {
		close(fd);
		return err;
	}
	process->fd = fd;
	last_fd = fd;
	last_device = st.st_rdev;
	process->generation = ++last_generation;
	return 0;
}

int dune_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int err = 0;
	int saved = errno;

	pthread_once(&once, map_wiped);
	if (!wiped)
		return wiped_error;
	dune_lock();
	if (!wiped->process.generation) {
		close_inherited();
		err = open_device(&wiped->process);
	}
	dune_unlock();
	errno = saved;
	return err;
}
