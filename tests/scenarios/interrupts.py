# SPDX-License-Identifier: Apache-2.0
"""Interrupt moderation, set through ethtool: when the stack hears of frames, and that it hears of all."""

from __future__ import annotations

from pymodel import linux
from pymodel.hw.access import readl
from pymodel.hw.errors import CheckError
from tb.env import Env
from tests.scenarios.frames import mixed_frames, udp_frame
from tests.scenarios.waits import tx_rings_clean

__all__ = ["masked_vectors", "moderate", "moderated"]

_SLACK_NS = 12_000  # from the wire to memory, to the interrupt's handler, through poll and stack


async def moderate(env: Env, tx: tuple[int, int], rx: tuple[int, int]) -> int:
    """ethtool -C: limits of (usecs, frames) each way."""
    coalesce = linux.ethtool_coalesce(
        cmd=linux.ETHTOOL_SCOALESCE,
        tx_coalesce_usecs=tx[0], tx_max_coalesced_frames=tx[1],
        rx_coalesce_usecs=rx[0], rx_max_coalesced_frames=rx[1],
    )  # fmt: skip
    return int(await env.run(linux.dev_ethtool, env.ndev, coalesce))


async def _time_of(env: Env, frames: list[bytes]) -> float:
    """The ns from now until all of these frames have come from the wire into the stack."""
    start = env.now_ns
    want = env.board.rx.matched + len(frames)
    for f in frames:
        env.peer.send(f)
    await env.until(lambda: env.board.rx.matched >= want, 500_000, "the frames to reach the stack", every_ns=100)
    return env.now_ns - start


async def _time_of_reclaim(env: Env, frame: bytes) -> float:
    """The ns from now until the driver has taken this frame's descriptors back."""
    start = env.now_ns
    await env.send([frame])
    await env.until(
        lambda: not env.board.tx.pending and tx_rings_clean(env), 500_000, "the frame to be reclaimed", every_ns=100
    )
    return env.now_ns - start


def _check_time(env: Env, what: str, waited: float, usecs: int) -> None:
    if not usecs * 1000 <= waited <= usecs * 1000 + _SLACK_NS:
        raise CheckError("IRQ1", f"{what} was told of after {waited:.0f} ns, usecs is {usecs}", env.dut.driver)


async def moderated(env: Env) -> None:
    """A frame alone waits for the time of its direction, a batch for its last frame alone (kernel-rules.md: IRQ1); with
    pauses drawn around the limits, none is lost in any race with poll and unmask (IRQ2, NAPI5); no limit at all is
    refused."""
    if await moderate(env, (0, 0), (50, 8)) != -linux.EINVAL or await moderate(env, (50, 8), (0, 0)) != -linux.EINVAL:
        raise CheckError("IRQ1", "usecs and frames were both taken as 0", env.dut.driver)
    for tx, rx, frames in ((0, 0, 1), (40, 40, 0), (150, 150, 4), (20, 300, 0), (300, 20, 0)):
        await moderate(env, (tx, frames), (rx, frames))
        for i in range(4):
            waited = await _time_of(env, [udp_frame(60 + i, 1, i, to_host=True)])
            _check_time(env, "a frame received", waited, rx)
            waited = await _time_of_reclaim(env, udp_frame(60 + i, 1, i, to_host=False))
            _check_time(env, "a frame sent", waited, tx)
        waited = await _time_of(env, [udp_frame(60, 1, i, to_host=True) for i in range(4)])
        if frames and waited > _SLACK_NS:
            raise CheckError("IRQ1", f"{frames} frames were told of after {waited:.0f} ns", env.dut.driver)
    for round_ in range(12):
        await moderate(env, (env.rng.randrange(1, 30), env.rng.randrange(12)), (env.rng.randrange(1, 30), round_))
        for f in mixed_frames(env.rng, env.rng.randrange(1, 12), to_host=True, longest=400):
            env.peer.send(f)
        await env.send(mixed_frames(env.rng, env.rng.randrange(1, 12), to_host=False, longest=400))
        await env.sleep(env.rng.randrange(100, 40_000))
    await env.drain()


def _pending_bits(env: Env) -> int:
    """Kernel side: the first of the MSI-X pending bits (PCI Express Base 5.0, 7.7.2)."""
    cap = linux.pci_find_capability(env.pdev, linux.PCI_CAP_ID_MSIX)
    _, where = linux.pci_read_config_dword(env.pdev, cap + linux.PCI_MSIX_PBA)
    at = linux.ioremap(linux.pci_resource_start(env.pdev, where & 7) + (where & ~7), 8)
    assert at is not None
    bits = readl(at)
    linux.iounmap(at)
    return bits


async def masked_vectors(env: Env) -> None:
    """Vectors are masked in traffic: none of their messages is sent meanwhile, the device says which wait, and what
    came is told of on unmask (kernel-rules.md: IRQ2)."""
    irqs = [irq for irq in (linux.pci_irq_vector(env.pdev, v) for v in range(env.ndev.real_num_rx_queues)) if irq > 0]

    def mask() -> None:
        for irq in irqs:
            linux.irq_set_status_flags(irq, linux.IRQ_DISABLE_UNLAZY)  # in the table, and at once
            linux.disable_irq(irq)

    def unmask() -> None:
        for irq in irqs:
            linux.enable_irq(irq)

    for _ in range(12):
        for f in mixed_frames(env.rng, 10, to_host=True, longest=400):
            env.peer.send(f)
        await env.sleep(env.rng.randrange(3_000))
        await env.run(mask)
        for f in mixed_frames(env.rng, 10, to_host=True, longest=400):
            env.peer.send(f)
        await env.sleep(4_000 + env.rng.randrange(4_000))
        await env.run(unmask)
        await env.drain()
    await env.run(mask)
    for i in range(32):
        env.peer.send(udp_frame(60 + i, i, i, to_host=True))
    await env.sleep(400_000)  # no moderation lasts so long
    waiting = await env.run(_pending_bits, env)
    await env.run(unmask)
    await env.drain()
    after = await env.run(_pending_bits, env)
    if not waiting or waiting >> len(irqs) or after:
        bits = f"0x{waiting:x} while {len(irqs)} vectors were masked, 0x{after:x} afterwards"
        raise CheckError("IRQ2", f"MSI-X pending bits: {bits}", env.dut.driver)
