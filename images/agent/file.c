// SPDX-License-Identifier: GPL-2.0
/* PUT and GET: whole files in either direction. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operation.h"

/* Copy a path of @length bytes out of a payload. Returns 0 or errno. */
static int path_decode(char path[PATH_MAX], const uint8_t *text, size_t length)
{
	if (length == 0 || memchr(text, 0, length))
		return EINVAL;
	if (length >= PATH_MAX)
		return ENAMETOOLONG;
	memcpy(path, text, length);
	path[length] = 0;
	return 0;
}

/* Open @path for @op; an error is answered and frees the operation. */
static void file_open(struct operation *op, struct link *link, enum operation_kind kind,
		      const char *path, int flags, mode_t mode)
{
	op->file = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	/* The mode is the controller's word, whatever umask or an older file say. */
	if (op->file < 0 || (kind == OPERATION_PUT && fchmod(op->file, mode))) {
		link_error(link, op->id, errno, path);
		operation_close(op);
		return;
	}
	op->kind = kind;
}

void file_put(struct operations *ops, struct link *link, const struct frame *frame)
{
	struct operation *op = operation_open(ops, link, frame->id);
	char path[PATH_MAX];
	uint32_t mode = 0;
	int err = EINVAL;

	if (!op)
		return;
	if (frame->length > sizeof(mode)) {
		memcpy(&mode, frame->payload, sizeof(mode));
		err = path_decode(path, frame->payload + sizeof(mode),
				  frame->length - sizeof(mode));
	}
	if (err || mode & ~07777) {
		link_error(link, frame->id, err ? err : EINVAL, "PUT");
		return;
	}
	/* A running program's file cannot be written (ETXTBSY) but can be replaced. */
	unlink(path);
	file_open(op, link, OPERATION_PUT, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

void file_data(struct operations *ops, struct link *link, const struct frame *frame)
{
	struct operation *op = operation_find(ops, frame->id);
	uint32_t done = 0;

	/* The rest of a PUT that failed is on its way and no new error. */
	if (!op || op->kind != OPERATION_PUT)
		return;
	while (done < frame->length) {
		ssize_t n = write(op->file, frame->payload + done, frame->length - done);

		if (n < 0) {
			link_error(link, op->id, errno, "PUT");
			operation_close(op);
			return;
		}
		done += n;
	}
	if (frame->length == 0) {
		link_send(link, DUNE_AGENT_DONE, op->id, NULL, 0);
		operation_close(op);
	}
}

void file_get(struct operations *ops, struct link *link, const struct frame *frame)
{
	struct operation *op = operation_open(ops, link, frame->id);
	char path[PATH_MAX];
	int err;

	if (!op)
		return;
	err = path_decode(path, frame->payload, frame->length);
	if (err)
		link_error(link, frame->id, err, "GET");
	else
		file_open(op, link, OPERATION_GET, path, O_RDONLY | O_NONBLOCK, 0);
}

void file_pump(struct operation *op, struct link *link)
{
	uint8_t buffer[LINK_CHUNK];

	while (link_room(link) >= (long)sizeof(buffer) + LINK_RESERVE) {
		ssize_t n = read(op->file, buffer, sizeof(buffer));

		if (n > 0) {
			link_send(link, DUNE_AGENT_DATA, op->id, buffer, n);
			continue;
		}
		/* A device that has nothing more to say now (EAGAIN) is at its end. */
		if (n < 0 && errno != EAGAIN)
			link_error(link, op->id, errno, "GET");
		else
			link_send(link, DUNE_AGENT_DONE, op->id, NULL, 0);
		operation_close(op);
		return;
	}
}
