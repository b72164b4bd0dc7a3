# SPDX-License-Identifier: Apache-2.0
"""net_device: the structure, its ops, allocation, presence; the lock of all that changes devices, rtnl.

Registration: netdev_register.py; up and down: netdev_ops.py; flags: netdev_flags.py; features: dev_features.py;
queues: netdev_queue.py. Source: include/linux/netdevice.h, net/core/dev.c, net/core/rtnetlink.c, v6.12.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.hw.contexts import Cpu
from pymodel.linux.bug import BUG, WARN, Site, broken_rule, caller, caller_outside, pr_err, site_str
from pymodel.linux.device import device
from pymodel.linux.dql import dql
from pymodel.linux.errno import EINVAL
from pymodel.linux.netdev_hw_addr import NETDEV_HW_ADDR_T_LAN, netdev_hw_addr, netdev_hw_addr_list
from pymodel.linux.notifier import notifier_block, raw_notifier_head
from pymodel.linux.sched import mutex, mutex_lock, mutex_trylock, mutex_unlock, spinlock_t
from pymodel.linux.time import timer_list
from pymodel.linux.xdp import xdp_rxq_info

if TYPE_CHECKING:
    from pymodel.linux.dev import packet_type
    from pymodel.linux.napi import napi_struct, softnet_data
    from pymodel.linux.netfilter import nf_hook_ops
    from pymodel.linux.qdisc import Qdisc
    from pymodel.linux.skbuff import sk_buff
    from pymodel.linux.xdp import bpf_prog

__all__ = [
    "ARPHRD_ETHER", "ARPHRD_LOOPBACK", "ARPHRD_NONE", "ASSERT_RTNL", "DEFAULT_TX_QUEUE_LEN", "IFF_802_1Q_VLAN",
    "IFF_ALLMULTI",
    "IFF_AUTOMEDIA", "IFF_BROADCAST", "IFF_DEBUG", "IFF_DORMANT", "IFF_DYNAMIC", "IFF_ECHO", "IFF_LIVE_ADDR_CHANGE",
    "IFF_LOOPBACK", "IFF_LOWER_UP", "IFF_MASTER", "IFF_MULTICAST", "IFF_NOARP", "IFF_NOTRAILERS", "IFF_NO_QUEUE",
    "IFF_NO_RX_HANDLER", "IFF_POINTOPOINT", "IFF_PORTSEL", "IFF_PROMISC", "IFF_RUNNING", "IFF_RXFH_CONFIGURED",
    "IFF_SLAVE", "IFF_SUPP_NOFCS", "IFF_TX_SKB_NO_LINEAR", "IFF_TX_SKB_SHARING", "IFF_UNICAST_FLT", "IFF_UP",
    "IFF_VOLATILE", "IFF_XMIT_DST_RELEASE", "IFF_XMIT_DST_RELEASE_PERM", "IFNAMSIZ", "IF_LINK_MODE_DEFAULT",
    "IF_LINK_MODE_DORMANT", "IF_LINK_MODE_TESTING", "IF_OPER_DORMANT", "IF_OPER_DOWN", "IF_OPER_LOWERLAYERDOWN",
    "IF_OPER_NOTPRESENT", "IF_OPER_TESTING", "IF_OPER_UNKNOWN", "IF_OPER_UP", "NETDEV_TX_BUSY", "NETDEV_TX_OK",
    "NETREG_REGISTERED", "NETREG_RELEASED", "NETREG_UNINITIALIZED", "NETREG_UNREGISTERED", "NETREG_UNREGISTERING",
    "NET_ADDR_PERM", "NET_ADDR_RANDOM", "NET_ADDR_SET", "NET_ADDR_STOLEN", "NET_NAME_ENUM", "NET_NAME_PREDICTABLE",
    "NET_NAME_RENAMED", "NET_NAME_UNKNOWN", "NET_NAME_USER", "NET_RX_DROP", "NET_RX_SUCCESS", "NET_XMIT_CN",
    "NET_XMIT_DROP", "NET_XMIT_SUCCESS", "NetState", "QUEUE_STATE_ANY_XOFF", "QUEUE_STATE_ANY_XOFF_OR_FROZEN",
    "QUEUE_STATE_DRV_XOFF", "QUEUE_STATE_DRV_XOFF_OR_FROZEN", "QUEUE_STATE_FROZEN", "QUEUE_STATE_STACK_XOFF",
    "SET_NETDEV_DEV", "alloc_netdev", "alloc_netdev_mq", "alloc_netdev_mqs", "net_device", "net_device_ops",
    "net_device_stats", "netdev_device", "netdev_priv", "netdev_queue", "netdev_rx_queue", "netif_carrier_ok",
    "netif_device_attach", "netif_device_detach", "netif_device_present", "netif_dormant", "netif_oper_up",
    "netif_running", "netif_set_real_num_queues", "netif_set_real_num_rx_queues", "netif_set_real_num_tx_queues",
    "netif_testing", "rtnl_is_locked", "rtnl_link_stats64", "rtnl_lock", "rtnl_trylock", "rtnl_unlock", "sockaddr",
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
IFF_DEBUG = 1 << 2
IFF_LOOPBACK = 1 << 3
IFF_POINTOPOINT = 1 << 4
IFF_NOTRAILERS = 1 << 5
IFF_RUNNING = 1 << 6
IFF_NOARP = 1 << 7
IFF_PROMISC = 1 << 8
IFF_ALLMULTI = 1 << 9
IFF_MASTER = 1 << 10
IFF_SLAVE = 1 << 11
IFF_MULTICAST = 1 << 12
IFF_PORTSEL = 1 << 13
IFF_AUTOMEDIA = 1 << 14
IFF_DYNAMIC = 1 << 15
IFF_LOWER_UP = 1 << 16
IFF_DORMANT = 1 << 17
IFF_ECHO = 1 << 18
IFF_VOLATILE = (
    IFF_LOOPBACK | IFF_POINTOPOINT | IFF_BROADCAST | IFF_ECHO | IFF_MASTER | IFF_SLAVE | IFF_RUNNING | IFF_LOWER_UP
    | IFF_DORMANT
)  # fmt: skip

IFF_802_1Q_VLAN = 1 << 0  # priv_flags from here on
IFF_XMIT_DST_RELEASE = 1 << 5
IFF_TX_SKB_SHARING = 1 << 11
IFF_UNICAST_FLT = 1 << 12
IFF_SUPP_NOFCS = 1 << 14
IFF_LIVE_ADDR_CHANGE = 1 << 15
IFF_XMIT_DST_RELEASE_PERM = 1 << 17
IFF_NO_QUEUE = 1 << 19
IFF_RXFH_CONFIGURED = 1 << 23
IFF_NO_RX_HANDLER = 1 << 26
IFF_TX_SKB_NO_LINEAR = 1 << 31

ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
ARPHRD_NONE = 0xFFFE

IFNAMSIZ = 16
DEFAULT_TX_QUEUE_LEN = 1000

NET_NAME_UNKNOWN, NET_NAME_ENUM, NET_NAME_PREDICTABLE, NET_NAME_USER, NET_NAME_RENAMED = range(5)
NET_ADDR_PERM, NET_ADDR_RANDOM, NET_ADDR_STOLEN, NET_ADDR_SET = range(4)

NETREG_UNINITIALIZED, NETREG_REGISTERED, NETREG_UNREGISTERING, NETREG_UNREGISTERED, NETREG_RELEASED = range(5)

LINK_STATE_START = 1 << 0  # __LINK_STATE_*, as bits of net_device.state
LINK_STATE_PRESENT = 1 << 1
LINK_STATE_NOCARRIER = 1 << 2
LINK_STATE_LINKWATCH_PENDING = 1 << 3
LINK_STATE_DORMANT = 1 << 4
LINK_STATE_TESTING = 1 << 5

(
    IF_OPER_UNKNOWN, IF_OPER_NOTPRESENT, IF_OPER_DOWN, IF_OPER_LOWERLAYERDOWN, IF_OPER_TESTING, IF_OPER_DORMANT,
    IF_OPER_UP,
) = range(7)  # fmt: skip
IF_LINK_MODE_DEFAULT, IF_LINK_MODE_DORMANT, IF_LINK_MODE_TESTING = range(3)

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
        "ndo_bpf", "ndo_change_carrier", "ndo_change_mtu", "ndo_change_rx_flags", "ndo_features_check",
        "ndo_fix_features", "ndo_get_stats", "ndo_get_stats64", "ndo_init", "ndo_open", "ndo_select_queue",
        "ndo_set_features", "ndo_set_mac_address", "ndo_set_rx_mode", "ndo_start_xmit", "ndo_stop", "ndo_tx_timeout",
        "ndo_uninit", "ndo_validate_addr", "ndo_vlan_rx_add_vid", "ndo_vlan_rx_kill_vid", "ndo_xdp_xmit",
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
        "_lock", "dev", "dql", "dql_poll", "index", "napi", "qdisc", "qdisc_sleeping", "sender", "state", "stops",
        "timed_out", "trans_start", "trans_timeout", "wakes",
    )

    def __init__(self, dev: net_device, index: int, noop: Qdisc) -> None:
        self.dev = dev
        self.index = index
        self.napi: napi_struct | None = None  # netif_queue_set_napi()
        self.state = 0
        self.qdisc = noop
        self.qdisc_sleeping = noop
        self._lock = spinlock_t(f"_xmit_lock of queue {index}")
        self.trans_start = 0
        self.trans_timeout = 0
        self.timed_out = -1  # trans_start when ndo_tx_timeout was called last (TX10)
        self.dql = dql()
        self.sender: Cpu | None = None  # that runs ndo_start_xmit
        self.dql_poll = 0  # the NAPI poll in which bytes were completed last (TX8)
        self.stops = 0
        self.wakes = 0

    @property
    def xmit_lock_owner(self) -> Cpu | None:
        return self._lock.owner


class netdev_rx_queue:
    """A receive queue: ``rps_map`` lists the CPUs that share its packets (none: no RPS)."""

    __slots__ = ("dev", "index", "napi", "rps_map", "xdp_rxq")

    def __init__(self, dev: net_device, index: int) -> None:
        self.dev = dev
        self.index = index
        self.napi: napi_struct | None = None  # netif_queue_set_napi()
        self.rps_map: list[int] = []
        self.xdp_rxq = xdp_rxq_info()


class netdev_device(device):
    """The device that a net_device is for the driver model: ``parent`` is what SET_NETDEV_DEV() said."""

    __slots__ = ("parent",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.parent: device | None = None


class net_device:
    """A network interface. ``priv`` is what netdev_priv() returns. Made by alloc_netdev_mqs()."""

    __slots__ = (
        "_gone", "_rx", "_site", "_tx", "addr_assign_type", "addr_len", "addr_list_lock", "allmulti", "broadcast",
        "carrier_down_count", "carrier_up_count", "dev", "dev_addr", "dev_addrs", "dismantle", "ethtool", "ethtool_ops",
        "features", "flags", "gflags", "gro_flush_timeout", "gro_ipv4_max_size", "gro_max_size", "group",
        "gso_ipv4_max_size", "gso_max_segs", "gso_max_size", "gso_partial_features", "hard_header_len", "holders",
        "hw_enc_features", "hw_features", "ifindex", "ip_ptr", "irq", "last_stats", "link_mode", "max_mtu", "mc",
        "min_header_len", "min_mtu", "mpls_features", "mtu", "name", "name_assign_type", "napi_defer_hard_irqs",
        "napi_list", "needed_headroom", "needed_tailroom", "needs_free_netdev", "nested_xmit", "netdev_ops",
        "nf_hooks_ingress", "num_rx_queues", "num_tc", "num_tx_queues", "operstate", "perm_addr", "prio_tc_map", "priv",
        "priv_destructor", "priv_flags", "priv_len", "promiscuity", "ptype_all", "ptype_specific", "qdisc",
        "real_num_rx_queues", "real_num_tx_queues", "refcnt", "reg_state", "rx_dropped", "rx_handler",
        "rx_handler_data", "rx_nohandler", "rx_otherhost_dropped", "state", "stats", "tc_to_txq", "tcx_ingress",
        "threaded", "tso_max_segs", "tso_max_size", "tx_dropped", "tx_global_lock", "tx_queue_len", "type", "uc",
        "uc_promisc", "vlan_features", "vlan_info", "wanted_features", "watchdog_timeo", "watchdog_timer",
        "xdp_features", "xdp_prog", "xdp_state", "xps_maps",
    )

    def __init__(self, name: str, priv: Any, txqs: int, rxqs: int, site: Site) -> None:
        from pymodel.linux.qdisc import noop_qdisc

        noop = noop_qdisc()
        self.name = name
        self.priv = priv
        self._site = site
        self.netdev_ops = net_device_ops()
        self.ethtool_ops: Any = None
        self.dev = netdev_device(name)
        self.flags = 0
        self.gflags = 0  # IFF_PROMISC and IFF_ALLMULTI as asked for by dev_change_flags()
        self.priv_flags = IFF_XMIT_DST_RELEASE | IFF_XMIT_DST_RELEASE_PERM
        self.features = 0
        self.hw_features = 0
        self.wanted_features = 0
        self.vlan_features = 0
        self.hw_enc_features = 0
        self.mpls_features = 0
        self.gso_partial_features = 0
        self.mtu = 0
        self.min_mtu = 0
        self.max_mtu = 0
        self.type = 0
        self.hard_header_len = 0
        self.needed_headroom = 0
        self.needed_tailroom = 0
        self.min_header_len = 0
        self.addr_len = 0
        self.dev_addr = bytes(6)  # drivers set it by eth_hw_addr_set()
        self.perm_addr = bytes(6)
        self.broadcast = bytes(6)
        self.addr_assign_type = NET_ADDR_PERM
        self.name_assign_type = NET_NAME_UNKNOWN
        self.group = 0
        self.priv_len = 0
        self.ifindex = 0
        self.irq = 0
        self.reg_state = NETREG_UNINITIALIZED
        self.state = 0
        self.operstate = IF_OPER_UNKNOWN
        self.link_mode = IF_LINK_MODE_DEFAULT
        self.tx_queue_len = 0
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
        self.carrier_up_count = 0
        self.carrier_down_count = 0
        self.promiscuity = 0
        self.allmulti = 0
        self.uc_promisc = False
        self.uc = netdev_hw_addr_list()
        self.mc = netdev_hw_addr_list()
        self.dev_addrs = netdev_hw_addr_list()  # dev_addr first
        self.dev_addrs.list.append(netdev_hw_addr(self.dev_addr, NETDEV_HW_ADDR_T_LAN))
        self.addr_list_lock = spinlock_t("addr_list_lock")
        self.tx_global_lock = spinlock_t("tx_global_lock")
        self.napi_list: list[napi_struct] = []
        self.gro_flush_timeout = 0
        self.napi_defer_hard_irqs = 0
        self.threaded = False
        self.gso_max_size = self.gso_ipv4_max_size = 65536  # bytes: GSO_LEGACY_MAX_SIZE, and so on
        self.gro_max_size = self.gro_ipv4_max_size = 65536
        self.tso_max_size = 65536
        self.gso_max_segs = self.tso_max_segs = 65535
        self.stats = net_device_stats()
        self.last_stats: rtnl_link_stats64 | None = None  # what dev_get_stats() said last (ETH2)
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
        self.priv_destructor: Callable[[net_device], object] | None = None
        self.needs_free_netdev = False
        self.dismantle = False
        self.refcnt = 1
        self.holders: list[Site] = []  # dev_hold()
        self.ethtool: Any = None  # ethtool_netdev_state, from the first need of it
        self.ip_ptr: Any = None  # in_device, where IPv4 is there
        self.vlan_info: Any = None
        self._gone = False

    def __repr__(self) -> str:
        return self.name


class NetState:
    """The network of one machine."""

    __slots__ = (
        "dev_tx_weight", "dev_weight", "devices", "generic_xdp_needed", "gro_normal_batch", "hash_seed",
        "ingress_needed", "netdev_budget", "netdev_budget_usecs", "netdev_chain", "netdev_max_backlog", "netdevs_alive",
        "next_ifindex", "nit_outgoing", "noop", "poll_count", "protocols", "ptype_all", "ptype_base", "rng",
        "rps_needed", "rss_key", "rtnl", "softnet", "todo", "xdp_exceptions", "xdp_progs",
    )

    def __init__(self, seed: int) -> None:
        self.softnet: list[softnet_data] = []
        self.devices: list[net_device] = []
        self.netdev_chain = raw_notifier_head()
        self.protocols: list[notifier_block] = []  # listeners that stay: IPv4, VLAN
        self.todo: list[net_device] = []  # unregistered, to be finished by rtnl_unlock()
        self.netdevs_alive: list[net_device] = []  # allocated, registered or not
        self.rtnl = mutex("rtnl_mutex")
        self.rng = Random(f"net/{seed}")
        self.hash_seed = self.rng.getrandbits(32)
        self.rss_key: bytes | None = None  # netdev_rss_key_fill()
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
        self.xdp_progs: list[Any] = []  # the bpf_progs that were attached to a device
        self.nit_outgoing = 0  # taps that want to see what is sent
        self.poll_count = 0
        self.noop: Qdisc | None = None


def _net() -> NetState:
    state: NetState = here.state["net"]
    return state


# -- rtnl ----------------------------------------------------------------------------------------------------
def rtnl_lock() -> None:
    mutex_lock(_net().rtnl)


def rtnl_unlock() -> None:
    """Unlock, and finish the devices that were unregistered under it: nobody uses them any more on return."""
    net = _net()
    if not net.todo:
        mutex_unlock(net.rtnl)
        return
    from pymodel.linux.netdev_register import netdev_run_todo

    netdev_run_todo()


def rtnl_trylock() -> int:
    return int(mutex_trylock(_net().rtnl))


def rtnl_is_locked() -> bool:
    return _net().rtnl.owner is not None


def ASSERT_RTNL() -> None:
    """WARN where nobody holds rtnl. Source: include/linux/rtnetlink.h."""
    if not rtnl_is_locked():
        WARN(f"RTNL: assertion failed in {caller()[0].co_name}()", site_str(caller_outside()))


def with_rtnl(fn: Callable[..., Any], *args: Any) -> Any:
    """Call with rtnl held, as an ioctl or netlink request does; the caller may hold it already."""
    cpu = here.sched.cpu
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
    arguments, or any number for a namespace to put attributes in. ``name`` may hold ``%d``; ``setup`` fills in what
    devices of its kind have in common (ether_setup()). None for no queues. BUG for a name of 16 characters or more.
    """
    site = caller_outside()
    if len(name) >= IFNAMSIZ:
        BUG(f"alloc_netdev: the name {name!r} has {len(name)} characters, IFNAMSIZ is {IFNAMSIZ}", site_str(site))
    if txqs < 1 or rxqs < 1:
        pr_err("alloc_netdev: Unable to allocate device with zero %squeues", "RX " if txqs >= 1 else "")
        return None
    priv = sizeof_priv() if isinstance(sizeof_priv, type) else SimpleNamespace()
    dev = net_device(name, priv, txqs, rxqs, site)
    dev.priv_len = sizeof_priv if isinstance(sizeof_priv, int) else 0
    dev.name_assign_type = name_assign_type
    setup(dev)
    if not dev.tx_queue_len:
        dev.priv_flags |= IFF_NO_QUEUE
        dev.tx_queue_len = DEFAULT_TX_QUEUE_LEN
    _net().netdevs_alive.append(dev)
    return dev


def alloc_netdev(
    sizeof_priv: Any, name: str, name_assign_type: int, setup: Callable[[net_device], object]
) -> net_device | None:
    """alloc_netdev_mqs() with one queue each way."""
    return alloc_netdev_mqs(sizeof_priv, name, name_assign_type, setup, 1, 1)


def alloc_netdev_mq(
    sizeof_priv: Any, name: str, name_assign_type: int, setup: Callable[[net_device], object], count: int
) -> net_device | None:
    return alloc_netdev_mqs(sizeof_priv, name, name_assign_type, setup, count, count)


def netdev_priv(dev: net_device) -> Any:
    """The driver's own struct."""
    return dev.priv


def SET_NETDEV_DEV(net: net_device, pdev: device) -> None:
    """The device on the bus that is behind it: ``dev.dev.parent``."""
    net.dev.parent = pdev


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
        ASSERT_RTNL()
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
    if dev.reg_state == NETREG_REGISTERED:
        ASSERT_RTNL()
    dev.real_num_rx_queues = rxq
    return 0


def netif_set_real_num_queues(dev: net_device, txq: int, rxq: int) -> int:
    return netif_set_real_num_tx_queues(dev, txq) or netif_set_real_num_rx_queues(dev, rxq)


def netif_carrier_ok(dev: net_device) -> bool:
    return not dev.state & LINK_STATE_NOCARRIER


def netif_dormant(dev: net_device) -> bool:
    return bool(dev.state & LINK_STATE_DORMANT)


def netif_testing(dev: net_device) -> bool:
    return bool(dev.state & LINK_STATE_TESTING)


def netif_oper_up(dev: net_device) -> bool:
    """Of use to those above, as far as is known."""
    return dev.operstate in (IF_OPER_UP, IF_OPER_UNKNOWN)


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
