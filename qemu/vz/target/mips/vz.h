/*
 * MIPS VZ (Virtualization Module): state and interface.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The registers of the context that executes are always in CPUMIPSState; those
 * of the other one are in MIPSVZState.other, and a world switch exchanges them.
 * So nothing that emulates CP0, the TLB, exceptions or segments has to know
 * whether it works for root or for a guest.
 *
 * Reference: MD00847, MIPS64 Architecture for Programmers Volume IV-i.
 */
#ifndef TARGET_MIPS_VZ_H
#define TARGET_MIPS_VZ_H

/* GuestCtl0 */
#define CP0GC0_GM       31
#define CP0GC0_RI       30
#define CP0GC0_MC       29
#define CP0GC0_CP0      28
#define CP0GC0_AT       26      /* 27..26 */
#define CP0GC0_GT       25
#define CP0GC0_CG       24
#define CP0GC0_CF       23
#define CP0GC0_G1       22
#define CP0GC0_G0E      19
#define CP0GC0_PT       18
#define CP0GC0_PIP      10      /* 15..10 */
#define CP0GC0_G2       7
#define CP0GC0_GEXC     2       /*  6..2  */
#define CP0GC0_SFC2     1
#define CP0GC0_SFC1     0

/* GuestCtl0Ext */
#define CP0GC0E_CGI     4
#define CP0GC0E_FCD     3
#define CP0GC0E_OG      2
#define CP0GC0E_BG      1
#define CP0GC0E_MG      0

/* GuestCtl1 */
#define CP0GC1_RID      16      /* 23..16 */
#define CP0GC1_ID       0       /*  7..0  */

/* GuestCtl2, not in EIC mode */
#define CP0GC2_HC       24      /* 29..24 */
#define CP0GC2_VIP      10      /* 15..10 */

/* GuestCtl0.GExcCode */
enum {
    GEXC_GPSI = 0,              /* Guest Privileged Sensitive Instruction */
    GEXC_GSFC = 1,              /* Guest Software Field Change */
    GEXC_HC   = 2,              /* Hypercall */
    GEXC_GRR  = 3,              /* Guest Reserved Instruction Redirect */
    GEXC_GHFC = 9,              /* Guest Hardware Field Change */
    GEXC_GPA  = 10,             /* root TLB exception, BadVAddr is a GPA */
};

/* How guest accesses to a CP0 register trap; see vz-regs.h.inc */
enum {
    VZ_GROUP_RESERVED,
    VZ_GROUP_PLAIN,
    VZ_GROUP_MG,
    VZ_GROUP_OG,
    VZ_GROUP_BG,
    VZ_GROUP_AT,
    VZ_GROUP_GT,
    VZ_GROUP_CF,
    VZ_GROUP_COUNT,
    VZ_GROUP_ALWAYS,
};

/* The CP0 registers of the context that does not execute */
typedef struct MIPSVZContext {
#define VZ_REG(rd, sel, name, field, ctype, group)  ctype name;
#define VZ_STATE(name, field, ctype)                ctype name;
#define VZ_TRAP(rd, first, last, group)
#include "vz-regs.h.inc"
} MIPSVZContext;

/*
 * What a cached translation of the guest MMU indexes depends on besides the
 * two TLBs. The indexes are flushed when it differs at the next guest entry.
 */
typedef struct MIPSVZTag {
    target_ulong asid;
    uint32_t mmid;
    uint32_t status;            /* KX, SX, UX */
    uint32_t pagegrain;         /* ELPA, RIE, XIE */
    uint8_t id;                 /* GuestCtl1.ID */
} MIPSVZTag;

typedef struct MIPSVZState {
    uint32_t GuestCtl0;
    uint32_t GuestCtl0Ext;
    uint32_t GuestCtl1;
    uint32_t GuestCtl2;
    uint32_t GTOffset;

    MIPSVZContext other;
    bool present;               /* Root.Config3.VZ */
    bool guest;                 /* the guest's registers are in CPUMIPSState */
    bool peek;                  /* ... but root executes, see mips_vz_peek() */
    bool gpa_fault;             /* the pending TLB exception is a stage 2 one */
    bool root_irq;              /* the pending interrupt is root's */
    bool timer_ti;              /* guest Cause.TI */
    bool dirty;                 /* flush the guest MMU indexes before entry */
    uint32_t compare;           /* guest Compare, as the timer sees it */
    uint64_t fault_gpa;
    MIPSVZTag tag;              /* under which the guest indexes were filled */
    uint64_t tb_key;            /* cs_base of guest translation blocks */
    uint32_t tb_config[6];      /* the guest Config registers behind tb_key */
} MIPSVZState;

/*
 * Guest translation blocks are keyed by cs_base: the low half holds the
 * controls that decide which guest instructions trap, so that the translator
 * resolves them and a guest pays nothing at run time; the high half numbers
 * the set of guest Config registers the block was translated under.
 */
#define VZ_TB_CP0       (1u << 0)
#define VZ_TB_AT3       (1u << 1)
#define VZ_TB_GT        (1u << 2)
#define VZ_TB_CG        (1u << 3)
#define VZ_TB_CF        (1u << 4)
#define VZ_TB_CGI       (1u << 5)
#define VZ_TB_FCD       (1u << 6)
#define VZ_TB_OG        (1u << 7)
#define VZ_TB_BG        (1u << 8)
#define VZ_TB_MG        (1u << 9)

/* The same register of root, or of the guest, whichever context executes */
#define VZ_ROOT(env, name, field) \
    ((env)->vz.guest ? (env)->vz.other.name : (env)->field)
#define VZ_GUEST(env, name, field) \
    ((env)->vz.guest ? (env)->field : (env)->vz.other.name)

/*
 * What a CPU model with VZ gives its guests: the values their Config registers
 * have after reset, and which of the bits root can change by MTGC0.
 */
typedef struct MIPSVZDef {
    uint32_t Config[6];
    uint32_t Config_root_rw[6];
    uint32_t GuestCtl0;
} MIPSVZDef;

#endif
