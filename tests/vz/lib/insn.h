/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instruction words, from the encodings of mips-vz.md §2.1 and the base
 * architecture. The accessors of cp0.h use the assembler instead, so the two
 * check each other.
 */
#ifndef VZ_INSN_H
#define VZ_INSN_H

#include "types.h"

/* GPRs, n64 names. */
enum {
	R0 = 0, V0 = 2, V1, A0, A1, A2, A3, A4, A5, A6, A7, T0, T1, T2, T3,
	S0, S1, S2, S3, S4, S5, S6, S7, T8, T9, K0, K1, GP, SP, FP, RA,
};

#define INSN_COP0(rs, rt, reg) \
	(0x40000000u | (u32)(rs) << 21 | (u32)(rt) << 16 | \
	 (u32)((reg) >> 3) << 11 | (u32)((reg) & 7))
#define MFC0(rt, reg)		INSN_COP0(0, rt, reg)
#define DMFC0(rt, reg)		INSN_COP0(1, rt, reg)
#define MTC0(rt, reg)		INSN_COP0(4, rt, reg)
#define DMTC0(rt, reg)		INSN_COP0(5, rt, reg)

/* Guest-CP0 moves: rs = 3, operation in bits 10:8. */
#define INSN_GC0(op, rt, reg)	(INSN_COP0(3, rt, reg) | (u32)(op) << 8)
#define MFGC0(rt, reg)		INSN_GC0(0, rt, reg)
#define DMFGC0(rt, reg)		INSN_GC0(1, rt, reg)
#define MTGC0(rt, reg)		INSN_GC0(2, rt, reg)
#define DMTGC0(rt, reg)		INSN_GC0(3, rt, reg)
#define MFHGC0(rt, reg)		INSN_GC0(4, rt, reg)
#define MTHGC0(rt, reg)		INSN_GC0(6, rt, reg)

#define INSN_CO(funct)		(0x42000000u | (funct))
#define TLBR			INSN_CO(0x01)
#define TLBWI			INSN_CO(0x02)
#define TLBINV			INSN_CO(0x03)
#define TLBINVF			INSN_CO(0x04)
#define TLBWR			INSN_CO(0x06)
#define TLBP			INSN_CO(0x08)
#define TLBGR			INSN_CO(0x09)
#define TLBGWI			INSN_CO(0x0a)
#define TLBGINV			INSN_CO(0x0b)
#define TLBGINVF		INSN_CO(0x0c)
#define TLBGWR			INSN_CO(0x0e)
#define TLBGP			INSN_CO(0x10)
#define ERET			INSN_CO(0x18)
#define DERET			INSN_CO(0x1f)
#define WAIT			INSN_CO(0x20)
#define HYPCALL(code)		(INSN_CO(0x28) | (u32)(code) << 11)

#define DI(rt)			(0x41606000u | (u32)(rt) << 16)
#define EI(rt)			(0x41606020u | (u32)(rt) << 16)
#define RDPGPR(rt, rd)		(0x41400000u | (u32)(rt) << 16 | (u32)(rd) << 11)
#define WRPGPR(rt, rd)		(0x41c00000u | (u32)(rt) << 16 | (u32)(rd) << 11)
#define RDHWR(rt, rd)		(0x7c00003bu | (u32)(rt) << 16 | (u32)(rd) << 11)

#define INSN_I(op, rs, rt, imm) \
	((u32)(op) << 26 | (u32)(rs) << 21 | (u32)(rt) << 16 | ((u32)(imm) & 0xffff))
#define INSN_R(funct, rs, rt, rd) \
	((u32)(rs) << 21 | (u32)(rt) << 16 | (u32)(rd) << 11 | (u32)(funct))
#define NOP			0u
#define EHB			0x000000c0u
#define SYNC			0x0000000fu
#define SYSCALL			0x0000000cu
#define BREAK			0x0000000du
#define TEQ(rs, rt)		INSN_R(0x34, rs, rt, 0)
#define ADD(rd, rs, rt)		INSN_R(0x20, rs, rt, rd)
#define SUBU(rd, rs, rt)	INSN_R(0x23, rs, rt, rd)
#define OR(rd, rs, rt)		INSN_R(0x25, rs, rt, rd)
#define DADDU(rd, rs, rt)	INSN_R(0x2d, rs, rt, rd)
#define BEQ(rs, rt, words)	INSN_I(0x04, rs, rt, words)
#define BNE(rs, rt, words)	INSN_I(0x05, rs, rt, words)
#define ADDIU(rt, rs, imm)	INSN_I(0x09, rs, rt, imm)
#define ORI(rt, rs, imm)	INSN_I(0x0d, rs, rt, imm)
#define DADDIU(rt, rs, imm)	INSN_I(0x19, rs, rt, imm)
#define LB(rt, off, base)	INSN_I(0x20, base, rt, off)
#define LH(rt, off, base)	INSN_I(0x21, base, rt, off)
#define LW(rt, off, base)	INSN_I(0x23, base, rt, off)
#define SB(rt, off, base)	INSN_I(0x28, base, rt, off)
#define SW(rt, off, base)	INSN_I(0x2b, base, rt, off)
#define LD(rt, off, base)	INSN_I(0x37, base, rt, off)
#define SD(rt, off, base)	INSN_I(0x3f, base, rt, off)
#define SYNCI(off, base)	INSN_I(0x01, base, 0x1f, off)
#if __mips_isa_rev < 6
#define LL(rt, off, base)	INSN_I(0x30, base, rt, off)
#define SC(rt, off, base)	INSN_I(0x38, base, rt, off)
#define LLD(rt, off, base)	INSN_I(0x34, base, rt, off)
#define SCD(rt, off, base)	INSN_I(0x3c, base, rt, off)
#define JR(rs)			INSN_R(0x08, rs, 0, 0)
#define CACHE(op, off, base)	INSN_I(0x2f, base, op, off)
#define PREF(hint, off, base)	INSN_I(0x33, base, hint, off)
#else
#define INSN_R6(funct, rt, off, base) \
	(0x7c000000u | (u32)(base) << 21 | (u32)(rt) << 16 | \
	 ((u32)(off) & 0x1ff) << 7 | (u32)(funct))
#define LL(rt, off, base)	INSN_R6(0x36, rt, off, base)
#define SC(rt, off, base)	INSN_R6(0x26, rt, off, base)
#define LLD(rt, off, base)	INSN_R6(0x37, rt, off, base)
#define SCD(rt, off, base)	INSN_R6(0x27, rt, off, base)
#define CACHE(op, off, base)	INSN_R6(0x25, op, off, base)
#define PREF(hint, off, base)	INSN_R6(0x35, hint, off, base)
#define JR(rs)			INSN_R(0x09, rs, 0, 0)
#endif

/* Operations of CACHE: bits 20:18 what, bits 17:16 which cache. */
enum cache_op {
	INDEX_INVALIDATE_I = 0x00, INDEX_WRITEBACK_INV_D = 0x01,
	INDEX_LOAD_TAG_I = 0x04, INDEX_LOAD_TAG_D = 0x05,
	INDEX_STORE_TAG_I = 0x08, INDEX_STORE_TAG_D = 0x09,
	HIT_INVALIDATE_I = 0x10, HIT_INVALIDATE_D = 0x11,
	HIT_WRITEBACK_INV_D = 0x15, HIT_WRITEBACK_D = 0x19,
	FETCH_AND_LOCK_I = 0x1c,
};

#define MTC1(rt, fs)		(0x44800000u | (u32)(rt) << 16 | (u32)(fs) << 11)
#define MFC1(rt, fs)		(0x44000000u | (u32)(rt) << 16 | (u32)(fs) << 11)
#define DMTC1(rt, fs)		(0x44a00000u | (u32)(rt) << 16 | (u32)(fs) << 11)
#define DMFC1(rt, fs)		(0x44200000u | (u32)(rt) << 16 | (u32)(fs) << 11)
#define CFC1(rt, fs)		(0x44400000u | (u32)(rt) << 16 | (u32)(fs) << 11)
#define CTC1(rt, fs)		(0x44c00000u | (u32)(rt) << 16 | (u32)(fs) << 11)

#endif
