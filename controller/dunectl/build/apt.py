# SPDX-License-Identifier: GPL-2.0
"""Debian packages from any suite, through a private apt that leaves the host's alone.

A private state directory has its own sources.list, lists and cache; what comes out of it was
checked by apt against the archive's signature. Proxies and certificates are the host's own, because
/etc/apt/apt.conf.d is still read.
"""

from __future__ import annotations

from pathlib import Path

from dunectl.build.host import by_hand
from dunectl.build.mirror import HOST_APT, find_mirror
from dunectl.errors import InfrastructureError
from dunectl.project import Debian

# Hooks of other programs (package catalogues, desktop daemons) are for the host's own lists.
_CONFIG = """\
Dir::State "{state}";
Dir::State::status "/dev/null";
Dir::Cache "{state}/cache";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def prepare(state: Path, debian: Debian, kind: str, suite: str, host: Path = HOST_APT) -> Path:
    """Make a private apt in ``state`` for one suite; return the file for ``apt-get -c``.

    ``kind`` is "source" or a Debian architecture.
    """
    mirror = debian.mirror or find_mirror(host)
    if not debian.keyring.is_file():
        raise InfrastructureError(
            f"{debian.keyring}: no such file, so no signature of Debian can be checked",
            next_step=by_hand(["debian-archive-keyring"]),
        )
    for directory in ("lists/partial", "cache/archives/partial"):
        (state / directory).mkdir(parents=True, exist_ok=True)
    architecture = "amd64" if kind == "source" else kind
    line = "deb-src" if kind == "source" else "deb"
    (state / "sources.list").write_text(
        f"{line} [signed-by={debian.keyring}] {mirror} {suite} main\n", encoding="utf-8"
    )
    config = state / "apt.conf"
    config.write_text(_CONFIG.format(state=state, architecture=architecture), encoding="utf-8")
    return config
