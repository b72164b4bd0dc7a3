# SPDX-License-Identifier: Apache-2.0
"""Traffic classes of a device (each a range of its transmit queues), and XPS: which queues a CPU, or packets of which
receive queue, may use.

Source: net/core/dev.c, include/linux/netdevice.h, v6.12. Simplified: no subordinate devices (``sb_dev``) with classes
of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.bug import netdev_warn
from pymodel.linux.errno import EINVAL
from pymodel.linux.flow_hash import skb_get_hash

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device
    from pymodel.linux.skbuff import sk_buff

__all__ = [
    "TC_BITMASK", "TC_MAX_QUEUE", "XPS_CPUS", "XPS_RXQS", "netdev_get_num_tc", "netdev_get_prio_tc_map",
    "netdev_reset_tc", "netdev_set_num_tc", "netdev_set_prio_tc_map", "netdev_set_tc_queue", "netdev_txq_to_tc",
    "netif_set_xps_queue",
]

TC_MAX_QUEUE = 16
TC_BITMASK = 15
XPS_CPUS, XPS_RXQS = 0, 1


# -- traffic classes -----------------------------------------------------------------------------------------
def netdev_get_num_tc(dev: net_device) -> int:
    return dev.num_tc


def netdev_set_num_tc(dev: net_device, num_tc: int) -> int:
    """0, or -EINVAL for more than TC_MAX_QUEUE classes. XPS maps, which are kept by class, are lost."""
    if num_tc > TC_MAX_QUEUE:
        return -EINVAL
    dev.xps_maps = [None, None]
    dev.num_tc = num_tc
    return 0


def netdev_reset_tc(dev: net_device) -> None:
    """No classes any more."""
    dev.xps_maps = [None, None]
    dev.num_tc = 0
    dev.tc_to_txq = [(0, 0)] * TC_MAX_QUEUE
    dev.prio_tc_map = [0] * (TC_BITMASK + 1)


def netdev_set_tc_queue(dev: net_device, tc: int, count: int, offset: int) -> int:
    """Give class ``tc`` the ``count`` queues from ``offset`` on. 0, or -EINVAL for a class that is not there."""
    if tc >= dev.num_tc:
        return -EINVAL
    dev.xps_maps = [None, None]
    dev.tc_to_txq[tc] = (count, offset)
    return 0


def netdev_get_prio_tc_map(dev: net_device, prio: int) -> int:
    """The class of a priority, of which the low 4 bits count."""
    return dev.prio_tc_map[prio & TC_BITMASK]


def netdev_set_prio_tc_map(dev: net_device, prio: int, tc: int) -> int:
    """0, or -EINVAL for a class that is not there."""
    if tc >= dev.num_tc:
        return -EINVAL
    dev.prio_tc_map[prio & TC_BITMASK] = tc & TC_BITMASK
    return 0


def netdev_txq_to_tc(dev: net_device, txq: int) -> int:
    """The first class that has a queue; 0 for each without classes; -1 for a queue that no class has."""
    if not dev.num_tc:
        return 0
    for tc, (count, offset) in enumerate(dev.tc_to_txq):
        if 0 <= txq - offset < count:
            return tc
    return -1


def tc_real_num_tx_changed(dev: net_device, txq: int) -> None:
    """Classes whose queues are gone do not stay. Source: netif_setup_tc()."""
    count, offset = dev.tc_to_txq[0]
    if offset + count > txq:
        netdev_warn(
            dev,
            "Number of in use tx queues changed invalidating tc mappings. "
            "Priority traffic classification disabled!",
        )
        dev.num_tc = 0
        return
    for prio in range(1, TC_BITMASK + 1):
        tc = netdev_get_prio_tc_map(dev, prio)
        count, offset = dev.tc_to_txq[tc]
        if offset + count > txq:
            netdev_warn(
                dev,
                "Number of in use tx queues changed. Priority %d to tc mapping %d is no longer valid. Setting map to 0",
                prio,
                tc,
            )
            netdev_set_prio_tc_map(dev, prio, 0)


# -- XPS -----------------------------------------------------------------------------------------------------
def netif_set_xps_queue(dev: net_device, mask: int, index: int, type: int = XPS_CPUS) -> int:
    """Let the CPUs in ``mask`` (``type`` XPS_RXQS: packets whose socket received on these queues) use queue
    ``index``, beside others that were set. 0, or -EINVAL for a queue of no class.

    Source: net/core/dev.c __netif_set_xps_queue(), v6.12.
    """
    tc = netdev_txq_to_tc(dev, index)
    if tc < 0:
        return -EINVAL
    ids = len(here.sched.cpus) if type == XPS_CPUS else dev.num_rx_queues
    num_tc = dev.num_tc or 1
    maps = dev.xps_maps[type]
    if maps is None:
        maps = dev.xps_maps[type] = {}
    for i in range(ids):
        queues = maps.setdefault(i, [[] for _ in range(num_tc)])[tc]
        if mask >> i & 1:
            if index not in queues:
                queues.append(index)
        elif index in queues:
            queues.remove(index)
    if not any(queues for entry in maps.values() for queues in entry):
        dev.xps_maps[type] = None
    return 0


def xps_real_num_tx_changed(dev: net_device, txq: int) -> None:
    """Queues from ``txq`` on are in use no more."""
    for maps in dev.xps_maps:
        for entry in (maps or {}).values():
            for queues in entry:
                queues[:] = [index for index in queues if index < txq]


def get_xps_queue(dev: net_device, skb: sk_buff) -> int:
    """The queue that XPS chooses, or -1. Source: net/core/dev.c get_xps_queue(), v6.12."""
    by_cpu, by_rxq = dev.xps_maps
    index = -1
    if by_rxq is not None and skb.sk is not None:
        index = _of_map(dev, skb, by_rxq, skb.sk.sk_rx_queue_mapping)
    if index < 0 and by_cpu is not None:
        cpu = here.sched.cpu
        index = _of_map(dev, skb, by_cpu, cpu.id if cpu is not None else 0)
    return index


def _of_map(dev: net_device, skb: sk_buff, maps: dict[int, list[list[int]]], key: int) -> int:
    entry = maps.get(key)
    tc = netdev_get_prio_tc_map(dev, skb.priority)
    if entry is None or tc >= len(entry):
        return -1
    queues = entry[tc]
    if not queues:
        return -1
    index = queues[0] if len(queues) == 1 else queues[skb_get_hash(skb) * len(queues) >> 32]
    return index if index < dev.real_num_tx_queues else -1
