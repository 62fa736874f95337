/*
 * MIPS VZ: world switch, interrupt sources of the guest, reset.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "internal.h"
#include "exec/cputlb.h"
#include "target/mips/tcg/trace.h"

/* Exchange the registers of the two contexts, and nothing else. */
static void vz_swap(CPUMIPSState *env)
{
    MIPSVZContext *other = &env->vz.other;

#define SWAP(name, field, ctype)            \
    {                                       \
        ctype tmp_ = env->field;            \
                                            \
        env->field = other->name;           \
        other->name = tmp_;                 \
    }
#define VZ_REG(rd, sel, name, field, ctype, group)  SWAP(name, field, ctype)
#define VZ_STATE(name, field, ctype)                SWAP(name, field, ctype)
#define VZ_TRAP(rd, first, last, group)
#include "vz-regs.h.inc"
#undef SWAP

    env->vz.guest = !env->vz.guest;
    env->tlb = env->vz.guest ? env->guest_tlb : env->root_tlb;
}

/* Recompute what is derived from the registers of the active context. */
static void vz_activate(CPUMIPSState *env)
{
    env->hflags &= ~MIPS_HFLAG_HWRENA_ULR;
    if ((env->CP0_HWREna & (1 << 29)) &&
        (env->CP0_Config3 & (1 << CP0C3_ULRI))) {
        env->hflags |= MIPS_HFLAG_HWRENA_ULR;
    }
    compute_hflags(env);
    restore_pamask(env);
}

/* What cached guest translations depend on, while the guest is active. */
static MIPSVZTag vz_current_tag(CPUMIPSState *env)
{
    return (MIPSVZTag) {
        .asid = env->CP0_EntryHi & env->CP0_EntryHi_ASID_mask,
        .mmid = env->CP0_MemoryMapID,
        .status = env->CP0_Status & (7 << CP0St_UX),
        .pagegrain = env->CP0_PageGrain & ((3u << CP0PG_XIE) |
                                           (1u << CP0PG_ELPA)),
        .id = mips_vz_guest_id(env),
    };
}

static bool vz_same_tag(const MIPSVZTag *a, const MIPSVZTag *b)
{
    return a->asid == b->asid && a->mmid == b->mmid && a->status == b->status &&
           a->pagegrain == b->pagegrain && a->id == b->id;
}

/*
 * Root cannot use the guest MMU indexes, so whatever it changed under them is
 * only acted on here, once, however many changes there were.
 */
static void vz_sync_guest_mmu(CPUMIPSState *env)
{
    MIPSVZTag tag = vz_current_tag(env);

    /* A guest of GuestID 0 uses root's own entries, which come and go. */
    if (env->vz.dirty || !tag.id || !vz_same_tag(&tag, &env->vz.tag)) {
        trace_mips_vz_flush(env_cpu(env)->cpu_index, env->vz.dirty, tag.id);
        tlb_flush_by_mmuidx(env_cpu(env), MMU_GUEST_IDXMAP);
        mips_vz_drop_shadows(env);
        env->vz.dirty = false;
    }
    env->vz.tag = tag;
}

/* Number a set of guest Config registers; equal sets have equal numbers. */
static uint32_t vz_intern_config(const uint32_t config[6])
{
    static QemuMutex lock;
    static gsize initialized;
    static GArray *sets;

    if (g_once_init_enter(&initialized)) {
        qemu_mutex_init(&lock);
        sets = g_array_new(false, false, 6 * sizeof(uint32_t));
        g_once_init_leave(&initialized, 1);
    }
    QEMU_LOCK_GUARD(&lock);
    for (guint i = 0; i < sets->len; i++) {
        if (!memcmp(sets->data + i * 6 * sizeof(uint32_t), config,
                    6 * sizeof(uint32_t))) {
            return i + 1;
        }
    }
    g_array_append_vals(sets, config, 1);
    return sets->len;
}

void mips_vz_update_tb_key(CPUMIPSState *env)
{
    const uint32_t config[6] = {
        env->CP0_Config0, env->CP0_Config1, env->CP0_Config2,
        env->CP0_Config3, env->CP0_Config4, env->CP0_Config5,
    };
    uint32_t c0 = env->vz.GuestCtl0;
    uint32_t ext = env->vz.GuestCtl0Ext;
    uint32_t control = 0;

    control |= extract32(c0, CP0GC0_CP0, 1) ? VZ_TB_CP0 : 0;
    control |= extract32(c0, CP0GC0_AT, 2) == 3 ? VZ_TB_AT3 : 0;
    control |= extract32(c0, CP0GC0_GT, 1) ? VZ_TB_GT : 0;
    control |= extract32(c0, CP0GC0_CG, 1) ? VZ_TB_CG : 0;
    control |= extract32(c0, CP0GC0_CF, 1) ? VZ_TB_CF : 0;
    control |= extract32(ext, CP0GC0E_CGI, 1) ? VZ_TB_CGI : 0;
    control |= extract32(ext, CP0GC0E_FCD, 1) ? VZ_TB_FCD : 0;
    control |= extract32(ext, CP0GC0E_OG, 1) ? VZ_TB_OG : 0;
    control |= extract32(ext, CP0GC0E_BG, 1) ? VZ_TB_BG : 0;
    control |= extract32(ext, CP0GC0E_MG, 1) ? VZ_TB_MG : 0;

    if (!env->vz.tb_key ||
        memcmp(env->vz.tb_config, config, sizeof(config))) {
        memcpy(env->vz.tb_config, config, sizeof(config));
        env->vz.tb_key = (uint64_t)vz_intern_config(config) << 32;
    }
    env->vz.tb_key = deposit64(env->vz.tb_key, 0, 32, control);
}

/*
 * Guest mode is GuestCtl0.GM=1 with Root.Status.EXL=ERL=0 outside debug mode,
 * a combination that any write of these may complete or break. This is the only
 * place that enters guest mode.
 */
void mips_vz_update_mode(CPUMIPSState *env)
{
    uint32_t status = VZ_ROOT(env, Status, CP0_Status);
    bool want = env->vz.present &&
                extract32(env->vz.GuestCtl0, CP0GC0_GM, 1) &&
                !(status & ((1 << CP0St_EXL) | (1 << CP0St_ERL))) &&
                !(env->hflags & MIPS_HFLAG_DM);

    if (want == env->vz.guest) {
        return;
    }
    if (!want) {
        mips_vz_exit(env);
        return;
    }
    vz_swap(env);
    env->hflags |= MIPS_HFLAG_GUEST;
    vz_activate(env);
    vz_sync_guest_mmu(env);
    mips_vz_update_tb_key(env);
    trace_mips_vz_enter(env_cpu(env)->cpu_index, env->active_tc.PC,
                        env->vz.tag.id);
}

/*
 * Leave guest mode for root. An exception handler calls it before it writes
 * any register: Root.Status.EXL is still 0 then, and set by what follows.
 */
void mips_vz_exit(CPUMIPSState *env)
{
    env->vz.tag = vz_current_tag(env);
    env->lladdr = 1;            /* root must not complete the guest's LL */
    vz_swap(env);
    env->hflags &= ~MIPS_HFLAG_GUEST;
    vz_activate(env);
}

/* True if root takes @exception, which was raised in guest mode. */
static bool exception_leaves_guest(CPUMIPSState *env, int exception)
{
    switch (exception) {
    case EXCP_GE:
    case EXCP_IBE:
    case EXCP_DBE:
    case EXCP_CACHE:
    case EXCP_MCHECK:
    case EXCP_NMI:
    case EXCP_SRESET:
    case EXCP_DSS:
    case EXCP_DINT:
    case EXCP_DIB:
    case EXCP_DBp:
    case EXCP_DDBS:
    case EXCP_DDBL:
        return true;
    case EXCP_EXT_INTERRUPT:
        return env->vz.root_irq;
    case EXCP_TLBL:
    case EXCP_TLBS:
    case EXCP_LTLBL:
    case EXCP_TLBRI:
    case EXCP_TLBXI:
        return env->vz.gpa_fault;
    /* The guest has enabled it, so it is root that has not. */
    case EXCP_CpU:
        return env->error_code &&
               (env->CP0_Status & (1u << (CP0St_CU0 + env->error_code)));
    case EXCP_MSADIS:
        return env->CP0_Config5 & (1 << CP0C5_MSAEn);
    case EXCP_DSPDIS:
        return env->CP0_Status & (1 << CP0St_MX);
    default:
        return false;
    }
}

/* True if the exception that root takes from a guest is an instruction's. */
static bool has_bad_instruction(CPUMIPSState *env, int exception)
{
    switch (exception) {
    case EXCP_GE:
        return env->error_code != GEXC_GHFC;
    case EXCP_TLBL:
    case EXCP_TLBS:
    case EXCP_LTLBL:
    case EXCP_TLBRI:
    case EXCP_TLBXI:
        return !(env->error_code & EXCP_INST_NOTAVAIL);
    case EXCP_CpU:
    case EXCP_MSADIS:
    case EXCP_DSPDIS:
        return true;
    default:
        return false;
    }
}

/*
 * Make root the active context for an exception that it takes from a guest.
 * BadInstr and BadInstrP are fetched first, by the guest's mapping.
 */
static void leave_guest(CPUMIPSState *env, int exception)
{
    bool has_instruction = has_bad_instruction(env, exception);
    uint32_t insn = 0, prev = 0;
    bool slot = env->hflags & MIPS_HFLAG_BMASK;

    if (has_instruction) {
        mips_fetch_instruction(env, env->active_tc.PC, &insn);
        if (slot) {
            mips_fetch_instruction(env, env->active_tc.PC - 4, &prev);
        }
    }
    mips_vz_exit(env);
    if (has_instruction) {
        env->CP0_BadInstr = insn;
        env->CP0_BadInstrP = slot ? prev : env->CP0_BadInstrP;
    }
    if (exception == EXCP_GE) {
        env->vz.GuestCtl0 = deposit32(env->vz.GuestCtl0, CP0GC0_GEXC, 5,
                                      env->error_code);
    } else if (env->vz.gpa_fault) {
        env->vz.GuestCtl0 = deposit32(env->vz.GuestCtl0, CP0GC0_GEXC, 5,
                                      GEXC_GPA);
        mips_set_mmu_exception_registers(env, env->vz.fault_gpa);
    }
}

/*
 * Before an exception that was raised in guest mode is taken: if it is root's,
 * make root the active context, so that what follows works on its registers,
 * and return true. A guest's own exception is taken as without VZ.
 */
bool mips_vz_route_exception(CPUMIPSState *env)
{
    CPUState *cs = env_cpu(env);

    if (cs->exception_index == EXCP_RI &&
        extract32(env->vz.GuestCtl0, CP0GC0_RI, 1)) {
        cs->exception_index = EXCP_GE;
        env->error_code = GEXC_GRR;
    }
    if (!exception_leaves_guest(env, cs->exception_index)) {
        return false;
    }
    leave_guest(env, cs->exception_index);
    return true;
}

/* Let root operate on the guest's registers with code that knows only CP0_*. */
void mips_vz_peek(CPUMIPSState *env)
{
    vz_swap(env);
    env->vz.peek = true;
    vz_activate(env);
}

void mips_vz_unpeek(CPUMIPSState *env)
{
    env->vz.peek = false;
    vz_swap(env);
    vz_activate(env);
}

/* Cause.TI and Cause.IP7..2 of the guest: VIP, passed-through lines, timer. */
uint32_t mips_vz_guest_cause_hw(CPUMIPSState *env)
{
    uint32_t pip = env->vz.GuestCtl0 & (0x3f << CP0GC0_PIP);
    uint32_t hw = env->vz.GuestCtl2 & (0x3f << CP0GC2_VIP);

    hw |= qatomic_read(&env->cause_hw) & pip;
    if (qatomic_read(&env->vz.timer_ti)) {
        uint32_t ipti = extract32(VZ_GUEST(env, IntCtl, CP0_IntCtl),
                                  CP0IntCtl_IPTI, 3);

        hw |= (1 << CP0Ca_TI) | (1 << (CP0Ca_IP + ipti));
    }
    return hw;
}

/*
 * The guest's registers after reset. The base architecture's reset state, with
 * the Config registers and write masks that the CPU model gives to guests.
 */
void mips_vz_reset(CPUMIPSState *env)
{
    const MIPSVZDef *def = env->cpu_model->vz;
    MIPSVZContext *guest = &env->vz.other;
    int i;

    env->vz.present = env->CP0_Config3 & (1 << CP0C3_VZ);
    if (!env->vz.present) {
        return;
    }
    env->vz.GuestCtl0 = def->GuestCtl0;
    env->vz.dirty = true;
    if (env->guest_timer) {
        timer_del(env->guest_timer);
    }

    guest->Config0 = deposit32(def->Config[0], CP0C0_BE, 1,
                               mips_env_is_bigendian(env));
    guest->Config1 = def->Config[1];
    guest->Config2 = def->Config[2];
    guest->Config3 = def->Config[3];
    guest->Config4 = def->Config[4];
    guest->Config5 = def->Config[5];
    guest->Status = (1 << CP0St_BEV) | (1 << CP0St_ERL);
    guest->IntCtl = env->CP0_IntCtl;
    guest->EBase = env->CP0_EBase;
    guest->EBaseWG_rw = env->CP0_EBaseWG_rw_bitmask;
    guest->EntryHi_ASID_mask = guest->Config4 & (1 << CP0C4_AE) ? 0x3ff : 0xff;
    guest->PageGrain = env->cpu_model->CP0_PageGrain;
    guest->Config5_rw = env->CP0_Config5_rw_bitmask &
                        ((1 << CP0C5_MSAEn) | (1 << CP0C5_UFR) |
                         (1 << CP0C5_UFE) | (1 << CP0C5_FRE) |
                         (1 << CP0C5_SBRI));
    mips_vz_guest_config_changed(env);
    mips_vz_root_pagegrain_changed(env);
    guest->SegCtl0 = env->CP0_SegCtl0;
    guest->SegCtl1 = env->CP0_SegCtl1;
    guest->SegCtl2 = env->CP0_SegCtl2;

    env->guest_tlb->tlb_in_use = env->guest_tlb->nb_tlb;
    for (i = 0; i < env->guest_tlb->nb_tlb; i++) {
        memset(&env->guest_tlb->mmu.r4k.tlb[i], 0, sizeof(r4k_tlb_t));
        env->guest_tlb->mmu.r4k.tlb[i].EHINV = 1;
    }
}
