# SPDX-License-Identifier: Apache-2.0
"""The error log on the RTL: each kind of access, with queue, direction, response and the address of the burst that
failed among others that are outstanding; the first one is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import pytest

from pymodel.drivers.nic import nic_hw as hw
from tests.block.csr_bench import ERROR_PINS, TOP, Bench, blocks, pack
from tests.block.simulate import cocotb_tests_of, simulate

# (pin that tells of the answer, channel, ID's kind, direction, access)
ACCESSES = [
    ("tx_desc_valid_i", "r", 0, 1, hw.ERR_ACCESS_DESC),
    ("rx_desc_valid_i", "r", 1, 0, hw.ERR_ACCESS_DESC),
    ("tx_data_valid_i", "r", 2, 1, hw.ERR_ACCESS_DATA),
    ("rx_data_done_i", "b", 0, 0, hw.ERR_ACCESS_DATA),
    ("rx_cpl_done_i", "b", 1, 0, hw.ERR_ACCESS_COMPLETION),
    ("tx_cpl_done_i", "b", 2, 1, hw.ERR_ACCESS_COMPLETION),
]


class _Log(Bench):
    async def pulse(self, **pins: int) -> None:
        """Drive these pins for one clock."""
        for pin, value in pins.items():
            getattr(self.dut, pin).value = value
        await self.clocks(1)
        for pin in ERROR_PINS:
            getattr(self.dut, pin).value = 0

    async def address(self, channel: str, kind: int, queue: int, addr: int) -> None:
        """A burst's address goes out."""
        name = "ar" if channel == "r" else "aw"
        pins = {"fire": 1, "kind": kind, "queue": queue, "addr": addr}
        await self.pulse(**{f"{name}_{pin}_i": value for pin, value in pins.items()})

    async def answer(self, channel: str, pin: str, queue: int, resp: int) -> None:
        """A burst's last beat, or the answer to a write, and a clock later what the datapath makes of it."""
        await self.pulse(**{f"{channel}_valid_i": 1, f"{channel}_resp_i": resp})
        last = {"r_last_i": 1} if channel == "r" else {}
        await self.pulse(**{pin: 1, f"{channel}_queue_i": queue, f"{channel}_err_i": int(resp >= 2), **last})

    async def logged(self) -> tuple[int, int]:
        """ERR_LOG and the address."""
        await self.clocks(2 * self.queues + 2)
        low, high = await self.read(hw.ERR_ADDR_LO), await self.read(hw.ERR_ADDR_HI)
        return await self.read(hw.ERR_LOG), high << 32 | low


def entry(tx: int, access: int, queue: int, resp: int = 0, more: int = 0) -> int:
    """ERR_LOG as it reads."""
    return (
        hw.ERR_LOG_VALID
        | more * hw.ERR_LOG_MORE
        | tx * hw.ERR_LOG_TX
        | access << hw.ERR_LOG_ACCESS_SHIFT
        | resp << hw.ERR_LOG_RESP_SHIFT
        | queue << hw.ERR_LOG_QUEUE_SHIFT
    )


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def each_access_is_told_with_its_address(dut: Any) -> None:
    """The burst that failed, behind others of its ID and among those of other IDs, with SLVERR or DECERR."""
    bench = await _Log.start(dut)
    assert await bench.logged() == (0, 0)
    for resp in (2, 3):
        for pin, channel, kind, tx, access in ACCESSES:
            for queue in range(bench.queues):
                outstanding = 1 if access == hw.ERR_ACCESS_COMPLETION else 3
                addrs = [bench.rng.getrandbits(64) for _ in range(outstanding)]
                for addr in addrs:
                    await bench.address(channel, kind, queue, addr)
                    if bench.queues > 1 and access != hw.ERR_ACCESS_COMPLETION:
                        await bench.address(channel, kind, queue ^ 1, 0x5555)
                for _ in addrs[1:]:
                    await bench.answer(channel, pin, queue, 0)
                await bench.answer(channel, pin, queue, resp)
                assert await bench.logged() == (entry(tx, access, queue, resp), addrs[-1]), (pin, queue, resp)
                assert await bench.read(hw.IRQ_CAUSE) == hw.IRQ_CAUSE_ERROR
                await bench.write(hw.IRQ_CAUSE, hw.IRQ_CAUSE_ERROR)
                await bench.write(hw.ERR_LOG, hw.ERR_LOG_VALID)
                assert await bench.logged() == (0, 0)
                if bench.queues > 1 and access != hw.ERR_ACCESS_COMPLETION:
                    for _ in addrs:
                        await bench.answer(channel, pin, queue ^ 1, 0)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def bad_descriptor_is_told_with_its_place(dut: Any) -> None:
    """The bus address of the descriptor: of its own ring, whichever is looked at when it is found."""
    bench = await _Log.start(dut)
    for q in range(bench.queues):
        for name in ("TX", "RX"):
            low = 0x1000 * q + (0x40 if name == "TX" else 0x80)
            await bench.write(hw.qp(q) + getattr(hw, f"QP_{name}_BASE_LO"), low)
            await bench.write(hw.qp(q) + getattr(hw, f"QP_{name}_BASE_HI"), 0x10 + q)
    for queue in range(bench.queues):
        for tx in (0, 1):
            for wait in range(bench.queues):
                await bench.clocks(wait)
                way = "tx" if tx else "rx"
                await bench.pulse(**{f"{way}_err_desc_i": 1, f"{way}_err_queue_i": queue})
                where = (0x10 + queue << 32) + 0x1000 * queue + (0x40 if tx else 0x80)
                assert await bench.logged() == (entry(tx, hw.ERR_ACCESS_BAD_DESC, queue), where)
                await bench.write(hw.ERR_LOG, hw.ERR_LOG_VALID)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def message_is_told_with_who_asked_for_it(dut: Any) -> None:
    """A message's ID names no ring: the log has the ring that asked, of either direction, or none for a cause."""
    bench = await _Log.start(dut)
    for resp in (2, 3):
        for none, tx in ((0, 0), (0, 1), (1, 0)):
            for queue in range(1 if none else bench.queues):
                addr = bench.rng.getrandbits(64)
                await bench.pulse(b_valid_i=1, b_resp_i=resp)
                by = pack([(none, 1), (tx, 1), (queue, 4), (addr, 64)])
                await bench.pulse(msix_err_done_i=1, msix_err_by_i=by, b_queue_i=bench.queues - 1 - queue, b_err_i=1)
                want = entry(tx, hw.ERR_ACCESS_MESSAGE, queue, resp) | none * hw.ERR_LOG_NO_QUEUE
                assert await bench.logged() == (want, addr), (none, tx, queue)
                await bench.write(hw.ERR_LOG, hw.ERR_LOG_VALID)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def first_error_is_kept(dut: Any) -> None:
    """Later errors, and those of the same clock, only set `more`; a write of 0 clears nothing, one of 1 `more` too."""
    bench = await _Log.start(dut)
    await bench.address("r", 0, 0, 0x1234_5678_9ABC)
    await bench.address("b", 2, 0, 0x9999)
    await bench.answer("r", "tx_desc_valid_i", 0, 2)
    assert (await bench.logged())[0] == entry(1, hw.ERR_ACCESS_DESC, 0, 2)
    await bench.answer("b", "tx_cpl_done_i", 0, 3)
    await bench.write(hw.ERR_LOG, 0)
    assert await bench.logged() == (entry(1, hw.ERR_ACCESS_DESC, 0, 2, more=1), 0x1234_5678_9ABC)
    await bench.write(hw.ERR_LOG, hw.ERR_LOG_VALID)
    assert await bench.logged() == (0, 0)
    await bench.pulse(tx_err_desc_i=1)
    assert (await bench.logged())[0] == entry(1, hw.ERR_ACCESS_BAD_DESC, 0)
    await bench.write(hw.ERR_LOG, hw.ERR_LOG_VALID)
    await bench.pulse(tx_err_desc_i=1, rx_err_desc_i=1)
    assert (await bench.logged())[0] == entry(1, hw.ERR_ACCESS_BAD_DESC, 0, more=1)


@pytest.mark.parametrize("test", cocotb_tests_of(Path(__file__)))
@pytest.mark.parametrize("queues", [1, 4])
def test_err_log(queues: int, test: str) -> None:
    simulate(blocks(queues), TOP, "tests.block.test_err_log", test)
