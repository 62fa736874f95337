// SPDX-License-Identifier: GPL-2.0
/* What the compiler calls for structures in a program without a library. */
#include "types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	u8 *d = to;
	const u8 *s = from;

	while (bytes--)
		*d++ = *s++;
	return to;
}

void *memset(void *to, int value, size_t bytes);
void *memset(void *to, int value, size_t bytes)
{
	u8 *d = to;

	while (bytes--)
		*d++ = value;
	return to;
}
