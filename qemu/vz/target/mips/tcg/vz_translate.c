/*
 * MIPS VZ: translation of the VZ instructions, and of the checks that guest
 * mode adds to the others.
 *
 * Everything that GuestCtl0 and GuestCtl0Ext decide is known here, because
 * they are part of the key of guest translation blocks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "translate.h"
#include "exec/translation-block.h"

/* Include the auto-generated decoder. */
#include "decode-vz.c.inc"

static const uint8_t vz_group[32][8] = {
#define VZ_REG(rd, sel, name, field, ctype, group) [rd][sel] = VZ_GROUP_##group,
#define VZ_STATE(name, field, ctype)
#define VZ_TRAP(rd, first, last, group) \
    [rd][first ... last] = VZ_GROUP_##group,
#include "../vz-regs.h.inc"
};

static bool in_guest(DisasContext *ctx)
{
    return ctx->hflags & MIPS_HFLAG_GUEST;
}

static bool vz_control(DisasContext *ctx, uint32_t control)
{
    return ctx->base.tb->cs_base & control;
}

static void gen_guest_exit(DisasContext *ctx, int gexccode)
{
    generate_exception_err(ctx, EXCP_GE, gexccode);
}

/* DI, EI, ERET: true if GuestCtl0.CP0 = 0 made them leave the guest. */
bool mips_vz_trap_cp0(DisasContext *ctx)
{
    if (in_guest(ctx) && !vz_control(ctx, VZ_TB_CP0)) {
        gen_guest_exit(ctx, GEXC_GPSI);
        return true;
    }
    return false;
}

/*
 * Onion order of MD00847: usable in the guest, legal, GuestCtl0.CP0, finer
 * controls. MFGC0 and its kin are instructions that a guest does not have.
 */
static bool check_root_only(DisasContext *ctx)
{
    if (!(ctx->hflags & MIPS_HFLAG_CP0)) {
        generate_exception_end(ctx, EXCP_CpU);
        return false;
    }
    if (in_guest(ctx)) {
        gen_reserved_instruction(ctx);
        return false;
    }
    return true;
}

/* (rd, sel) as one number, the way the helpers take it */
static TCGv_i32 gc0_number(arg_gc0 *a)
{
    return tcg_constant_i32(a->rd << 3 | a->sel);
}

static bool trans_MFGC0(DisasContext *ctx, arg_gc0 *a)
{
    if (check_root_only(ctx)) {
        TCGv value = tcg_temp_new();

        translator_io_start(&ctx->base);
        gen_helper_mfgc0(value, tcg_env, gc0_number(a));
        gen_store_gpr(value, a->rt);
    }
    return true;
}

static bool trans_DMFGC0(DisasContext *ctx, arg_gc0 *a)
{
    if (!check_root_only(ctx)) {
        return true;
    }
    if (!(ctx->hflags & MIPS_HFLAG_64)) {
        return false;
    }
    TCGv value = tcg_temp_new();

    translator_io_start(&ctx->base);
    gen_helper_dmfgc0(value, tcg_env, gc0_number(a));
    gen_store_gpr(value, a->rt);
    return true;
}

/* End the block: an interrupt of the guest may have become pending. */
static void gen_exit_tb_after(DisasContext *ctx)
{
    gen_save_pc(ctx->base.pc_next + 4);
    ctx->base.is_jmp = DISAS_EXIT;
}

static bool trans_MTGC0(DisasContext *ctx, arg_gc0 *a)
{
    if (check_root_only(ctx)) {
        TCGv value = tcg_temp_new();

        gen_load_gpr(value, a->rt);
        translator_io_start(&ctx->base);
        gen_helper_mtgc0(tcg_env, value, gc0_number(a));
        gen_exit_tb_after(ctx);
    }
    return true;
}

static bool trans_DMTGC0(DisasContext *ctx, arg_gc0 *a)
{
    if (!check_root_only(ctx)) {
        return true;
    }
    if (!(ctx->hflags & MIPS_HFLAG_64)) {
        return false;
    }
    TCGv value = tcg_temp_new();

    gen_load_gpr(value, a->rt);
    translator_io_start(&ctx->base);
    gen_helper_dmtgc0(tcg_env, value, gc0_number(a));
    gen_exit_tb_after(ctx);
    return true;
}

/* Root.Config5.MVH is 0 on every model with VZ: reserved. */
static bool trans_MFHGC0(DisasContext *ctx, arg_gc0 *a)
{
    if (check_root_only(ctx)) {
        gen_reserved_instruction(ctx);
    }
    return true;
}

static bool trans_MTHGC0(DisasContext *ctx, arg_gc0 *a)
{
    return trans_MFHGC0(ctx, a);
}

#define TRANS_TLBG(NAME, name)                                  \
    static bool trans_##NAME(DisasContext *ctx, arg_##NAME *a)  \
    {                                                           \
        if (check_root_only(ctx)) {                             \
            gen_helper_##name(tcg_env);                         \
        }                                                       \
        return true;                                            \
    }

TRANS_TLBG(TLBGP, tlbgp)
TRANS_TLBG(TLBGR, tlbgr)
TRANS_TLBG(TLBGWI, tlbgwi)
TRANS_TLBG(TLBGWR, tlbgwr)
TRANS_TLBG(TLBGINV, tlbginv)
TRANS_TLBG(TLBGINVF, tlbginvf)

static bool trans_HYPCALL(DisasContext *ctx, arg_HYPCALL *a)
{
    if (!(ctx->hflags & MIPS_HFLAG_CP0)) {
        generate_exception_end(ctx, EXCP_CpU);
    } else if (in_guest(ctx)) {
        gen_guest_exit(ctx, GEXC_HC);
    } else {
        gen_reserved_instruction(ctx);
    }
    return true;
}

static bool group_traps(DisasContext *ctx, int group, bool write)
{
    switch (group) {
    case VZ_GROUP_RESERVED:
    case VZ_GROUP_OG:
        return vz_control(ctx, VZ_TB_OG);
    case VZ_GROUP_BG:
        return vz_control(ctx, VZ_TB_BG);
    case VZ_GROUP_MG:
        return vz_control(ctx, VZ_TB_MG);
    case VZ_GROUP_AT:
        return !vz_control(ctx, VZ_TB_AT3);
    case VZ_GROUP_GT:
        return !vz_control(ctx, VZ_TB_GT);
    case VZ_GROUP_CF:
        return write && !vz_control(ctx, VZ_TB_CF);
    case VZ_GROUP_COUNT:
        return write || !vz_control(ctx, VZ_TB_GT);
    case VZ_GROUP_ALWAYS:
        return true;
    default:
        return false;
    }
}

/* False for a register that the guest's Config registers or root deny it */
static bool guest_has(DisasContext *ctx, int rd, int sel)
{
    switch (rd << 3 | sel) {
    case 4 << 3 | 2:
        return ctx->ulri;
    case 8 << 3 | 1:
        return ctx->bi;
    case 8 << 3 | 2:
        return ctx->bp;
    case 31 << 3 | 2 ... 31 << 3 | 7:
        return ctx->kscrexist & (1 << sel);
    case 5 << 3 | 2 ... 5 << 3 | 4:
        return ctx->sc;
    default:
        return vz_group[rd][sel] != VZ_GROUP_RESERVED;
    }
}

/* GuestCtl0..3, GuestCtl0Ext, GTOffset: in root only */
static bool is_root_control(int rd, int sel)
{
    return (rd == 10 && sel >= 4 && sel <= 6) || (rd == 11 && sel == 4) ||
           (rd == 12 && (sel == 6 || sel == 7));
}

/* MFC0/DMFC0; true if nothing is left to translate. */
bool mips_vz_mfc0(DisasContext *ctx, int rt, int rd, int sel)
{
    if (in_guest(ctx)) {
        if (!vz_control(ctx, VZ_TB_CP0) ||
            group_traps(ctx, vz_group[rd][sel], false)) {
            gen_guest_exit(ctx, GEXC_GPSI);
            return true;
        }
        if (!guest_has(ctx, rd, sel)) {
            gen_store_gpr(tcg_constant_tl(0), rt);
            return true;
        }
        return false;
    }
    if (is_root_control(rd, sel)) {
        TCGv value = tcg_temp_new();

        gen_helper_mfc0_guestctl(value, tcg_env,
                                 tcg_constant_i32(rd << 3 | sel));
        gen_store_gpr(value, rt);
        return true;
    }
    return false;
}

/* Field changes that leave the guest before they happen; see the helper. */
static void gen_check_gsfc(DisasContext *ctx, int rt, int rd, int sel)
{
    TCGv value = tcg_temp_new();

    if (vz_control(ctx, VZ_TB_FCD)) {
        return;
    }
    switch (rd << 3 | sel) {
    case 5 << 3 | 1:            /* PageGrain */
    case 12 << 3 | 0:           /* Status */
    case 12 << 3 | 1:           /* IntCtl */
    case 13 << 3 | 0:           /* Cause */
    case 16 << 3 | 5:           /* Config5 */
        gen_load_gpr(value, rt);
        gen_helper_vz_check_gsfc(tcg_env, value,
                                 tcg_constant_i32(rd << 3 | sel));
        break;
    }
}

/* MTC0/DMTC0; true if nothing is left to translate. */
bool mips_vz_mtc0(DisasContext *ctx, int rt, int rd, int sel)
{
    if (in_guest(ctx)) {
        if (!vz_control(ctx, VZ_TB_CP0) ||
            group_traps(ctx, vz_group[rd][sel], true)) {
            gen_guest_exit(ctx, GEXC_GPSI);
            return true;
        }
        if (!guest_has(ctx, rd, sel)) {
            return true;
        }
        gen_check_gsfc(ctx, rt, rd, sel);
        return false;
    }
    if (is_root_control(rd, sel)) {
        TCGv value = tcg_temp_new();

        gen_load_gpr(value, rt);
        /* Guest mode may begin behind this instruction. */
        gen_save_pc(ctx->base.pc_next + 4);
        translator_io_start(&ctx->base);
        gen_helper_mtc0_guestctl(tcg_env, value,
                                 tcg_constant_i32(rd << 3 | sel));
        ctx->base.is_jmp = DISAS_EXIT;
        return true;
    }
    return false;
}

/* Guest TLB instruction; true if it left the guest. */
bool mips_vz_tlb_op(DisasContext *ctx)
{
    if (in_guest(ctx) &&
        !(vz_control(ctx, VZ_TB_CP0) && vz_control(ctx, VZ_TB_AT3))) {
        gen_guest_exit(ctx, GEXC_GPSI);
        return true;
    }
    return false;
}

/* WAIT, RDPGPR, WRPGPR: never the guest's own; true if they left the guest. */
bool mips_vz_always(DisasContext *ctx)
{
    if (in_guest(ctx)) {
        gen_guest_exit(ctx, GEXC_GPSI);
        return true;
    }
    return false;
}

/*
 * Guest CACHE/CACHEE with operation @op; true if it left the guest. Bits 4:2:
 * 0 index (writeback) invalidate, 1 index load tag, 2 index store tag, 3 for
 * the implementation, 4 to 6 hit operations, 7 fetch and lock.
 */
bool mips_vz_cache(DisasContext *ctx, int op)
{
    int operation = extract32(op, 2, 3);

    if (!in_guest(ctx)) {
        return false;
    }
    if (vz_control(ctx, VZ_TB_CP0) && vz_control(ctx, VZ_TB_CG) &&
        ((operation >= 4 && operation <= 6) ||
         (operation == 0 && vz_control(ctx, VZ_TB_CGI)))) {
        return false;
    }
    gen_guest_exit(ctx, GEXC_GPSI);
    return true;
}

/* Guest RDHWR; true if it left the guest or is reserved. */
bool mips_vz_rdhwr(DisasContext *ctx, int rd)
{
    bool gpsi = !vz_control(ctx, VZ_TB_CP0) ||
                (rd == 2 && !vz_control(ctx, VZ_TB_GT));

    if (!in_guest(ctx) || !gpsi || (rd > 3 && rd != 29)) {
        return false;
    }
    /* HWREna of the guest comes first, it raises a guest RI. */
    if (!(ctx->hflags & MIPS_HFLAG_CP0)) {
        gen_helper_vz_check_hwrena(tcg_env, tcg_constant_i32(rd));
    }
    gen_guest_exit(ctx, GEXC_GPSI);
    return true;
}
