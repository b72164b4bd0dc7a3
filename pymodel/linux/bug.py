# SPDX-License-Identifier: Apache-2.0
"""Where the kernel would crash, hang or warn, the model raises: the exceptions, and the kernel log.

Every exception here is a :class:`~pymodel.hw.errors.CheckError`, whose ``rule`` is a number of docs/kernel-rules.md or
``BUG``/``WARN``. A campaign that breaks a rule on purpose (or replays records of a kernel that did) tolerates it:
``tolerate("TX1")`` turns that rule's exception into a line of the kernel log, which is what Linux does.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, NoReturn

from pymodel.hw.access import here
from pymodel.hw.errors import CheckError

__all__ = [
    "BUG", "DoubleFree", "KernelBug", "KernelLog", "KernelWarning", "Lockup", "SchedulingWhileAtomic", "Site",
    "UseAfterFree", "WARN", "broken_rule", "caller", "caller_outside", "dev_err", "dev_info", "dev_warn", "dmesg",
    "driver_errors", "netdev_err", "netdev_info", "netdev_warn", "pr_err", "pr_info", "pr_warn", "site_str", "tolerate",
]

Site = tuple[CodeType, int]
"""A place in the code, cheap to take on every packet: code object and instruction; :func:`site_str` makes it
readable.
"""

_getframe = sys._getframe


class KernelBug(CheckError):
    """A ``BUG()``: the kernel would have stopped here. ``rule`` is ``BUG``."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__("BUG", what, where)


class KernelWarning(CheckError):
    """A ``WARN()``: the kernel would have printed a stack trace and gone on. ``rule`` is ``WARN``."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__("WARN", what, where)


class UseAfterFree(KernelBug):
    """An object was used after its last reference was dropped."""


class DoubleFree(KernelBug):
    """An object was freed twice."""


class SchedulingWhileAtomic(KernelBug):
    """Code that may sleep ran in an interrupt, with a spinlock held, or with interrupts or bottom halves off."""


class Lockup(KernelBug):
    """A wait that cannot end: the kernel would hang and its watchdogs would complain."""


class KernelLog:
    """What the kernel printed (the last 1,000 lines, each with its time in ns), and which rules are tolerated.
    ``errors``: those of level KERN_ERR that a driver printed about its device."""

    __slots__ = ("errors", "lines", "tolerated")

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=1000)
        self.errors: deque[str] = deque(maxlen=1000)
        self.tolerated: dict[str, int] = {}  # rule -> depth of tolerate()


def caller(depth: int = 1) -> Site:
    """The place ``depth`` calls above the caller of this function."""
    f = _getframe(depth + 1)
    return f.f_code, f.f_lasti


_HERE = __file__.rsplit("/", 1)[0] + "/"


def caller_outside() -> Site:
    """The innermost place that is not in this package: who is to blame. For reports, not for every packet."""
    f = _getframe(1)
    while f.f_code.co_filename.startswith(_HERE) and f.f_back is not None:
        f = f.f_back
    return f.f_code, f.f_lasti


def site_str(site: Site | None) -> str:
    """``nic_rx.py:120 nic_refill``; "unknown" for None."""
    if site is None:
        return "unknown"
    code, lasti = site
    line: int | None = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= lasti < end:
            line = number
            break
    parts = code.co_filename.rsplit("/", 1)
    return f"{parts[-1]}:{line} {code.co_name}"


def BUG(what: str, where: str = "", at: str = "") -> NoReturn:
    """Raise :class:`KernelBug`. ``what``: the condition; ``where``: whom to blame; ``at``: file and line of the
    kernel's own BUG() (6.12.117), which goes to the kernel log as the kernel prints it.
    """
    if at:
        _printk(f"kernel BUG at {at}!")
    raise KernelBug(f"kernel BUG: {what}", where or site_str(caller(1)))


def WARN(what: str, where: str = "", at: str = "") -> None:
    """Raise :class:`KernelWarning`, or log it where ``WARN`` is tolerated. ``at``: file, line and symbol of the
    kernel's own WARN() (6.12.117), which then goes to the kernel log as the kernel prints it.
    """
    where = where or site_str(caller(1))
    if "WARN" in _log().tolerated:
        if at:
            cpu = here.sched.cpu
            _printk(f"WARNING: CPU: {cpu.id if cpu is not None else 0} PID: 1 at {at}")
            _printk(f"RIP: 0010:{at.rsplit(' ', 1)[-1]}")
        _printk(f"WARNING: {what} [{where}]")
        return
    raise KernelWarning(what, where)


def broken_rule(rule: str, what: str, where: str = "") -> None:
    """Raise CheckError for a broken rule, or log it where the rule is tolerated."""
    if rule in _log().tolerated:
        _printk(f"{rule}: {what} [{where}]")
        return
    raise CheckError(rule, what, where)


@contextmanager
def tolerate(*rules: str) -> Iterator[None]:
    """Within the block, these rules (``"TX1"``, ``"WARN"``) are logged when broken, not raised."""
    tolerated = _log().tolerated
    for rule in rules:
        tolerated[rule] = tolerated.get(rule, 0) + 1
    try:
        yield
    finally:
        for rule in rules:
            tolerated[rule] -= 1
            if not tolerated[rule]:
                del tolerated[rule]


def _log() -> KernelLog:
    log: KernelLog = here.state["log"]
    return log


def _printk(text: str) -> None:
    m = here.machine
    m.state["log"].lines.append(f"[{m.sched.local_now // 1000:>12} ns] {text}")


def dmesg() -> list[str]:
    """The kernel log, oldest line first."""
    return list(_log().lines)


def driver_errors() -> list[str]:
    """Those of its lines that drivers printed with netdev_err() and dev_err(), oldest first."""
    return list(_log().errors)


def pr_err(fmt: str, *args: Any) -> None:
    """Print to the kernel log. ``fmt`` takes Python's ``%`` conversions, not the kernel's ``%p`` extensions."""
    _printk(fmt % args if args else fmt)


pr_warn = pr_info = pr_err


def _device_name(dev: Any) -> str:
    return str(getattr(dev, "name", None) or getattr(dev, "init_name", None) or dev)


def netdev_warn(dev: Any, fmt: str, *args: Any) -> None:
    """Print to the kernel log, after the device's name. Source: net/core/dev.c netdev_warn(), v6.12."""
    _printk(f"{_device_name(dev)}: {fmt % args if args else fmt}")


def netdev_err(dev: Any, fmt: str, *args: Any) -> None:
    """The same at level KERN_ERR: something is wrong."""
    netdev_warn(dev, fmt, *args)
    if not _getframe(1).f_code.co_filename.startswith(_HERE):
        log = _log()
        log.errors.append(log.lines[-1])


netdev_info = dev_info = dev_warn = netdev_warn
dev_err = netdev_err
