// SPDX-License-Identifier: GPL-2.0
/* The table of operations, see operation.h. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "operation.h"

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct operation *operation_find(struct operations *ops, uint32_t id)
{
	for (int i = 0; i < DUNE_AGENT_MAX_OPERATIONS; i++) {
		struct operation *op = &ops->table[i];

		if (op->kind != OPERATION_FREE && op->id == id)
			return op;
	}
	return NULL;
}

struct operation *operation_open(struct operations *ops, struct link *link, uint32_t id)
{
	if (operation_find(ops, id)) {
		link_error(link, id, EEXIST, "operation id");
		return NULL;
	}
	for (int i = 0; i < DUNE_AGENT_MAX_OPERATIONS; i++) {
		struct operation *op = &ops->table[i];

		if (op->kind == OPERATION_FREE) {
			memset(op, 0, offsetof(struct operation, stdin_buffer));
			op->id = id;
			op->file = op->in = op->out = op->err = -1;
			return op;
		}
	}
	link_error(link, id, EAGAIN, "too many operations");
	return NULL;
}

void operation_close(struct operation *op)
{
	const int fds[] = { op->file, op->in, op->out, op->err };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	op->kind = OPERATION_FREE;
}

void operations_abort(struct operations *ops)
{
	for (int i = 0; i < DUNE_AGENT_MAX_OPERATIONS; i++) {
		struct operation *op = &ops->table[i];

		if (op->kind == OPERATION_COMMAND && !op->reaped)
			kill(-op->pid, SIGKILL);
		if (op->kind != OPERATION_FREE)
			operation_close(op);
	}
}
