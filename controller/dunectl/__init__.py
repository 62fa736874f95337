# SPDX-License-Identifier: GPL-2.0
"""The controller of Dune for MIPS64 VZ: builds, boots, tests."""
