// SPDX-License-Identifier: GPL-2.0
/*
 * VZ is there exactly when Config3.VZ says so: this program passes on every
 * CPU model, with or without VZ.
 */
#include "exits.h"

const bool runs_without_vz = true;

static const u32 vz_only[] = {
	MFGC0(V0, C0_STATUS), DMFGC0(V0, C0_EPC), TLBGP, TLBGR, TLBGINV, TLBGINVF,
};

TEST(instructions, "VZ instructions are RI exactly when Config3.VZ is 0", "§2.4")
{
	for (size_t i = 0; i < ARRAY_SIZE(vz_only); i++) {
		const struct vcpu *e = CATCH(root_insn(vz_only[i], 0));

		about("instruction %x", vz_only[i]);
		CHECK_EQ(!e, has_vz());
		CHECK(!e || CAUSE_EXCCODE(e->cause) == EXC_RI);
	}
}

TEST(hypcall_is_ri, "HYPCALL in root is RI with VZ and without", "§2.7, §20 10")
{
	const struct vcpu *e = CATCH(root_insn(HYPCALL(0), 0));

	CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_RI);
}

TEST(no_effect, "without VZ, writing GuestCtl0.GM changes nothing", "§1")
{
	if (!has_vz())
		mtc0(C0_GUESTCTL0, GC0_GM | GC0_CP0 | GC0_AT(3));
	/* Still root, so CP0 of root answers. */
	CHECK_EQ(mfc0(C0_STATUS) & ~STATUS_FR, ROOT_STATUS);
	CHECK_EQ(mfc0(C0_CONFIG3) & CONFIG3_VZ, has_vz() ? CONFIG3_VZ : 0);
}

TEST(catch_and_skip, "an exception of root code is seen and skipped", "§4")
{
	const struct vcpu *e = CATCH(root_insn(SYSCALL, 0));

	CHECK(e && CAUSE_EXCCODE(e->cause) == EXC_SYS);
	CHECK(e && e->vector == 0x180);
	CHECK(!CATCH(root_insn(NOP, 0)));
}

TEST(root_user_mode, "the world switch runs root user mode and comes back", "§4")
{
	u32 *code = ram(RPA_FREE);
	const u64 va = 0x10000;

	/* One global root mapping of user space; GuestID 0. */
	dmtc0(C0_ENTRYHI, va);
	dmtc0(C0_ENTRYLO0, LO_RW(RPA_FREE) | ENTRYLO_G);
	dmtc0(C0_ENTRYLO1, ENTRYLO_G);
	mtc0(C0_PAGEMASK, 0);
	mtc0(C0_INDEX, 0);
	tlb_op(tlbwi);
	code[0] = ADDIU(V0, A0, 1);
	code[1] = SYSCALL;
	sync_code(code, 8);

	vcpu.epc = va;
	vcpu.gpr[A0] = 41;
	vcpu.gpr[S0] = 0x123456789abcdef0;
	vcpu.entry_status = STATUS_USER | STATUS_KX | STATUS_UX;
	vcpu.entry_guestctl0 = 0;
	run();
	CHECK_EQ(exit_exccode(), EXC_SYS);
	CHECK_EQ(vcpu.vector, 0x180);
	CHECK_EQ(vcpu.epc, va + 4);
	CHECK_EQ(vcpu.gpr[V0], 42);
	CHECK_EQ(vcpu.gpr[S0], 0x123456789abcdef0);
}

TEST(watchdog, "the watchdog ends a program that does not stop", "§10")
{
	LOAD(RPA_FREE, BEQ(R0, R0, -1), NOP);
	dmtc0(C0_ENTRYHI, 0x10000);
	dmtc0(C0_ENTRYLO0, LO_RW(RPA_FREE) | ENTRYLO_G);
	dmtc0(C0_ENTRYLO1, ENTRYLO_G);
	mtc0(C0_PAGEMASK, 0);
	mtc0(C0_INDEX, 0);
	tlb_op(tlbwi);

	vcpu.epc = 0x10000;
	vcpu.entry_status = STATUS_USER | STATUS_KX | STATUS_UX | STATUS_IM(7) |
			    STATUS_IE;
	vcpu.entry_guestctl0 = 0;
	vcpu_ticks = 4000000;
	run();
	CHECK_EQ(exit_exccode(), EXC_INT);
	CHECK(vcpu.cause & CAUSE_TI);
	CHECK(vcpu.epc == 0x10000 || vcpu.epc == 0x10004);
}
