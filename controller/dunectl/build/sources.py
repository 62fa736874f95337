# SPDX-License-Identifier: GPL-2.0
"""Upstream code: from Debian, from a URL or from a directory, as an unpacked tree.

Each way ends in ``workshop.out`` holding the tree itself, without the top directory of a tarball.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from dunectl.build import apt
from dunectl.build.inputs import walk_tree
from dunectl.build.workshop import StepFailed, Workshop
from dunectl.errors import InfrastructureError
from dunectl.project import Debian, DebianSource, DirectorySource, Source, UrlSource

# Run, never imported: urllib alone would double the time of a build with nothing to do.
_FETCH = Path(__file__).with_name("fetch.py")


async def bring(workshop: Workshop, debian: Debian, source: Source) -> None:
    """Fill ``workshop.out`` with the tree of ``source``."""
    match source:
        case DebianSource():
            path = await _from_debian(workshop, debian, source)
            workshop.identity = _identity(path, source.exclude)
            await _unpack(workshop, path, source.exclude)
        case UrlSource():
            await _unpack(workshop, await _from_url(workshop, source), source.exclude)
        case DirectorySource():
            _copy(workshop, source.path)


def _identity(path: Path, exclude: Sequence[str]) -> str:
    """What the unpacked tree is made of: the archive's suite may have a newer version tomorrow."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(repr(tuple(exclude)).encode())
    return digest.hexdigest()[:32]


async def _from_debian(workshop: Workshop, debian: Debian, source: DebianSource) -> Path:
    """The upstream tarball of a source package, or the .deb of a binary one."""
    name = f"{source.suite}-{source.kind}"
    state = workshop.store.root / "apt" / name
    downloads = workshop.work / "downloads"
    downloads.mkdir()

    def waiting() -> None:
        workshop.say(f"waiting for another download from {name}")

    async with workshop.store.building(f"apt-{name}", waiting):
        config = apt.prepare(state, debian, source.kind, source.suite)
        get = ("apt-get", "-c", config, "-q")
        fetch_one = ("source", "--download-only") if source.kind == "source" else ("download",)
        for arguments in (("update",), (*fetch_one, source.package)):
            if await workshop.status(*get, *arguments, cwd=downloads) != 0:
                raise InfrastructureError(
                    f"apt-get {' '.join(arguments)} failed for {source.suite}, see the log",
                    next_step="check the network and the mirror (DUNECTL_DEBIAN_MIRROR)",
                )
    if source.kind == "source":
        description = _only(downloads, "*.dsc")
        version = _field(description.read_text(encoding="utf-8").splitlines(), "Version")
        found = _only(downloads, "*.orig.tar.*")
    else:
        found = _only(downloads, "*.deb")
        version = " ".join(await workshop.capture("dpkg-deb", "--field", found, "Version"))
    if not fnmatchcase(version, source.version):
        raise InfrastructureError(
            f"{source.suite} has {source.package} {version}, dune.toml wants {source.version}",
            next_step="change the version in dune.toml, or give the source's url and sha256",
        )
    workshop.say(f"{source.package} {version}")
    return found


def _only(directory: Path, pattern: str) -> Path:
    # A detached signature of the upstream tarball (.asc) may lie beside it.
    found = [path for path in directory.glob(pattern) if path.suffix != ".asc"]
    if len(found) != 1:
        raise StepFailed(f"expected one {pattern}, found {len(found)}")
    return found[0]


def _field(lines: Sequence[str], name: str) -> str:
    for line in lines:
        if line.startswith(name + ":"):
            return line.partition(":")[2].strip()
    raise StepFailed(f"no {name} in the package's description")


async def _from_url(workshop: Workshop, source: UrlSource) -> Path:
    path = workshop.work / (Path(urlsplit(source.url).path).name or "download")
    status = await workshop.status(sys.executable, "-P", _FETCH, source.url, path)
    if status != 0:
        raise InfrastructureError(
            f"{source.url} cannot be fetched, see the log",
            next_step="check the network and dune.toml",
        )
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != source.sha256:
        raise InfrastructureError(
            f"{source.url} has sha256 {found}, dune.toml wants {source.sha256}",
            next_step="make sure that the file is the right one, then correct dune.toml",
        )
    return path


async def _unpack(workshop: Workshop, path: Path, exclude: Sequence[str]) -> None:
    if path.suffix != ".deb":
        await _untar(workshop, path, exclude)
        return
    tree = workshop.work / "deb"
    await workshop.run("dpkg-deb", "--extract", path, tree)
    # A linux-source package is a tarball in a package.
    inner = sorted(tree.glob("usr/src/*.tar.*"))
    if inner:
        await _untar(workshop, inner[0], exclude)
    else:
        shutil.rmtree(workshop.out)
        tree.rename(workshop.out)


async def _untar(workshop: Workshop, path: Path, exclude: Sequence[str]) -> None:
    await workshop.run(
        "tar",
        "--extract",
        f"--file={path}",
        f"--directory={workshop.out}",
        "--strip-components=1",
        "--no-same-owner",
        *(f"--exclude={pattern}" for pattern in exclude),
    )


def _copy(workshop: Workshop, tree: Path) -> None:
    for name in walk_tree(tree):
        target = workshop.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tree / name, target, follow_symlinks=False)
