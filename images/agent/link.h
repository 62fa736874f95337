/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames over one byte stream that is never waited for.
 *
 * Output is bounded: who wants to send asks link_room() first and otherwise tries
 * again later, so a controller that does not read stops the producers and nothing
 * else. Input is one frame at a time.
 */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/*
 * Output buffer, bytes: several full frames. Programs and files are forwarded in
 * chunks. The reserve is for the answer to a frame that was read: input is not
 * read while less than it is free.
 */
#define LINK_OUT_SIZE	(4 * DUNE_AGENT_MAX_PAYLOAD)
#define LINK_CHUNK	16384
#define LINK_RESERVE	1024

struct link {
	int fd;
	bool lost;		/* hunting for a header after garbage */
	bool stalled;		/* link_receive() stopped for want of room to answer */
	uint32_t skip;		/* payload bytes of a refused frame still to come */
	size_t in_used;
	size_t out_start;
	size_t out_used;
	uint8_t in[sizeof(struct dune_agent_header) + DUNE_AGENT_MAX_PAYLOAD];
	uint8_t out[LINK_OUT_SIZE];
};

/* struct frame - a received frame; @payload is valid until the next link call. */
struct frame {
	uint16_t type;
	uint32_t id;
	uint32_t length;
	const uint8_t *payload;
};

enum link_state { LINK_OK, LINK_IDLE, LINK_CLOSED };

/* Forget everything buffered and speak over @fd, which must be non-blocking. */
void link_init(struct link *link, int fd);

/*
 * Take the next complete frame. LINK_OK: @frame is filled, call link_consume()
 * after use. LINK_IDLE: nothing more to read now. LINK_CLOSED: end of file.
 * A malformed header is answered with ERROR once and skipped.
 */
enum link_state link_receive(struct link *link, struct frame *frame);
void link_consume(struct link *link, const struct frame *frame);

/* Payload bytes that a frame sent now may have; negative when not even a header fits. */
long link_room(const struct link *link);

/* Queue a frame. The caller has made sure of the room. */
void link_send(struct link *link, uint16_t type, uint32_t id, const void *payload, uint32_t length);

/* Queue ERROR with @err and a text made from @what and strerror(@err). */
void link_error(struct link *link, uint32_t id, int err, const char *what);

/* Write what the other side takes. LINK_IDLE: all is written or it takes no more. */
enum link_state link_flush(struct link *link);

static inline bool link_pending(const struct link *link)
{
	return link->out_used != 0;
}

#endif
