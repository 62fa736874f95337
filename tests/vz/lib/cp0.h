/* SPDX-License-Identifier: GPL-2.0 */
/* CP0 registers, their fields, and accessors for both contexts. */
#ifndef VZ_CP0_H
#define VZ_CP0_H

#include "types.h"

/* A register as one number. */
#define CP0_REG(rd, sel) ((rd) << 3 | (sel))

#define C0_INDEX	CP0_REG(0, 0)
#define C0_RANDOM	CP0_REG(1, 0)
#define C0_ENTRYLO0	CP0_REG(2, 0)
#define C0_ENTRYLO1	CP0_REG(3, 0)
#define C0_CONTEXT	CP0_REG(4, 0)
#define C0_CONTEXTCONFIG CP0_REG(4, 1)
#define C0_USERLOCAL	CP0_REG(4, 2)
#define C0_PAGEMASK	CP0_REG(5, 0)
#define C0_PAGEGRAIN	CP0_REG(5, 1)
#define C0_SEGCTL0	CP0_REG(5, 2)
#define C0_PWBASE	CP0_REG(5, 5)
#define C0_WIRED	CP0_REG(6, 0)
#define C0_HWRENA	CP0_REG(7, 0)
#define C0_BADVADDR	CP0_REG(8, 0)
#define C0_BADINSTR	CP0_REG(8, 1)
#define C0_BADINSTRP	CP0_REG(8, 2)
#define C0_COUNT	CP0_REG(9, 0)
#define C0_ENTRYHI	CP0_REG(10, 0)
#define C0_GUESTCTL1	CP0_REG(10, 4)
#define C0_GUESTCTL2	CP0_REG(10, 5)
#define C0_COMPARE	CP0_REG(11, 0)
#define C0_GUESTCTL0EXT	CP0_REG(11, 4)
#define C0_STATUS	CP0_REG(12, 0)
#define C0_INTCTL	CP0_REG(12, 1)
#define C0_SRSCTL	CP0_REG(12, 2)
#define C0_GUESTCTL0	CP0_REG(12, 6)
#define C0_GTOFFSET	CP0_REG(12, 7)
#define C0_CAUSE	CP0_REG(13, 0)
#define C0_EPC		CP0_REG(14, 0)
#define C0_PRID		CP0_REG(15, 0)
#define C0_EBASE	CP0_REG(15, 1)
#define C0_CONFIG	CP0_REG(16, 0)
#define C0_CONFIG1	CP0_REG(16, 1)
#define C0_CONFIG2	CP0_REG(16, 2)
#define C0_CONFIG3	CP0_REG(16, 3)
#define C0_CONFIG4	CP0_REG(16, 4)
#define C0_CONFIG5	CP0_REG(16, 5)
#define C0_LLADDR	CP0_REG(17, 0)
#define C0_WATCHLO	CP0_REG(18, 0)
#define C0_XCONTEXT	CP0_REG(20, 0)
#define C0_PERFCTL	CP0_REG(25, 0)
#define C0_ERRCTL	CP0_REG(26, 0)
#define C0_TAGLO	CP0_REG(28, 0)
#define C0_ERROREPC	CP0_REG(30, 0)
#define C0_DESAVE	CP0_REG(31, 0)
#define C0_KSCRATCH1	CP0_REG(31, 2)
#define C0_KSCRATCH2	CP0_REG(31, 3)
#define C0_KSCRATCH3	CP0_REG(31, 4)
#define C0_KSCRATCH4	CP0_REG(31, 5)

#define STATUS_IE	BIT(0)
#define STATUS_EXL	BIT(1)
#define STATUS_ERL	BIT(2)
#define STATUS_KSU	(3 << 3)
#define STATUS_SUPERVISOR (1 << 3)
#define STATUS_USER	(2 << 3)
#define STATUS_UX	BIT(5)
#define STATUS_SX	BIT(6)
#define STATUS_KX	BIT(7)
#define STATUS_IM(n)	BIT(8 + (n))
#define STATUS_NMI	BIT(19)
#define STATUS_SR	BIT(20)
#define STATUS_TS	BIT(21)
#define STATUS_BEV	BIT(22)
#define STATUS_PX	BIT(23)
#define STATUS_MX	BIT(24)
#define STATUS_FR	BIT(26)
#define STATUS_RP	BIT(27)
#define STATUS_CU0	BIT(28)
#define STATUS_CU1	BIT(29)
#define STATUS_CU2	BIT(30)

#define CAUSE_EXCCODE(cause) (((cause) >> 2) & 0x1f)
#define CAUSE_IP(n)	BIT(8 + (n))
#define CAUSE_WP	BIT(22)
#define CAUSE_IV	BIT(23)
#define CAUSE_DC	BIT(27)
#define CAUSE_CE(cause)	(((cause) >> 28) & 3)
#define CAUSE_TI	BIT(30)
#define CAUSE_BD	BIT(31)

/* Cause.ExcCode */
enum exccode {
	EXC_INT = 0, EXC_MOD = 1, EXC_TLBL = 2, EXC_TLBS = 3, EXC_ADEL = 4,
	EXC_ADES = 5, EXC_IBE = 6, EXC_DBE = 7, EXC_SYS = 8, EXC_BP = 9, EXC_RI = 10, EXC_CPU = 11,
	EXC_OV = 12, EXC_TR = 13, EXC_TLBRI = 19, EXC_TLBXI = 20,
	EXC_GE = 27,
};

#define INTCTL_VS	(0x1f << 5)
#define INTCTL_VS_32	(1 << 5)
#define INTCTL_IPTI(v)	(((v) >> 29) & 7)

#define EBASE_WG	BIT(11)

#define CONFIG_M	BIT(31)
#define CONFIG_K0	7
#define CONFIG1_FP	BIT(0)
#define CONFIG1_WR	BIT(3)
#define CONFIG1_PC	BIT(4)
#define CONFIG1_C2	BIT(6)
#define CONFIG3_VINT	BIT(5)
#define CONFIG3_LPA	BIT(7)
#define CONFIG3_CTXTC	BIT(9)
#define CONFIG3_DSPP	BIT(10)
#define CONFIG3_RXI	BIT(12)
#define CONFIG3_ULRI	BIT(13)
#define CONFIG3_VZ	BIT(23)
#define CONFIG3_PW	BIT(24)
#define CONFIG3_SC	BIT(25)
#define CONFIG3_BI	BIT(26)
#define CONFIG3_BP	BIT(27)
#define CONFIG3_MSAP	BIT(28)
#define CONFIG4_KSCREXIST(v) (((v) >> 16) & 0xff)
#define CONFIG4_IE(v)	(((v) >> 29) & 3)
#define CONFIG5_UFR	BIT(2)
#define CONFIG5_LLB	BIT(4)
#define CONFIG5_MVH	BIT(5)
#define CONFIG5_FRE	BIT(8)
#define CONFIG5_UFE	BIT(9)
#define CONFIG5_MSAEN	BIT(27)

#define ENTRYLO_G	BIT(0)
#define ENTRYLO_V	BIT(1)
#define ENTRYLO_D	BIT(2)
#define ENTRYLO_CACHED	(3 << 3)
#define ENTRYLO_XI	BIT(62)
#define ENTRYLO_RI	BIT(63)
#define ENTRYLO_PFN(pa)	(((u64)(pa) >> 12) << 6)
/* A readable and writable page, and a readable one. */
#define LO_RW(pa)	(ENTRYLO_PFN(pa) | ENTRYLO_CACHED | ENTRYLO_D | ENTRYLO_V)
#define LO_RO(pa)	(ENTRYLO_PFN(pa) | ENTRYLO_CACHED | ENTRYLO_V)

#define ENTRYHI_ASID	0xff
#define ENTRYHI_EHINV	BIT(10)
#define ENTRYHI_VPN2	0x00ffffffffffe000	/* for SEGBITS <= 56 */

#define PAGEMASK_4K	0
#define PAGEMASK_16K	0x00006000
#define PAGEMASK_64K	0x0001e000
#define PAGEMASK_1M	0x001fe000
#define PAGEMASK_16M	0x01ffe000

#define PAGEGRAIN_IEC	BIT(27)
#define PAGEGRAIN_ELPA	BIT(29)
#define PAGEGRAIN_XIE	BIT(30)
#define PAGEGRAIN_RIE	BIT(31)

#define INDEX_P		BIT(31)

/* GuestCtl0, mips-vz.md §3.1. GC0_AT() and others with a value shift it in. */
#define GC0_GM		BIT(31)
#define GC0_RI		BIT(30)
#define GC0_MC		BIT(29)
#define GC0_CP0		BIT(28)
#define GC0_AT(v)	((u64)(v) << 26)
#define GC0_GT		BIT(25)
#define GC0_CG		BIT(24)
#define GC0_CF		BIT(23)
#define GC0_G1		BIT(22)
#define GC0_G0E		BIT(19)
#define GC0_PT		BIT(18)
#define GC0_ASE		(3 << 16)
#define GC0_PIP(n)	BIT(8 + (n))	/* n as in Cause.IP[n], 2..7 */
#define GC0_PIP_ALL	(0x3f << 10)
#define GC0_RAD		BIT(9)
#define GC0_DRG		BIT(8)
#define GC0_G2		BIT(7)
#define GC0_GEXCCODE(v)	(((v) >> 2) & 0x1f)
#define GC0_GEXCCODE_MASK (0x1f << 2)
#define GC0_SFC2	BIT(1)
#define GC0_SFC1	BIT(0)

/* GuestCtl0.GExcCode, §6.1 */
enum gexccode {
	GEXC_GPSI = 0, GEXC_GSFC = 1, GEXC_HC = 2, GEXC_GRR = 3,
	GEXC_GVA = 8, GEXC_GHFC = 9, GEXC_GPA = 10,
};

/* GuestCtl0Ext, §3.2 */
#define GC0EXT_RPW	(3 << 8)
#define GC0EXT_NCC	(3 << 6)
#define GC0EXT_CGI	BIT(4)
#define GC0EXT_FCD	BIT(3)
#define GC0EXT_OG	BIT(2)
#define GC0EXT_BG	BIT(1)
#define GC0EXT_MG	BIT(0)

/* GuestCtl1, §3.3 */
#define GC1_ID		0xff
#define GC1_RID(id)	((u64)(id) << 16)
#define GC1_RID_OF(v)	(((v) >> 16) & 0xff)

/* GuestCtl2, §3.4 */
#define GC2_VIP(n)	BIT(8 + (n))	/* n as in Cause.IP[n], 2..7 */
#define GC2_VIP_ALL	(0x3f << 10)
#define GC2_HC(n)	BIT(22 + (n))
#define GC2_HC_ALL	(0x3f << 24)

#define CP0_READ(insn, reg) ({ \
	u64 value_; \
	asm volatile(insn " %0, $%1, %2" \
		     : "=r"(value_) : "i"((reg) >> 3), "i"((reg) & 7) : "memory"); \
	value_; })
#define CP0_WRITE(insn, reg, value) do { \
	asm volatile(insn " %z0, $%1, %2\n\tehb" \
		     : : "Jr"((u64)(value)), "i"((reg) >> 3), "i"((reg) & 7) \
		     : "memory"); \
	} while (0)

#define mfc0(reg)		((u32)CP0_READ("mfc0", reg))
#define dmfc0(reg)		CP0_READ("dmfc0", reg)
#define mtc0(reg, value)	CP0_WRITE("mtc0", reg, value)
#define dmtc0(reg, value)	CP0_WRITE("dmtc0", reg, value)
#define mfgc0(reg)		((u32)CP0_READ("mfgc0", reg))
#define dmfgc0(reg)		CP0_READ("dmfgc0", reg)
#define mtgc0(reg, value)	CP0_WRITE("mtgc0", reg, value)
#define dmtgc0(reg, value)	CP0_WRITE("dmtgc0", reg, value)

/* TLB instructions: tlb_op(tlbwi), tlb_op(tlbginvf). */
#define tlb_op(insn) do { \
	asm volatile(#insn "\n\tehb" : : : "memory"); \
	} while (0)

#endif
