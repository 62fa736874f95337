/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/dune. */
#ifndef _DUNE_DEV_H
#define _DUNE_DEV_H

int dune_dev_init(void);
void dune_dev_exit(void);

#endif
