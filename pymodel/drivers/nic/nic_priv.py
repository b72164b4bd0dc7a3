# SPDX-License-Identifier: Apache-2.0
"""The driver's own structures: what other drivers keep in their one header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.hw.access import CpuCosts
from pymodel.linux import spinlock_t, work_struct

if TYPE_CHECKING:
    from pymodel.drivers.nic.nic_rx import NicRxRing
    from pymodel.drivers.nic.nic_tx import NicTxRing
    from pymodel.linux import bpf_prog, napi_struct, net_device, pci_dev

__all__ = [
    "DRIVER_NAME", "ERR_ACCESSES", "MAX_FRAME", "MAX_RING", "MIN_RING", "RSS_KEY_BYTES", "RSS_TABLE_ENTRIES", "NicPriv",
    "NicQueue", "NicVector",
]  # fmt: skip

DRIVER_NAME = "nic"
MAX_FRAME = 9018  # bytes without FCS: 9000, an Ethernet header and a VLAN tag
MIN_RING = 64  # descriptors: three times what the largest skb needs
MAX_RING = 4096
# What the error log calls an access, and ethtool the counter of those that failed.
ERR_ACCESSES = {
    hw.ERR_ACCESS_DESC: "descriptor",
    hw.ERR_ACCESS_DATA: "data",
    hw.ERR_ACCESS_COMPLETION: "completion",
    hw.ERR_ACCESS_MESSAGE: "message",
    hw.ERR_ACCESS_BAD_DESC: "bad_descriptor",
    hw.ERR_ACCESS_BAD_TAIL: "bad_tail",
}
RSS_KEY_BYTES = 4 * hw.RSS_KEY_COUNT
RSS_TABLE_ENTRIES = 4 * hw.RSS_TABLE_COUNT


class NicVector:
    """A vector of the device while it is open: the queue pairs that it tells of, and whether of causes too."""

    __slots__ = ("causes", "irq", "priv", "queues")

    def __init__(self, priv: NicPriv, irq: int) -> None:
        self.priv = priv
        self.irq = irq
        self.queues: list[NicQueue] = []
        self.causes = False


class NicQueue:
    """One queue pair. ``regs`` is the iomem address of its register block."""

    __slots__ = ("armed", "index", "napi", "priv", "regs", "rx", "tx", "vector")

    def __init__(self, priv: NicPriv, index: int) -> None:
        self.priv = priv
        self.index = index
        self.regs = priv.iomem + hw.qp(index)
        self.armed = False  # IRQ_ARM was written since an interrupt last scheduled the poll
        self.napi: napi_struct
        self.vector: NicVector | None = None  # with the line there is none
        self.tx: NicTxRing
        self.rx: NicRxRing


class NicPriv:
    """The device. Reached by ``netdev_priv(ndev)``."""

    __slots__ = (
        "all_queues", "copybreak", "costs", "dev", "errors", "halted", "hw_seen", "hw_stats", "iomem", "line_irq",
        "max_queues", "max_vectors", "ndev", "num_queues", "pdev", "queues", "recover_work", "reset_work", "resets",
        "rss_ctrl", "rss_key", "rss_table", "rx_addrs", "rx_classes", "rx_hash", "rx_moderation", "rx_pause", "rx_size",
        "stats_lock", "tx_moderation", "tx_pause", "tx_size", "tx_weights", "vectors", "vlans", "xdp_prog",
    )  # fmt: skip

    def __init__(self) -> None:
        self.pdev: pci_dev
        self.ndev: net_device
        self.dev: Any = None  # the struct device that does DMA
        self.iomem = 0
        self.costs: CpuCosts
        self.all_queues: list[NicQueue] = []  # that the device has
        self.queues: list[NicQueue] = []  # those in use, the first ones
        self.max_queues = 0
        self.num_queues = 0
        self.tx_size = 256  # descriptors
        self.rx_size = 256
        self.tx_moderation = 0, 1  # ethtool -C: usecs and frames; with one frame each interrupts
        self.rx_moderation = 0, 1
        self.max_vectors = 0  # to use; 0: one for each queue pair and one for causes
        self.vectors: list[NicVector] = []  # those requested
        self.rx_pause = self.tx_pause = False  # ethtool -A
        self.copybreak = 0  # bytes: frames up to this length are copied and their buffer is used again
        self.line_irq = False
        self.xdp_prog: bpf_prog | None = None
        self.tx_weights: tuple[int, ...] = ()  # of the first queues; the others have the device's default
        self.rss_key = b""
        self.rss_table: list[int] = []  # queues
        self.rss_ctrl = 0  # of the register of that name
        self.rx_addrs: list[bytes] = [b""] * hw.RX_ADDR_COUNT  # what RX_ADDR holds, b"" where an entry is not valid
        self.rx_hash = 0  # the bits of RX_HASH
        self.rx_classes = 0  # of RX_CTRL: which destinations pass whatever the address
        self.vlans: set[int] = set()  # that pass the VLAN filter
        self.hw_stats: dict[str, int] = {}  # the device's counters before its last reset
        self.hw_seen: dict[str, int] = {}  # what was told of them last
        self.resets = 0
        self.errors = dict.fromkeys(ERR_ACCESSES.values(), 0)  # that the error log has told of
        self.halted = False  # stopped by an error, although it is open
        self.stats_lock = spinlock_t("nic stats_lock")
        self.reset_work = work_struct(container=self)  # resets the device
        self.recover_work = work_struct(container=self)  # starts rings anew that an error has halted, or that hang
