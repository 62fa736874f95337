# SPDX-License-Identifier: GPL-2.0
"""dune.toml as frozen, typed objects.

``Project.load(root)`` reads the file once; an unknown key, a missing key or a value of the wrong
type is a :class:`ConfigError` that names the file and the key. Nothing here touches the network,
the store or the host's packages.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from dunectl.errors import ConfigError, UserError

CONFIG_NAME = "dune.toml"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DebianSource:
    """A package of a Debian suite: its source (``kind`` "source") or a binary of one architecture.

    ``version`` is a shell pattern that the suite's version must match; ``exclude`` are tar's
    patterns of what need not be unpacked.
    """

    kind: str
    package: str
    suite: str
    version: str
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A tarball, or a .deb where a package is wanted, checked against its sha256."""

    url: str
    sha256: str
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectorySource:
    """A tree on this machine, used as it is."""

    path: Path


@dataclass(frozen=True, slots=True)
class Debian:
    """The archive that DebianSource means. ``mirror`` is its URI, or "" to take the one in the
    host's apt configuration; ``keyring`` is what its signature is checked with."""

    mirror: str
    keyring: Path


Source = DebianSource | UrlSource | DirectorySource


@dataclass(frozen=True, slots=True)
class Needs:
    """What the host must have: Debian packages or, on another distribution, the ``tools``."""

    packages: tuple[str, ...]
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The cross compiler; ``prefix`` is what make calls CROSS_COMPILE."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Qemu:
    """What QEMU is configured with; ``wheels`` maps a pinned requirement to its sha256."""

    targets: tuple[str, ...]
    configure: tuple[str, ...]
    wheels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel: allnoconfig and images/kernel/<fragment>.config in this order."""

    name: str
    fragments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rootfs:
    """An initramfs: images/rootfs/<manifest>.list, with the modules of ``kernel``."""

    name: str
    kernel: str
    manifests: tuple[str, ...]
    guest_tests: bool


@dataclass(frozen=True, slots=True)
class Board:
    """An emulated board; ``memory`` in QEMU's notation, ``console`` a Linux tty name, ``append``
    more of the kernel's command line."""

    name: str
    emulator: str
    machine: str
    cpu: str
    memory: str
    cpus: int
    console: str
    append: str


@dataclass(frozen=True, slots=True)
class Project:
    """The whole of dune.toml. ``store`` is where artifacts are kept, outside the project."""

    root: Path
    store: Path
    toolchain: Toolchain
    host: Mapping[str, Needs]
    debian: Debian
    sources: Mapping[str, Source]
    qemu: Qemu
    kernels: Mapping[str, Kernel]
    rootfs: Mapping[str, Rootfs]
    boards: Mapping[str, Board]

    @classmethod
    def load(cls, root: Path, environ: Mapping[str, str] | None = None) -> Project:
        """Read ``root``/dune.toml. ``environ`` (default: the process's) may override sources
        (``DUNECTL_QEMU_SRC``, ``DUNECTL_LINUX_SRC``: a directory; ``DUNECTL_DEBIAN_MIRROR``: a
        URI) and places the store (``XDG_CACHE_HOME``)."""
        environ = os.environ if environ is None else environ
        path = root / CONFIG_NAME
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                f"{path}: no such file", next_step="run dunectl from a checkout of the project"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: {error}", next_step=f"correct {path}") from None
        top = _Table(path, "", data)
        project = cls(
            root=root,
            store=_store_path(environ),
            toolchain=top.one("toolchain", _toolchain),
            host=top.each("host", _needs),
            debian=_debian(top, environ),
            sources=_override_sources(top.each("sources", _source), environ),
            qemu=top.one("qemu", _qemu),
            kernels=top.each("kernels", _kernel),
            rootfs=top.each("rootfs", _rootfs),
            boards=top.each("boards", _board),
        )
        top.finish()
        for rootfs in project.rootfs.values():
            if rootfs.kernel not in project.kernels:
                raise top.error(f"rootfs.{rootfs.name}.kernel", f"no kernel {rootfs.kernel!r}")
        return project


def find_root() -> Path:
    """The checkout that this package was installed from (it is always installed editable)."""
    return Path(__file__).resolve().parents[2]


def _store_path(environ: Mapping[str, str]) -> Path:
    cache = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    base = Path(cache) if cache.startswith("/") else Path(environ.get("HOME", "/")) / ".cache"
    return base / "dunectl"


def _override_sources(
    sources: Mapping[str, Source], environ: Mapping[str, str]
) -> Mapping[str, Source]:
    result = dict(sources)
    for name in sources:
        variable = f"DUNECTL_{name.upper()}_SRC"
        value = environ.get(variable)
        if not value:
            continue
        path = Path(value).expanduser().absolute()
        if not path.is_dir():
            raise UserError(
                f"{variable}={value}: not a directory",
                next_step=f"unset {variable}, or set it to an unpacked source tree",
            )
        result[name] = DirectorySource(path)
    return MappingProxyType(result)


class _Table:
    """A TOML table that is read key by key and then must be empty."""

    def __init__(self, path: Path, name: str, data: Mapping[str, object]) -> None:
        self.path = path
        self.name = name
        self._left = dict(data)

    def error(self, key: str, problem: str) -> ConfigError:
        where = f"{self.name}.{key}" if self.name else key
        return ConfigError(
            f"{self.path}: {where}: {problem}", next_step=f"correct {where} in {self.path}"
        )

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def names(self) -> list[str]:
        return list(self._left)

    def _take(self, key: str, kind: type[T], words: str) -> T:
        if key not in self._left:
            raise self.error(key, f"missing, expected {words}")
        value = self._left.pop(key)
        # bool is an int to isinstance() but not to the person who wrote the file.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"expected {words}, found {value!r}")
        return value

    def string(self, key: str) -> str:
        value = self._take(key, str, "a string")
        if not value:
            raise self.error(key, "must not be empty")
        return value

    def boolean(self, key: str) -> bool:
        return self._take(key, bool, "true or false")

    def positive(self, key: str) -> int:
        value = self._take(key, int, "a number")
        if value < 1:
            raise self.error(key, f"must be at least 1, found {value}")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        values: list[object] = self._take(key, list, "a list of strings")
        result = []
        for value in values:
            if not isinstance(value, str) or not value:
                raise self.error(key, f"expected a list of strings, found {value!r}")
            result.append(value)
        return tuple(result)

    def table(self, key: str) -> _Table:
        name = f"{self.name}.{key}" if self.name else key
        return _Table(self.path, name, self._take(key, dict, "a table"))

    def one(self, key: str, build: Callable[[_Table], T]) -> T:
        table = self.table(key)
        result = build(table)
        table.finish()
        return result

    def each(self, key: str, build: Callable[[str, _Table], T]) -> Mapping[str, T]:
        """A table of tables, each built by ``build(name, table)``."""
        tables = self.table(key)
        result = {}
        for name in tables.names():
            table = tables.table(name)
            result[name] = build(name, table)
            table.finish()
        return MappingProxyType(result)

    def finish(self) -> None:
        for key in self._left:
            raise self.error(key, "unknown key")


def _toolchain(table: _Table) -> Toolchain:
    return Toolchain(prefix=table.string("prefix"))


def _needs(_name: str, table: _Table) -> Needs:
    return Needs(packages=table.strings("packages"), tools=table.strings("tools"))


def _source(name: str, table: _Table) -> Source:
    if "debian" in table:
        return DebianSource(
            kind=table.string("debian"),
            package=table.string("package"),
            suite=table.string("suite"),
            version=table.string("version"),
            exclude=table.strings("exclude") if "exclude" in table else (),
        )
    if "url" in table:
        url, sha256 = table.string("url"), table.string("sha256")
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise table.error("sha256", "expected 64 hexadecimal digits in lower case")
        exclude = table.strings("exclude") if "exclude" in table else ()
        return UrlSource(url, sha256, exclude)
    if "dir" in table:
        path = (table.path.parent / Path(table.string("dir")).expanduser()).absolute()
        if not path.is_dir():
            raise table.error("dir", f"{path} is not a directory")
        return DirectorySource(path)
    raise table.error("debian", "one of debian, url or dir must say where it comes from")


def _debian(top: _Table, environ: Mapping[str, str]) -> Debian:
    table = top.table("debian")
    mirror = table.string("mirror") if "mirror" in table else ""
    keyring = Path(table.string("keyring"))
    table.finish()
    return Debian(environ.get("DUNECTL_DEBIAN_MIRROR") or mirror, keyring)


def _qemu(table: _Table) -> Qemu:
    wheels = table.table("wheels")
    return Qemu(
        targets=table.strings("targets"),
        configure=table.strings("configure"),
        wheels=MappingProxyType({name: wheels.string(name) for name in wheels.names()}),
    )


def _kernel(name: str, table: _Table) -> Kernel:
    return Kernel(name=name, fragments=table.strings("fragments"))


def _rootfs(name: str, table: _Table) -> Rootfs:
    return Rootfs(
        name=name,
        kernel=table.string("kernel"),
        manifests=table.strings("manifests"),
        guest_tests=table.boolean("guest_tests"),
    )


def _board(name: str, table: _Table) -> Board:
    return Board(
        name=name,
        emulator=table.string("emulator"),
        machine=table.string("machine"),
        cpu=table.string("cpu"),
        memory=table.string("memory"),
        cpus=table.positive("cpus"),
        console=table.string("console"),
        append=table.string("append"),
    )
