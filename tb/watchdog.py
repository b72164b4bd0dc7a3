# SPDX-License-Identifier: Apache-2.0
"""Ends a run that makes no progress, and says which queue, which descriptor, and who waits for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.contexts import PS_PER_NS, Timer
from pymodel.hw.errors import CheckError

if TYPE_CHECKING:
    from tb.env import Env

__all__ = ["Watchdog"]

_LOOKS = 4  # a run is looked at this often within its limit: more would only wake Python


class Watchdog:
    """Fires when frames are under way, or a CPU is stalled, and nothing has come out for ``watchdog_us`` of simulated
    time.

    The limit grows with the slowness of the wire: 64 of the longest frames must fit into it.
    """

    def __init__(self, env: Env) -> None:
        self._env = env
        longest_frame_ps = round((9018 + 24) * 8 * 1000 / env.cfg.rate_gbps)
        self._limit = max(round(env.cfg.watchdog_us * 1000 * PS_PER_NS), 64 * longest_frame_ps)
        self._timer: Timer | None = None
        self._seen: tuple[object, ...] = ()
        self._since = 0

    def start(self) -> None:
        self._since = self._env.sched.now
        self._look()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pet(self) -> None:
        """The scenario means to be silent: count from now."""
        self._since = self._env.sched.now

    def _stuck(self) -> bool:
        """Whether somebody waits for the device: a frame under way, or a CPU stalled on a register or a lock."""
        env = self._env
        if env.board.pending and not (env.cfg.lossy and not env.board.tx.pending):
            return True
        return any(cpu.waits_for not in ("", "time") for cpu in env.sched.cpus)

    def _look(self) -> None:
        env = self._env
        board = env.board
        now = env.sched.now
        seen = (board.tx.matched, board.rx.matched, env.platform.mmio_count())
        if seen[:2] != self._seen[:2] or not self._stuck() or (not board.pending and seen != self._seen):
            self._since = now
        self._seen = seen
        if now - self._since >= self._limit:
            raise CheckError(
                "PROGRESS",
                f"nothing came out for {(now - self._since) / PS_PER_NS / 1000:g} us: "
                f"{board.tx.pending} frames under way to the wire, {board.rx.pending} to the host",
                self.report(),
            )
        self._timer = env.sched.call_at(now + self._limit // _LOOKS, self._look)

    def report(self) -> str:
        """Queues, oldest frames and waiting contexts, one to a line."""
        env = self._env
        lines = [""]
        if env.board.tx.pending:
            lines.append(f"  oldest frame to the wire: {env.board.tx.oldest()}")
        if env.board.rx.pending:
            lines.append(f"  oldest frame to the host: {env.board.rx.oldest()}; the peer holds back {env.peer.backlog}")
        if env.ndev is not None:
            lines += [f"  {state}" for state in env.ops.describe(env.ndev)]
        lines += [f"  {line}" for line in env.sched.waiters()]
        lines += [f"  {line}" for line in env.platform.describe()]
        return "\n".join(lines)
