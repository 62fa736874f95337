// SPDX-License-Identifier: GPL-2.0
/* The guest CP0 context: initial state, save and load (cp0.h has the table). */

#include <linux/jiffies.h>
#include <linux/string.h>

#include <asm/addrspace.h>
#include <asm/hazards.h>
#include <asm/setup.h>
#include <asm/time.h>

#include "cp0.h"

/* Config registers of every vCPU, as the hardware took them. */
static struct dune_gc0 config;

static void timer_save(struct dune_gc0 *gc0)
{
	gc0->saved_count = read_gc0_count();
	gc0->saved_jiffies = jiffies;
}

/* Ticks of Count since timer_save(): jiffies say how often it went round. */
static s64 timer_elapsed(const struct dune_gc0 *gc0)
{
	s64 rough = (jiffies - gc0->saved_jiffies) * (mips_hpt_frequency / HZ);
	u32 exact = read_gc0_count() - gc0->saved_count;

	return rough + (s32)(exact - (u32)rough);
}

/*
 * The timer runs on without its vCPU, but Compare and Cause are somebody else's
 * meanwhile, and writing Compare forgets that Count has passed it. So that is
 * looked up, and TI set as hardware would have done (mips-vz.md §9).
 *
 * Comes after Compare and Cause are written. Count passing Compare between the
 * two is undone by the latter, but seen here; from then on hardware sees it.
 */
static void timer_catch_up(const struct dune_gc0 *gc0)
{
	u32 before_compare = (u32)gc0->compare - gc0->saved_count - 1;

	if (timer_elapsed(gc0) > (s64)before_compare)
		set_gc0_cause(CAUSEF_TI);
}

void dune_gc0_load(const struct dune_gc0 *gc0)
{
#define DUNE_GC0(name, condition)					\
	do {								\
		if (condition)						\
			write_gc0_##name(gc0->name);			\
	} while (0);
#include "cp0_regs.h"
	back_to_back_c0_hazard();
	timer_catch_up(gc0);

	/* WG set lets the upper half be written; then WG as the guest has it. */
	write_gc0_ebase_64(gc0->ebase | MIPS_EBASE_WG);
	write_gc0_ebase_64(gc0->ebase);

	/* An LL of before must not pair with an SC of now. */
	if (cpu_guest_has_rw_llb)
		write_gc0_lladdr(0);
}

void dune_gc0_save(struct dune_gc0 *gc0)
{
	timer_save(gc0);		/* before Cause, or a tick between is lost */
#define DUNE_GC0(name, condition)					\
	do {								\
		if (condition)						\
			gc0->name = read_gc0_##name();			\
	} while (0);
#include "cp0_regs.h"
	gc0->ebase = read_gc0_ebase_64();
}

/*
 * What a guest is to have beyond what Config says already: the FPU, UserLocal
 * and all KScratch registers. What it is not to have, where that can be chosen:
 * MSA, performance counters, watchpoints, ContextConfig: dune.ko would have to
 * carry their state.
 */
static void config_wish(struct dune_gc0 *gc0)
{
	gc0->config |= MIPS_CONF_M;
	gc0->config1 |= MIPS_CONF_M | MIPS_CONF1_FP;
	gc0->config1 &= ~(MIPS_CONF1_PC | MIPS_CONF1_WR);
	gc0->config2 |= MIPS_CONF_M;
	gc0->config3 |= MIPS_CONF_M | MIPS_CONF3_ULRI | MIPS_CONF3_LPA;
	gc0->config3 &= ~(MIPS_CONF3_MSA | MIPS_CONF3_CTXTC);
	gc0->config4 |= MIPS_CONF_M | MIPS_CONF4_KSCREXIST;
	gc0->config5 &= ~(MIPS_CONF5_K | MIPS_CONF5_CV | MIPS_CONF5_MSAEN |
			  MIPS_CONF5_UFE | MIPS_CONF5_FRE | MIPS_CONF5_UFR |
			  MIPS_CONF5_MRP);
	/* Unmapped segments cached as the kernel's own. */
	gc0->config &= ~CONF_CM_CMASK;
	gc0->config |= read_c0_config() & CONF_CM_CMASK;
}

const char *dune_gc0_probe(void)
{
	struct dune_gc0 before = {}, *gc0 = &config;

	dune_gc0_save(&before);
	*gc0 = before;
	config_wish(gc0);
	dune_gc0_load(gc0);
	back_to_back_c0_hazard();
	dune_gc0_save(gc0);
	dune_gc0_load(&before);

	if (!(gc0->config1 & MIPS_CONF1_FP))
		return "a guest FPU (Guest.Config1.FP)";
	if (!(gc0->config3 & MIPS_CONF3_ULRI))
		return "guest UserLocal (Guest.Config3.ULRI)";
	if ((gc0->config & MIPS_CONF_MT) != MIPS_CONF_MT_TLB)
		return "a plain guest TLB (Guest.Config.MT=1)";
	if (gc0->config3 & MIPS_CONF3_MSA)
		return "a way to deny MSA to guests (Guest.Config3.MSAP)";
	return NULL;
}

unsigned int dune_gc0_tlb_entries(void)
{
	unsigned int entries = (config.config1 & MIPS_CONF1_TLBS) >>
			       MIPS_CONF1_TLBS_SHIFT;

	switch (config.config4 & MIPS_CONF4_MMUEXTDEF) {
	case MIPS_CONF4_MMUEXTDEF_MMUSIZEEXT:
		entries += (config.config4 & MIPS_CONF4_MMUSIZEEXT) << 6;
		break;
	case MIPS_CONF4_MMUEXTDEF_VTLBSIZEEXT:
		entries += ((config.config4 & MIPS_CONF4_VTLBSIZEEXT) >>
			    MIPS_CONF4_VTLBSIZEEXT_SHIFT) << 6;
		break;
	}
	return entries + 1;
}

/* Legacy segment layout, for a guest with programmable segmentation. */
static void segments_init(struct dune_gc0 *gc0)
{
	unsigned long cca = gc0->config & CONF_CM_CMASK;

	gc0->segctl0 = 0x00200010;		/* kseg3, ksseg */
	gc0->segctl1 = 0x00000002 | cca << 16;	/* kseg1, kseg0 */
	gc0->segctl2 = 0x00380438;		/* useg */
}

void dune_gc0_init(struct dune_gc0 *gc0, unsigned long ebase)
{
	memset(gc0, 0, sizeof(*gc0));
	gc0->config = config.config;
	gc0->config1 = config.config1;
	gc0->config2 = config.config2;
	gc0->config3 = config.config3;
	gc0->config4 = config.config4;
	gc0->config5 = config.config5;
	segments_init(gc0);

	gc0->status = ST0_KX | ST0_SX | ST0_UX | ST0_CU1 | ST0_FR;
	gc0->pagegrain = PG_RIE | PG_XIE | PG_IEC | PG_ELPA;
	gc0->intctl = config.intctl & (INTCTLF_IPFDC | INTCTLF_IPPCI |
				       INTCTLF_IPTI);
	gc0->wired = config.wired & MIPSR6_WIRED_LIMIT;
	gc0->hwrena = hwrena;
	gc0->ebase = PHYS_TO_XKPHYS(K_CALG_NONCOHERENT, ebase);
	gc0->saved_count = read_c0_count();	/* GTOffset is 0 for a guest */
	gc0->saved_jiffies = jiffies;
}
