# SPDX-License-Identifier: Apache-2.0
"""The net device: open and stop, poll, settings, statistics. Recovery from errors and hangs: :mod:`nic_recover`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_filter import (
    nic_filter_forget,
    nic_filter_write,
    nic_set_features,
    nic_set_rx_mode,
    nic_vlan_rx_add_vid,
    nic_vlan_rx_kill_vid,
)
from pymodel.drivers.nic.nic_irq import (
    MASKED,
    nic_check_link,
    nic_free_irqs,
    nic_request_irqs,
    nic_write_cause_mask,
)
from pymodel.drivers.nic.nic_priv import ERR_ACCESSES, NicPriv, NicQueue
from pymodel.drivers.nic.nic_rss import nic_rss_spread, nic_rss_write
from pymodel.drivers.nic.nic_rx import (
    XDP_BUFFER_BYTES,
    nic_rx_alloc,
    nic_rx_clean,
    nic_rx_drain,
    nic_rx_fill,
    nic_rx_free,
)
from pymodel.drivers.nic.nic_tx import (
    nic_features_check,
    nic_start_xmit,
    nic_tx_alloc,
    nic_tx_clean,
    nic_tx_drain,
    nic_tx_free,
)
from pymodel.drivers.nic.nic_xdp import nic_xdp_xmit
from pymodel.hw.access import readl, writel
from pymodel.linux import (
    EADDRNOTAVAIL,
    EINVAL,
    EIO,
    ENOMEM,
    EOPNOTSUPP,
    ETH_HLEN,
    NETIF_F_HW_VLAN_CTAG_RX,
    VLAN_HLEN,
    XDP_SETUP_PROG,
    bpf_prog_put,
    container_of,
    eth_hw_addr_set,
    eth_validate_addr,
    is_valid_ether_addr,
    napi_complete_done,
    napi_disable,
    napi_enable,
    net_device_ops,
    netdev_err,
    netdev_priv,
    netdev_update_features,
    netif_carrier_off,
    netif_is_rxfh_configured,
    netif_running,
    netif_set_real_num_rx_queues,
    netif_set_real_num_tx_queues,
    netif_tx_disable,
    netif_tx_start_all_queues,
    netif_tx_wake_all_queues,
    pci_channel_offline,
    schedule_work,
    spin_lock,
    spin_unlock,
    udelay,
    usleep_range,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pymodel.linux import bpf_prog, napi_struct, net_device, netdev_bpf, rtnl_link_stats64

__all__ = [
    "HW_COUNTERS", "nic_counters", "nic_hw_counters", "nic_netdev_ops", "nic_poll", "nic_reset", "nic_resize",
    "nic_restart", "nic_ring_stops", "nic_set_queues", "nic_stop", "nic_tell_error", "nic_write_mac",
    "nic_write_moderation",
]  # fmt: skip

HW_COUNTERS = [name for name in hw.COUNTERS if not name.startswith("rmon_")]
_STOP_TRIES = 500  # of 10 to 20 us
_RESET_TRIES = 1000  # of 1 us and a read


# -- the device ------------------------------------------------------------------------------------------------
def nic_reset(priv: NicPriv) -> int:
    """Put the device into its state after power-up. 0 or -EIO."""
    spin_lock(priv.stats_lock)  # nobody reads counters half reset: statistics never go back (ETH2)
    if priv.resets:
        seen = dict(priv.hw_seen)  # a reset by others may have taken the counters already
        priv.hw_stats = {name: max(n, seen.get(name, 0)) for name, n in nic_counters(priv, hw.COUNTERS).items()}
    priv.resets += 1
    nic_filter_forget(priv)
    writel(hw.RESET_RESET, priv.iomem + hw.RESET)
    err = -EIO
    for _ in range(_RESET_TRIES):
        if not readl(priv.iomem + hw.RESET) & hw.RESET_RESET:
            err = 0
            break
        udelay(1)
    spin_unlock(priv.stats_lock)
    if err:
        netdev_err(priv.ndev, "the device does not come out of reset")
    return err


def _flush(priv: NicPriv) -> None:
    """Wait until all that was written has arrived: settings are in force when their caller goes on (IO1)."""
    readl(priv.iomem + hw.STATUS)


def _write_address(priv: NicPriv) -> None:
    addr = bytes(priv.ndev.dev_addr)
    writel(int.from_bytes(addr[:4], "little"), priv.iomem + hw.MAC_LO)
    writel(int.from_bytes(addr[4:6], "little"), priv.iomem + hw.MAC_HI)


def _write_max_frame(priv: NicPriv) -> None:
    writel(priv.ndev.mtu + ETH_HLEN + VLAN_HLEN, priv.iomem + hw.MAX_FRAME)


def nic_write_moderation(priv: NicPriv) -> None:
    """Write the limits of moderation for all queues. They hold at once."""
    tx, rx = (
        usecs << hw.QP_IRQ_RX_MOD_USECS_SHIFT | frames << hw.QP_IRQ_RX_MOD_FRAMES_SHIFT
        for usecs, frames in (priv.tx_moderation, priv.rx_moderation)
    )
    for queue in priv.queues:
        writel(tx, queue.regs + hw.QP_IRQ_TX_MOD)
        writel(rx, queue.regs + hw.QP_IRQ_RX_MOD)
    _flush(priv)


def nic_write_mac(priv: NicPriv) -> None:
    """Write what ethtool -A asked for."""
    ctrl = hw.MAC_CTRL_RX_PAUSE * priv.rx_pause | hw.MAC_CTRL_TX_PAUSE * priv.tx_pause
    writel(ctrl, priv.iomem + hw.MAC_CTRL)
    _flush(priv)


def _write_base(regs: int, reg_lo: int, dma: int) -> None:
    writel(dma & 0xFFFFFFFF, regs + reg_lo)
    writel(dma >> 32, regs + reg_lo + 4)


def _configure(priv: NicPriv) -> None:
    """Write every setting: the device may have been reset since it was last open."""
    _write_address(priv)
    _write_max_frame(priv)
    nic_filter_write(priv)
    nic_rss_write(priv)
    nic_write_mac(priv)
    writel(hw.IRQ_CTRL_LINE_MODE if priv.line_irq else 0, priv.iomem + hw.IRQ_CTRL)
    nic_write_moderation(priv)
    for queue in priv.queues:
        regs, tx, rx = queue.regs, queue.tx, queue.rx
        writel(MASKED, regs + hw.QP_IRQ_MASK)
        _write_base(regs, hw.QP_TX_BASE_LO, tx.desc_dma)
        _write_base(regs, hw.QP_TXC_BASE_LO, tx.cq_dma)
        _write_base(regs, hw.QP_RX_BASE_LO, rx.desc_dma)
        _write_base(regs, hw.QP_RXC_BASE_LO, rx.cq_dma)
        writel(tx.size.bit_length() - 1, regs + hw.QP_TX_SIZE)
        writel(rx.size.bit_length() - 1, regs + hw.QP_RX_SIZE)
        if queue.index < len(priv.tx_weights):
            writel(priv.tx_weights[queue.index], regs + hw.QP_TX_WEIGHT)
        writel(0, regs + hw.QP_TX_TAIL)


def _stop_rings(priv: NicPriv) -> None:
    """Stop all DMA: rings first, so that what is in flight ends, then the device. A device that does not is reset."""
    for queue in priv.queues:
        writel(0, queue.regs + hw.QP_TX_CTRL)
        writel(0, queue.regs + hw.QP_RX_CTRL)
    for queue in priv.queues:
        for status in (hw.QP_TX_STATUS, hw.QP_RX_STATUS):
            if not nic_ring_stops(queue, status):
                nic_reset(priv)
                return
    writel(0, priv.iomem + hw.CTRL)


def nic_ring_stops(queue: NicQueue, status: int) -> bool:
    """Wait for a ring that was disabled, of the status register ``status``, to be done. False where it never is."""
    for _ in range(_STOP_TRIES):
        if not readl(queue.regs + status) & hw.QP_TX_STATUS_ACTIVE:
            return True
        usleep_range(10, 20)
    netdev_err(queue.priv.ndev, "queue %d does not stop", queue.index)
    return False


def nic_tell_error(priv: NicPriv) -> None:
    """Log and count what the device's error log keeps, and let it keep the next error."""
    log = readl(priv.iomem + hw.ERR_LOG)
    if not log & hw.ERR_LOG_VALID:
        return
    addr = readl(priv.iomem + hw.ERR_ADDR_LO) | readl(priv.iomem + hw.ERR_ADDR_HI) << 32
    writel(hw.ERR_LOG_VALID, priv.iomem + hw.ERR_LOG)
    access = ERR_ACCESSES.get((log & hw.ERR_LOG_ACCESS) >> hw.ERR_LOG_ACCESS_SHIFT, "")
    if access:
        priv.errors[access] += 1
    whose = f"{'TX' if log & hw.ERR_LOG_TX else 'RX'} queue {(log & hw.ERR_LOG_QUEUE) >> hw.ERR_LOG_QUEUE_SHIFT}"
    netdev_err(
        priv.ndev, "%s: error (%s) at bus address 0x%x, response %d%s",
        "no queue" if log & hw.ERR_LOG_NO_QUEUE else whose, access or "unknown", addr,
        (log & hw.ERR_LOG_RESP) >> hw.ERR_LOG_RESP_SHIFT, ", more since" if log & hw.ERR_LOG_MORE else "",
    )  # fmt: skip


# -- rings and interrupts --------------------------------------------------------------------------------------
def _alloc_rings(priv: NicPriv) -> int:
    """Rings for all queues, RX rings full of buffers. 0 or -ENOMEM, and then nothing is left allocated."""
    for queue in priv.queues:
        err = nic_tx_alloc(queue.tx, priv.tx_size)
        if not err:
            err = nic_rx_alloc(queue.rx, priv.rx_size)
            if not err and not nic_rx_fill(queue.rx):
                err = -ENOMEM
        if err:
            _free_rings(priv)
            return err
    return 0


def _free_rings(priv: NicPriv) -> None:
    """Free what :func:`_alloc_rings` made, or part of it. The device does no DMA."""
    for queue in priv.queues:
        if queue.rx.size:
            nic_rx_drain(queue.rx)
            nic_rx_free(queue.rx)
        if queue.tx.size:
            nic_tx_drain(queue.tx)
            nic_tx_free(queue.tx)


def nic_poll(napi: napi_struct, budget: int) -> int:
    """NAPI poll: TX reclaim without limit, RX up to the budget; budget 0 is netpoll and means TX only, and of that
    nothing with pages of XDP, which may not be given back where netpoll calls.
    """
    queue: NicQueue = container_of(napi, NicQueue, "napi")
    if budget or not queue.tx.xdp_frames:
        nic_tx_clean(queue.tx, budget)
    if not budget:
        return 0
    done = nic_rx_clean(queue.rx, budget)
    if done == budget:
        return budget  # there may be more: not complete, the core polls again
    # How far we have read. A record beyond makes the device interrupt as soon as it is armed, so that what came after
    # our last look is not lost. Taken before napi_complete_done(): afterwards the queue may be another CPU's.
    seen = queue.rx.next_to_clean << hw.QP_IRQ_ARM_RX_INDEX_SHIFT
    seen |= queue.tx.next_completion << hw.QP_IRQ_ARM_TX_INDEX_SHIFT
    if napi_complete_done(napi, done):
        queue.armed = True
        writel(seen, queue.regs + hw.QP_IRQ_ARM)
    return done


# -- net_device_ops --------------------------------------------------------------------------------------------
def _start(priv: NicPriv) -> int:
    """All of opening but letting the stack send: 0 or a negative error, and then nothing is left behind."""
    err = _alloc_rings(priv)
    if err:
        return err
    _configure(priv)
    err = nic_request_irqs(priv)
    if err:
        _free_rings(priv)
        return err
    for queue in priv.queues:
        napi_enable(queue.napi)
        writel(hw.QP_TX_CTRL_ENABLE, queue.regs + hw.QP_TX_CTRL)
        writel(hw.QP_RX_CTRL_ENABLE, queue.regs + hw.QP_RX_CTRL)
        queue.armed = True
        writel(0, queue.regs + hw.QP_IRQ_ARM)
    writel(hw.CTRL_ENABLE, priv.iomem + hw.CTRL)
    priv.halted = False
    nic_write_cause_mask(priv, 0)
    nic_check_link(priv)  # and what was written has arrived
    return 0


def nic_open(ndev: net_device) -> int:
    """ndo_open: 0 or a negative error, and then nothing is left behind."""
    err = _start(netdev_priv(ndev))
    if not err:
        netif_tx_start_all_queues(ndev)
    return err


def nic_restart(priv: NicPriv) -> int:
    """Open again behind the stack's back: packets may wait for the queues, so these are woken (TX7)."""
    err = _start(priv)
    if not err:
        netif_tx_wake_all_queues(priv.ndev)
    return err


def nic_stop(ndev: net_device) -> int:
    """ndo_stop: no more xmit, no more polls, interrupts off and freed, DMA stopped, buffers freed, in this order.

    A device that an error has cut off is left alone: it does no DMA and sends no interrupts (ERR1).
    """
    priv: NicPriv = netdev_priv(ndev)
    if priv.halted:
        return 0
    there = not pci_channel_offline(priv.pdev)
    netif_carrier_off(ndev)
    netif_tx_disable(ndev)
    for queue in priv.queues:
        napi_disable(queue.napi)  # no poll runs, and so none arms the vector again
        if there:
            writel(MASKED, queue.regs + hw.QP_IRQ_MASK)
    if there:
        nic_write_cause_mask(priv, hw.IRQ_CAUSE_MASK_LINK | hw.IRQ_CAUSE_MASK_ERROR)
        _flush(priv)  # the masks have arrived, and any interrupt sent before them has come
    nic_free_irqs(priv)
    netif_carrier_off(ndev)  # where the last of them has told of the link
    if there:
        nic_tell_error(priv)
        _stop_rings(priv)
    for queue in priv.queues:
        nic_tx_clean(queue.tx, 0)  # what was sent after the last poll counts as sent
    _free_rings(priv)
    return 0


def nic_tx_timeout(ndev: net_device, txqueue: int) -> None:
    """ndo_tx_timeout: a queue has been stopped for too long. Runs in a timer; the work is done where it may sleep."""
    priv: NicPriv = netdev_priv(ndev)
    ring = priv.queues[txqueue].tx
    netdev_err(
        ndev, "TX queue %d hangs: filled to %d, reclaimed to %d, error %d",
        txqueue, ring.next_to_use, ring.next_to_clean, ring.error,
    )  # fmt: skip
    ring.hung = True
    schedule_work(priv.recover_work)


def _reconfigure(priv: NicPriv, change: Callable[[], int], undo: Callable[[], object]) -> int:
    """Change what cannot be changed while the device runs: 0; or the error of the change, or of opening with it, and
    then all is as before. Under RTNL.
    """
    running = netif_running(priv.ndev) and not priv.halted
    if running:
        nic_stop(priv.ndev)
    err = change()
    if running and not err:
        err = nic_restart(priv)
    if err:
        undo()
        if running and nic_restart(priv):
            priv.halted = True
            netdev_err(priv.ndev, "cannot reopen with the old settings either")
    return err


def nic_resize(priv: NicPriv, tx_size: int, rx_size: int) -> int:
    """Change the rings' sizes (descriptors, already checked): 0, or the error of reopening with them. Under RTNL."""
    old = priv.tx_size, priv.rx_size

    def set_sizes(tx: int, rx: int) -> int:
        priv.tx_size, priv.rx_size = tx, rx
        return 0

    return _reconfigure(priv, lambda: set_sizes(tx_size, rx_size), lambda: set_sizes(*old))


def nic_set_queues(priv: NicPriv, n: int) -> int:
    """Use ``n`` queue pairs: 0, or the error of reopening with them. Under RTNL."""
    ndev = priv.ndev
    old = priv.num_queues

    def set_number(number: int) -> int:
        err = netif_set_real_num_rx_queues(ndev, number) or netif_set_real_num_tx_queues(ndev, number)
        if not err:
            priv.num_queues = number
            priv.queues = priv.all_queues[:number]
            if not netif_is_rxfh_configured(ndev):
                nic_rss_spread(priv)
        return err

    return _reconfigure(priv, lambda: set_number(n), lambda: set_number(old))


def _fits_xdp(mtu: int) -> bool:
    """Whether each frame fits into one buffer, and so a program can see it whole."""
    return mtu + ETH_HLEN + VLAN_HLEN <= XDP_BUFFER_BYTES


def nic_bpf(ndev: net_device, bpf: netdev_bpf) -> int:
    """ndo_bpf: attach, replace or detach a program. Without one buffers are smaller: the rings are set up anew."""
    priv: NicPriv = netdev_priv(ndev)
    if bpf.command != XDP_SETUP_PROG:
        return -EINVAL
    prog, old = bpf.prog, priv.xdp_prog
    if prog is not None and not _fits_xdp(ndev.mtu):
        netdev_err(ndev, "MTU %d is too large for XDP", ndev.mtu)
        return -EOPNOTSUPP

    def attach(new: bpf_prog | None) -> int:
        priv.xdp_prog = new
        netdev_update_features(ndev)
        return 0

    if (prog is None) is (old is None):
        attach(prog)  # polls that run go on with the old one
    else:
        err = _reconfigure(priv, lambda: attach(prog), lambda: attach(old))
        if err:
            return err
    if old is not None:
        bpf_prog_put(old)
    return 0


def nic_fix_features(ndev: net_device, features: int) -> int:
    """ndo_fix_features: a program sees frames as they were on the wire, their tags in them (OFF7)."""
    priv: NicPriv = netdev_priv(ndev)
    return features if priv.xdp_prog is None else features & ~NETIF_F_HW_VLAN_CTAG_RX


def nic_set_mac_address(ndev: net_device, addr: Any) -> int:
    """ndo_set_mac_address: -EADDRNOTAVAIL for what is no station address."""
    if not is_valid_ether_addr(addr.sa_data):
        return -EADDRNOTAVAIL
    eth_hw_addr_set(ndev, addr.sa_data)
    _write_address(netdev_priv(ndev))
    _flush(netdev_priv(ndev))
    return 0


def nic_change_mtu(ndev: net_device, new_mtu: int) -> int:
    """ndo_change_mtu: within min_mtu and max_mtu, as the core has checked. Frames span buffers: no ring is rebuilt.
    -EINVAL for what is too large for the XDP program.
    """
    priv: NicPriv = netdev_priv(ndev)
    if priv.xdp_prog is not None and not _fits_xdp(new_mtu):
        netdev_err(ndev, "MTU %d is too large for XDP", new_mtu)
        return -EINVAL
    ndev.mtu = new_mtu
    _write_max_frame(priv)
    _flush(priv)
    return 0


def nic_counters(priv: NicPriv, names: Iterable[str]) -> dict[str, int]:
    """Counters of the device by name, those of before its last reset included. Under ``stats_lock``: reading LO latches
    HI."""
    before, seen = priv.hw_stats, priv.hw_seen
    if pci_channel_offline(priv.pdev):
        return {name: seen.get(name, before.get(name, 0)) for name in names}
    counters = {}
    for name in names:
        at = priv.iomem + hw.COUNTERS[name]
        low = readl(at)
        counters[name] = (low | readl(at + 4) << 32) + before.get(name, 0)
    seen.update(counters)
    return counters


def nic_hw_counters(priv: NicPriv) -> dict[str, int]:
    """What the device has sent, delivered and dropped: :func:`nic_counters`. The MAC's have groups of their own."""
    return nic_counters(priv, HW_COUNTERS)


def nic_get_stats64(ndev: net_device, stats: rtnl_link_stats64) -> None:
    """ndo_get_stats64: never sleeps. The device counts what never reached the driver."""
    priv: NicPriv = netdev_priv(ndev)
    for queue in priv.all_queues:  # those that are not in use any more have counted too
        tx, rx = queue.tx, queue.rx
        stats.tx_packets += tx.packets
        stats.tx_bytes += tx.bytes
        stats.tx_dropped += tx.dropped
        stats.rx_packets += rx.packets
        stats.rx_bytes += rx.bytes
        stats.rx_dropped += rx.dropped
        stats.rx_errors += rx.errors
    spin_lock(priv.stats_lock)
    counters = nic_hw_counters(priv)
    spin_unlock(priv.stats_lock)
    stats.rx_dropped += counters["rx_drop_filter"] + counters["rx_drop_vlan"]
    stats.rx_missed_errors = counters["rx_drop_nodesc"] + counters["rx_drop_fifo"]
    stats.rx_length_errors = counters["rx_drop_runt"] + counters["rx_drop_oversize"]
    stats.rx_crc_errors = counters["rx_drop_error"]
    stats.rx_errors += stats.rx_length_errors + stats.rx_crc_errors


nic_netdev_ops = net_device_ops(
    ndo_open=nic_open,
    ndo_stop=nic_stop,
    ndo_start_xmit=nic_start_xmit,
    ndo_features_check=nic_features_check,
    ndo_get_stats64=nic_get_stats64,
    ndo_set_mac_address=nic_set_mac_address,
    ndo_set_rx_mode=nic_set_rx_mode,
    ndo_fix_features=nic_fix_features,
    ndo_set_features=nic_set_features,
    ndo_vlan_rx_add_vid=nic_vlan_rx_add_vid,
    ndo_vlan_rx_kill_vid=nic_vlan_rx_kill_vid,
    ndo_change_mtu=nic_change_mtu,
    ndo_validate_addr=eth_validate_addr,
    ndo_tx_timeout=nic_tx_timeout,
    ndo_bpf=nic_bpf,
    ndo_xdp_xmit=nic_xdp_xmit,
)
