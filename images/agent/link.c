// SPDX-License-Identifier: GPL-2.0
/* Frames over one byte stream, see link.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "link.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the protocol is little endian");

void link_init(struct link *link, int fd)
{
	link->fd = fd;
	link->lost = false;
	link->stalled = false;
	link->skip = 0;
	link->in_used = 0;
	link->out_start = 0;
	link->out_used = 0;
}

static void link_drop(struct link *link, size_t n)
{
	link->in_used -= n;
	memmove(link->in, link->in + n, link->in_used);
}

/* Drop bytes up to the next one that could start a header. */
static void link_hunt(struct link *link)
{
	const uint8_t low = DUNE_AGENT_MAGIC & 0xff;
	const uint8_t *next = memchr(link->in + 1, low, link->in_used - 1);

	if (!link->lost)
		link_error(link, 0, EPROTO, "bytes that are no frame");
	link->lost = true;
	link_drop(link, next ? (size_t)(next - link->in) : link->in_used);
}

/* One step of decoding what is buffered; true when @frame is complete. */
static bool link_decode(struct link *link, struct frame *frame, bool *progress)
{
	struct dune_agent_header head;

	*progress = false;
	if (link->skip) {
		size_t n = link->skip < link->in_used ? link->skip : link->in_used;

		link_drop(link, n);
		link->skip -= n;
		if (link->skip)
			return false;
	}
	if (link->in_used < sizeof(head))
		return false;
	memcpy(&head, link->in, sizeof(head));
	if (head.magic != DUNE_AGENT_MAGIC) {
		link_hunt(link);
		*progress = true;
		return false;
	}
	link->lost = false;
	if (head.length > DUNE_AGENT_MAX_PAYLOAD) {
		link_error(link, head.id, EMSGSIZE, "frame");
		link_drop(link, sizeof(head));
		link->skip = head.length;
		*progress = true;
		return false;
	}
	if (link->in_used < sizeof(head) + head.length)
		return false;
	*frame = (struct frame){ head.type, head.id, head.length, link->in + sizeof(head) };
	return true;
}

enum link_state link_receive(struct link *link, struct frame *frame)
{
	for (;;) {
		bool progress;
		ssize_t n;

		link->stalled = link_room(link) < LINK_RESERVE;
		if (link->stalled)
			return LINK_IDLE;
		if (link_decode(link, frame, &progress))
			return LINK_OK;
		if (progress)
			continue;
		n = read(link->fd, link->in + link->in_used, sizeof(link->in) - link->in_used);
		if (n == 0)
			return LINK_CLOSED;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? LINK_IDLE : LINK_CLOSED;
		link->in_used += n;
	}
}

void link_consume(struct link *link, const struct frame *frame)
{
	link_drop(link, sizeof(struct dune_agent_header) + frame->length);
}

long link_room(const struct link *link)
{
	long room = sizeof(link->out) - link->out_used - sizeof(struct dune_agent_header);

	return room < DUNE_AGENT_MAX_PAYLOAD ? room : DUNE_AGENT_MAX_PAYLOAD;
}

static void link_queue(struct link *link, const void *data, size_t length)
{
	memcpy(link->out + link->out_start + link->out_used, data, length);
	link->out_used += length;
}

void link_send(struct link *link, uint16_t type, uint32_t id, const void *payload, uint32_t length)
{
	const struct dune_agent_header head = { DUNE_AGENT_MAGIC, type, id, length };

	if (link->out_start + link->out_used + sizeof(head) + length > sizeof(link->out)) {
		memmove(link->out, link->out + link->out_start, link->out_used);
		link->out_start = 0;
	}
	link_queue(link, &head, sizeof(head));
	if (length)
		link_queue(link, payload, length);
}

void link_error(struct link *link, uint32_t id, int err, const char *what)
{
	struct {
		uint32_t err;
		char text[252];
	} payload = { .err = err };
	int n = snprintf(payload.text, sizeof(payload.text), "%s: %s", what, strerror(err));

	if (n >= (int)sizeof(payload.text))
		n = sizeof(payload.text) - 1;
	link_send(link, DUNE_AGENT_ERROR, id, &payload, sizeof(payload.err) + n);
}

enum link_state link_flush(struct link *link)
{
	while (link->out_used) {
		ssize_t n = write(link->fd, link->out + link->out_start, link->out_used);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? LINK_IDLE : LINK_CLOSED;
		link->out_start += n;
		link->out_used -= n;
	}
	link->out_start = 0;
	return LINK_IDLE;
}
