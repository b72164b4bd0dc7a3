# SPDX-License-Identifier: Apache-2.0
"""The register and interrupt blocks (test_csr_top.sv) at their pins: what tests of csr and irq share."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles
from cocotb_bus.drivers.amba import AXI4LiteMaster, AXIProtocolError, AXIxRESP

from pymodel.drivers.nic import nic_hw as hw
from tests.block.simulate import ROOT, build

__all__ = ["ERROR_PINS", "SOURCES", "TOP", "Bench", "Ring", "blocks", "pack"]

TOP = "test_csr_top"
_RTL = ROOT / "rtl"
SOURCES = [
    _RTL / "nic.vlt",
    _RTL / "regs/nic_regs_pkg.sv",
    _RTL / "nic_pkg.sv",
    _RTL / "dma/nic_dma_pkg.sv",
    *sorted((_RTL / "csr").glob("*.sv")),
    *sorted((_RTL / "irq").glob("*.sv")),
    _RTL / "mac/nic_mac_pkg.sv",
    *sorted(p for p in (_RTL / "mac").glob("*.sv") if p.name not in ("nic_mac_pkg.sv", "nic_mac_fill.sv")),
    ROOT / "tests/block/test_csr_top.sv",
]

_CLOCK_PS = 4000

# What the error log watches.
ERROR_PINS = (
    "ar_fire_i", "ar_kind_i", "ar_queue_i", "ar_addr_i", "aw_fire_i", "aw_kind_i", "aw_queue_i", "aw_addr_i",
    "r_valid_i", "r_resp_i", "b_valid_i", "b_resp_i", "tx_desc_valid_i", "rx_desc_valid_i", "tx_data_valid_i",
    "r_queue_i", "r_last_i", "r_err_i", "rx_data_done_i", "rx_cpl_done_i", "tx_cpl_done_i", "msix_err_done_i",
    "msix_err_by_i", "b_queue_i", "b_err_i", "tx_err_desc_i", "tx_err_queue_i", "tx_err_tail_i", "rx_err_desc_i",
    "rx_err_queue_i", "rx_err_tail_i",
)  # fmt: skip


def blocks(queues: int) -> Path:
    """The blocks, built for a number of queues."""
    return build(f"csr_q{queues}", TOP, SOURCES, {"Queues": queues})


def pack(fields: list[tuple[int, int]]) -> int:
    """A packed struct's value from (value, width) of its members, the first the most significant."""
    result = 0
    for value, width in fields:
        assert 0 <= value < 1 << width
        result = result << width | value
    return result


@dataclass(slots=True)
class Ring:
    """What the datapath reports of a ring: the ring's bits of test_csr_top's tx_sts_i or rx_sts_i."""

    head: int = 0
    cq_head: int = 0
    cq_frames: int = 0
    active: int = 0
    error: int = 0
    error_code: int = 0

    WIDTH = 48

    def value(self) -> int:
        """The packed struct."""
        flags = self.active << 5 | self.error << 4 | self.error_code
        return self.head << 32 | self.cq_head << 16 | self.cq_frames << 6 | flags


class Bench:
    """Clock, reset, register master and ring states."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.queues = len(dut.tx_sts_i) // Ring.WIDTH
        self.tx = [Ring() for _ in range(self.queues)]
        self.rx = [Ring() for _ in range(self.queues)]
        self.axil = AXI4LiteMaster(dut, "s_axil", dut.clk_i)
        dut.cnt_evt_i.value = 0
        dut.filter_look_i.value = 0
        dut.link_i.value = 1
        dut.idle_i.value = 1
        dut.error_i.value = 0
        for pin in ERROR_PINS:
            getattr(dut, pin).value = 0
        dut.quiesced_i.value = 1
        dut.msix_ready_i.value = 0
        dut.msix_done_i.value = 0
        dut.msix_done_id_i.value = 0
        dut.cpl_out_i.value = 0
        dut.s_axil_awprot.value = dut.s_axil_arprot.value = 0
        self.show()

    @classmethod
    async def start(cls, dut: Any) -> Bench:
        """A bench after reset."""
        bench = cls(dut)
        cocotb.start_soon(Clock(dut.clk_i, _CLOCK_PS, unit="ps").start())
        dut.rst_ni.value = 0
        await bench.clocks(5)
        dut.rst_ni.value = 1
        await bench.clocks(140)  # the reset of the core
        return bench

    async def clocks(self, n: int) -> None:
        await ClockCycles(self.dut.clk_i, n)

    def show(self) -> None:
        """Drive the ring states to the pins."""
        for rings, pins in ((self.tx, self.dut.tx_sts_i), (self.rx, self.dut.rx_sts_i)):
            pins.value = sum(ring.value() << (Ring.WIDTH * q) for q, ring in enumerate(rings))

    async def read(self, address: int) -> int:
        """Raises AXIProtocolError unless the answer is OKAY."""
        return int(await self.axil.read(address, sync=False))

    async def write(self, address: int, value: int, strobes: int = 0xF) -> None:
        """Raises AXIProtocolError unless the answer is OKAY."""
        await self.axil.write(address, value, byte_enable=strobes, sync=False)

    async def read_refused(self, address: int) -> bool:
        """Whether a read is answered with SLVERR."""
        try:
            await self.read(address)
        except AXIProtocolError as error:
            assert error.xresp == AXIxRESP.SLVERR
            return True
        return False

    async def write_refused(self, address: int, value: int) -> bool:
        """Whether a write is answered with SLVERR."""
        try:
            await self.write(address, value)
        except AXIProtocolError as error:
            assert error.xresp == AXIxRESP.SLVERR
            return True
        return False

    def registers(self) -> list[tuple[int, hw.Register]]:
        """Address and description of every register of this build."""
        found = []
        for reg in hw.REGISTERS:
            group = hw.GROUPS[reg.group]
            entries = {"QP": self.queues, "MSIX": self.queues + 1}.get(reg.group, group.entries)
            found += [(group.base + n * group.stride + reg.offset, reg) for n in range(entries)]
        return found
