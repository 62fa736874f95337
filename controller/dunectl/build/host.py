# SPDX-License-Identifier: GPL-2.0
"""The host: which packages and tools it has, in which versions, and installing what is missing.

Asking takes a process for each question, so the answers are remembered until dpkg's database, PATH
or the asked program changes. On a host without dpkg nothing is remembered.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from dunectl.build import process
from dunectl.build.report import Host as HostEvent
from dunectl.build.report import Reporter
from dunectl.errors import InfrastructureError
from dunectl.project import Needs

DPKG_STATUS = Path("/var/lib/dpkg/status")
# dpkg must not be killed in the middle of a package.
_INSTALL_GRACE_SECONDS = 300.0


class Host:
    """Questions to the host; answers are remembered in the file ``cache``."""

    def __init__(self, cache: Path, status: Path = DPKG_STATUS) -> None:
        self._cache = cache
        self._status = status
        self._answers: dict[str, str] = {}
        self._changed = False
        self._state = self._signature()
        try:
            remembered = json.loads(cache.read_text(encoding="utf-8"))
            if self._state and remembered["state"] == self._state:
                self._answers = remembered["answers"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass

    @property
    def is_debian(self) -> bool:
        """Whether dpkg manages this host (Debian, Ubuntu and the like)."""
        return bool(self._state)

    def _signature(self) -> str:
        try:
            info = self._status.stat()
        except OSError:
            return ""
        return f"{info.st_mtime_ns} {info.st_size} {info.st_ino} {os.environ.get('PATH', '')}"

    async def version(self, argv: Sequence[str]) -> str:
        """What the command prints; InfrastructureError if it cannot be run."""
        program = shutil.which(argv[0])
        if program is None:
            raise InfrastructureError(
                f"{argv[0]}: not found in PATH",
                next_step="install it, then try again (dune.toml, [host], names what is needed)",
            )
        info = os.stat(program)
        question = json.dumps([*argv, info.st_mtime_ns, info.st_size, info.st_ino])
        return await self._ask(question, [program, *argv[1:]])

    async def _ask(self, question: str, argv: Sequence[str]) -> str:
        if question not in self._answers:
            lines: list[str] = []
            status = await process.run(
                argv, cwd=Path("/"), environment=process.clean_environment(), line=lines.append
            )
            if status != 0:
                raise InfrastructureError(
                    f"{shlex.join(argv)} failed: {' '.join(lines[-3:])}",
                    next_step=f"run it by hand: {shlex.join(argv)}",
                )
            self._answers[question] = "\n".join(lines)
            self._changed = True
        return self._answers[question]

    async def missing(self, needs: Iterable[Needs]) -> tuple[str, ...]:
        """Packages that are not installed or, without dpkg, tools that are not in PATH."""
        wanted = list(needs)
        if not self.is_debian:
            tools = dict.fromkeys(tool for need in wanted for tool in need.tools)
            return tuple(tool for tool in tools if shutil.which(tool) is None)
        packages = tuple(dict.fromkeys(name for need in wanted for name in need.packages))
        command = [
            "dpkg-query",
            "--show",
            "--showformat=${db:Status-Status} ${Package}\\n",
            "*",
        ]
        installed = {
            line.partition(" ")[2]
            for line in (await self._ask("packages", command)).splitlines()
            if line.startswith("installed ")
        }
        return tuple(name for name in packages if name not in installed)

    async def install(self, packages: Sequence[str], reporter: Reporter) -> None:
        """Install Debian packages if we are root or sudo lets us, else say what to type. If sudo
        wants a password, it asks for it, provided that there is a terminal."""
        if not self.is_debian:
            raise InfrastructureError(
                f"not in PATH: {', '.join(packages)} (this host has no dpkg, so nothing is"
                " installed for you)",
                next_step="install these tools with your package manager, then try again",
            )
        script = ["sh", "-c", _script(packages)]
        message = f"installing Debian packages: {' '.join(packages)}"
        lines: list[str] = []
        prefix = privilege()
        if prefix is not None:
            reporter(HostEvent(message))
            status = await process.run(
                [*prefix, *script],
                cwd=Path("/"),
                environment=process.clean_environment(),
                line=lines.append,
                grace=_INSTALL_GRACE_SECONDS,
            )
        elif (sudo := shutil.which("sudo")) and os.isatty(0):
            # Not told to the reporter: what it draws would be in the way of the prompt.
            prompt = f"dunectl: {message}\n[sudo] password for %p: "
            status = await process.on_terminal([sudo, "-p", prompt, *script])
        else:
            raise InfrastructureError(
                f"Debian packages are missing: {', '.join(packages)}", next_step=by_hand(packages)
            )
        if status != 0:
            raise InfrastructureError(
                "\n".join(["installing Debian packages failed", *lines[-10:]]),
                next_step=by_hand(packages),
            )
        self.forget()

    def forget(self) -> None:
        """Ask everything anew: the host was changed."""
        self._answers.clear()
        self._state = self._signature()

    def save(self) -> None:
        """Keep the answers for the next process."""
        if not (self._changed and self._state):
            return
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._cache.with_suffix(f".{os.getpid()}")
        temporary.write_text(
            json.dumps({"state": self._state, "answers": self._answers}), encoding="utf-8"
        )
        temporary.replace(self._cache)


def _script(packages: Sequence[str]) -> str:
    """For a shell of root. sudo drops the environment, so the script has its own."""
    apt = "apt-get -o DPkg::Lock::Timeout=300"
    install = f"{apt} install -y --no-install-recommends {shlex.join(packages)}"
    # Package lists that are missing or old are the usual reason for the first to fail.
    return f"export DEBIAN_FRONTEND=noninteractive; {install} || {{ {apt} update; {install}; }}"


def by_hand(packages: Sequence[str]) -> str:
    """The line that the user has to type to install packages."""
    install = f"apt-get install -y --no-install-recommends {shlex.join(packages)}"
    command = f"apt-get update && {install}"
    if os.geteuid() == 0:
        return command
    # Debian has no sudo if root has a password; su's "-" is for /usr/sbin in PATH.
    become_root = "sudo sh -c" if shutil.which("sudo") else "su - -c"
    return f"{become_root} {shlex.quote(command)}"


def privilege() -> list[str] | None:
    """The command prefix that makes a command root without asking, or None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    allowed = subprocess.run(
        [sudo, "-n", "true"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return [sudo, "-n"] if allowed.returncode == 0 else None


async def ensure(host: Host, needs: Iterable[Needs], reporter: Reporter) -> None:
    """Have what ``needs`` lists, or raise what says how to get it."""
    wanted = list(needs)
    missing = await host.missing(wanted)
    if missing:
        await host.install(missing, reporter)
