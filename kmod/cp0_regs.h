/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DUNE_GC0(register, condition): the guest CP0 registers that a vCPU carries,
 * where the guest has them. Included wherever code is made from the table, so
 * without an include guard.
 *
 * Names are those of read_gc0_*() in asm/mipsregs.h; the order is that of
 * loading. Config comes first, since it decides which fields of the others
 * exist; Compare before Cause, since writing it clears TI, which Cause then has as
 * it was saved. EBase is written in two steps, and the timer has to catch up, so
 * cp0.c handles these.
 */
DUNE_GC0(config, true)
DUNE_GC0(config1, cpu_guest_has_conf1)
DUNE_GC0(config2, cpu_guest_has_conf2)
DUNE_GC0(config3, cpu_guest_has_conf3)
DUNE_GC0(config4, cpu_guest_has_conf4)
DUNE_GC0(config5, cpu_guest_has_conf5)
DUNE_GC0(pagegrain, true)
DUNE_GC0(wired, true)
DUNE_GC0(index, true)
DUNE_GC0(entryhi, true)
DUNE_GC0(entrylo0, true)
DUNE_GC0(entrylo1, true)
DUNE_GC0(pagemask, true)
DUNE_GC0(context, true)
DUNE_GC0(xcontext, true)
DUNE_GC0(contextconfig, cpu_guest_has_contextconfig)
DUNE_GC0(xcontextconfig, cpu_guest_has_contextconfig)
DUNE_GC0(segctl0, cpu_guest_has_segments)
DUNE_GC0(segctl1, cpu_guest_has_segments)
DUNE_GC0(segctl2, cpu_guest_has_segments)
DUNE_GC0(pwbase, cpu_guest_has_htw)
DUNE_GC0(pwfield, cpu_guest_has_htw)
DUNE_GC0(pwsize, cpu_guest_has_htw)
DUNE_GC0(pwctl, cpu_guest_has_htw)
DUNE_GC0(userlocal, cpu_guest_has_userlocal)
DUNE_GC0(hwrena, true)
DUNE_GC0(badvaddr, true)
DUNE_GC0(badinstr, cpu_guest_has_badinstr)
DUNE_GC0(badinstrp, cpu_guest_has_badinstrp)
DUNE_GC0(compare, true)
DUNE_GC0(intctl, true)
DUNE_GC0(cause, true)
DUNE_GC0(status, true)
DUNE_GC0(epc, true)
DUNE_GC0(errorepc, true)
DUNE_GC0(kscratch1, cpu_guest_has_kscr(2))
DUNE_GC0(kscratch2, cpu_guest_has_kscr(3))
DUNE_GC0(kscratch3, cpu_guest_has_kscr(4))
DUNE_GC0(kscratch4, cpu_guest_has_kscr(5))
DUNE_GC0(kscratch5, cpu_guest_has_kscr(6))
DUNE_GC0(kscratch6, cpu_guest_has_kscr(7))
#undef DUNE_GC0
