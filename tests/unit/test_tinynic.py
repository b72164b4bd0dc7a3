# SPDX-License-Identifier: Apache-2.0
"""tinynic's driver on its soft model: what the NIC-neutral scenarios do not reach, and that the example stays small.

Each ``async def`` here is a scenario; its test runs it with the always-on checks of the environment.
"""

from __future__ import annotations

import re
from typing import Any

from examples.tinynic import driver as tiny
from pymodel import linux
from pymodel.hw.access import readl, writel
from tb.config import Config
from tb.dut import load_dut
from tb.env import Env
from tb.session import run
from tests.scenarios.frames import mixed_frames, udp_frame

FOLDER = load_dut("tinynic").folder


def check(name: str, **settings: Any) -> None:
    """Run one of the scenarios below."""
    result = run(Config(scenario=f"{__name__}:{name}", dut="tinynic", backend="soft", max_us=200_000.0, **settings))
    assert result.passed, f"{result.message}\n{result.details}"


async def settle(env: Env, ns: int = 5_000) -> None:
    """Let what is under way arrive: posted writes, frames on the wire, DMA."""
    await env.sleep(ns)


# ---------------------------------------------------------------------- the example itself


def test_example_together_is_under_700_lines() -> None:
    """RTL, driver, soft model, wrapper and description: what a user has to read before copying."""
    files = [p for p in FOLDER.rglob("*") if p.suffix in (".sv", ".py", ".toml")]
    assert {p.name for p in files} >= {"dut_wrapper.sv", "tinynic.sv", "driver.py", "soft.py", "dut.toml"}
    assert sum(len(p.read_text().splitlines()) for p in files) < 700


def test_registers_of_driver_and_rtl_agree() -> None:
    """The register numbers are written once in the RTL and once in the driver: they are the same."""
    rtl = (FOLDER / "rtl" / "tinynic.sv").read_text()
    found = re.search(r"enum logic \[9:0\] \{([^}]*)\} reg_e", rtl)
    assert found
    names = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).upper() for name in found.group(1).split(",")]
    assert [getattr(tiny, name) for name in names] == [4 * i for i in range(len(names))]
    table = re.search(r"400, 600        (\d+) TX, (\d+) RX descriptors", rtl)
    assert table
    assert (tiny.TABLE + 16 * tiny.TX, tiny.TABLE + 16 * tiny.RX) == (0x400, 0x600)
    assert (int(table.group(1)), int(table.group(2))) == (tiny.ENTRIES, tiny.ENTRIES)


# ---------------------------------------------------------------------- interrupts and NAPI


async def shared_line(env: Env) -> None:
    calls = {"other": 0}

    def other(irq: int, dev_id: object) -> int:
        calls["other"] += 1
        return linux.IRQ_NONE

    assert await env.run(tiny.tiny_irq, env.ndev.irq, env.ndev) == linux.IRQ_NONE
    assert not await env.run(linux.request_irq, env.ndev.irq, other, linux.IRQF_SHARED, "other", calls)
    for f in mixed_frames(env.rng, 40, to_host=True):
        env.peer.send(f)
    await env.send(mixed_frames(env.rng, 40, to_host=False))
    await env.drain()
    assert calls["other"] > 0
    assert await env.run(tiny.tiny_irq, env.ndev.irq, env.ndev) == linux.IRQ_NONE
    await env.run(linux.free_irq, env.ndev.irq, calls)


def test_irq_of_another_device_returns_none() -> None:
    """A line shared with a device that does not answer: IRQ_NONE when nothing of ours is pending, and traffic flows."""
    check("shared_line")


async def masked(env: Env) -> None:
    base = linux.netdev_priv(env.ndev).base
    await env.run(writel, 0, base + tiny.IRQ_ENABLE)
    await settle(env)
    env.peer.send(udp_frame(100, 1, 1, to_host=True))
    await settle(env)
    assert env.board.rx.pending == 1
    assert await env.run(tiny.tiny_irq, env.ndev.irq, env.ndev) == linux.IRQ_NONE
    await settle(env)
    assert env.board.rx.pending == 1
    await env.run(writel, tiny.BOTH, base + tiny.IRQ_ENABLE)
    await env.drain()


def test_event_while_masked_is_not_ours_and_comes_on_unmask() -> None:
    """kernel-rules.md: IRQ2. An event while masked answers IRQ_NONE, is kept, and raises the line on unmask."""
    check("masked")


async def budgets(env: Env) -> None:
    priv = linux.netdev_priv(env.ndev)

    def reclaim_only() -> int:
        linux.local_bh_disable()
        done = tiny.tiny_poll(priv.napi, 0)
        linux.local_bh_enable()
        return done

    def schedule() -> None:
        linux.local_bh_disable()
        linux.napi_schedule(priv.napi)
        linux.local_bh_enable()

    priv.napi.weight = 4
    total = 0
    for frames in (3, 4, 8, 10):
        await env.run(writel, 0, priv.base + tiny.IRQ_ENABLE)
        await settle(env)
        for i in range(frames):
            env.peer.send(udp_frame(100, 1, i, to_host=True))
        await env.send([udp_frame(100, 1, 0, to_host=False)])
        await settle(env)
        assert await env.run(reclaim_only) == 0
        assert (priv.tx_done, priv.rx_next) == (priv.tx_next, total)
        assert await env.run(readl, priv.base + tiny.IRQ_ENABLE) == 0
        await env.run(schedule)
        await settle(env)
        total += frames
        assert (priv.rx_next, env.board.rx.pending) == (total, 0)
        assert await env.run(readl, priv.base + tiny.IRQ_ENABLE) == tiny.BOTH


def test_poll_keeps_its_budget() -> None:
    """kernel-rules.md: NAPI1 to NAPI5. Budget 0 reclaims only; with less, just as much, or more than the budget to do
    (the model checks what the poll returns), all is received, and the interrupt is enabled when that is done."""
    check("budgets")


async def spurious(env: Env) -> None:
    napi = linux.netdev_priv(env.ndev).napi

    def schedule() -> None:
        linux.local_bh_disable()
        linux.napi_schedule(napi)
        linux.local_bh_enable()

    for i in range(60):
        if i % 3:
            env.peer.send(udp_frame(60 + i, i, i, to_host=True))
        if i % 2:
            await env.send([udp_frame(60 + i, i, i, to_host=False)])
        await env.run(schedule)
        await env.sleep(env.rng.randrange(1_500))
    await env.drain()


def test_poll_without_interrupt_does_no_harm() -> None:
    """kernel-rules.md: NAPI6."""
    check("spurious")


async def masked_in_poll(env: Env) -> None:
    base = linux.netdev_priv(env.ndev).base
    enabled: list[int] = []

    def look(skb: Any, dev: Any, pt: Any, orig_dev: Any) -> int:
        enabled.append(readl(base + tiny.IRQ_ENABLE))
        linux.consume_skb(skb)
        return int(linux.NET_RX_SUCCESS)

    tap = linux.packet_type(type=linux.ETH_P_ALL, func=look, dev=env.ndev, ignore_outgoing=True)
    await env.run(linux.dev_add_pack, tap)
    for f in mixed_frames(env.rng, 60, to_host=True):
        env.peer.send(f)
    await env.drain()
    await env.run(linux.dev_remove_pack, tap)
    assert enabled == [0] * 60


def test_interrupt_stays_masked_in_poll() -> None:
    """kernel-rules.md: NAPI5."""
    check("masked_in_poll")


async def ring_full(env: Env) -> None:
    queue = linux.netdev_get_tx_queue(env.ndev, 0)
    queue.dql.min_limit = 1 << 30  # as byte_queue_limits/limit_min in sysfs: only the ring itself bounds the queue
    await env.run(linux.netdev_reset_queue, env.ndev)
    stops = queue.stops
    await env.send([udp_frame(1000 + i, i % 5, i, to_host=False) for i in range(300)])
    await env.drain()
    assert queue.stops > stops


def test_full_ring_stops_the_queue_and_reclaim_wakes_it() -> None:
    """kernel-rules.md: TX1, TX2, TX6, TX7. Without a byte limit the descriptors run out, and each frame still goes."""
    check("ring_full", rate_gbps=1.0)


# ---------------------------------------------------------------------- what goes wrong


async def no_memory(env: Env) -> None:
    for i in range(40):
        before = (await env.stats()).rx_dropped
        if i % 4 == 1:
            linux.set_alloc_failure(lambda what, size: True)
            env.send_to_be_dropped(udp_frame(200, 1, i, to_host=True))
            await settle(env)
            linux.set_alloc_failure(None)
            assert (await env.stats()).rx_dropped == before + 1
        else:
            env.peer.send(udp_frame(200, 1, i, to_host=True))
            await env.drain()


def test_receive_without_memory_drops_and_reuses_the_buffer() -> None:
    """A frame for which no skb is to be had is dropped and counted; its descriptor goes back to the device."""
    check("no_memory")


async def probe_fails(env: Env) -> None:
    device = env.platform.device
    await env.remove()
    assert not linux.leak_report()
    device.regs[tiny.ID] = 0xFFFFFFFF  # a device that has gone reads all ones
    assert await env.run(linux.pci_add_device, env.pdev) == -linux.ENODEV
    await env.run(linux.pci_remove_device, env.pdev)
    device.regs[tiny.ID] = tiny.TINY
    linux.set_alloc_failure(lambda what, size: True)
    assert await env.run(linux.pci_add_device, env.pdev) == -linux.ENOMEM
    linux.set_alloc_failure(None)
    assert not linux.leak_report()
    await env.run(linux.pci_remove_device, env.pdev)
    await env.probe()
    await env.up()
    await env.send([udp_frame(100, 1, 1, to_host=False)])


def test_probe_of_a_wrong_device_or_without_memory_leaves_nothing() -> None:
    """kernel-rules.md: LIFE1. -ENODEV and -ENOMEM, and nothing is left; the next probe works."""
    check("probe_fails")


async def line_taken(env: Env) -> None:
    await env.down()
    token = object()
    assert not await env.run(linux.request_irq, env.ndev.irq, lambda irq, dev_id: linux.IRQ_NONE, 0, "other", token)
    assert await env.run(linux.dev_open, env.ndev) == -linux.EBUSY
    await env.run(linux.free_irq, env.ndev.irq, token)
    await env.up()
    await env.send([udp_frame(100, 1, 1, to_host=False)])


def test_open_on_a_taken_line_fails_and_may_be_repeated() -> None:
    """kernel-rules.md: LIFE3. ndo_open gives request_irq()'s error back and leaves nothing behind."""
    check("line_taken")


async def unsent(env: Env) -> None:
    await env.send([udp_frame(1500, 1, i, to_host=False) for i in range(20)])
    await settle(env)
    before = await env.stats()
    await env.down()
    after = await env.stats()
    env.forgive_unsent()
    handed_over = linux.netdev_priv(env.ndev).tx_next  # the rest was left in the qdisc
    assert after.tx_packets + after.tx_dropped == handed_over > before.tx_packets
    assert after.tx_dropped > 0
    await env.up()
    await env.send([udp_frame(100, 1, 99, to_host=False)])


def test_stop_counts_what_was_not_sent() -> None:
    """kernel-rules.md: LIFE2, ETH2. Each frame handed to xmit is sent or counted as dropped."""
    check("unsent", rate_gbps=0.02, lossy=True)


async def padded(env: Env) -> None:
    # The buffer of the descriptor that follows next is full of an earlier frame's bytes.
    await env.send([b"\x02" * 12 + b"\x88\xb5" + b"\xff" * 1000 for _ in range(tiny.ENTRIES)])
    await env.drain()
    await env.send([udp_frame(42, 1, 1, to_host=False)])


def test_short_frames_are_padded_with_zeros() -> None:
    """The driver pads, and no byte of an earlier frame leaves with a later one (the scoreboard expects zeros)."""
    check("padded")


async def mac_address(env: Env) -> None:
    await env.run(linux.dev_set_promiscuity, env.ndev, -1)
    await env.down()
    ours = bytes.fromhex("0252530000aa")
    assert not await env.run(linux.dev_set_mac_address, env.ndev, linux.sockaddr(ours), None)
    before = bytes(env.ndev.perm_addr)
    await env.up()
    payload = udp_frame(80, 1, 1, to_host=True)[6:]
    env.peer.send(ours + payload)
    env.send_to_be_dropped(before + payload)
    env.peer.send(ours + payload)
    await env.drain()
    await settle(env)
    await env.run(linux.dev_set_promiscuity, env.ndev, 1)


def test_new_address_is_the_filters_after_open() -> None:
    """kernel-rules.md: LIFE4. The address that was set while the device was down is the one it filters by."""
    check("mac_address")


def test_dut_toml_names_what_exists() -> None:
    """Every file and object that the description names is there."""
    dut = load_dut("tinynic")
    for what in ("driver", "soft", "ops"):
        assert dut.load(what)
    for name in [*dut.rtl["filelists"], *dut.rtl["waivers"], dut.rtl["wrapper"]]:
        assert (dut.folder / name).is_file(), name
