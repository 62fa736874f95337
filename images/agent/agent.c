// SPDX-License-Identifier: GPL-2.0
/*
 * Runs commands in the guest for the controller, usually as init.
 *
 *	/init			process 1: prepares the system, serves the virtio port
 *	agent --fd N		serves an inherited stream until it ends (tests)
 *
 * One thread, one poll() loop; nothing in it waits but the start of a program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "operation.h"

/* While the controller is away the port polls as readable with nothing to read. */
#define ABSENT_INTERVAL_MS 50

struct agent {
	struct link link;
	struct operations ops;
	int children;		/* signalfd for SIGCHLD */
	bool greeted;		/* HELLO was exchanged */
};

/* The connection ended or starts anew: nothing of the old one stays. */
static void agent_reset(struct agent *agent)
{
	operations_abort(&agent->ops);
	agent->greeted = false;
}

static void agent_hello(struct agent *agent, const struct frame *frame)
{
	struct dune_agent_hello hello = { 0 };

	agent_reset(agent);
	if (frame->length == sizeof(hello))
		memcpy(&hello, frame->payload, sizeof(hello));
	if (hello.version != DUNE_AGENT_VERSION) {
		link_error(&agent->link, 0, EPROTO, "version of the controller");
		return;
	}
	hello.pid = getpid();
	hello.uptime_ns = now_ns();
	link_send(&agent->link, DUNE_AGENT_HELLO, 0, &hello, sizeof(hello));
	agent->greeted = true;
}

static void agent_dispatch(struct agent *agent, const struct frame *frame)
{
	struct operations *ops = &agent->ops;
	struct link *link = &agent->link;

	if (frame->type == DUNE_AGENT_HELLO) {
		agent_hello(agent, frame);
		return;
	}
	if (!agent->greeted || frame->id == 0) {
		link_error(link, frame->id, EPROTO, "frame without HELLO or id");
		return;
	}
	switch (frame->type) {
	case DUNE_AGENT_RUN:
		command_run(ops, link, frame);
		break;
	case DUNE_AGENT_STDIN:
		command_stdin(ops, link, frame);
		break;
	case DUNE_AGENT_SIGNAL:
		command_signal(ops, link, frame);
		break;
	case DUNE_AGENT_PUT:
		file_put(ops, link, frame);
		break;
	case DUNE_AGENT_DATA:
		file_data(ops, link, frame);
		break;
	case DUNE_AGENT_GET:
		file_get(ops, link, frame);
		break;
	case DUNE_AGENT_LOAD:
		guest_load(link, frame);
		break;
	case DUNE_AGENT_UNLOAD:
		guest_unload(link, frame);
		break;
	case DUNE_AGENT_SHUTDOWN:
		guest_shutdown(link, frame);
		break;
	default:
		link_error(link, frame->id, EOPNOTSUPP, "frame type");
	}
}

static enum link_state agent_receive(struct agent *agent)
{
	enum link_state state;
	struct frame frame;

	while ((state = link_receive(&agent->link, &frame)) == LINK_OK) {
		agent_dispatch(agent, &frame);
		link_consume(&agent->link, &frame);
	}
	return state;
}

/* Wait for every child that has ended: ours and, as init, the orphans. */
static void agent_reap(struct agent *agent)
{
	struct signalfd_siginfo info;
	struct rusage usage;
	int status;
	pid_t pid;

	while (read(agent->children, &info, sizeof(info)) > 0)
		;
	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		command_reaped(&agent->ops, pid, status, &usage);
}

static void agent_pump(struct agent *agent)
{
	for (int i = 0; i < DUNE_AGENT_MAX_OPERATIONS; i++) {
		struct operation *op = &agent->ops.table[i];

		if (op->kind == OPERATION_COMMAND)
			command_pump(op, &agent->link);
		else if (op->kind == OPERATION_GET)
			file_pump(op, &agent->link);
	}
}

/* Sleep until there is something to do. */
static void agent_wait(struct agent *agent)
{
	struct pollfd fds[2 + 3 * DUNE_AGENT_MAX_OPERATIONS];
	bool room = link_room(&agent->link) >= LINK_RESERVE;
	uint64_t deadline = 0;
	int n = 2, timeout = -1;
	bool ready = agent->link.stalled;

	/* A negative fd is one poll() ignores: what cannot be moved now is not watched. */
	fds[0] = (struct pollfd){ agent->link.fd, (room ? POLLIN : 0) |
				  (link_pending(&agent->link) ? POLLOUT : 0), 0 };
	fds[1] = (struct pollfd){ agent->children, POLLIN, 0 };
	for (int i = 0; i < DUNE_AGENT_MAX_OPERATIONS; i++) {
		const struct operation *op = &agent->ops.table[i];

		/* These need no event but room, which a flush may have made by now. */
		if (op->kind == OPERATION_GET || (op->kind == OPERATION_COMMAND && op->reaped))
			ready = true;
		if (op->kind != OPERATION_COMMAND)
			continue;
		fds[n++] = (struct pollfd){ room && !op->reaped ? op->out : -1, POLLIN, 0 };
		fds[n++] = (struct pollfd){ room && !op->reaped ? op->err : -1, POLLIN, 0 };
		fds[n++] = (struct pollfd){ op->stdin_used ? op->in : -1, POLLOUT, 0 };
		if (op->deadline_ns && (!deadline || op->deadline_ns < deadline))
			deadline = op->deadline_ns;
	}
	if (ready && link_room(&agent->link) >= LINK_CHUNK + LINK_RESERVE) {
		timeout = 0;
	} else if (deadline) {
		uint64_t now = now_ns();
		uint64_t ms = deadline > now ? (deadline - now) / 1000000 + 1 : 0;

		timeout = ms < 3600000 ? (int)ms : 3600000;
	}
	poll(fds, n, timeout);
}

/* Serve one stream. Returns when it has ended and @forever is false. */
static void agent_serve(struct agent *agent, int fd, bool forever)
{
	link_init(&agent->link, fd);
	for (;;) {
		agent_reap(agent);
		if (agent_receive(agent) == LINK_CLOSED) {
			if (agent->greeted)
				agent_reset(agent);
			link_init(&agent->link, fd);
			if (!forever)
				return;
			poll(NULL, 0, ABSENT_INTERVAL_MS);
			continue;
		}
		/* What was received may be for the operations, and what they do is to be sent. */
		agent_pump(agent);
		if (link_flush(&agent->link) != LINK_CLOSED)
			agent_wait(agent);
	}
}

static int agent_watch_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The fd of --fd N, made non-blocking and ours alone; -1 when it is none. */
static int inherited_fd(const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);

	if (*end || end == text || fd < 3 || fcntl(fd, F_SETFD, FD_CLOEXEC) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static struct agent agent;
	const bool init = getpid() == 1;
	int fd;

	if (!init && (argc != 3 || strcmp(argv[1], "--fd"))) {
		fprintf(stderr, "usage: agent --fd N, or as init\n");
		return 2;
	}
	if (init)
		guest_prepare();
	agent.children = agent_watch_children();
	fd = init ? guest_open_port() : inherited_fd(argv[2]);
	if (fd < 0 || agent.children < 0) {
		perror("agent");
		return 1;
	}
	agent_serve(&agent, fd, init);
	return 0;
}
