# SPDX-License-Identifier: GPL-2.0
"""Running steps: every step is a task that waits for its dependencies, then reuses or builds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dunectl.build.graph import Graph, Step
from dunectl.build.host import Host, ensure
from dunectl.build.inputs import Hasher, Manifest, explain
from dunectl.build.jobs import JobServer
from dunectl.build.report import Blocked, Built, Failed, Output, Reporter, Reused, Started, Waiting
from dunectl.build.store import Artifact, Store, project_id
from dunectl.build.workshop import Log, StepFailed, Workshop
from dunectl.errors import BuildFailed, DuneError
from dunectl.project import Needs, Project


@dataclass(frozen=True, slots=True)
class Planned:
    """What a build would do with a step: ``why`` is empty if it would be reused."""

    step: str
    why: tuple[str, ...]


class _Stop(Exception):
    """A step failed and the others are not to go on."""


class Builder:
    """Builds steps of ``graph`` for ``project``; use one for one call of build() or plan()."""

    def __init__(
        self, project: Project, graph: Graph, store: Store, host: Host, reporter: Reporter
    ) -> None:
        self._project = project
        self._graph = graph
        self._store = store
        self._host = host
        self._report = reporter
        self._hasher = Hasher(store.root / "cache" / f"files-{project_id(project.root)}.json")
        self._before = store.last_manifests(project.root)
        self._manifests: dict[str, Manifest] = {}
        self._results: dict[str, asyncio.Future[Artifact | None]] = {}
        self._failed: list[str] = []
        self._errors: list[DuneError] = []

    # -- the two questions -------------------------------------------------------------------

    async def plan(self, names: Sequence[str]) -> tuple[Planned, ...]:
        """What build() would do, without doing it; a missing tool counts as a reason."""
        planned: list[Planned] = []
        artifacts: dict[str, Artifact] = {}
        steps = self._graph.closure(names)
        missing = await self._host.missing(self._needs(steps))
        if missing:
            text = "install on the host: " + " ".join(missing)
            planned.append(Planned("host", (text,)))
        for step in steps:
            rebuilt = [dep for dep in step.deps if dep not in artifacts]
            if rebuilt:
                planned.append(Planned(step.name, tuple(f"{dep} is built" for dep in rebuilt)))
                continue
            if missing and step.tools:
                planned.append(Planned(step.name, ("tools have to be installed first",)))
                continue
            manifest = await self._manifest(step, artifacts)
            found = self._store.find(step.name, manifest.key)
            if found is not None:
                artifacts[step.name] = found
                planned.append(Planned(step.name, ()))
            else:
                planned.append(Planned(step.name, self._why(manifest)))
        self._save()
        return tuple(planned)

    async def build(
        self, names: Sequence[str], jobs: int, keep_going: bool
    ) -> Mapping[str, Artifact]:
        """Build ``names`` and what they need. BuildFailed, if any step failed."""
        steps = self._graph.closure(names)
        await ensure(self._host, self._needs(steps), self._report)
        loop = asyncio.get_running_loop()
        self._results = {step.name: loop.create_future() for step in steps}
        try:
            async with self._store.shared():
                with JobServer(jobs) as server:
                    async with asyncio.TaskGroup() as group:
                        for step in steps:
                            group.create_task(self._bring(step, server, keep_going))
        except* _Stop:
            pass
        except* DuneError as errors:
            self._errors.extend(_leaves(errors))
        finally:
            self._save()
            self._store.record(self._project.root, self._manifests)
        if self._errors:
            raise self._errors[0]
        if self._failed:
            raise BuildFailed(
                f"build failed: {', '.join(self._failed)}",
                next_step="correct what the log shows, then: dunectl build "
                + " ".join(names or ["all"]),
            )
        artifacts = {name: result.result() for name, result in self._results.items()}
        return {name: artifact for name, artifact in artifacts.items() if artifact is not None}

    # -- one step ----------------------------------------------------------------------------

    async def _bring(self, step: Step, server: JobServer, keep_going: bool) -> None:
        """Set the step's result: its artifact, or None if there is none."""
        deps: dict[str, Artifact] = {}
        for name in step.deps:
            artifact = await self._results[name]
            if artifact is None:
                self._report(Blocked(step.name, name))
                self._results[step.name].set_result(None)
                return
            deps[name] = artifact
        manifest = await self._manifest(step, deps)
        artifact = self._store.find(step.name, manifest.key)
        if artifact is None:
            artifact = await self._build_once(step, manifest, deps, server)
        else:
            self._report(Reused(step.name))
        if artifact is not None:
            self._manifests[step.name] = manifest
        self._results[step.name].set_result(artifact)
        if artifact is None and not keep_going:
            raise _Stop

    async def _build_once(
        self, step: Step, manifest: Manifest, deps: Mapping[str, Artifact], server: JobServer
    ) -> Artifact | None:
        """Build unless another process is at it; then wait and take what it made."""
        async with self._store.building(manifest.key, lambda: self._report(Waiting(step.name))):
            artifact = self._store.find(step.name, manifest.key)
            if artifact is not None:
                self._report(Reused(step.name))
                return artifact
            if not step.slot:
                return await self._run(step, manifest, deps, server)
            async with server.slot():
                return await self._run(step, manifest, deps, server)

    async def _run(
        self, step: Step, manifest: Manifest, deps: Mapping[str, Artifact], server: JobServer
    ) -> Artifact | None:
        start = time.monotonic()
        path = self._store.log_path(step.name, manifest.key)
        with Log(path, lambda text: self._report(Output(step.name, text))) as log:
            self._report(Started(step.name, self._why(manifest), path))
            try:
                with self._store.workspace(step.name) as workspace:
                    workshop = Workshop(workspace, self._store, deps, server, log)
                    workshop.stage(self._project.root, manifest.files)
                    await step.recipe(workshop)
                    artifact = self._store.publish(workspace, manifest, workshop.identity)
            except (StepFailed, DuneError, OSError) as error:
                self._failed.append(step.name)
                if isinstance(error, DuneError):
                    self._errors.append(error)
                seconds = time.monotonic() - start
                self._report(Failed(step.name, seconds, str(error), log.tail, path))
                return None
        self._report(Built(step.name, time.monotonic() - start))
        return artifact

    # -- keys --------------------------------------------------------------------------------

    async def _manifest(self, step: Step, deps: Mapping[str, Artifact]) -> Manifest:
        hasher = self._hasher
        values = dict(step.values)
        values.update((name, hasher.tree(tree)) for name, tree in step.trees)
        return Manifest(
            step=step.name,
            recipe={path.name: hasher.file(path) for path in step.code},
            files=hasher.project_files(self._project.root, step.files),
            values=values,
            tools={name: await self._host.version(argv) for name, argv in step.tools},
            deps={name: deps[name].identity for name in step.deps},
        )

    def _why(self, manifest: Manifest) -> tuple[str, ...]:
        return explain(self._before.get(manifest.step), manifest)

    def _needs(self, steps: Sequence[Step]) -> list[Needs]:
        names = dict.fromkeys(need for step in steps for need in step.needs)
        return [self._project.host[name] for name in names]

    def _save(self) -> None:
        self._hasher.save()
        self._host.save()


def _leaves(group: BaseExceptionGroup[DuneError]) -> Iterator[DuneError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
