/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * cp0.h - the guest's coprocessor 0. In host mode every access is an illegal
 * instruction. Which registers the guest has is in mips-vz.md §5.1.
 */
#ifndef _DUNE_CP0_H
#define _DUNE_CP0_H

#include <stdint.h>

/* Register and select, as they stand in the instruction. */
#define DUNE_C0_INDEX		"$0, 0"
#define DUNE_C0_ENTRYLO0	"$2, 0"
#define DUNE_C0_ENTRYLO1	"$3, 0"
#define DUNE_C0_CONTEXT		"$4, 0"
#define DUNE_C0_USERLOCAL	"$4, 2"
#define DUNE_C0_PAGEMASK	"$5, 0"
#define DUNE_C0_PAGEGRAIN	"$5, 1"
#define DUNE_C0_WIRED		"$6, 0"
#define DUNE_C0_HWRENA		"$7, 0"
#define DUNE_C0_BADVADDR	"$8, 0"
#define DUNE_C0_COUNT		"$9, 0"
#define DUNE_C0_ENTRYHI		"$10, 0"
#define DUNE_C0_COMPARE		"$11, 0"
#define DUNE_C0_STATUS		"$12, 0"
#define DUNE_C0_CAUSE		"$13, 0"
#define DUNE_C0_EPC		"$14, 0"
#define DUNE_C0_PRID		"$15, 0"
#define DUNE_C0_EBASE		"$15, 1"
#define DUNE_C0_CONFIG		"$16, 0"
#define DUNE_C0_CONFIG1		"$16, 1"

#define DUNE_STATUS_EXL		UINT32_C(0x00000002)
#define DUNE_STATUS_ERL		UINT32_C(0x00000004)
#define DUNE_STATUS_KSU		UINT32_C(0x00000018)
#define DUNE_STATUS_KX		UINT32_C(0x00000080)
#define DUNE_STATUS_BEV		UINT32_C(0x00400000)

#define dune_read_c0_32(reg)						\
({									\
	uint32_t value_;						\
	__asm__ volatile("mfc0 %0, " reg : "=r"(value_));		\
	value_;								\
})

#define dune_read_c0_64(reg)						\
({									\
	uint64_t value_;						\
	__asm__ volatile("dmfc0 %0, " reg : "=r"(value_));		\
	value_;								\
})

#define dune_write_c0_32(reg, value)					\
do {									\
	__asm__ volatile("mtc0 %z0, " reg "\n\tehb"			\
			 : : "Jr"((uint32_t)(value)) : "memory");	\
} while (0)

#define dune_write_c0_64(reg, value)					\
do {									\
	__asm__ volatile("dmtc0 %z0, " reg "\n\tehb"			\
			 : : "Jr"((uint64_t)(value)) : "memory");	\
} while (0)

#endif
