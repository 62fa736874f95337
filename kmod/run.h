/* SPDX-License-Identifier: GPL-2.0 */
/* DUNE_ENTER: the run loop, and what an exit from guest mode leads to. */
#ifndef _DUNE_RUN_H
#define _DUNE_RUN_H

#include "vcpu.h"

/*
 * dune_vcpu_run() - run @vcpu in guest mode until the process is needed.
 * @io: in: registers; out: why it came back, and the registers.
 *
 * The caller has the vCPU to itself, and current->mm is its space's. Returns
 * through @io only: there is no failure.
 */
void dune_vcpu_run(struct dune_vcpu *vcpu, struct dune_enter *io);

/* Does the exit lead straight back into guest mode? Interrupts off. */
bool dune_exit_fast(struct dune_vcpu *vcpu);

/*
 * dune_exit_slow() - all other exits. May sleep. Returns true to run on, false
 * to return to the process, with the reason in @io.
 */
bool dune_exit_slow(struct dune_vcpu *vcpu, struct dune_enter *io);

#endif
