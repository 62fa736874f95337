# SPDX-License-Identifier: GPL-2.0
"""The Debian mirror of the host, out of its apt's configuration: sources.list(5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dunectl.errors import InfrastructureError

HOST_APT = Path("/etc/apt")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One suite of an archive."""

    uri: str
    suite: str
    components: tuple[str, ...]


def find_mirror(host: Path = HOST_APT) -> str:
    """The URI of the Debian archive that the host's own apt is configured with."""
    for entry in _entries(host):
        # The security archive and the likes have other names, and only Debian's own is wanted.
        # Others who pack for Debian have such URIs too, but no component "main".
        is_debian = _last_component(entry.uri) in ("debian", "debian.list")
        if is_debian and "/" not in entry.suite and "main" in entry.components:
            return entry.uri
    raise InfrastructureError(
        f"no Debian mirror in {host}, as on Ubuntu: the sources of QEMU and Linux come from Debian,"
        " so one has to be named",
        next_step="export DUNECTL_DEBIAN_MIRROR=<URI of a Debian mirror>"
        ' (or in dune.toml, below [debian]: mirror = "<URI of a Debian mirror>")',
    )


def _last_component(uri: str) -> str:
    return urlsplit(uri).path.rstrip("/").rpartition("/")[2]


def _entries(host: Path) -> Iterator[_Entry]:
    """Every archive of binary packages that is configured, in apt's order."""
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


def _one_line_entries(text: str) -> Iterator[_Entry]:
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
            yield _Entry(rest[0], rest[1], tuple(rest[2:]))


def _deb822_entries(text: str) -> Iterator[_Entry]:
    for stanza in _stanzas(text):
        enabled = stanza.get("enabled", "yes").strip().lower() not in ("no", "false", "0")
        if enabled and "deb" in stanza.get("types", "").split():
            components = tuple(stanza.get("components", "").split())
            for uri in stanza.get("uris", "").split():
                for suite in stanza.get("suites", "").split():
                    yield _Entry(uri, suite, components)


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
