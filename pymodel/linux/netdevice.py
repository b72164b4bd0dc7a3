# SPDX-License-Identifier: Apache-2.0
"""net_device: the structure, its ops, allocation and registration.

Source: include/linux/netdevice.h, net/core/dev.c, net/ethernet/eth.c, v6.12. Up and down, addresses and counters:
netdev_ops.py; queues: netdev_queue.py. No notifiers, and neither GSO nor GRO is offered yet.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import machine
from pymodel.hw.contexts import Cpu
from pymodel.hw.errors import CheckError
from pymodel.linux.bug import BUG, WARN, Site, broken_rule, caller, site_str
from pymodel.linux.device import device
from pymodel.linux.dql import dql
from pymodel.linux.errno import EEXIST, EINVAL
from pymodel.linux.if_ether import ETH_DATA_LEN, ETH_HLEN, ETH_MIN_MTU
from pymodel.linux.sched import mutex, mutex_lock, mutex_unlock, sleep_until, spinlock_t
from pymodel.linux.time import timer_list
from pymodel.linux.xdp import xdp_rxq_info, xdp_rxq_info_reg, xdp_rxq_info_unreg

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type
    from pymodel.linux.napi import napi_struct, softnet_data
    from pymodel.linux.netfilter import nf_hook_ops
    from pymodel.linux.qdisc import Qdisc
    from pymodel.linux.skbuff import sk_buff
    from pymodel.linux.xdp import bpf_prog

__all__ = [
    "ARPHRD_ETHER", "IFF_ALLMULTI", "IFF_BROADCAST", "IFF_LIVE_ADDR_CHANGE", "IFF_MULTICAST", "IFF_NOARP",
    "IFF_NO_QUEUE", "IFF_PROMISC", "IFF_RUNNING", "IFF_UNICAST_FLT", "IFF_UP", "NETDEV_TX_BUSY", "NETDEV_TX_OK",
    "NETREG_REGISTERED", "NETREG_RELEASED", "NETREG_UNINITIALIZED", "NETREG_UNREGISTERED", "NETREG_UNREGISTERING",
    "NET_RX_DROP", "NET_RX_SUCCESS", "NET_XMIT_CN", "NET_XMIT_DROP", "NET_XMIT_SUCCESS", "NetState",
    "QUEUE_STATE_ANY_XOFF", "QUEUE_STATE_ANY_XOFF_OR_FROZEN", "QUEUE_STATE_DRV_XOFF", "QUEUE_STATE_DRV_XOFF_OR_FROZEN",
    "QUEUE_STATE_FROZEN", "QUEUE_STATE_STACK_XOFF", "SET_NETDEV_DEV", "alloc_etherdev", "alloc_etherdev_mq",
    "alloc_etherdev_mqs", "alloc_netdev_mqs", "ether_setup", "free_netdev", "net_device", "net_device_ops",
    "net_device_stats", "netdev_priv", "netdev_queue", "netdev_rx_queue", "netif_device_attach", "netif_device_detach",
    "netif_device_present", "netif_running", "netif_set_real_num_queues", "netif_set_real_num_rx_queues",
    "netif_set_real_num_tx_queues", "register_netdev", "register_netdevice", "registered_netdevs", "rtnl_is_locked",
    "rtnl_link_stats64", "rtnl_lock", "rtnl_unlock", "sockaddr", "unregister_netdev", "unregister_netdevice",
]

NETDEV_TX_OK = 0x00
NETDEV_TX_BUSY = 0x10
NET_XMIT_SUCCESS = 0x00
NET_XMIT_DROP = 0x01
NET_XMIT_CN = 0x02
NET_RX_SUCCESS = 0
NET_RX_DROP = 1

IFF_UP = 1 << 0
IFF_BROADCAST = 1 << 1
IFF_RUNNING = 1 << 6
IFF_NOARP = 1 << 7
IFF_PROMISC = 1 << 8
IFF_ALLMULTI = 1 << 9
IFF_MULTICAST = 1 << 12
IFF_UNICAST_FLT = 1 << 12  # priv_flags from here on
IFF_LIVE_ADDR_CHANGE = 1 << 15
IFF_NO_QUEUE = 1 << 21

ARPHRD_ETHER = 1

NETREG_UNINITIALIZED, NETREG_REGISTERED, NETREG_UNREGISTERING, NETREG_UNREGISTERED, NETREG_RELEASED = range(5)

LINK_STATE_START = 1 << 0  # __LINK_STATE_*, as bits of net_device.state
LINK_STATE_PRESENT = 1 << 1
LINK_STATE_NOCARRIER = 1 << 2


QUEUE_STATE_DRV_XOFF = 1 << 0  # __QUEUE_STATE_*, as bits of netdev_queue.state
QUEUE_STATE_STACK_XOFF = 1 << 1
QUEUE_STATE_FROZEN = 1 << 2
QUEUE_STATE_ANY_XOFF = QUEUE_STATE_DRV_XOFF | QUEUE_STATE_STACK_XOFF
QUEUE_STATE_ANY_XOFF_OR_FROZEN = QUEUE_STATE_ANY_XOFF | QUEUE_STATE_FROZEN
QUEUE_STATE_DRV_XOFF_OR_FROZEN = QUEUE_STATE_DRV_XOFF | QUEUE_STATE_FROZEN


class rtnl_link_stats64:
    """Interface counters. Packets and bytes; ``rx_missed_errors``: frames that the device had no buffer for."""

    __slots__ = (
        "collisions", "multicast", "rx_bytes", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors",
        "rx_fifo_errors", "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler",
        "rx_otherhost_dropped", "rx_over_errors", "rx_packets", "tx_aborted_errors", "tx_bytes", "tx_carrier_errors",
        "tx_compressed", "tx_dropped", "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_packets",
        "tx_window_errors",
    )

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...
        def __setattr__(self, name: str, value: int) -> None: ...

    def __repr__(self) -> str:
        return ", ".join(f"{name} {getattr(self, name)}" for name in self.__slots__ if getattr(self, name)) or "all 0"


net_device_stats = rtnl_link_stats64


class net_device_ops:
    """The driver's callbacks; those it does not have are None."""

    __slots__ = (
        "ndo_bpf", "ndo_change_mtu", "ndo_change_rx_flags", "ndo_features_check", "ndo_fix_features", "ndo_get_stats64",
        "ndo_init", "ndo_open", "ndo_select_queue", "ndo_set_features", "ndo_set_mac_address", "ndo_set_rx_mode",
        "ndo_start_xmit", "ndo_stop", "ndo_tx_timeout", "ndo_uninit", "ndo_validate_addr", "ndo_vlan_rx_add_vid",
        "ndo_vlan_rx_kill_vid", "ndo_xdp_xmit",
    )

    def __init__(self, **ops: Callable[..., Any] | None) -> None:
        for name in self.__slots__:
            setattr(self, name, ops.pop(name, None))
        if ops:
            raise TypeError(f"net_device_ops has no {', '.join(ops)}")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class sockaddr:
    __slots__ = ("sa_data", "sa_family")

    def __init__(self, sa_data: bytes, sa_family: int = ARPHRD_ETHER) -> None:
        self.sa_family = sa_family
        self.sa_data = bytes(sa_data)


class netdev_queue:
    """A transmit queue. ``trans_start`` is in jiffies."""

    __slots__ = (
        "_lock", "dev", "dql", "dql_poll", "index", "qdisc", "qdisc_sleeping", "state", "stops", "trans_start",
        "timed_out", "trans_timeout", "wakes",
    )

    def __init__(self, dev: net_device, index: int, noop: Qdisc) -> None:
        self.dev = dev
        self.index = index
        self.state = 0
        self.qdisc = noop
        self.qdisc_sleeping = noop
        self._lock = spinlock_t(f"_xmit_lock of queue {index}")
        self.trans_start = 0
        self.trans_timeout = 0
        self.timed_out = -1  # trans_start when ndo_tx_timeout was called last (TX10)
        self.dql = dql()
        self.dql_poll = 0  # the NAPI poll in which bytes were completed last (TX8)
        self.stops = 0
        self.wakes = 0

    @property
    def xmit_lock_owner(self) -> Cpu | None:
        return self._lock.owner


class netdev_rx_queue:
    """A receive queue: ``rps_map`` lists the CPUs that share its packets (none: no RPS)."""

    __slots__ = ("dev", "index", "rps_map", "xdp_rxq")

    def __init__(self, dev: net_device, index: int) -> None:
        self.dev = dev
        self.index = index
        self.rps_map: list[int] = []
        self.xdp_rxq = xdp_rxq_info()


class net_device:
    """A network interface. ``priv`` is what netdev_priv() returns. Made by alloc_netdev_mqs()."""

    __slots__ = (
        "_gone", "_rtnl_site", "_rx", "_site", "_tx", "addr_len", "addr_list_lock", "addr_refs", "allmulti",
        "broadcast", "carrier_down_count", "carrier_up_count", "dev", "dev_addr", "ethtool_ops", "features", "flags",
        "gro_flush_timeout", "gro_ipv4_max_size", "gro_max_size", "gso_ipv4_max_size", "gso_max_segs", "gso_max_size",
        "gso_partial_features", "hard_header_len", "hw_enc_features", "hw_features", "ifindex", "irq", "linkwatch",
        "max_mtu", "mc", "min_mtu", "mtu", "name", "napi_defer_hard_irqs", "napi_list", "needed_headroom",
        "needed_tailroom", "nested_xmit", "netdev_ops", "nf_hooks_ingress", "num_rx_queues", "num_tc", "num_tx_queues",
        "operstate", "perm_addr", "prio_tc_map", "priv", "priv_flags", "promiscuity", "ptype_all", "ptype_specific",
        "qdisc", "real_num_rx_queues", "real_num_tx_queues", "reg_state", "rx_dropped", "rx_handler", "rx_handler_data",
        "rx_nohandler", "rx_otherhost_dropped", "state", "stats", "tc_to_txq", "tcx_ingress", "threaded",
        "tso_max_segs", "tso_max_size", "tx_dropped", "tx_global_lock", "tx_queue_len", "type", "uc", "uc_promisc",
        "vlan_features", "wanted_features", "watchdog_timeo", "watchdog_timer", "xdp_features", "xdp_prog", "xdp_state",
        "xps_maps",
    )

    def __init__(self, name: str, priv: Any, txqs: int, rxqs: int, site: Site) -> None:
        from pymodel.linux.qdisc import noop_qdisc

        noop = noop_qdisc()
        self.name = name
        self.priv = priv
        self._site = site
        self.netdev_ops = net_device_ops()
        self.ethtool_ops: Any = None
        self.dev: device | None = None  # the parent; SET_NETDEV_DEV()
        self.flags = 0
        self.priv_flags = 0
        self.features = 0
        self.hw_features = 0
        self.wanted_features = 0
        self.vlan_features = 0
        self.hw_enc_features = 0
        self.mtu = 0
        self.min_mtu = 0
        self.max_mtu = 0
        self.type = 0
        self.hard_header_len = 0
        self.needed_headroom = 0
        self.needed_tailroom = 0
        self.addr_len = 0
        self.dev_addr = bytes(6)
        self.perm_addr = bytes(6)
        self.broadcast = bytes(6)
        self.ifindex = 0
        self.irq = 0
        self.reg_state = NETREG_UNINITIALIZED
        self.state = 0
        self.operstate = 0
        self.tx_queue_len = 1000
        self.qdisc = noop
        self.num_tx_queues = txqs
        self.real_num_tx_queues = txqs
        self.num_tc = 0  # traffic classes; netdev_tc.py
        self.tc_to_txq: list[tuple[int, int]] = [(0, 0)] * 16  # of each class: (count, offset)
        self.prio_tc_map = [0] * 16
        self.xps_maps: list[dict[int, list[list[int]]] | None] = [None, None]  # by CPU, by receive queue; xps.py
        self.num_rx_queues = rxqs
        self.real_num_rx_queues = rxqs
        self._tx = [netdev_queue(self, i, noop) for i in range(txqs)]
        self.watchdog_timeo = 0
        self.watchdog_timer = timer_list(container=self)
        self.linkwatch: Any = None
        self.carrier_up_count = 0
        self.carrier_down_count = 0
        self.promiscuity = 0
        self.allmulti = 0
        self.uc_promisc = False
        self.uc: dict[bytes, int] = {}
        self.mc: dict[bytes, int] = {}
        self.addr_refs: dict[bytes, int] = {}
        self.addr_list_lock = spinlock_t("addr_list_lock")
        self.tx_global_lock = spinlock_t("tx_global_lock")
        self.napi_list: list[napi_struct] = []
        self.gro_flush_timeout = 0
        self.napi_defer_hard_irqs = 0
        self.gro_max_size = 65536
        self.gro_ipv4_max_size = 65536
        self.threaded = False
        self.gso_max_size = 65536
        self.gso_ipv4_max_size = 65536
        self.gso_max_segs = 65535
        self.gso_partial_features = 0
        self.tso_max_size = 65536
        self.tso_max_segs = 65535
        self.stats = net_device_stats()
        self.rx_dropped = 0  # the core's own counters
        self.tx_dropped = 0
        self.rx_nohandler = 0
        self.rx_otherhost_dropped = 0
        self.ptype_all: list[packet_type] = []
        self.ptype_specific: list[packet_type] = []
        self.rx_handler: Callable[[sk_buff], tuple[int, sk_buff | None]] | None = None
        self.rx_handler_data: Any = None
        self._rx = [netdev_rx_queue(self, i) for i in range(rxqs)]
        self.xdp_features = 0
        self.xdp_prog: bpf_prog | None = None  # of generic XDP
        self.xdp_state: list[bpf_prog | None] = [None, None, None]  # by mode
        self.tcx_ingress: list[Callable[[sk_buff], int]] = []
        self.nf_hooks_ingress: list[nf_hook_ops] = []
        self.nested_xmit = 0
        self._gone = False
        self._rtnl_site: Site | None = None

    def __repr__(self) -> str:
        return self.name


class NetState:
    """The network of one machine."""

    __slots__ = (
        "dev_tx_weight", "dev_weight", "devices", "generic_xdp_needed", "gro_normal_batch", "hash_seed",
        "ingress_needed", "netdev_budget", "netdev_budget_usecs", "netdev_max_backlog", "netdevs_alive", "next_ifindex",
        "nit_outgoing", "noop", "poll_count", "ptype_all", "ptype_base", "rng", "rps_needed", "rtnl", "softnet",
        "xdp_exceptions",
    )

    def __init__(self, seed: int) -> None:
        self.softnet: list[softnet_data] = []
        self.devices: list[net_device] = []
        self.netdevs_alive: list[net_device] = []  # allocated, registered or not
        self.rtnl = mutex("rtnl_mutex")
        self.rng = Random(f"net/{seed}")
        self.hash_seed = self.rng.getrandbits(32)
        self.next_ifindex = 2  # 1 is lo
        self.netdev_budget = 300
        self.netdev_budget_usecs = 8000  # 2 jiffies
        self.netdev_max_backlog = 1000
        self.dev_weight = 64
        self.dev_tx_weight = 64
        self.gro_normal_batch = 8
        self.ptype_all: list[packet_type] = []
        self.ptype_base: dict[int, list[packet_type]] = {}
        self.generic_xdp_needed = 0  # devices with a program of generic XDP
        self.ingress_needed = 0  # programs and hooks at ingress
        self.rps_needed = 0  # receive queues with a map
        self.xdp_exceptions: dict[int, int] = {}  # XDP_* -> packets that it lost
        self.nit_outgoing = 0  # taps that want to see what is sent
        self.poll_count = 0
        self.noop: Qdisc | None = None


def _net() -> NetState:
    state: NetState = machine().state["net"]
    return state


# -- rtnl ----------------------------------------------------------------------------------------------------
def rtnl_lock() -> None:
    mutex_lock(_net().rtnl)


def rtnl_unlock() -> None:
    mutex_unlock(_net().rtnl)


def rtnl_is_locked() -> bool:
    return _net().rtnl.owner is not None


def with_rtnl(fn: Callable[..., Any], *args: Any) -> Any:
    """Call with rtnl held, as an ioctl or netlink request does; the caller may hold it already."""
    cpu = machine().sched.cpu
    if cpu is not None and cpu.task is not None and _net().rtnl.owner is cpu.task:
        return fn(*args)
    rtnl_lock()
    try:
        return fn(*args)
    finally:
        rtnl_unlock()


# -- allocation ----------------------------------------------------------------------------------------------
def alloc_netdev_mqs(
    sizeof_priv: Any, name: str, name_assign_type: int, setup: Callable[[net_device], object], txqs: int, rxqs: int
) -> net_device | None:
    """A device with room for the driver's own struct. ``sizeof_priv``: the struct's class, constructed without
    arguments, or any number for a namespace to put attributes in. ``name`` may hold ``%d``. None for no queues.
    """
    return _alloc_netdev(sizeof_priv, name, setup, txqs, rxqs, caller())


def _alloc_netdev(
    sizeof_priv: Any, name: str, setup: Callable[[net_device], object], txqs: int, rxqs: int, site: Site
) -> net_device | None:
    if txqs < 1 or rxqs < 1:
        return None
    priv = sizeof_priv() if isinstance(sizeof_priv, type) else SimpleNamespace()
    dev = net_device(name, priv, txqs, rxqs, site)
    setup(dev)
    _net().netdevs_alive.append(dev)
    return dev


def ether_setup(dev: net_device) -> None:
    """Ethernet's defaults."""
    dev.type = ARPHRD_ETHER
    dev.hard_header_len = ETH_HLEN
    dev.mtu = ETH_DATA_LEN
    dev.min_mtu = ETH_MIN_MTU
    dev.max_mtu = ETH_DATA_LEN
    dev.addr_len = 6
    dev.tx_queue_len = 1000
    dev.flags = IFF_BROADCAST | IFF_MULTICAST
    dev.broadcast = b"\xff" * 6


def alloc_etherdev_mqs(sizeof_priv: Any, txqs: int, rxqs: int) -> net_device | None:
    """An Ethernet device; see alloc_netdev_mqs() for ``sizeof_priv``."""
    return _alloc_netdev(sizeof_priv, "eth%d", ether_setup, txqs, rxqs, caller())


def alloc_etherdev_mq(sizeof_priv: Any, count: int) -> net_device | None:
    return _alloc_netdev(sizeof_priv, "eth%d", ether_setup, count, count, caller())


def alloc_etherdev(sizeof_priv: Any) -> net_device | None:
    return _alloc_netdev(sizeof_priv, "eth%d", ether_setup, 1, 1, caller())


def netdev_priv(dev: net_device) -> Any:
    return dev.priv


def SET_NETDEV_DEV(net: net_device, pdev: device) -> None:
    net.dev = pdev


# -- registration --------------------------------------------------------------------------------------------
def register_netdev(dev: net_device) -> int:
    """Make the device known; traffic may come before this returns (LIFE1). 0 or a negative errno."""
    site = caller()
    return int(with_rtnl(_register, dev, site))


def register_netdevice(dev: net_device) -> int:
    """register_netdev() for callers that hold rtnl."""
    site = caller()
    if not rtnl_is_locked():
        BUG("register_netdevice() without rtnl", site_str(site))
    return _register(dev, site)


def _register(dev: net_device, site: Site) -> int:
    from pymodel.linux.netdev_ops import update_features
    from pymodel.linux.qdisc_attach import dev_init_scheduler

    if dev.reg_state != NETREG_UNINITIALIZED:
        what = f"register_netdevice({dev.name}): reg_state is {dev.reg_state}, not NETREG_UNINITIALIZED"
        BUG(what, site_str(site), "net/core/dev.c:10611")
    net = _net()
    if "%d" in dev.name:
        taken = {d.name for d in net.devices}
        dev.name = next(n for n in (dev.name % i for i in range(32768)) if n not in taken)
    elif not dev.name or any(d.name == dev.name for d in net.devices):
        return -EEXIST if dev.name else -EINVAL
    ops = dev.netdev_ops
    for needed in ("ndo_open", "ndo_stop", "ndo_start_xmit"):
        if getattr(ops, needed) is None:
            raise CheckError("LIFE1", f"{dev.name} registered without {needed}", site_str(site))
    if ops.ndo_init is not None:
        err = ops.ndo_init(dev)
        if err:
            return -5 if err > 0 else int(err)
    dev.ifindex = net.next_ifindex
    net.next_ifindex += 1
    dev.perm_addr = dev.dev_addr
    dev.wanted_features = dev.features & dev.hw_features
    dev.state |= LINK_STATE_PRESENT
    update_features(dev)
    dev_init_scheduler(dev)
    net.devices.append(dev)
    for queue in dev._rx:
        xdp_rxq_info_reg(queue.xdp_rxq, dev, queue.index, 0)
    dev.reg_state = NETREG_REGISTERED
    dev._rtnl_site = site
    return 0


def unregister_netdev(dev: net_device) -> None:
    """Bring the device down, take it away from the stack, and wait until nobody uses it."""
    site = caller()
    with_rtnl(_unregister, dev, site)
    sleep_until(machine().sched.local_now + 1000, "netdev_run_todo: references to go away")


def unregister_netdevice(dev: net_device) -> None:
    site = caller()
    if not rtnl_is_locked():
        BUG("unregister_netdevice() without rtnl", site_str(site))
    _unregister(dev, site)


def _unregister(dev: net_device, site: Site) -> None:
    from pymodel.linux.netdev_ops import close_locked, flush_addresses
    from pymodel.linux.xdp_dev import dev_xdp_uninstall

    if dev.reg_state == NETREG_UNINITIALIZED:
        WARN(f"unregister_netdevice: device {dev.name} never was registered", site_str(site))
        return
    if dev.reg_state != NETREG_REGISTERED:
        BUG(f"unregister_netdevice({dev.name}): reg_state is {dev.reg_state}, not NETREG_REGISTERED", site_str(site))
    close_locked(dev)
    dev.reg_state = NETREG_UNREGISTERING
    net = _net()
    net.devices.remove(dev)
    for sd in net.softnet:
        sd.forget(dev)
    dev_xdp_uninstall(dev)
    flush_addresses(dev)
    ops = dev.netdev_ops
    if ops.ndo_uninit is not None:
        ops.ndo_uninit(dev)
    if dev.ptype_all or dev.ptype_specific:
        WARN(f"{dev.name} unregistered while packet handlers are attached to it", site_str(site))
    for queue in dev._rx:
        xdp_rxq_info_unreg(queue.xdp_rxq)
    dev.reg_state = NETREG_UNREGISTERED


def free_netdev(dev: net_device) -> None:
    """Free it. Its NAPI instances are deleted. BUG while registered."""
    from pymodel.linux.napi import netif_napi_del

    site = caller()
    if dev._gone:
        BUG(f"free_netdev({dev.name}): freed twice", site_str(site))
    if dev.reg_state not in (NETREG_UNINITIALIZED, NETREG_UNREGISTERED):
        BUG(
            f"free_netdev({dev.name}): reg_state is {dev.reg_state}: unregister_netdev() must come first",
            site_str(site),
        )
    for napi in list(dev.napi_list):
        netif_napi_del(napi)
    dev._gone = True
    dev.reg_state = NETREG_RELEASED
    _net().netdevs_alive.remove(dev)


def registered_netdevs() -> list[net_device]:
    """The devices that are registered, oldest first: for_each_netdev()."""
    return list(_net().devices)


# -- presence and queues -------------------------------------------------------------------------------------
def netif_running(dev: net_device) -> bool:
    """Between ndo_open (from its start) and ndo_stop."""
    return bool(dev.state & LINK_STATE_START)


def netif_device_present(dev: net_device) -> bool:
    return bool(dev.state & LINK_STATE_PRESENT)


def netif_device_detach(dev: net_device) -> None:
    """The device is gone for now: queues stop."""
    from pymodel.linux.netdev_queue import netif_tx_stop_all_queues

    if dev.state & LINK_STATE_PRESENT:
        dev.state &= ~LINK_STATE_PRESENT
        if netif_running(dev):
            netif_tx_stop_all_queues(dev)


def netif_device_attach(dev: net_device) -> None:
    from pymodel.linux.netdev_queue import netif_tx_wake_all_queues
    from pymodel.linux.watchdog import netdev_watchdog_up

    if not dev.state & LINK_STATE_PRESENT:
        dev.state |= LINK_STATE_PRESENT
        if netif_running(dev):
            netif_tx_wake_all_queues(dev)
            netdev_watchdog_up(dev)


def netif_set_real_num_tx_queues(dev: net_device, txq: int) -> int:
    """How many of the transmit queues are in use; what waits for the others is dropped. 0 or -EINVAL."""
    from pymodel.linux.netdev_tc import tc_real_num_tx_changed, xps_real_num_tx_changed
    from pymodel.linux.qdisc import qdisc_reset

    if txq < 1 or txq > dev.num_tx_queues:
        return -EINVAL
    old = dev.real_num_tx_queues
    if dev.reg_state in (NETREG_REGISTERED, NETREG_UNREGISTERING):
        if dev.num_tc:
            tc_real_num_tx_changed(dev, txq)
        dev.real_num_tx_queues = txq
        for queue in dev._tx[txq:old]:
            qdisc_reset(queue.qdisc_sleeping)
        if txq < old:
            xps_real_num_tx_changed(dev, txq)
    dev.real_num_tx_queues = txq
    return 0


def netif_set_real_num_rx_queues(dev: net_device, rxq: int) -> int:
    if rxq < 1 or rxq > dev.num_rx_queues:
        return -EINVAL
    dev.real_num_rx_queues = rxq
    return 0


def netif_set_real_num_queues(dev: net_device, txq: int, rxq: int) -> int:
    return netif_set_real_num_tx_queues(dev, txq) or netif_set_real_num_rx_queues(dev, rxq)


def check_napis_disabled(dev: net_device) -> None:
    """LIFE2: a stopped device polls no more."""
    from pymodel.linux.napi import NAPIF_STATE_NPSVC

    for i, napi in enumerate(dev.napi_list):
        if not napi.state & NAPIF_STATE_NPSVC:
            broken_rule(
                "LIFE2",
                f"{dev.name}: NAPI instance {i} is still enabled after ndo_stop",
                f"added at {site_str(napi.site)}",
            )
