/* SPDX-License-Identifier: GPL-2.0 */
#include "layout.h"

ENTRY(_start)

SECTIONS
{
	. = KSEG0 + RPA_IMAGE;
	.text : { *(.text.start) *(.text .text.*) }
	.vectors : { *(.vectors) }
	.entry_page : { *(.entry_page) }
	.rodata : {
		*(.rodata .rodata.*)
		. = ALIGN(8);
		tests_begin = .;
		KEEP(*(.tests))
		tests_end = .;
	}
	.data : { *(.data .data.*) }
	.bss : { *(.bss .bss.*) *(COMMON) }
	ASSERT(. <= KSEG0 + RPA_CODE, "test program overlaps the guest's RAM")

	/* Linked where the guest sees it, loaded where root put it. */
	.guest_code GVA_CODE : AT(KSEG0 + RPA_CODE) {
		. = . + GUEST_SCRATCH;
		*(.guest_code)
		LONG(0)
	}
	ASSERT(SIZEOF(.guest_code) <= 2 * GUEST_CODE_PAGE, "guest code too long")
	.guest_vectors GVA_VECTORS : AT(KSEG0 + RPA_VECTORS) {
		*(.guest_vectors)
	}

	/DISCARD/ : { *(.comment) *(.gnu.attributes) *(.MIPS.*) *(.reginfo) *(.pdr) }
}
