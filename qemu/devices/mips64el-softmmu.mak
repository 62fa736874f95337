# SPDX-License-Identifier: GPL-2.0
#
# The devices of qemu-system-mips64el, configured with --without-default-devices:
# the two boards select what is soldered to them, the rest is what dunectl plugs in.

# Boards
CONFIG_MALTA=y
CONFIG_LOONGSON3V=y

# Channel to the agent, entropy, disks
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_VIRTIO_RNG=y
CONFIG_VIRTIO_BLK=y

# How a guest reports a panic, and how a hung one is noticed
CONFIG_PVPANIC_PCI=y
CONFIG_WDT_IB6300ESB=y

# How a bare-metal program speaks and ends (UHI)
CONFIG_SEMIHOSTING=y
