/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One guest and one stay in it.
 *
 * A test starts with guest 1 ready to run in kernel mode with 64-bit segments,
 * its code, vectors and two data pages mapped by the root TLB (layout.h), and
 * everything GuestCtl0 can permit permitted. It changes what it is about, then
 *
 *	vcpu.gpr[A0] = value;
 *	RUN(MTC0(A0, C0_STATUS));
 *	CHECK_GSFC();
 *
 * runs those instructions in the guest, followed by HYPCALL HC_DONE, and looks
 * at the way root came back.
 */
#ifndef VZ_GUEST_H
#define VZ_GUEST_H

#include "cp0.h"
#include "insn.h"
#include "layout.h"
#include "tlb.h"
#include "vcpu.h"

static inline bool has_vz(void)
{
	return mfc0(C0_CONFIG3) & CONFIG3_VZ;
}

/* What the CPU came out of reset with, before anything was written. */
struct reset_state {
	u32 guestctl0, guestctl0ext, guestctl1, guestctl2, gtoffset;
	u32 status, intctl, cause, wired, config[6];	/* of the guest */
	u64 ebase;					/* of the guest */
};

extern struct reset_state reset_state;
void reset_state_capture(void);

extern struct vcpu vcpu;
/* Ticks of Count after which the watchdog ends the stay in the guest. */
extern u32 vcpu_ticks;
/* GuestCtl1.ID and RID while in guest mode. They differ unless a test cares. */
extern u8 guest_id, guest_rid;

/* The state above; called before each test. */
void vcpu_reset(void);
void guest_reset(void);

/* Enter the guest at vcpu.epc; come back at the next root exception. */
void run(void);
/* Write @words at GVA_CODE, HYPCALL HC_DONE after them; run from there. */
void run_words(const u32 *words, size_t count);
#define RUN(...) \
	run_words((const u32[]){ __VA_ARGS__ }, \
		  sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))
/* The same without running: for a program entered at another address. */
void load_words(u64 rpa, const u32 *words, size_t count);
#define LOAD(rpa, ...) \
	load_words(rpa, (const u32[]){ __VA_ARGS__ }, \
		   sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

/* Enter a program written with GUEST_CODE. */
void run_at(const u32 *gva);

/*
 * RUN() at USER_CODE with Guest.Status = @status, for guest user mode: the code
 * page is mapped there by entry 0 of the guest TLB.
 */
#define USER_CODE	UINT64_C(0x00010000)
void run_user(u32 status, const u32 *words, size_t count);
#define RUN_USER(status, ...) \
	run_user(status, (const u32[]){ __VA_ARGS__ }, \
		 sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

/* The guest loads a doubleword at @gva into v0, or stores @value there. */
void guest_load(u64 gva);
void guest_store(u64 gva, u64 value);

/* Assembly that runs in the guest, linked at its guest-virtual address. */
#define GUEST_CODE(name, code) \
	extern const u32 name[]; \
	asm(".pushsection .guest_code, \"ax\"\n" \
	    ".set push\n.set noreorder\n.set noat\n.balign 8\n" \
	    #name ":\n" code "\n.set pop\n.popsection\n")
#define STRING_(...)	#__VA_ARGS__
#define STRING(...)	STRING_(__VA_ARGS__)
#define GUEST_DONE	"hypcall " STRING(HC_DONE) "\n"

/* RAM as root sees it, unmapped. */
static inline void *ram(u64 rpa)
{
	return (void *)(KSEG0 + rpa);
}

/* Make the fetches of both contexts see code written to RAM. */
void sync_code(const void *begin, size_t bytes);

#endif
