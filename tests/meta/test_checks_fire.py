# SPDX-License-Identifier: Apache-2.0
"""Each check of the environment is seen to fire: something is broken on purpose, and the run must fail by that
check's name.

The device or the driver is broken from outside, on the soft NIC, because it takes milliseconds; the checks are the
same on RTL. What only a simulator can show (assertions, IRQ3, buses, the clock limit) is in test_main_loop.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux
from pymodel.hw.contexts import PS_PER_NS
from pymodel.hw.soft import SoftPlatform
from tb.config import Config
from tb.env import Env
from tb.session import run_soft
from tests.scenarios.catalog import case_named
from tests.scenarios.frames import udp_frame

_DUTS = ("nic", "tinynic")


async def few_frames(env: Env) -> None:
    """Twenty frames each way, one flow."""
    for i in range(20):
        env.peer.send(udp_frame(90 + i, 1, i, to_host=True))
    await env.send([udp_frame(90 + i, 1, i, to_host=False) for i in range(20)])
    await env.drain()


async def loses_memory(env: Env) -> None:
    await few_frames(env)
    await env.run(linux.alloc_skb, 100, linux.GFP_KERNEL)


async def waits_in_vain(env: Env) -> None:
    await env.until(lambda: False, 20_000, "what never comes")


async def reads_a_register(env: Env) -> None:
    await env.stats()
    await few_frames(env)
    await env.stats()


def _config(dut: str, scenario: str, **settings: Any) -> Config:
    name = f"{__name__}:{scenario}"
    return Config(scenario=name, dut=dut, backend="soft", watchdog_us=100, max_us=50_000, **settings)


def _failure(dut: str, prepare: Callable[[Env], object] | None, scenario: str = "few_frames", **settings: Any) -> str:
    result = run_soft(_config(dut, scenario, **settings), prepare)
    assert not result.passed, "the check did not fire"
    return result.message


def _on_nth(n: int, change: Callable[[bytes], bytes | None], fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn(frame, ...)`` with its n-th frame changed, or left out where ``change`` gives None."""
    count = 0

    def wrapped(frame: bytes, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == n:
            changed = change(frame)
            if changed is None:
                return None
            frame = changed
        return fn(frame, *args, **kwargs)

    return wrapped


def _flip(frame: bytes) -> bytes:
    return frame[:50] + bytes([frame[50] ^ 4]) + frame[51:]


@pytest.mark.parametrize("dut", _DUTS)
def test_nothing_broken_passes(dut: str) -> None:
    """The same run without the fault passes, so that the fault is what the others see."""
    result = run_soft(_config(dut, "few_frames"))
    assert result.passed, result.message


@pytest.mark.parametrize("dut", _DUTS)
def test_byte_flipped_on_the_way_to_the_wire(dut: str) -> None:
    def prepare(env: Env) -> None:
        env.platform.wire_tx = _on_nth(7, _flip, env.platform.wire_tx)

    message = _failure(dut, prepare)
    assert message.startswith("BYTES-tx: frame number 7 came out altered")
    assert "byte 50" in message


@pytest.mark.parametrize("dut", _DUTS)
def test_byte_flipped_on_the_way_to_the_host(dut: str) -> None:
    def prepare(env: Env) -> None:
        env.platform.device.wire_rx = _on_nth(3, _flip, env.platform.device.wire_rx)

    assert _failure(dut, prepare).startswith("BYTES-rx: frame number 3 came out altered")


def test_frame_sent_twice() -> None:
    def prepare(env: Env) -> None:
        send = env.platform.wire_tx
        env.platform.wire_tx = _on_nth(5, lambda f: (send(f), f)[1], send)

    assert _failure("nic", prepare).startswith("BYTES-tx")


def test_frame_lost_in_the_middle_of_its_flow() -> None:
    def prepare(env: Env) -> None:
        env.platform.wire_tx = _on_nth(5, lambda f: None, env.platform.wire_tx)

    assert _failure("nic", prepare).startswith("ORDER-tx: a frame came out 1 too early")


@pytest.mark.parametrize("dut", _DUTS)
def test_last_frame_lost_names_it(dut: str) -> None:
    """PROGRESS says which frame is missing, and what each queue waits for."""

    def prepare(env: Env) -> None:
        env.platform.wire_tx = _on_nth(20, lambda f: None, env.platform.wire_tx)

    message = _failure(dut, prepare)
    assert message.startswith("PROGRESS: nothing came out for")
    assert "1 frames under way to the wire" in message and "number 20" in message


def test_device_that_ignores_its_doorbell_is_named_with_queue_and_descriptor() -> None:
    def prepare(env: Env) -> None:
        real = env.platform.device.mmio_write

        def mmio_write(offset: int, value: int, size: int) -> None:
            if env.board.tx.entered < 5 or offset & 0xFF != 0x10:  # QP_TX_TAIL
                real(offset, value, size)

        env.platform.device.mmio_write = mmio_write

    message = _failure("nic", prepare, queues=1)
    assert message.startswith("PROGRESS")
    assert "tx0: producer" in message and "oldest descriptor" in message and "waits for the device" in message


def test_register_read_that_is_never_answered_names_the_register() -> None:
    def prepare(env: Env) -> None:
        real = env.platform.mmio_read

        def mmio_read(addr: int, size: int, at: int, done: Callable[[int], None]) -> None:
            if env.board.tx.entered < 20:
                real(addr, size, at, done)

        env.platform.mmio_read = mmio_read

    message = _failure("nic", prepare, scenario="reads_a_register")
    assert message.startswith("PROGRESS") and "waits for the read of register 0x" in message


@pytest.mark.parametrize("counter", ["tx_packets", "rx_packets", "rx_missed_errors", "tx_bytes", "rx_bytes"])
def test_statistics_that_do_not_add_up(counter: str) -> None:
    def prepare(env: Env) -> None:
        real = env.stats

        async def stats() -> Any:
            found = await real()
            setattr(found, counter, getattr(found, counter) + 1)
            return found

        env.stats = stats  # type: ignore[method-assign]

    message = _failure("nic", prepare)
    assert message.startswith("ACCOUNTS") and (counter in message or "rx drops" in message)


@pytest.mark.parametrize("dut", _DUTS)
def test_device_that_writes_after_stop(dut: str) -> None:
    """LIFE2: DMA after ndo_stop, though to memory that is still mapped."""

    def prepare(env: Env) -> None:
        real = env.down

        async def down() -> None:
            await real()
            env.sched.call_at(env.sched.now + 5_000 * PS_PER_NS, late)

        def late() -> None:
            env.platform.dma_writes += 1

        env.down = down  # type: ignore[method-assign]

    message = _failure(dut, prepare)
    assert message.startswith("LIFE2: the device was active after ndo_stop: DMA writes")


def test_memory_that_is_lost_names_who_allocated_it() -> None:
    message = _failure("nic", None, scenario="loses_memory")
    assert message.startswith("LEAK: left behind after the driver was removed")
    assert "sk_buff" in message or "skb" in message


def test_device_write_outside_its_buffer_is_a_dma_fault() -> None:
    def prepare(env: Env) -> None:
        assert isinstance(env.platform, SoftPlatform)
        real = env.platform.dma_write
        count = 0

        def dma_write(bus: int, data: bytes, axi_id: int = -1) -> None:
            nonlocal count
            count += 1
            real(bus + (1 << 25 if count == 4 else 0), data, axi_id)

        env.platform.dma_write = dma_write  # type: ignore[method-assign]

    message = _failure("nic", prepare)
    assert message.startswith("DMA") and "0x" in message


def test_dma_fault_that_a_soft_nic_does_not_take_is_told_by_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """tinynic's driver forgets the upper half of its buffers' addresses."""
    import examples.tinynic.driver as driver

    def lower_half(value: int, addr: int) -> None:
        linux_writel(0 if addr & 0xC0F == 0x404 else value, addr)

    linux_writel = driver.writel
    monkeypatch.setattr(driver, "writel", lower_half)
    message = _failure("tinynic", None)
    assert message.startswith("DMA1: DMA read of ") and "no mapping covers it" in message


def test_sum_that_is_not_that_of_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    from pymodel.drivers.nic import nic_rx

    monkeypatch.setattr(nic_rx, "_CSUM_SHIFT", nic_rx._CSUM_SHIFT + 1)
    message = _failure("nic", None)
    assert message.startswith("OFF3: CHECKSUM_COMPLETE with ~0x") and "76 bytes behind the Ethernet header" in message


def test_sent_packets_that_are_freed_as_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    from pymodel.drivers.nic import nic_tx

    monkeypatch.setattr(nic_tx, "napi_consume_skb", lambda skb, budget: linux.dev_kfree_skb_any(skb))
    assert _failure("nic", None).startswith("DROPS: 20 packets were freed as dropped, 0 are counted so")


def test_packet_without_a_mac_header(monkeypatch: pytest.MonkeyPatch) -> None:
    import examples.tinynic.driver as driver

    def forgotten(skb: Any, ndev: Any) -> int:
        skb.dev = ndev
        return 0

    monkeypatch.setattr(driver, "eth_type_trans", forgotten)
    assert "has no MAC header: eth_type_trans() sets it [driver.py:" in _failure("tinynic", None)


def test_napi_instance_that_is_added_when_the_device_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: LIFE1."""
    import examples.tinynic.driver as driver

    later: list[tuple[Any, ...]] = []

    def register(ndev: Any) -> int:
        err = linux.register_netdev(ndev)
        for args in later:
            linux.netif_napi_add(*args)
        return err

    monkeypatch.setattr(driver, "netif_napi_add", lambda *args: later.append(args))
    monkeypatch.setattr(driver, "register_netdev", register)
    assert _failure("tinynic", None).startswith("LIFE1: eth0: netif_napi_add() in probe() after register_netdev()")


def test_cpu_that_is_held_up_does_late_what_it_has_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """kernel-rules.md: DMA5. A descriptor that is filled in behind its doorbell shows only so."""
    from pymodel.drivers.nic import nic_tx

    write, held_back = nic_tx._write_desc, []

    def doorbell(ring: Any) -> None:
        ring.posted = ring.next_to_use
        nic_tx.writel(ring.next_to_use, ring.doorbell)
        for args in held_back:
            write(*args)
        held_back.clear()

    monkeypatch.setattr(nic_tx, "_write_desc", lambda *args: held_back.append(args))
    monkeypatch.setattr(nic_tx, "_doorbell", doorbell)
    assert run_soft(case_named("tiny_burst").config("nic", "soft", 1)).passed
    assert run_soft(case_named("held_up").config("nic", "soft", 1)).message.startswith("DESC: ")


def test_wait_that_never_ends() -> None:
    assert _failure("nic", None, scenario="waits_in_vain").startswith("TIMEOUT: waited 20 us for what never comes")


def test_run_beyond_its_simulated_time() -> None:
    config = Config(scenario=f"{__name__}:waits_in_vain", dut="nic", backend="soft", max_us=15)
    message = run_soft(config).message
    assert "not over" in message, message
