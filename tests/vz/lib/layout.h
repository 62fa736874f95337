/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where everything is. Shared by C, assembly and the linker script, so plain
 * numbers only.
 *
 * RPA is root-physical (real RAM), GPA is what the guest calls physical. They
 * are never equal, so a test that passes has gone through the second stage.
 */
#ifndef VZ_LAYOUT_H
#define VZ_LAYOUT_H

#define KSEG0			0xffffffff80000000
#define KSEG1			0xffffffffa0000000

/* The test program itself: root, unmapped. */
#define RPA_IMAGE		0x00100000

/* Guest code: two 16 KiB pages. */
#define RPA_CODE		0x00200000
#define GPA_CODE		0x00400000
#define GUEST_CODE_PAGE		0x4000
/* RUN() writes its instructions at the start; asm GUEST_CODE follows it. */
#define GUEST_SCRATCH		0x1000

/* Guest exception vectors: one 4 KiB page. */
#define RPA_VECTORS		0x00210000
#define GPA_VECTORS		0x00500000

/* Guest data: two 4 KiB pages, stored in RAM in the opposite order. */
#define RPA_DATA0		0x00221000
#define RPA_DATA1		0x00220000
#define GPA_DATA		0x00600000

/* RAM and guest-physical space that belongs to the running test. */
#define RPA_FREE		0x00400000
#define GPA_FREE		0x00c00000
/* What refill_vectors (crt.S) subtract from a GPA; a multiple of 64 KiB. */
#define REFILL_OFFSET		(GPA_FREE - RPA_FREE)

/* Guest-virtual addresses of the above through the guest's kseg0. */
#define GVA_CODE		0xffffffff80400000
#define GVA_VECTORS		0xffffffff80500000
#define GVA_DATA		0xffffffff80600000

/* Codes of HYPCALL: the guest is done, or is in its vector at OFFSET. */
#define HC_DONE			0x3ff
#define HC_VECTOR(offset)	(0x200 | ((offset) >> 5))

/* Status bits root runs C code with: KX, IM7 (the watchdog), IE. */
#define ROOT_STATUS		0x00008081

/* Offsets in struct vcpu (vcpu.h asserts them). */
#define VCPU_GPR(n)		(8 * (n))
#define VCPU_HI			256
#define VCPU_LO			264
#define VCPU_EPC		272
#define VCPU_BADVADDR		280
#define VCPU_ENTRYHI		288
#define VCPU_CONTEXT		296
#define VCPU_XCONTEXT		304
#define VCPU_ENTRY_STATUS	312
#define VCPU_ENTRY_GUESTCTL0	316
#define VCPU_STATUS		320
#define VCPU_CAUSE		324
#define VCPU_BADINSTR		328
#define VCPU_BADINSTRP		332
#define VCPU_GUESTCTL0		336
#define VCPU_GUESTCTL1		340
#define VCPU_VECTOR		344

#endif
