/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What runs on behalf of the controller: programs and file transfers.
 *
 * A fixed table; every function is called from the one thread of agent.c, and
 * whatever has to be sent is sent by operation_pump() when the link has room.
 */
#ifndef AGENT_OPERATION_H
#define AGENT_OPERATION_H

#include <sys/resource.h>
#include <sys/types.h>

#include "link.h"

enum operation_kind { OPERATION_FREE, OPERATION_COMMAND, OPERATION_PUT, OPERATION_GET };

struct operation {
	enum operation_kind kind;
	uint32_t id;

	/* PUT and GET */
	int file;

	/* COMMAND: the pipes are -1 once closed */
	pid_t pid;
	int in, out, err;
	int out_left, err_left;			/* once reaped: bytes it left in the pipes */
	bool reaped, timed_out, stdin_ends;
	int wait_status;
	struct rusage usage;
	uint64_t start_ns, end_ns, deadline_ns;	/* deadline 0: none */
	uint32_t consumed;			/* STDIN bytes not yet reported by WINDOW */
	uint32_t stdin_start, stdin_used;
	uint8_t stdin_buffer[DUNE_AGENT_STDIN_WINDOW];
};

struct operations {
	struct operation table[DUNE_AGENT_MAX_OPERATIONS];
};

/* CLOCK_MONOTONIC, ns. */
uint64_t now_ns(void);

struct operation *operation_find(struct operations *ops, uint32_t id);
/* A free entry for @id, or NULL after ERROR EEXIST or EAGAIN was sent. */
struct operation *operation_open(struct operations *ops, struct link *link, uint32_t id);
void operation_close(struct operation *op);

/* Frames that open or feed an operation; each refusal is answered with ERROR. */
void command_run(struct operations *ops, struct link *link, const struct frame *frame);
void command_stdin(struct operations *ops, struct link *link, const struct frame *frame);
void command_signal(struct operations *ops, struct link *link, const struct frame *frame);
void file_put(struct operations *ops, struct link *link, const struct frame *frame);
void file_data(struct operations *ops, struct link *link, const struct frame *frame);
void file_get(struct operations *ops, struct link *link, const struct frame *frame);

/* Move what can be moved now for @op; an operation that has ended becomes free. */
void command_pump(struct operation *op, struct link *link);
void file_pump(struct operation *op, struct link *link);

/* A child was waited for; @pid may be nobody's (an orphan, when the agent is init). */
void command_reaped(struct operations *ops, pid_t pid, int status, const struct rusage *usage);
/* Kill the process groups of all commands and forget everything. */
void operations_abort(struct operations *ops);

#endif
