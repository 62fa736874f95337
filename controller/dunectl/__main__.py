# SPDX-License-Identifier: GPL-2.0
"""``python -m dunectl``."""

import sys

from dunectl.cli import main

sys.exit(main())
