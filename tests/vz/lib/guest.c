// SPDX-License-Identifier: GPL-2.0
#include "guest.h"
#include "watchdog.h"

struct reset_state reset_state;
struct vcpu vcpu;
u32 vcpu_ticks;
u8 guest_id, guest_rid;

void reset_state_capture(void)
{
	reset_state = (struct reset_state){
		.guestctl0 = mfc0(C0_GUESTCTL0),
		.guestctl0ext = mfc0(C0_GUESTCTL0EXT),
		.guestctl1 = mfc0(C0_GUESTCTL1),
		.guestctl2 = mfc0(C0_GUESTCTL2),
		.gtoffset = mfc0(C0_GTOFFSET),
		.status = mfgc0(C0_STATUS),
		.intctl = mfgc0(C0_INTCTL),
		.cause = mfgc0(C0_CAUSE),
		.wired = mfgc0(C0_WIRED),
		.ebase = dmfgc0(C0_EBASE),
		.config = {
			mfgc0(C0_CONFIG), mfgc0(C0_CONFIG1), mfgc0(C0_CONFIG2),
			mfgc0(C0_CONFIG3), mfgc0(C0_CONFIG4), mfgc0(C0_CONFIG5),
		},
	};
}

/* Root context: nothing in the TLB but the standard guest. */
static void reset_root(void)
{
	mtc0(C0_GUESTCTL0, GC0_AT(3));
	mtc0(C0_GUESTCTL0EXT, GC0EXT_CGI);
	mtc0(C0_GUESTCTL1, 0);
	mtc0(C0_GUESTCTL2, 0);
	mtc0(C0_GTOFFSET, 0);
	mtc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE | PAGEGRAIN_IEC);
	mtc0(C0_WIRED, ROOT_WIRED);
	root_tlb_flush();
	root_tlb_write(0, &(struct tlb_entry){
		.entryhi = GPA_CODE, .pagemask = PAGEMASK_16K,
		.lo0 = LO_RW(RPA_CODE), .lo1 = LO_RW(RPA_CODE + GUEST_CODE_PAGE),
		.guest_id = guest_id });
	map_gpa(1, GPA_VECTORS, LO_RW(RPA_VECTORS), 0);
	map_gpa(2, GPA_DATA, LO_RW(RPA_DATA0), LO_RW(RPA_DATA1));
}

/* Guest context. Config first: it decides which Status bits exist (§5.3). */
static void reset_guest_context(void)
{
	mtgc0(C0_CONFIG, reset_state.config[0]);
	mtgc0(C0_CONFIG1, reset_state.config[1] | CONFIG1_FP);
	mtgc0(C0_CONFIG2, reset_state.config[2]);
	mtgc0(C0_CONFIG3, reset_state.config[3]);
	mtgc0(C0_CONFIG4, reset_state.config[4]);
	mtgc0(C0_CONFIG5, reset_state.config[5]);
	mtgc0(C0_STATUS, STATUS_KX | STATUS_SX | STATUS_UX);
	dmtgc0(C0_EBASE, GVA_VECTORS | EBASE_WG);
	dmtgc0(C0_EBASE, GVA_VECTORS);
	mtgc0(C0_INTCTL, 0);
	mtgc0(C0_WIRED, 0);
	mtgc0(C0_PAGEGRAIN, PAGEGRAIN_RIE | PAGEGRAIN_XIE | PAGEGRAIN_IEC);
	mtgc0(C0_HWRENA, 0);
	dmtgc0(C0_CONTEXT, 0);
	dmtgc0(C0_XCONTEXT, 0);
	dmtgc0(C0_BADVADDR, 0);
	dmtgc0(C0_EPC, 0);
	dmtgc0(C0_ERROREPC, 0);
	dmtgc0(C0_USERLOCAL, 0);
	mtgc0(C0_COMPARE, mfgc0(C0_COUNT) - 1);
	mtgc0(C0_CAUSE, 0);
	guest_tlb_flush();
}

void vcpu_reset(void)
{
	guest_id = 1;
	guest_rid = 0x5a;
	vcpu_ticks = WATCHDOG_TICKS;
	vcpu = (struct vcpu){
		/* As restrictive as a root can be; it must not matter (§4). */
		.entry_status = STATUS_USER | STATUS_KX | STATUS_IM(7) | STATUS_IE,
		.entry_guestctl0 = GC0_GM | GC0_CP0 | GC0_AT(3) | GC0_GT |
				   GC0_CG | GC0_CF,
	};
	for (u32 i = 1; i < 32; i++)
		vcpu.gpr[i] = 0x0101010101010101 * i;
}

void guest_reset(void)
{
	reset_root();
	reset_guest_context();
}

void sync_code(const void *begin, size_t bytes)
{
	for (const u8 *p = begin; p < (const u8 *)begin + bytes; p += 16)
		asm volatile("synci 0(%0)" : : "r"(p) : "memory");
	asm volatile("sync\n\tehb" : : : "memory");
}

void load_words(u64 rpa, const u32 *words, size_t count)
{
	u32 *code = ram(rpa);

	for (size_t i = 0; i < count; i++)
		code[i] = words[i];
	code[count] = HYPCALL(HC_DONE);
	sync_code(code, (count + 1) * sizeof(u32));
}

void run(void)
{
	/* A short vcpu_ticks is to end in the guest, not on the way there. */
	mtc0(C0_STATUS, ROOT_STATUS & ~STATUS_IE);
	watchdog_start(vcpu_ticks);
	mtc0(C0_GUESTCTL1, guest_id | GC1_RID(guest_rid));
	world_switch(&vcpu);
	mtc0(C0_GUESTCTL1, guest_id);
	watchdog_start(WATCHDOG_TICKS);
	mtc0(C0_STATUS, ROOT_STATUS);
}

void run_words(const u32 *words, size_t count)
{
	load_words(RPA_CODE, words, count);
	vcpu.epc = GVA_CODE;
	run();
}

void run_at(const u32 *gva)
{
	vcpu.epc = (u64)gva;
	run();
}

void run_user(u32 status, const u32 *words, size_t count)
{
	map_gva(0, USER_CODE, LO_RW(GPA_CODE), LO_RW(GPA_CODE + 0x1000));
	load_words(RPA_CODE, words, count);
	mtgc0(C0_STATUS, status);
	mtgc0(C0_CAUSE, 0);
	vcpu.epc = USER_CODE;
	run();
}

void guest_load(u64 gva)
{
	vcpu.gpr[A0] = gva;
	RUN(LD(V0, 0, A0));
}

void guest_store(u64 gva, u64 value)
{
	vcpu.gpr[A0] = gva;
	vcpu.gpr[A1] = value;
	RUN(SD(A1, 0, A0));
}
