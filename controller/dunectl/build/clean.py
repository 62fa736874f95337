# SPDX-License-Identifier: GPL-2.0
"""``dunectl clean``: what of the store can go.

Without a target, that is what no checkout used in its last build. With targets, it is the artifacts
of these and, since a kernel's build directory refers to its sources, of everything made from them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from dunectl.build.graph import Graph
from dunectl.build.inputs import key_of
from dunectl.build.store import Store, remove


def unused(store: Store) -> list[Path]:
    """Artifacts that no checkout's last build used, their logs, and what killed builds left."""
    used = {
        store.name(step, key_of(manifest))
        for _, steps in store.recorded()
        for step, manifest in steps.items()
    }
    logs = {store.log_name(name) for name in used}
    return [
        *(path for path in store.artifacts() if path.name not in used),
        *(path for path in store.files("logs") if path.name not in logs),
        *store.files("locks"),
        *store.abandoned(),
    ]


def of_targets(store: Store, graph: Graph, names: Sequence[str]) -> list[Path]:
    """Every artifact of ``names`` and of the steps that are made from them."""
    doomed = set(graph.select(names))
    for step in graph.closure(["all"]):
        if doomed.intersection(step.deps):
            doomed.add(step.name)
    return [path for path in store.artifacts() if _step_of(path) in doomed]


def _step_of(path: Path) -> str:
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""  # being removed by a clean() that was killed
    return str(manifest["step"])


def everything(store: Store) -> list[Path]:
    """The whole store, but not the lock that keeps others out of it."""
    if not store.root.is_dir():
        return []
    return sorted(path for path in store.root.iterdir() if path.name != "lock")


def size(path: Path) -> int:
    """Bytes that ``path`` takes on the disk."""
    info = path.lstat()
    if not path.is_dir() or path.is_symlink():
        return info.st_blocks * 512
    return info.st_blocks * 512 + sum(size(inner) for inner in path.iterdir())


def delete(store: Store, paths: Sequence[Path]) -> None:
    """Remove ``paths``; InfrastructureError if another dunectl is using the store."""
    with store.exclusive():
        for path in paths:
            if path.is_dir():
                # What is being removed must not be found half there.
                grave = path.with_name(f".removed-{path.name}")
                path.rename(grave)
                remove(grave)
            else:
                path.unlink()
