# SPDX-License-Identifier: GPL-2.0
"""What an artifact is made from, as a manifest; its hash is the artifact's key.

A manifest holds contents and versions, never a time and never a path of this machine, so the same
inputs have the same key in every checkout. Hashing every file on every run would be slow, so the
digest of a file is remembered together with what stat() says about it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dunectl.errors import UserError

# Characters of a key: 128 bits of a sha256.
KEY_LENGTH = 32

# A file that was written this recently may be written again without stat() showing it.
_RACY_NS = 50_000_000

# What a compiler, an editor or Python may leave between the sources.
_IGNORED_SUFFIXES = (
    ".o",
    ".ko",
    ".a",
    ".elf",
    ".cmd",
    ".mod",
    ".mod.c",
    ".order",
    ".symvers",
    ".pyc",
    ".orig",
    ".rej",
    "~",
)
_IGNORED_NAMES = frozenset({"__pycache__"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """The inputs of one step: name of the input -> digest, version or value."""

    step: str
    recipe: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    deps: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        return {
            "step": self.step,
            "recipe": dict(self.recipe),
            "files": dict(self.files),
            "values": dict(self.values),
            "tools": dict(self.tools),
            "deps": dict(self.deps),
        }

    @property
    def key(self) -> str:
        return key_of(self.as_dict())


def encode(manifest: Mapping[str, object]) -> str:
    """The canonical text of a manifest."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":"))


def key_of(manifest: Mapping[str, object]) -> str:
    """The key of the artifact that is made from these inputs."""
    return hashlib.sha256(encode(manifest).encode()).hexdigest()[:KEY_LENGTH]


_KINDS = {
    "recipe": "recipe {}",
    "files": "{}",
    "values": "setting {}",
    "tools": "tool {}",
    "deps": "{}",
}


def explain(before: Mapping[str, object] | None, after: Manifest) -> tuple[str, ...]:
    """Why ``after`` is not ``before`` (a decoded manifest), one short phrase for each input."""
    if before is None:
        return ("first build",)
    reasons = []
    for kind, text in _KINDS.items():
        old = before.get(kind)
        new = after.as_dict()[kind]
        assert isinstance(new, dict)
        known = old if isinstance(old, dict) else {}
        for name in sorted(known.keys() | new.keys()):
            if known.get(name) == new.get(name):
                continue
            change = "added" if name not in known else "removed" if name not in new else "changed"
            reasons.append(f"{text.format(name)} {change}")
    return tuple(reasons) or ("artifact was removed from the store",)


class Hasher:
    """Digests of files, remembered in ``cache`` by (mtime, ctime, size, inode)."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._changed = False
        self._known: dict[str, list[object]] = {}
        try:
            known = json.loads(cache.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            known = {}
        if isinstance(known, dict):
            self._known = known

    def file(self, path: Path | str) -> str:
        """The sha256 of a regular file."""
        name = os.fspath(path)
        info = os.stat(name)
        seen = [info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino]
        entry = self._known.get(name)
        if entry is not None and entry[:4] == seen:
            return str(entry[4])
        digest = _sha256(name)
        if time.time_ns() - info.st_ctime_ns > _RACY_NS:
            self._known[name] = [*seen, digest]
            self._changed = True
        return digest

    def entry(self, path: Path) -> str:
        """The digest of a file's content and of whether it is executable, or of a link's target."""
        return _entry(path, self.file)

    def project_files(self, root: Path, names: tuple[str, ...]) -> dict[str, str]:
        """Digests of the files ``names`` below ``root`` and, of a directory, of all in it."""
        return {name: self.entry(root / name) for name in list_files(root, names)}

    def tree(self, root: Path) -> str:
        """One digest of a source tree outside the project (see :func:`walk_tree`)."""
        whole = hashlib.sha256()
        for name in sorted(walk_tree(root)):
            whole.update(f"{name}\0{self.entry(root / name)}\n".encode())
        return whole.hexdigest()

    def save(self) -> None:
        """Keep what was learnt; two processes that save at once lose some of it, nothing else."""
        if not self._changed:
            return
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._cache.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(self._known), encoding="utf-8")
        temporary.replace(self._cache)


def _sha256(path: Path | str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _entry(path: Path, digest: Callable[[Path], str]) -> str:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return "link:" + os.readlink(path)
    return digest(path) + ("+x" if mode & stat.S_IXUSR else "")


def read_entry(path: Path) -> str:
    """What Hasher.entry() says, from the content itself."""
    return _entry(path, _sha256)


def list_files(root: Path, names: tuple[str, ...]) -> list[str]:
    """The files that ``names`` (files or directories, relative to ``root``) stand for, sorted."""
    result: set[str] = set()
    for name in names:
        path = root / name
        if path.is_dir():
            result.update(f"{name}/{inner}" for inner in _walk(path))
        elif path.exists():
            result.add(name)
        else:
            raise UserError(
                f"{path}: no such file, but the build needs it",
                next_step=f"git -C {root} checkout -- {name}",
            )
    return sorted(result)


def _ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED_NAMES or name.endswith(_IGNORED_SUFFIXES)


def _walk(top: Path, prefix: str = "") -> Iterator[str]:
    with os.scandir(top / prefix) as entries:
        for entry in entries:
            if _ignored(entry.name):
                continue
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(top, name + "/")
            else:
                yield name


def walk_tree(root: Path) -> Iterator[str]:
    """The files of a source tree, without hidden ones (.git) and without top-level build*/."""
    for name in _walk(root):
        if not name.startswith("build") or "/" not in name:
            yield name
