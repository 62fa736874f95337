// SPDX-License-Identifier: GPL-2.0
/* RUN: a program with its own session, pipes and time limit. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operation.h"

/* RUN, decoded; the strings point into the frame. */
struct request {
	struct dune_agent_run run;
	const char *cwd;
	char **argv;
	char **envp;
};

/*
 * Check RUN and split its strings. Returns 0, EINVAL when the payload is not
 * exactly what the header promises, or ENOMEM; argv is to be freed after 0.
 */
static int request_decode(const struct frame *frame, struct request *req)
{
	const char *p = (const char *)frame->payload + sizeof(req->run);
	const char *end = (const char *)frame->payload + frame->length;
	char **slot;

	if (frame->length < sizeof(req->run))
		return EINVAL;
	memcpy(&req->run, frame->payload, sizeof(req->run));
	if (req->run.flags & ~DUNE_AGENT_RUN_STDIN || !req->run.argc ||
	    req->run.argc > frame->length || req->run.envc > frame->length)
		return EINVAL;
	slot = calloc(req->run.argc + req->run.envc + 2, sizeof(*slot));
	if (!slot)
		return ENOMEM;
	req->argv = slot;
	req->envp = slot + req->run.argc + 1;
	for (uint32_t i = 0; i < 1 + req->run.argc + req->run.envc; i++) {
		const char *zero = p < end ? memchr(p, 0, end - p) : NULL;

		if (!zero)
			goto invalid;
		if (i == 0)
			req->cwd = p;
		else if (i <= req->run.argc)
			req->argv[i - 1] = (char *)p;
		else
			req->envp[i - 1 - req->run.argc] = (char *)p;
		p = zero + 1;
	}
	if (p == end)
		return 0;
invalid:
	free(slot);
	return EINVAL;
}

/* In the child, up to the program; returns only on failure, with errno. */
static void child_exec(const struct request *req, int in, int out, int err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		return;
	if (geteuid() == 0 && setgroups(0, NULL))
		return;
	if (setresgid(req->run.gid, req->run.gid, req->run.gid) ||
	    setresuid(req->run.uid, req->run.uid, req->run.uid) || chdir(req->cwd))
		return;
	environ = req->envp;
	execvp(req->argv[0], req->argv);
}

/* A pipe end that stays with the agent must not make it wait. */
static void set_nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/*
 * Start the program with the child's ends of the pipes. Returns 0 or the errno of
 * fork or of the child's way to the program, which comes back through a pipe that
 * a successful exec closes.
 */
static int spawn(struct operation *op, const struct request *req, int in, int out, int err)
{
	int report[2], failure = 0;

	if (pipe2(report, O_CLOEXEC))
		return errno;
	op->start_ns = now_ns();
	op->pid = fork();
	if (op->pid == 0) {
		child_exec(req, in, out, err);
		failure = errno;
		if (write(report[1], &failure, sizeof(failure)) < 0)
			_exit(126);
		_exit(127);
	}
	if (op->pid < 0)
		failure = errno;
	close(report[1]);
	if (op->pid > 0 && read(report[0], &failure, sizeof(failure)) > 0)
		waitpid(op->pid, NULL, 0);
	close(report[0]);
	return failure;
}

/* Make the pipes, keep our ends in @op, start the program. Returns 0 or errno. */
static int command_start(struct operation *op, const struct request *req)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	int failure = 0;

	if (!(req->run.flags & DUNE_AGENT_RUN_STDIN))
		in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if (pipe2(in, O_CLOEXEC))
		in[0] = -1;
	if (in[0] < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		failure = errno;
	op->in = in[1];
	op->out = out[0];
	op->err = err[0];
	if (!failure) {
		set_nonblock(op->in);
		set_nonblock(op->out);
		set_nonblock(op->err);
		failure = spawn(op, req, in[0], out[1], err[1]);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	return failure;
}

void command_run(struct operations *ops, struct link *link, const struct frame *frame)
{
	struct operation *op = operation_open(ops, link, frame->id);
	struct request req = { 0 };
	uint32_t pid;
	int err;

	if (!op)
		return;
	err = request_decode(frame, &req);
	if (err) {
		link_error(link, frame->id, err, "RUN");
		return;
	}
	err = command_start(op, &req);
	if (err) {
		link_error(link, frame->id, err, req.argv[0]);
		operation_close(op);
	} else {
		op->kind = OPERATION_COMMAND;
		if (req.run.timeout_ms)
			op->deadline_ns = op->start_ns + req.run.timeout_ms * 1000000ULL;
		pid = op->pid;
		link_send(link, DUNE_AGENT_STARTED, frame->id, &pid, sizeof(pid));
	}
	free(req.argv);
}

void command_stdin(struct operations *ops, struct link *link, const struct frame *frame)
{
	struct operation *op = operation_find(ops, frame->id);

	/* A program that has ended or closed its input is no error of the controller. */
	if (!op || op->kind != OPERATION_COMMAND || op->in < 0)
		return;
	if (op->stdin_used + frame->length > sizeof(op->stdin_buffer)) {
		link_error(link, 0, ENOBUFS, "STDIN beyond the window");
		return;
	}
	if (op->stdin_start + op->stdin_used + frame->length > sizeof(op->stdin_buffer)) {
		memmove(op->stdin_buffer, op->stdin_buffer + op->stdin_start, op->stdin_used);
		op->stdin_start = 0;
	}
	memcpy(op->stdin_buffer + op->stdin_start + op->stdin_used, frame->payload, frame->length);
	op->stdin_used += frame->length;
	op->stdin_ends |= frame->length == 0;
}

void command_signal(struct operations *ops, struct link *link, const struct frame *frame)
{
	struct operation *op = operation_find(ops, frame->id);
	uint32_t sig = 0;

	if (frame->length == sizeof(sig))
		memcpy(&sig, frame->payload, sizeof(sig));
	if (sig == 0 || sig > (uint32_t)SIGRTMAX) {
		link_error(link, 0, EINVAL, "SIGNAL");
		return;
	}
	/* Signals race with the end of a program by nature: too late is not an error. */
	if (op && op->kind == OPERATION_COMMAND && !op->reaped)
		kill(-op->pid, sig);
}

/* Give the program what is buffered for it. */
static void pump_stdin(struct operation *op)
{
	while (op->in >= 0 && op->stdin_used) {
		ssize_t n = write(op->in, op->stdin_buffer + op->stdin_start, op->stdin_used);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			op->stdin_used = 0;
			op->stdin_ends = true;
			break;
		}
		op->stdin_start += n;
		op->stdin_used -= n;
		op->consumed += n;
	}
	op->stdin_start = 0;
	if (op->in >= 0 && op->stdin_ends) {
		close(op->in);
		op->in = -1;
	}
}

/*
 * Forward what the program wrote to one pipe; true when there is nothing left now.
 * Once the program is gone that is what it had written by then (@left): processes
 * it left behind may hold the pipe and write for ever.
 */
static bool pump_output(struct operation *op, struct link *link, int *fd, int *left, uint16_t type)
{
	uint8_t buffer[LINK_CHUNK];

	while (*fd >= 0 && (!op->reaped || *left > 0)) {
		long size = link_room(link) - LINK_RESERVE;
		ssize_t n;

		if (size <= 0)
			return false;
		if (size > (long)sizeof(buffer))
			size = sizeof(buffer);
		if (op->reaped && size > *left)
			size = *left;
		n = read(*fd, buffer, size);
		if (n > 0) {
			link_send(link, type, op->id, buffer, n);
			*left -= n;
		} else if (n < 0 && errno == EAGAIN) {
			return true;
		} else {
			close(*fd);
			*fd = -1;
		}
	}
	return true;
}

/* Bytes waiting in a pipe. */
static int pipe_fill(int fd)
{
	int n = 0;

	if (fd < 0 || ioctl(fd, FIONREAD, &n))
		return 0;
	return n;
}

static void send_exit(struct operation *op, struct link *link)
{
	const struct dune_agent_exit message = {
		.status = WIFEXITED(op->wait_status) ? WEXITSTATUS(op->wait_status) : 0,
		.signal = WIFSIGNALED(op->wait_status) ? WTERMSIG(op->wait_status) : 0,
		.timed_out = op->timed_out,
		.elapsed_ns = op->end_ns - op->start_ns,
		.user_us = op->usage.ru_utime.tv_sec * 1000000ULL + op->usage.ru_utime.tv_usec,
		.system_us = op->usage.ru_stime.tv_sec * 1000000ULL + op->usage.ru_stime.tv_usec,
	};

	link_send(link, DUNE_AGENT_EXIT, op->id, &message, sizeof(message));
}

void command_pump(struct operation *op, struct link *link)
{
	bool drained;

	if (!op->reaped && op->deadline_ns && now_ns() >= op->deadline_ns) {
		op->timed_out = true;
		op->deadline_ns = 0;
		kill(-op->pid, SIGKILL);
	}
	pump_stdin(op);
	if (op->consumed && link_room(link) >= LINK_RESERVE) {
		link_send(link, DUNE_AGENT_WINDOW, op->id, &op->consumed, sizeof(op->consumed));
		op->consumed = 0;
	}
	drained = pump_output(op, link, &op->out, &op->out_left, DUNE_AGENT_STDOUT);
	drained &= pump_output(op, link, &op->err, &op->err_left, DUNE_AGENT_STDERR);
	if (op->reaped && drained && link_room(link) >= LINK_RESERVE) {
		send_exit(op, link);
		operation_close(op);
	}
}

void command_reaped(struct operations *ops, pid_t pid, int status, const struct rusage *usage)
{
	for (int i = 0; i < DUNE_AGENT_MAX_OPERATIONS; i++) {
		struct operation *op = &ops->table[i];

		if (op->kind != OPERATION_COMMAND || op->reaped || op->pid != pid)
			continue;
		op->reaped = true;
		op->wait_status = status;
		op->usage = *usage;
		op->end_ns = now_ns();
		op->out_left = pipe_fill(op->out);
		op->err_left = pipe_fill(op->err);
	}
}
