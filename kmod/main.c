// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading of dune.ko, and what it asks of the CPU. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/irqflags.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>

#include <asm/cpu-features.h>
#include <asm/fpu.h>
#include <asm/hazards.h>
#include <asm/mipsregs.h>

#include "cp0.h"
#include "dev.h"
#include "fpu.h"
#include "guestid.h"
#include "vcpu.h"
#include "vecpage.h"

#ifndef CONFIG_MMU_NOTIFIER
#error "dune.ko needs CONFIG_MMU_NOTIFIER (select it by CONFIG_KVM)"
#endif

#define NEEDED_GUESTCTL0	(MIPS_GCTL0_CP0 | MIPS_GCTL0_GT |	\
				 MIPS_GCTL0_CF |			\
				 MIPS_GCTL0_AT_GUEST << MIPS_GCTL0_AT_SHIFT)

/* Do the controls that a vCPU runs with stick? Puts them back. */
static const char *controls_missing(void)
{
	u32 guestctl0 = read_c0_guestctl0();
	u32 guestctl0ext = read_c0_guestctl0ext();
	const char *missing = NULL;

	write_c0_guestctl0(NEEDED_GUESTCTL0);
	write_c0_guestctl0ext(MIPS_GCTL0EXT_FCD);
	back_to_back_c0_hazard();
	if ((read_c0_guestctl0() & NEEDED_GUESTCTL0) != NEEDED_GUESTCTL0)
		missing = "guest-controlled CP0 and MMU (GuestCtl0.CP0, AT, GT, CF)";
	else if (!(read_c0_guestctl0ext() & MIPS_GCTL0EXT_FCD))
		missing = "field change disable (GuestCtl0Ext.FCD)";
	write_c0_guestctl0(guestctl0);
	write_c0_guestctl0ext(guestctl0ext);
	back_to_back_c0_hazard();
	return missing;
}

/* What this CPU lacks, in words, or NULL. Interrupts off. */
static const char *cpu_missing(void)
{
	const char *missing;

	if (!cpu_has_vz)
		return "the Virtualization module (Config3.VZ)";
	if (!cpu_has_guestid || !dune_guestid_mask())
		return "GuestID (GuestCtl0.G1, RAD=0)";
	if (cpu_has_mmid)
		return "ASIDs in place of MMIDs (Config5.MI=0)";
	if (!cpu_has_guestctl0ext)
		return "GuestCtl0Ext (GuestCtl0.G0E)";
	if (!cpu_has_tlbinv)
		return "TLBINVF (Config4.IE)";
	if (!cpu_has_badinstr)
		return "BadInstr (Config3.BI)";
	if (!cpu_has_ebase_wg && !cpu_has_mips64r6)
		return "an exception base anywhere in memory (EBase.WG)";
	if (cpu_has_veic)
		return "interrupts without an external controller (Config3.VEIC=0)";
	if (cpu_has_rixi && !cpu_has_rixiex)
		return "own codes for RI and XI exceptions (PageGrain.IEC)";
	if (!cpu_has_fpu)
		return "an FPU (Config1.FP)";
	missing = controls_missing();
	return missing ?: dune_gc0_probe();
}

static int dune_probe(void)
{
	const char *missing;

	local_irq_disable();
	missing = cpu_missing();
	local_irq_enable();
	if (!missing)
		return 0;
	pr_err("this CPU lacks %s\n", missing);
	return -ENODEV;
}

/* A CPU comes up with unknown TLBs, and with records of before. */
static int dune_cpu_online(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	dune_guestid_start_generation();
	local_irq_restore(flags);
	return 0;
}

static int cpuhp_state;

static int __init dune_init(void)
{
	int ret = dune_probe();

	if (ret)
		return ret;
	ret = dune_vcpu_cache_init();
	if (ret)
		return ret;
	ret = dune_vecpage_init();
	if (ret)
		goto out_cache;
	ret = dune_fpu_init();
	if (ret)
		goto out_vecpage;
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "mips/dune:online",
				dune_cpu_online, NULL);
	if (ret < 0)
		goto out_fpu;
	cpuhp_state = ret;
	ret = dune_dev_init();
	if (ret)
		goto out_cpuhp;
	return 0;

out_cpuhp:
	cpuhp_remove_state(cpuhp_state);
out_fpu:
	dune_fpu_exit();
out_vecpage:
	dune_vecpage_exit();
out_cache:
	dune_vcpu_cache_exit();
	return ret;
}

static void __exit dune_exit(void)
{
	/* No file is open: each holds the module. Spaces may still be on their way. */
	dune_dev_exit();
	mmu_notifier_synchronize();
	cpuhp_remove_state(cpuhp_state);
	dune_fpu_exit();
	dune_vecpage_exit();
	dune_vcpu_cache_exit();
}

module_init(dune_init);
module_exit(dune_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Dune: guest kernel mode of MIPS VZ for ordinary processes");
