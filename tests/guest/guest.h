/* SPDX-License-Identifier: GPL-2.0 */
/* guest.h - what the tests of libdune share. */
#ifndef _GUEST_H
#define _GUEST_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dune/dune.h>

#include "tap.h"

/* Into guest mode and out of it; anything else is the end of the test. */
static inline void enter(void)
{
	int err = dune_init();

	if (!err)
		err = dune_enter();
	if (err)
		bail_out("cannot enter guest mode: %s", dune_strerror(err));
}

static inline void leave(void)
{
	int err = dune_leave();

	if (err)
		bail_out("cannot leave guest mode: %s", dune_strerror(err));
}

/* How a child ended: status as of waitpid(), and what it wrote to stderr. */
struct outcome {
	int status;
	char err[8192];
};

/*
 * Runs @function in a forked child. Whether the child begins in guest mode is
 * @function's business; it begins in host mode. Its return value is the exit
 * status.
 */
static inline struct outcome run_child(int (*function)(void))
{
	struct outcome out = { 0 };
	size_t length = 0;
	int fds[2];
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0)
		bail_out("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		_exit(function());
	}
	close(fds[1]);
	while (length < sizeof(out.err) - 1) {
		ssize_t n = read(fds[0], out.err + length, sizeof(out.err) - 1 - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	close(fds[0]);
	while (waitpid(pid, &out.status, 0) < 0 && errno == EINTR)
		;
	return out;
}

static inline bool exited(const struct outcome *out, int status)
{
	return WIFEXITED(out->status) && WEXITSTATUS(out->status) == status;
}

static inline bool killed(const struct outcome *out, int sig)
{
	return WIFSIGNALED(out->status) && WTERMSIG(out->status) == sig;
}

/* For diagnosis after a failed check, as TAP comments. */
static inline void show(const struct outcome *out)
{
	printf("# status 0x%x, stderr:\n", out->status);
	for (const char *p = out->err; *p; ) {
		size_t n = strcspn(p, "\n");

		printf("#   %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

#endif
