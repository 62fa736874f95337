/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one device of the Malta board that a CPU test has to know: the PC timer
 * behind an i8259, the source of the external interrupt line IP2. PCI I/O
 * space is where the board's -kernel boot stub put it.
 */
#ifndef VZ_BOARD_H
#define VZ_BOARD_H

#include "layout.h"
#include "types.h"

#define ISA_IO		((volatile u8 *)(KSEG1 + 0x18000000))
#define PIC1		0x20
#define PIC2		0xa0
#define PIT_COUNTER0	0x40
#define PIT_MODE	0x43

/* From reset on the timer would hold IP2: mask everything. */
static inline void quiet_board(void)
{
	ISA_IO[PIC1 + 1] = 0xff;
	ISA_IO[PIC2 + 1] = 0xff;
}

/* IP2 rises at the timer's next period and stays until quiet_board(). */
static inline void raise_external_ip2(void)
{
	const u8 edge_cascade_icw4 = 0x11, vectors = 8, cascade = 1 << 2, mode_8086 = 1;
	const u8 counter0_both_bytes_rate = 0x34;

	ISA_IO[PIT_MODE] = counter0_both_bytes_rate;
	ISA_IO[PIT_COUNTER0] = 0;
	ISA_IO[PIT_COUNTER0] = 4;
	ISA_IO[PIC1] = edge_cascade_icw4;
	ISA_IO[PIC1 + 1] = vectors;
	ISA_IO[PIC1 + 1] = cascade;
	ISA_IO[PIC1 + 1] = mode_8086;
	ISA_IO[PIC1 + 1] = 0xfe;
}

#endif
