# SPDX-License-Identifier: GPL-2.0
"""``fetch.py URL FILE``: download, as a process of its own that can be killed at any moment."""

import shutil
import sys
import urllib.error
import urllib.request

_TIMEOUT_SECONDS = 60


def main(url: str, path: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer, open(path, "wb") as f:
            shutil.copyfileobj(answer, f)
    except (urllib.error.URLError, OSError, ValueError) as error:
        print(f"{url}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
