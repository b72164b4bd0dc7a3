# SPDX-License-Identifier: Apache-2.0
"""The checks at the end of every run: they belong to the environment, so that no scenario can forget one.

Each raises CheckError under the name given here; tests/meta/test_checks_fire.py breaks each of them on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel import linux
from pymodel.hw.contexts import PS_PER_NS, Sleep
from pymodel.hw.errors import CheckError

if TYPE_CHECKING:
    from tb.env import Env

__all__ = ["final_checks"]

_RECLAIM_NS = 500_000  # within this the last sent frames must have been reclaimed
_QUIET_NS = 20_000  # after ndo_stop the device must stay silent for this long


async def final_checks(env: Env) -> None:
    """Scoreboard, counters, silence after stop, and what the kernel would find leaked after the driver is gone."""
    env.board.check_empty()
    check_complaints(env)
    if env.ndev is not None:
        await check_accounts(env)
        await check_silence(env)
        await env.remove()
    check_leaks(env)


def check_complaints(env: Env) -> None:
    """LOG: the driver has not logged that something is wrong where nothing was: its device's records, say, make no
    sense."""
    complaints = linux.driver_errors()[env.complaints :]
    if complaints:
        raise CheckError("LOG", f"the driver complains: {complaints[0]}", env.dut.driver)


async def check_accounts(env: Env) -> None:
    """ACCOUNTS: every frame is delivered or in one named counter of drops, and the driver's counters say the same
    (ETH2)."""
    stats = await env.stats()
    until = env.sched.now + _RECLAIM_NS * PS_PER_NS
    while stats.tx_packets < env.board.tx.matched - env.base[0] and env.sched.now < until:
        await Sleep(2_000)  # sent frames count when they are reclaimed, which must come by itself (TX4)
        stats = await env.stats()
    env.drop_counters = {n: getattr(stats, n) for n in ("rx_dropped", "rx_missed_errors", "rx_errors")}
    tx, rx = env.board.tx, env.board.rx
    drops = stats.rx_dropped + stats.rx_missed_errors + stats.rx_errors
    drops += env.platform.wire_drops()
    sent_before, received_before, lost_before, tx_bytes_before, rx_bytes_before = env.base
    lost = rx.lost - lost_before + env.expected_drops
    rows = [
        ("tx_packets", stats.tx_packets, tx.matched - sent_before, "frames came out on the wire"),
        ("rx_packets", stats.rx_packets, rx.matched - received_before, "frames reached the stack"),
        (
            "rx drops (dropped + missed + errors)",
            drops,
            min(lost, drops) if env.stopped_in_traffic else lost,
            "frames were lost",
        ),
    ]
    where = f"{env.dut.driver}, ndo_get_stats64"
    for name, counted, seen, what in rows:
        if counted != seen:
            raise CheckError("ACCOUNTS", f"{name} is {counted}, but {seen} {what}", where)
    told = linux.counters()["drops"].get("NOT_SPECIFIED", 0) - env.drops_before
    counted = stats.tx_dropped + stats.tx_errors + stats.rx_dropped + stats.rx_errors
    if told > counted and not env.stopped_in_traffic:
        raise CheckError(
            "DROPS", f"{told} packets were freed as dropped, {counted} are counted so: dev_kfree_skb_any() is for what "
            "is lost, dev_consume_skb_any() and napi_consume_skb() for what was sent", env.dut.driver,
        )  # fmt: skip
    # Bytes without FCS. Whether those that pad a short frame count is the driver's choice.
    received = rx.bytes - rx_bytes_before
    if stats.rx_bytes != received:
        raise CheckError("ACCOUNTS", f"rx_bytes is {stats.rx_bytes}, but {received} bytes reached the stack", where)
    sent = tx.bytes - tx_bytes_before
    if not sent - env.padded <= stats.tx_bytes <= sent:
        raise CheckError(
            "ACCOUNTS",
            f"tx_bytes is {stats.tx_bytes}, but {sent} bytes came out on the wire, {env.padded} of them padding",
            where,
        )


def check_sum(skb: Any, frame: bytes) -> None:
    """OFF3: the sum that comes with a packet is that of its bytes, from the network header on."""
    total = linux.skb_checksum(skb, 0, skb.len, 0)
    if (total - skb.csum) % 0xFFFF:
        raise CheckError(
            "OFF3", f"CHECKSUM_COMPLETE with ~0x{linux.csum_fold(skb.csum):04x}, but the {skb.len} bytes behind the "
            f"Ethernet header sum up to 0x{total % 0xFFFF:04x}: {frame[:64].hex()}...", "device -> driver -> skb",
        )  # fmt: skip


async def check_silence(env: Env) -> None:
    """LIFE2: after ndo_stop nothing is sent, written or interrupted, and nothing is left in a ring."""
    if env.ndev.flags & linux.IFF_UP:
        await env.down()
    before = env.platform.activity()
    await Sleep(_QUIET_NS)
    after = env.platform.activity()
    if after != before:
        what = ", ".join(f"{k}: {before.get(k, 0)} -> {v}" for k, v in after.items() if v != before.get(k, 0))
        raise CheckError("LIFE2", f"the device was active after ndo_stop: {what}", env.dut.driver)
    busy = env.platform.outstanding()
    if busy:
        raise CheckError("LIFE2", f"unfinished after ndo_stop: {', '.join(busy)}", env.dut.driver)


def check_leaks(env: Env) -> None:
    """LEAK: nothing of the driver's is left in the kernel: skbs, pages, DMA mappings, timers, interrupts, work."""
    leaks = linux.leak_report()
    if leaks:
        more = f" and {len(leaks) - 8} more" if len(leaks) > 8 else ""
        raise CheckError(
            "LEAK", "left behind after the driver was removed: " + "; ".join(leaks[:8]) + more, env.dut.driver
        )
