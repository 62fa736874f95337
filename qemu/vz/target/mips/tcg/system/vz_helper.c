/*
 * MIPS VZ: helpers of the VZ instructions and of guest field changes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "internal.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"

/* A CP0 register as one number, the way the translator passes it */
#define CP0(rd, sel)    ((rd) << 3 | (sel))

#define CAUSE_ROOT_RW   ((1u << CP0Ca_BD) | (3u << CP0Ca_CE) |           \
                         (1u << CP0Ca_DC) | (1u << CP0Ca_IV) |           \
                         (1u << CP0Ca_WP) | (3u << CP0Ca_IP) |           \
                         (0x1fu << CP0Ca_EC))

/* MFGC0 sees raw registers; those that the guest does not have read as 0. */
static uint64_t read_guest(CPUMIPSState *env, uint32_t reg)
{
    switch (reg) {
    case CP0(1, 0):
        mips_vz_peek(env);
        env->CP0_Random = cpu_mips_get_random(env);
        mips_vz_unpeek(env);
        return env->vz.other.Random;
    case CP0(9, 0):
        return (int32_t)cpu_mips_get_guest_count(env);
    case CP0(13, 0):
        return (int32_t)(env->vz.other.Cause | mips_vz_guest_cause_hw(env));
    case CP0(17, 0):
        return env->vz.other.LLAddr >> env->CP0_LLAddr_shift;
    }
    switch (reg) {
#define VZ_REG(rd, sel, name, field, ctype, group)              \
    case CP0(rd, sel):                                          \
        return sizeof(ctype) == 4 ? (int32_t)env->vz.other.name \
                                  : env->vz.other.name;
#define VZ_STATE(name, field, ctype)
#define VZ_TRAP(rd, first, last, group)
#include "../../vz-regs.h.inc"
    }
    return 0;
}

target_ulong helper_dmfgc0(CPUMIPSState *env, uint32_t reg)
{
    return read_guest(env, reg);
}

target_ulong helper_mfgc0(CPUMIPSState *env, uint32_t reg)
{
    uint64_t value = read_guest(env, reg);

    if (reg == CP0(2, 0) || reg == CP0(3, 0)) {
        /* RI and XI move to bits 31:30, as with MFC0. */
        value = deposit64(value, 30, 2, value >> CP0EnLo_XI);
    }
    return (int32_t)value;
}

/* Status bits that the guest's Config registers say it does not have */
void mips_vz_guest_config_changed(CPUMIPSState *env)
{
    MIPSVZContext *guest = &env->vz.other;
    uint32_t absent = (1 << CP0St_SR) | (1 << CP0St_NMI);

    if (!(guest->Config1 & (1 << CP0C1_FP))) {
        absent |= (1 << CP0St_CU1) | (1 << CP0St_FR);
    }
    if (!(guest->Config1 & (1 << CP0C1_C2))) {
        absent |= 1 << CP0St_CU2;
    }
    if (!(guest->Config3 & (1 << CP0C3_DSPP))) {
        absent |= 1 << CP0St_MX;
    }
    guest->Status_rw = env->CP0_Status_rw_bitmask & ~absent;
    guest->Status &= ~absent;
}

/* A guest has large physical addresses if the model says so and root has. */
void mips_vz_root_pagegrain_changed(CPUMIPSState *env)
{
    MIPSVZContext *guest = &env->vz.other;
    uint32_t lpa = env->cpu_model->vz->Config[3] & (1 << CP0C3_LPA);
    uint32_t elpa = env->CP0_PageGrain & (1 << CP0PG_ELPA);

    if (!lpa || !elpa) {
        lpa = elpa = 0;
    }
    guest->Config3 = (guest->Config3 & ~(1 << CP0C3_LPA)) | lpa;
    guest->PageGrain_rw = (env->CP0_PageGrain_rw_bitmask &
                           ~(1 << CP0PG_ELPA)) | elpa;
    guest->PageGrain &= ~(1 << CP0PG_ELPA) | elpa;
}

static void write_guest_config(CPUMIPSState *env, int sel, uint32_t value)
{
    int32_t *const config[6] = {
        &env->vz.other.Config0, &env->vz.other.Config1,
        &env->vz.other.Config2, &env->vz.other.Config3,
        &env->vz.other.Config4, &env->vz.other.Config5,
    };
    uint32_t rw = env->cpu_model->vz->Config_root_rw[sel];

    if (sel == 5) {
        rw |= env->vz.other.Config5_rw;
    } else if (sel == 0) {
        rw |= 7 << CP0C0_K0;
    }
    *config[sel] = (*config[sel] & ~rw) | (value & rw);
    mips_vz_guest_config_changed(env);
}

/*
 * Root may write all of the guest's Cause except IP7..2, which GuestCtl2.VIP
 * drives, and raises or drops the guest timer interrupt through TI.
 */
static void write_guest_cause(CPUMIPSState *env, uint32_t value)
{
    env->vz.other.Cause = (env->vz.other.Cause & ~CAUSE_ROOT_RW) |
                          (value & CAUSE_ROOT_RW);
    qatomic_set(&env->vz.timer_ti, extract32(value, CP0Ca_TI, 1));
    cpu_mips_update_soft_irq(env);
}

/* EntryLo0 or EntryLo1, whose RI and XI are elsewhere in the 32-bit form. */
static void write_entrylo(CPUMIPSState *env, int n, target_ulong value,
                          bool is64)
{
#if defined(TARGET_MIPS64)
    if (is64) {
        (n ? helper_dmtc0_entrylo1 : helper_dmtc0_entrylo0)(env, value);
        return;
    }
#endif
    (n ? helper_mtc0_entrylo1 : helper_mtc0_entrylo0)(env, value);
}

/* Registers that take root's write as they take the guest's own. */
static void write_as_guest(CPUMIPSState *env, target_ulong value,
                           uint32_t reg, bool is64)
{
    mips_vz_peek(env);
    switch (reg) {
    case CP0(0, 0):
        helper_mtc0_index(env, value);
        break;
    case CP0(2, 0):
    case CP0(3, 0):
        write_entrylo(env, reg == CP0(3, 0), value, is64);
        break;
    case CP0(5, 0):
        helper_mtc0_pagemask(env, value);
        break;
    case CP0(5, 1):
        helper_mtc0_pagegrain(env, value);
        break;
    case CP0(6, 0):
        helper_mtc0_wired(env, value);
        break;
    case CP0(7, 0):
        helper_mtc0_hwrena(env, value);
        break;
    case CP0(10, 0):
        helper_mtc0_entryhi(env, value);
        break;
    case CP0(11, 0):
        cpu_mips_store_compare(env, value);
        break;
    case CP0(12, 1):
        helper_mtc0_intctl(env, value);
        break;
    case CP0(15, 1):
        helper_mtc0_ebase(env, value);
        break;
    default:
        g_assert_not_reached();
    }
    mips_vz_unpeek(env);
}

static void write_guest(CPUMIPSState *env, target_ulong value, uint32_t reg,
                        bool is64)
{
    MIPSVZContext *guest = &env->vz.other;

    switch (reg) {
    case CP0(0, 0):
    case CP0(2, 0):
    case CP0(3, 0):
    case CP0(5, 0):
    case CP0(5, 1):
    case CP0(6, 0):
    case CP0(7, 0):
    case CP0(10, 0):
    case CP0(11, 0):
    case CP0(12, 1):
        write_as_guest(env, value, reg, is64);
        return;

    /* Root reaches bits that the guest does not. */
    case CP0(12, 0):
        guest->Status = (guest->Status & ~guest->Status_rw) |
                        (value & guest->Status_rw);
        return;
    case CP0(13, 0):
        write_guest_cause(env, value);
        return;
    case CP0(15, 1):
        write_as_guest(env, value, reg, is64);
        guest->EBase = deposit64(guest->EBase, 0, 10, value);
        return;
    case CP0(16, 0) ... CP0(16, 5):
        write_guest_config(env, reg & 7, value);
        return;
    case CP0(17, 0):
        /* LLAddr.LLB cannot be set: dropping the link is all that is left. */
        env->lladdr = 1;
        guest->LLAddr = 1;
        return;
    case CP0(1, 0):
        return;
    }
    switch (reg) {
#define VZ_REG(rd, sel, name, field, ctype, group)  \
    case CP0(rd, sel):                              \
        guest->name = value;                        \
        break;
#define VZ_STATE(name, field, ctype)
#define VZ_TRAP(rd, first, last, group)
#include "../../vz-regs.h.inc"
    }
}

void helper_mtgc0(CPUMIPSState *env, target_ulong value, uint32_t reg)
{
    write_guest(env, value, reg, false);
}

void helper_dmtgc0(CPUMIPSState *env, target_ulong value, uint32_t reg)
{
    write_guest(env, value, reg, true);
}

target_ulong helper_mfc0_guestctl(CPUMIPSState *env, uint32_t reg)
{
    switch (reg) {
    case CP0(10, 4):
        return (int32_t)env->vz.GuestCtl1;
    case CP0(10, 5):
        return (int32_t)env->vz.GuestCtl2;
    case CP0(11, 4):
        return (int32_t)env->vz.GuestCtl0Ext;
    case CP0(12, 6):
        return (int32_t)env->vz.GuestCtl0;
    case CP0(12, 7):
        return (int32_t)env->vz.GTOffset;
    default:
        return 0;               /* GuestCtl3: no shadow sets */
    }
}

static void write_guestctl0(CPUMIPSState *env, uint32_t value)
{
    uint32_t rw = (1u << CP0GC0_GM) | (1 << CP0GC0_RI) | (1 << CP0GC0_MC) |
                  (1 << CP0GC0_CP0) | (1 << CP0GC0_GT) | (1 << CP0GC0_CG) |
                  (1 << CP0GC0_CF) | (1 << CP0GC0_SFC2) | (1 << CP0GC0_SFC1);

    if (extract32(env->vz.GuestCtl0, CP0GC0_PT, 1)) {
        rw |= 0x3f << CP0GC0_PIP;
    }
    /* AT 0 and 2 are reserved. */
    if (extract32(value, CP0GC0_AT, 1)) {
        rw |= 3 << CP0GC0_AT;
    }
    env->vz.GuestCtl0 = (env->vz.GuestCtl0 & ~rw) | (value & rw);
    cpu_mips_update_irq(env);
    mips_vz_update_mode(env);
}

void helper_mtc0_guestctl(CPUMIPSState *env, target_ulong value, uint32_t reg)
{
    switch (reg) {
    case CP0(10, 4):
        env->vz.GuestCtl1 = value & ((0xff << CP0GC1_RID) |
                                     (0xff << CP0GC1_ID));
        break;
    case CP0(10, 5):
        env->vz.GuestCtl2 = value & (0x3f << CP0GC2_VIP);
        cpu_mips_update_irq(env);
        break;
    case CP0(11, 4):
        env->vz.GuestCtl0Ext = value & ((1 << CP0GC0E_CGI) |
                                        (1 << CP0GC0E_FCD) |
                                        (1 << CP0GC0E_OG) |
                                        (1 << CP0GC0E_BG) |
                                        (1 << CP0GC0E_MG));
        break;
    case CP0(12, 6):
        write_guestctl0(env, value);
        break;
    case CP0(12, 7):
        cpu_mips_store_gtoffset(env, value);
        break;
    }
}

#define HELPER_TLBG(name, op)                   \
    void helper_##name(CPUMIPSState *env)       \
    {                                           \
        mips_vz_peek(env);                      \
        env->tlb->op(env);                      \
        mips_vz_unpeek(env);                    \
    }

HELPER_TLBG(tlbgp, helper_tlbp)
HELPER_TLBG(tlbgr, helper_tlbr)
HELPER_TLBG(tlbgwi, helper_tlbwi)
HELPER_TLBG(tlbgwr, helper_tlbwr)
HELPER_TLBG(tlbginv, helper_tlbinv)
HELPER_TLBG(tlbginvf, helper_tlbinvf)

/* The bits of @reg whose change by guest software root wants to know of */
static uint32_t gsfc_fields(CPUMIPSState *env, uint32_t reg)
{
    uint32_t c0 = env->vz.GuestCtl0;
    uint32_t fields;

    switch (reg) {
    case CP0(5, 1):
        return VZ_ROOT(env, PageGrain, CP0_PageGrain) &
               env->CP0_PageGrain_rw_bitmask & (1 << CP0PG_ELPA);
    case CP0(12, 0):
        fields = (1 << CP0St_RP) | (1 << CP0St_FR) | (1 << CP0St_MX) |
                 (1 << CP0St_BEV) | (1 << CP0St_TS) | (1 << CP0St_SR) |
                 (1 << CP0St_NMI) | (3 << 16) | (1 << CP0St_ERL);
        fields |= extract32(c0, CP0GC0_SFC1, 1) ? 0 : 1 << CP0St_CU1;
        fields |= extract32(c0, CP0GC0_SFC2, 1) ? 0 : 1 << CP0St_CU2;
        fields |= extract32(c0, CP0GC0_MC, 1) ? 3 << CP0St_KSU : 0;
        return fields & env->CP0_Status_rw_bitmask;
    case CP0(12, 1):
        return 0x1f << CP0IntCtl_VS;
    case CP0(13, 0):
        return (1 << CP0Ca_DC) | (1 << CP0Ca_IV);
    case CP0(16, 5):
        fields = 1 << CP0C5_MSAEn;
        if (env->CP0_Config1 & (1 << CP0C1_FP)) {
            fields |= (1 << CP0C5_UFR) | (1 << CP0C5_UFE) | (1 << CP0C5_FRE);
        }
        return fields & env->CP0_Config5_rw_bitmask;
    default:
        g_assert_not_reached();
    }
}

/* Before a guest MTC0: leave the guest if the write would change a field. */
void helper_vz_check_gsfc(CPUMIPSState *env, target_ulong value, uint32_t reg)
{
    uint32_t old;

    switch (reg) {
    case CP0(5, 1):
        old = env->CP0_PageGrain;
        break;
    case CP0(12, 0):
        old = env->CP0_Status;
        break;
    case CP0(12, 1):
        old = env->CP0_IntCtl;
        break;
    case CP0(13, 0):
        old = env->CP0_Cause;
        break;
    default:
        old = env->CP0_Config5;
        break;
    }
    if ((old ^ (uint32_t)value) & gsfc_fields(env, reg)) {
        do_raise_exception_err(env, EXCP_GE, GEXC_GSFC, GETPC());
    }
}

void helper_vz_check_hwrena(CPUMIPSState *env, uint32_t reg)
{
    if (!(env->CP0_HWREna & (1u << reg))) {
        do_raise_exception(env, EXCP_RI, GETPC());
    }
}
