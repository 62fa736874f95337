// SPDX-License-Identifier: GPL-2.0
#include "exits.h"

static const char *exccode_name(u32 code)
{
	static const char *const names[32] = {
		[EXC_INT] = "Int", [EXC_MOD] = "Mod", [EXC_TLBL] = "TLBL",
		[EXC_TLBS] = "TLBS", [EXC_ADEL] = "AdEL", [EXC_ADES] = "AdES",
		[EXC_IBE] = "IBE", [EXC_DBE] = "DBE", [EXC_SYS] = "Sys", [EXC_BP] = "Bp",
		[EXC_RI] = "RI", [EXC_CPU] = "CpU", [EXC_OV] = "Ov",
		[EXC_TR] = "Tr", [14] = "MSAFPE", [15] = "FPE",
		[EXC_TLBRI] = "TLBRI", [EXC_TLBXI] = "TLBXI",
		[21] = "MSADis", [24] = "MCheck", [26] = "DSPDis",
		[EXC_GE] = "GE",
	};

	return names[code & 0x1f] ?: "reserved";
}

static const char *gexccode_name(u32 code)
{
	static const char *const names[32] = {
		[GEXC_GPSI] = "GPSI", [GEXC_GSFC] = "GSFC", [GEXC_HC] = "HC",
		[GEXC_GRR] = "GRR", [GEXC_GVA] = "GVA", [GEXC_GHFC] = "GHFC",
		[GEXC_GPA] = "GPA",
	};

	return names[code & 0x1f] ?: "?";
}

static bool is_hypcall(void)
{
	return exit_exccode() == EXC_GE &&
	       GC0_GEXCCODE(vcpu.guestctl0) == GEXC_HC;
}

static u32 hypcall_code(void)
{
	return vcpu.badinstr >> 11 & 0x3ff;
}

/* The exit as it was, under the line that says what it is not. */
static void describe_exit(void)
{
	note("exit: %s/%s CE %d BD %d vector %x EPC %X BadVAddr %X",
	     exccode_name(exit_exccode()),
	     gexccode_name(GC0_GEXCCODE(vcpu.guestctl0)),
	     (u32)CAUSE_CE(vcpu.cause), vcpu.cause >> 31, vcpu.vector, vcpu.epc,
	     vcpu.badvaddr);
	note("      BadInstr %x BadInstrP %x Status %x Cause %x GuestCtl0 %x",
	     vcpu.badinstr, vcpu.badinstrp, vcpu.status, vcpu.cause,
	     vcpu.guestctl0);
	if (is_hypcall() && hypcall_code() != HC_DONE)
		note("      guest vector %x: %s CE %d EPC %X BadVAddr %X",
		     (hypcall_code() & 0x7f) << 5,
		     exccode_name(CAUSE_EXCCODE(mfgc0(C0_CAUSE))),
		     (u32)CAUSE_CE(mfgc0(C0_CAUSE)), dmfgc0(C0_EPC),
		     dmfgc0(C0_BADVADDR));
	if (exit_exccode() == EXC_INT && vcpu.cause & CAUSE_TI)
		note("      (watchdog: the guest did not stop)");
}

/* All of @fields as wanted; otherwise tell them and the exit, once. */
struct field {
	const char *name;
	u64 got, want;
};

static void check_fields(int line, const char *what, const struct field *field,
			 size_t count)
{
	bool ok = true;

	for (size_t i = 0; i < count; i++)
		ok &= field[i].got == field[i].want;
	if (!check(line, ok, what))
		return;
	for (size_t i = 0; i < count; i++)
		if (field[i].got != field[i].want)
			note("      %s is %X, not %X", field[i].name,
			     field[i].got, field[i].want);
	describe_exit();
}

#define COUNT_FIELDS(...) \
	(sizeof((const struct field[]){ __VA_ARGS__ }) / sizeof(struct field))

/*
 * Root is in the handler of @exccode at EBase + @offset, as it finds itself
 * after any exception taken in guest mode (§4); and the further fields.
 */
#define CHECK_EXIT(line, what, exccode, offset, ...) \
	check_fields(line, what, (const struct field[]){ \
		{ "ExcCode", exit_exccode(), exccode }, \
		{ "vector", vcpu.vector, offset }, \
		{ "Status.EXL", !!(vcpu.status & STATUS_EXL), 1 }, \
		{ "GuestCtl0.GM", !!(vcpu.guestctl0 & GC0_GM), 1 }, \
		__VA_ARGS__ }, 4 + COUNT_FIELDS(__VA_ARGS__))

void check_done(int line)
{
	CHECK_EXIT(line, "guest reached its end", EXC_GE, 0x180,
		   { "GExcCode", GC0_GEXCCODE(vcpu.guestctl0), GEXC_HC },
		   { "BadInstr", vcpu.badinstr, HYPCALL(HC_DONE) });
}

void check_ge(int line, enum gexccode gexccode, u64 epc, u32 badinstr)
{
	CHECK_EXIT(line, gexccode_name(gexccode), EXC_GE, 0x180,
		   { "GExcCode", GC0_GEXCCODE(vcpu.guestctl0), gexccode },
		   { "EPC", vcpu.epc, epc },
		   { "BadInstr", vcpu.badinstr, badinstr },
		   { "BD", vcpu.cause & CAUSE_BD, 0 });
}

void check_guest_exception(int line, enum exccode exccode, u32 offset, u64 epc)
{
	u32 cause = mfgc0(C0_CAUSE);

	CHECK_EXIT(line, "exception stays in the guest", EXC_GE, 0x180,
		   { "GExcCode", GC0_GEXCCODE(vcpu.guestctl0), GEXC_HC },
		   { "BadInstr", vcpu.badinstr, HYPCALL(HC_VECTOR(offset)) },
		   { "Guest.Cause.ExcCode", CAUSE_EXCCODE(cause), exccode },
		   { "Guest.EPC", dmfgc0(C0_EPC), epc },
		   { "Guest.Status.EXL",
		     !!(mfgc0(C0_STATUS) & STATUS_EXL), 1 });
}

void check_root_exception(int line, enum exccode exccode, u32 offset, u64 epc)
{
	CHECK_EXIT(line, "exception goes to root", exccode, offset,
		   { "EPC", vcpu.epc, epc });
}

void check_root_tlb(int line, enum exccode exccode, u32 offset, u64 epc, u64 gpa)
{
	u32 segbits = root_segbits();
	u64 vpn2 = gpa & ENTRYHI_VPN2;
	/* XContext: PTEBase, R (two bits), BadVPN2 from bit 4 on. */
	u64 xcontext_mask = BIT(segbits - 7) - 1;

	CHECK_EXIT(line, "root TLB exception for a GPA", exccode, offset,
		   { "GExcCode", GC0_GEXCCODE(vcpu.guestctl0), GEXC_GPA },
		   { "EPC", vcpu.epc, epc },
		   { "BadVAddr", vcpu.badvaddr, gpa },
		   { "EntryHi.VPN2", vcpu.entryhi & ~UINT64_C(0x1fff), vpn2 },
		   { "Context.BadVPN2", vcpu.context & 0x7ffff0,
		     vpn2 >> 9 & 0x7ffff0 },
		   { "XContext.{R,BadVPN2}", vcpu.xcontext & xcontext_mask,
		     vpn2 >> 9 },
		   { "Guest.Status.EXL",
		     !!(mfgc0(C0_STATUS) & STATUS_EXL), 0 },
		   { "Guest.EPC", dmfgc0(C0_EPC), 0 },
		   { "Guest.BadVAddr", dmfgc0(C0_BADVADDR), 0 },
		   { "Guest.Cause.ExcCode", CAUSE_EXCCODE(mfgc0(C0_CAUSE)), 0 });
}

void check_load(int line, u64 gva, u64 want)
{
	guest_load(gva);
	check_done(line);
	check_eq(line, vcpu.gpr[V0], want, "loaded value");
}

/* ---- Exceptions of root's own C code ---- */

extern struct vcpu root_frame;

static bool catching, taken;
static struct vcpu caught;

void catch_begin(void)
{
	taken = false;
	catching = true;
}

const struct vcpu *catch_end(void)
{
	catching = false;
	return taken ? &caught : NULL;
}

/* From crt.S, EXL set: skip the instruction, or give the test up. */
void root_exception(struct vcpu *frame);
void root_exception(struct vcpu *frame)
{
	u32 exccode = CAUSE_EXCCODE(frame->cause);

	if (catching && exccode != EXC_INT && !(frame->cause & CAUSE_BD)) {
		catching = false;
		taken = true;
		caught = *frame;
		frame->epc += 4;
		return;
	}
	catching = false;
	if (exccode == EXC_INT && frame->cause & CAUSE_TI)
		note("watchdog: root did not finish, EPC %X", frame->epc);
	else
		note("unexpected exception in root: %s vector %x EPC %X "
		     "BadVAddr %X Cause %x Status %x GuestCtl0 %x",
		     exccode_name(exccode), frame->vector, frame->epc,
		     frame->badvaddr, frame->cause, frame->status,
		     frame->guestctl0);
	/* Whatever the test unmasked must not interrupt that again. */
	mtc0(C0_STATUS, (ROOT_STATUS & ~STATUS_IE) | STATUS_EXL);
	frame->epc = (u64)abandon_test;
}

u64 root_insn(u32 insn, u64 a0)
{
	static u32 code[4];
	u64 (*call)(u64) = (u64 (*)(u64))code;

	code[0] = OR(V0, R0, R0);
	code[1] = insn;
	code[2] = JR(RA);
	code[3] = NOP;
	sync_code(code, sizeof(code));
	return call(a0);
}
