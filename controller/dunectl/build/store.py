# SPDX-License-Identifier: GPL-2.0
"""The content-addressed store: one directory per user, shared by every checkout and process.

    artifacts/<step>-<key>/     manifest.json, out/ and, for sources, identity; mtime = last use
    work/<step>.<n>/            where a recipe runs; renamed to artifacts/ when it succeeds
    work/<step>.<n>.lock        held by the recipe and, through inheritance, by its children
    locks/<key>                 held while an artifact is built: a second dunectl waits
    projects/<hash>.json        which artifacts a checkout used last, and their manifests
    logs/ cache/ ccache/ apt/   whole logs, remembered digests, compiler cache, Debian lists

An artifact exists or does not: it is built in work/ and appears by one rename(2). All locks are
flock(2), which the kernel drops when a process ends, however it ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dunectl.build.inputs import KEY_LENGTH, Manifest, encode
from dunectl.errors import InfrastructureError

_POLL_SECONDS = 0.1
# Enough of the key for the name of a log, which people type.
_LOG_KEY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Artifact:
    """A published artifact. ``identity`` is what the keys of its users are made from."""

    step: str
    key: str
    path: Path
    identity: str

    @property
    def out(self) -> Path:
        return self.path / "out"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A directory of one running recipe. ``lock`` is a descriptor for its children to inherit, so
    that the directory is not taken from a child that outlives a killed dunectl."""

    path: Path
    lock: int

    @property
    def stage(self) -> Path:
        """What becomes the artifact."""
        return self.path / "artifact"


def project_id(project: Path) -> str:
    """A file name for what is remembered about a checkout."""
    return hashlib.sha256(os.fsencode(project)).hexdigest()[:16]


def _plain(step: str) -> str:
    return step.replace(":", "-")


class Store:
    """The store at ``root``, which is made; the directories in it appear when they are needed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        _make_directory(root)

    # -- artifacts ---------------------------------------------------------------------------

    @staticmethod
    def name(step: str, key: str) -> str:
        """The artifact's directory name."""
        return f"{_plain(step)}-{key}"

    def _artifact_path(self, step: str, key: str) -> Path:
        return self.root / "artifacts" / self.name(step, key)

    def find(self, step: str, key: str) -> Artifact | None:
        """The artifact, marked as used now; None if it has to be built."""
        path = self._artifact_path(step, key)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        try:
            identity = (path / "identity").read_text(encoding="utf-8")
        except FileNotFoundError:
            identity = key
        return Artifact(step, key, path, identity)

    def publish(
        self, workspace: Workspace, manifest: Manifest, identity: str | None = None
    ) -> Artifact:
        """Make the workspace's stage the artifact of ``manifest``; the key's lock is held."""
        stage = workspace.stage
        (stage / "manifest.json").write_text(encode(manifest.as_dict()), encoding="utf-8")
        if identity is not None:
            (stage / "identity").write_text(identity, encoding="utf-8")
        path = self._artifact_path(manifest.step, manifest.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        stage.rename(path)
        return Artifact(manifest.step, manifest.key, path, identity or manifest.key)

    def artifacts(self) -> list[Path]:
        """Every published artifact."""
        return self.files("artifacts")

    def files(self, place: str) -> list[Path]:
        """What is in one of the store's directories."""
        directory = self.root / place
        return sorted(directory.iterdir()) if directory.is_dir() else []

    def log_path(self, step: str, key: str) -> Path:
        """Where the log of building an artifact is."""
        return self.root / "logs" / self.log_name(self.name(step, key))

    @staticmethod
    def log_name(artifact: str) -> str:
        """The log's file name, from the artifact's directory name."""
        return artifact[: -(KEY_LENGTH - _LOG_KEY_LENGTH)] + ".log"

    # -- locks -------------------------------------------------------------------------------

    @asynccontextmanager
    async def building(self, key: str, waiting: Callable[[], None]) -> AsyncIterator[None]:
        """Be the only one to build ``key``; ``waiting()`` is called once if another one does."""
        async with _held(self.root / "locks" / key, fcntl.LOCK_EX, waiting):
            yield

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Keep the artifacts that are being used from ``clean``."""
        async with _held(self.root / "lock", fcntl.LOCK_SH, lambda: None):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only user of the store, or fail."""
        descriptor = _open_lock(self.root / "lock")
        try:
            if not _try_lock(descriptor):
                raise InfrastructureError(
                    f"another dunectl is using {self.root}", next_step="wait for it, then try again"
                )
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def workspace(self, step: str) -> Iterator[Workspace]:
        """An empty directory for a recipe. Its path is the same every time unless two checkouts
        build the same step at once, so that the compiler cache finds what it knows."""
        number = 0
        while True:
            path = self.root / "work" / f"{_plain(step)}.{number}"
            descriptor = _open_lock(path.with_name(path.name + ".lock"))
            if _try_lock(descriptor):
                break
            os.close(descriptor)
            number += 1
        try:
            remove(path)
            workspace = Workspace(path, descriptor)
            (workspace.stage / "out").mkdir(parents=True)
            yield workspace
        finally:
            remove(path)
            os.close(descriptor)

    def abandoned(self) -> list[Path]:
        """Workspaces of builds that were killed, unless a child of theirs still runs."""
        result = []
        for path in self.files("work"):
            if path.is_dir():
                lock = _open_lock(path.with_name(path.name + ".lock"))
                if _try_lock(lock):
                    result.append(path)
                os.close(lock)
        return result

    # -- what a project used last ------------------------------------------------------------

    def _record_path(self, project: Path) -> Path:
        return self.root / "projects" / f"{project_id(project)}.json"

    def last_manifests(self, project: Path) -> dict[str, dict[str, object]]:
        """Step -> decoded manifest of the last build in the checkout ``project``."""
        try:
            record = json.loads(self._record_path(project).read_text(encoding="utf-8"))
            steps = record["steps"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return {}
        return steps if isinstance(steps, dict) else {}

    def record(self, project: Path, manifests: Mapping[str, Manifest]) -> None:
        """Remember what the checkout ``project`` used, for --why and for ``clean``."""
        steps = self.last_manifests(project)
        update = {step: manifest.as_dict() for step, manifest in manifests.items()}
        if all(steps.get(step) == manifest for step, manifest in update.items()):
            return
        path = self._record_path(project)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        record = {"root": str(project), "steps": steps | update}
        temporary.write_text(json.dumps(record), encoding="utf-8")
        temporary.replace(path)

    def recorded(self) -> Iterator[tuple[Path, dict[str, dict[str, object]]]]:
        """Every checkout that used the store and is still there."""
        directory = self.root / "projects"
        for path in sorted(directory.glob("*.json")) if directory.is_dir() else []:
            with suppress(ValueError, KeyError, TypeError):
                record = json.loads(path.read_text(encoding="utf-8"))
                root = Path(record["root"])
                if root.is_dir():
                    yield root, record["steps"]


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
        problem = "not writable"
    except OSError as error:
        writable, problem = False, str(error.strerror)
    if not writable:
        raise InfrastructureError(
            f"{path}: {problem}",
            next_step="make the directory writable, or set XDG_CACHE_HOME to one that is",
        )


def _open_lock(path: Path) -> int:
    _make_directory(path.parent)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


@asynccontextmanager
async def _held(path: Path, kind: int, waiting: Callable[[], None]) -> AsyncIterator[None]:
    descriptor = _open_lock(path)
    try:
        if not _try_lock(descriptor, kind):
            waiting()
            while not _try_lock(descriptor, kind):
                await asyncio.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove(path: Path) -> None:
    """Remove a directory tree, read-only directories included, or do nothing if it is not there."""
    if not path.exists():
        return
    for directory, names, _ in os.walk(path):
        for name in names:
            inner = os.path.join(directory, name)
            if not os.path.islink(inner) and not os.access(inner, os.W_OK | os.X_OK):
                os.chmod(inner, 0o700)
    shutil.rmtree(path)
