# SPDX-License-Identifier: Apache-2.0
"""Binding the device: PCI probe and remove, module parameters.

Module parameters (``pci_register_driver(nic_driver, params)``), each with its default:

    num_queues  0      queue pairs to use; 0: all that the device has
    tx_ring     256    descriptors, a power of two from 64 to 4096
    rx_ring     256    likewise
    copybreak   0      bytes: frames up to this length are copied out of their buffer
    line_irq    False  use the level interrupt line, not MSI-X
    vectors     0      MSI-X vectors to use, at most; 0: one for each queue pair and one for causes
    tx_weights  ()     shares of the wire of the first queues, 1 to 255; of the others 8
"""

from __future__ import annotations

from typing import Any

from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.nic_err import nic_err_handler
from pymodel.drivers.nic.nic_ethtool import nic_ethtool_ops
from pymodel.drivers.nic.nic_netdev import nic_netdev_ops, nic_poll, nic_reset
from pymodel.drivers.nic.nic_priv import DRIVER_NAME, MAX_FRAME, MAX_RING, MIN_RING, NicPriv, NicQueue
from pymodel.drivers.nic.nic_recover import nic_recover_task, nic_reset_task
from pymodel.drivers.nic.nic_rss import nic_rss_init
from pymodel.drivers.nic.nic_rx import NicRxRing
from pymodel.drivers.nic.nic_tx import NicTxRing
from pymodel.hw.access import here, readl
from pymodel.linux import (
    DMA_BIT_MASK,
    EINVAL,
    ENODEV,
    ENOMEM,
    ETH_DATA_LEN,
    ETH_HLEN,
    ETH_MIN_MTU,
    GSO_LEGACY_MAX_SIZE,
    IFF_UNICAST_FLT,
    INIT_WORK,
    NETDEV_XDP_ACT_BASIC,
    NETDEV_XDP_ACT_NDO_XMIT,
    NETDEV_XDP_ACT_REDIRECT,
    NETIF_F_HIGHDMA,
    NETIF_F_HW_CSUM,
    NETIF_F_HW_VLAN_CTAG_FILTER,
    NETIF_F_HW_VLAN_CTAG_RX,
    NETIF_F_HW_VLAN_CTAG_TX,
    NETIF_F_RXCSUM,
    NETIF_F_RXHASH,
    NETIF_F_SG,
    NETIF_F_TSO,
    NETIF_F_TSO6,
    NETIF_F_TSO_ECN,
    NETIF_F_TSO_MANGLEID,
    PCI_DEVICE,
    SET_NETDEV_DEV,
    VLAN_HLEN,
    alloc_etherdev_mqs,
    cancel_work_sync,
    dev_err,
    dma_set_mask_and_coherent,
    eth_hw_addr_set,
    free_netdev,
    module_param,
    napi_struct,
    netdev_priv,
    netif_napi_add,
    netif_set_real_num_rx_queues,
    netif_set_real_num_tx_queues,
    netif_set_tso_max_size,
    pci_driver,
    pci_get_drvdata,
    pci_save_state,
    pci_set_drvdata,
    pci_set_master,
    pcim_enable_device,
    pcim_iomap,
    register_netdev,
    unregister_netdev,
)

__all__ = ["nic_driver"]

_TSO = NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_TSO_MANGLEID
NIC_ID = 0x52534E43
LOCAL_ADDRESS = bytes.fromhex("02005e000001")  # locally administered: the device has no address of its own


def _check_params(params: dict[str, Any], dev: Any, caps_queues: int) -> int:
    """0, or -EINVAL for a module parameter that is not known or out of range."""
    known = {"num_queues", "tx_ring", "rx_ring", "copybreak", "line_irq", "tx_weights", "vectors"}
    for name in params:
        if name not in known:
            dev_err(dev, "unknown module parameter %s", name)
            return -EINVAL
    if not 0 <= params.get("num_queues", 0) <= caps_queues:
        dev_err(dev, "num_queues=%d: the device has %d", params["num_queues"], caps_queues)
        return -EINVAL
    if not 0 <= params.get("vectors", 0) <= caps_queues + 1:
        dev_err(dev, "vectors=%d: the device has %d", params["vectors"], caps_queues + 1)
        return -EINVAL
    for name in ("tx_ring", "rx_ring"):
        size = params.get(name, MIN_RING)
        if not MIN_RING <= size <= MAX_RING or size & (size - 1):
            dev_err(dev, "%s=%d: a power of two from %d to %d", name, size, MIN_RING, MAX_RING)
            return -EINVAL
    weights = params.get("tx_weights", ())
    if len(weights) > caps_queues or not all(1 <= weight <= hw.QP_TX_WEIGHT_WEIGHT for weight in weights):
        dev_err(dev, "tx_weights: at most %d of 1 to %d", caps_queues, hw.QP_TX_WEIGHT_WEIGHT)
        return -EINVAL
    return 0


def nic_probe(pdev: Any, ent: Any) -> int:
    """Bind a device. Everything is ready before register_netdev() returns: it may be opened at once (LIFE1)."""
    err = pcim_enable_device(pdev)
    if err:
        return err
    iomem = pcim_iomap(pdev, 0, 0)
    if iomem is None:
        return -ENOMEM
    if readl(iomem + hw.ID) != NIC_ID:
        dev_err(pdev.dev, "no NIC answers at BAR 0")
        return -ENODEV
    err = dma_set_mask_and_coherent(pdev.dev, DMA_BIT_MASK(64))
    if err:
        return err
    pci_set_master(pdev)
    pci_save_state(pdev)  # for after a reset of the bus

    params: dict[str, Any] = pdev.driver.params
    max_queues = (readl(iomem + hw.CAPS) & hw.CAPS_QUEUES) >> hw.CAPS_QUEUES_SHIFT
    err = _check_params(params, pdev.dev, max_queues)
    if err:
        return err
    num_queues = module_param(pdev, "num_queues", 0) or max_queues

    ndev = alloc_etherdev_mqs(NicPriv, max_queues, max_queues)
    if ndev is None:
        return -ENOMEM
    SET_NETDEV_DEV(ndev, pdev.dev)
    pci_set_drvdata(pdev, ndev)
    priv: NicPriv = netdev_priv(ndev)
    priv.pdev, priv.ndev, priv.dev, priv.iomem = pdev, ndev, pdev.dev, iomem
    priv.costs = here.machine.costs
    priv.max_queues, priv.num_queues = max_queues, num_queues
    priv.tx_size = module_param(pdev, "tx_ring", priv.tx_size)
    priv.rx_size = module_param(pdev, "rx_ring", priv.rx_size)
    priv.copybreak = module_param(pdev, "copybreak", priv.copybreak)
    priv.tx_weights = tuple(module_param(pdev, "tx_weights", ()))
    priv.line_irq = bool(module_param(pdev, "line_irq", False))
    priv.max_vectors = module_param(pdev, "vectors", 0)
    nic_rss_init(priv)
    INIT_WORK(priv.reset_work, nic_reset_task)
    INIT_WORK(priv.recover_work, nic_recover_task)

    ndev.netdev_ops = nic_netdev_ops
    ndev.ethtool_ops = nic_ethtool_ops
    ndev.min_mtu = ETH_MIN_MTU
    ndev.max_mtu = MAX_FRAME - ETH_HLEN - VLAN_HLEN
    ndev.mtu = ETH_DATA_LEN
    ndev.vlan_features = NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM | _TSO
    netif_set_tso_max_size(ndev, GSO_LEGACY_MAX_SIZE)  # a descriptor's length has 16 bits
    ndev.features = ndev.vlan_features | NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX
    ndev.features |= NETIF_F_RXCSUM | NETIF_F_RXHASH
    ndev.hw_features = ndev.features | NETIF_F_HW_VLAN_CTAG_FILTER  # `ethtool -K rx-vlan-filter on`
    ndev.priv_flags |= IFF_UNICAST_FLT
    ndev.xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT | NETDEV_XDP_ACT_NDO_XMIT
    eth_hw_addr_set(ndev, LOCAL_ADDRESS)

    # Whoever used the device before may have left it running: it is silent before an interrupt is asked for (LIFE3).
    err = nic_reset(priv)
    if err:
        free_netdev(ndev)
        return err
    for i in range(max_queues):
        queue = NicQueue(priv, i)
        queue.tx = NicTxRing(queue)
        queue.rx = NicRxRing(queue)
        queue.napi = napi_struct(container=queue)
        netif_napi_add(ndev, queue.napi, nic_poll)
        priv.all_queues.append(queue)
    priv.queues = priv.all_queues[:num_queues]
    netif_set_real_num_tx_queues(ndev, num_queues)
    netif_set_real_num_rx_queues(ndev, num_queues)

    err = register_netdev(ndev)
    if err:
        free_netdev(ndev)
    return err


def nic_remove(pdev: Any) -> None:
    """Unbind: unregister_netdev() closes the device if it is open."""
    ndev = pci_get_drvdata(pdev)
    unregister_netdev(ndev)
    priv: NicPriv = netdev_priv(ndev)
    cancel_work_sync(priv.recover_work)
    cancel_work_sync(priv.reset_work)
    free_netdev(ndev)  # and the NAPI instances with it


nic_driver = pci_driver(
    DRIVER_NAME, nic_probe, nic_remove, id_table=(PCI_DEVICE(0x1234, 0x5253),), err_handler=nic_err_handler
)
