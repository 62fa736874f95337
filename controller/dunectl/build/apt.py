# SPDX-License-Identifier: GPL-2.0
"""Debian packages from any suite, through a private apt that leaves the host's alone.

A private state directory has its own sources.list, lists and cache; what comes out of it was
checked by apt against the archive's signature. Proxies and certificates are the host's own, because
/etc/apt/apt.conf.d is still read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from dunectl.errors import InfrastructureError
from dunectl.project import Debian

HOST_APT = Path("/etc/apt")

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
            next_step="sudo apt-get install debian-archive-keyring",
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


def find_mirror(host: Path = HOST_APT) -> str:
    """The URI of the Debian archive that the host's own apt is configured with."""
    for uri, suite in _entries(host):
        # The security archive and the likes have other names, and only Debian's own is wanted.
        if _last_component(uri) in ("debian", "debian.list") and "/" not in suite:
            return uri
    raise InfrastructureError(
        f"no Debian mirror in {host}: sources that come from Debian cannot be fetched",
        next_step="export DUNECTL_DEBIAN_MIRROR=<URI of a Debian mirror, .../debian>",
    )


def _last_component(uri: str) -> str:
    return urlsplit(uri).path.rstrip("/").rpartition("/")[2]


def _entries(host: Path) -> Iterator[tuple[str, str]]:
    """(URI, suite) of every binary archive that is configured, in apt's order."""
    parts = host / "sources.list.d"
    listed = sorted(parts.iterdir()) if parts.is_dir() else []
    for path in [host / "sources.list", *listed]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".list":
            yield from _one_line_entries(text)
        elif path.suffix == ".sources":
            yield from _deb822_entries(text)


def _one_line_entries(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] != "deb":
            continue
        rest = words[1:]
        if rest and rest[0].startswith("["):
            while rest and not rest[0].endswith("]"):
                rest = rest[1:]
            rest = rest[1:]
        if len(rest) >= 2:
            yield rest[0], rest[1]


def _deb822_entries(text: str) -> Iterator[tuple[str, str]]:
    for stanza in _stanzas(text):
        enabled = stanza.get("enabled", "yes").strip().lower() not in ("no", "false", "0")
        if enabled and "deb" in stanza.get("types", "").split():
            for uri in stanza.get("uris", "").split():
                for suite in stanza.get("suites", "").split():
                    yield uri, suite


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    name = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t":
            fields[name] = fields.get(name, "") + " " + line.strip()
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
