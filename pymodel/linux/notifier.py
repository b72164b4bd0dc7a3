# SPDX-License-Identifier: Apache-2.0
"""Notifier chains, and the one on which every change of a network device is announced.

Source: include/linux/notifier.h, kernel/notifier.c, net/core/dev.c register_netdevice_notifier(),
call_netdevice_notifiers_info(), v6.12. Simplified: no chains of single namespaces or devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, caller_outside, site_str
from pymodel.linux.errno import EEXIST, ENOENT

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "NETDEV_CHANGE", "NETDEV_CHANGEADDR", "NETDEV_CHANGEINFODATA", "NETDEV_CHANGELOWERSTATE", "NETDEV_CHANGEMTU",
    "NETDEV_CHANGENAME", "NETDEV_CHANGEUPPER", "NETDEV_CHANGE_TX_QUEUE_LEN", "NETDEV_CVLAN_FILTER_DROP_INFO",
    "NETDEV_CVLAN_FILTER_PUSH_INFO", "NETDEV_DOWN", "NETDEV_FEAT_CHANGE", "NETDEV_GOING_DOWN", "NETDEV_JOIN",
    "NETDEV_NOTIFY_PEERS", "NETDEV_POST_INIT", "NETDEV_PRECHANGEMTU", "NETDEV_PRECHANGEUPPER", "NETDEV_PRE_CHANGEADDR",
    "NETDEV_PRE_TYPE_CHANGE", "NETDEV_POST_TYPE_CHANGE", "NETDEV_PRE_UNINIT", "NETDEV_PRE_UP", "NETDEV_REBOOT",
    "NETDEV_REGISTER", "NETDEV_RELEASE", "NETDEV_RESEND_IGMP", "NETDEV_SVLAN_FILTER_DROP_INFO",
    "NETDEV_SVLAN_FILTER_PUSH_INFO", "NETDEV_UNREGISTER", "NETDEV_UP", "NETDEV_XDP_FEAT_CHANGE", "NOTIFY_BAD",
    "NOTIFY_DONE", "NOTIFY_OK", "NOTIFY_STOP", "NOTIFY_STOP_MASK", "call_netdevice_notifiers",
    "call_netdevice_notifiers_info", "netdev_cmd_to_name", "netdev_notifier_change_info", "netdev_notifier_info",
    "netdev_notifier_info_ext", "netdev_notifier_info_to_dev", "netdev_notifier_pre_changeaddr_info",
    "notifier_block", "notifier_from_errno", "notifier_leaks", "notifier_to_errno", "raw_notifier_call_chain",
    "raw_notifier_chain_register", "raw_notifier_chain_unregister", "raw_notifier_head",
    "register_netdevice_notifier", "unregister_netdevice_notifier",
]  # fmt: skip

NOTIFY_DONE = 0x0000
NOTIFY_OK = 0x0001
NOTIFY_STOP_MASK = 0x8000
NOTIFY_BAD = NOTIFY_STOP_MASK | 0x0002
NOTIFY_STOP = NOTIFY_OK | NOTIFY_STOP_MASK

_NAMES = (
    "UP", "DOWN", "REBOOT", "CHANGE", "REGISTER", "UNREGISTER", "CHANGEMTU", "CHANGEADDR", "PRE_CHANGEADDR",
    "GOING_DOWN", "CHANGENAME", "FEAT_CHANGE", "BONDING_FAILOVER", "PRE_UP", "PRE_TYPE_CHANGE", "POST_TYPE_CHANGE",
    "POST_INIT", "PRE_UNINIT", "RELEASE", "NOTIFY_PEERS", "JOIN", "CHANGEUPPER", "RESEND_IGMP", "PRECHANGEMTU",
    "CHANGEINFODATA", "BONDING_INFO", "PRECHANGEUPPER", "CHANGELOWERSTATE", "UDP_TUNNEL_PUSH_INFO",
    "UDP_TUNNEL_DROP_INFO", "CHANGE_TX_QUEUE_LEN", "CVLAN_FILTER_PUSH_INFO", "CVLAN_FILTER_DROP_INFO",
    "SVLAN_FILTER_PUSH_INFO", "SVLAN_FILTER_DROP_INFO", "OFFLOAD_XSTATS_ENABLE", "OFFLOAD_XSTATS_DISABLE",
    "OFFLOAD_XSTATS_REPORT_USED", "OFFLOAD_XSTATS_REPORT_DELTA", "XDP_FEAT_CHANGE",
)  # fmt: skip

NETDEV_UP = 1
NETDEV_DOWN = 2
NETDEV_REBOOT = 3
NETDEV_CHANGE = 4
NETDEV_REGISTER = 5
NETDEV_UNREGISTER = 6
NETDEV_CHANGEMTU = 7
NETDEV_CHANGEADDR = 8
NETDEV_PRE_CHANGEADDR = 9
NETDEV_GOING_DOWN = 10
NETDEV_CHANGENAME = 11
NETDEV_FEAT_CHANGE = 12
NETDEV_PRE_UP = 14
NETDEV_PRE_TYPE_CHANGE = 15
NETDEV_POST_TYPE_CHANGE = 16
NETDEV_POST_INIT = 17
NETDEV_PRE_UNINIT = 18
NETDEV_RELEASE = 19
NETDEV_NOTIFY_PEERS = 20
NETDEV_JOIN = 21
NETDEV_CHANGEUPPER = 22
NETDEV_RESEND_IGMP = 23
NETDEV_PRECHANGEMTU = 24
NETDEV_CHANGEINFODATA = 25
NETDEV_PRECHANGEUPPER = 27
NETDEV_CHANGELOWERSTATE = 28
NETDEV_CHANGE_TX_QUEUE_LEN = 31
NETDEV_CVLAN_FILTER_PUSH_INFO = 32
NETDEV_CVLAN_FILTER_DROP_INFO = 33
NETDEV_SVLAN_FILTER_PUSH_INFO = 34
NETDEV_SVLAN_FILTER_DROP_INFO = 35
NETDEV_XDP_FEAT_CHANGE = 40


def netdev_cmd_to_name(cmd: int) -> str:
    """``"NETDEV_UP"`` for 1, and so on. Source: net/core/dev.c netdev_cmd_to_name()."""
    return f"NETDEV_{_NAMES[cmd - 1]}" if 1 <= cmd <= len(_NAMES) else "UNKNOWN_NETDEV_EVENT"


# -- chains --------------------------------------------------------------------------------------------------
class notifier_block:
    """A listener: ``notifier_call(nb, action, data) -> NOTIFY_*``. Higher ``priority`` is called earlier."""

    __slots__ = ("notifier_call", "priority")

    def __init__(self, notifier_call: Callable[[notifier_block, int, Any], int], priority: int = 0) -> None:
        self.notifier_call = notifier_call
        self.priority = priority


class raw_notifier_head:
    """A chain; its lock is its owner's business (rtnl for network devices)."""

    __slots__ = ("blocks",)

    def __init__(self) -> None:
        self.blocks: list[notifier_block] = []


def notifier_from_errno(err: int) -> int:
    """What a listener returns to say 0 or a negative errno. Source: include/linux/notifier.h."""
    return NOTIFY_STOP_MASK | NOTIFY_OK - err if err else NOTIFY_OK


def notifier_to_errno(ret: int) -> int:
    ret &= ~NOTIFY_STOP_MASK
    return NOTIFY_OK - ret if ret > NOTIFY_OK else 0


def raw_notifier_chain_register(nh: raw_notifier_head, n: notifier_block) -> int:
    """0, or -EEXIST with a warning for one that is there already."""
    if n in nh.blocks:
        WARN(f"notifier callback {_name(n)} already registered", site_str(caller_outside()))
        return -EEXIST
    at = next((i for i, other in enumerate(nh.blocks) if n.priority > other.priority), len(nh.blocks))
    nh.blocks.insert(at, n)
    return 0


def raw_notifier_chain_unregister(nh: raw_notifier_head, n: notifier_block) -> int:
    """0 or -ENOENT."""
    if n not in nh.blocks:
        return -ENOENT
    nh.blocks.remove(n)
    return 0


def raw_notifier_call_chain(nh: raw_notifier_head, val: int, v: Any) -> int:
    """Call the listeners until one says stop: the last one's answer."""
    ret = NOTIFY_DONE
    for nb in list(nh.blocks):
        ret = _answer(nb, val, v)
        if ret & NOTIFY_STOP_MASK:
            break
    return ret


def _answer(nb: notifier_block, val: int, v: Any) -> int:
    ret = nb.notifier_call(nb, val, v)
    if ret.__class__ is not int:
        BUG(f"notifier {_name(nb)} returned {ret!r}, not NOTIFY_*")
    return ret


def _name(nb: notifier_block) -> str:
    return str(getattr(nb.notifier_call, "__name__", nb.notifier_call))


# -- network devices -----------------------------------------------------------------------------------------
class netdev_notifier_info:
    """What a listener of network devices gets as data."""

    __slots__ = ("dev", "extack")

    def __init__(self, dev: net_device, extack: object = None) -> None:
        self.dev = dev
        self.extack = extack


class netdev_notifier_info_ext(netdev_notifier_info):
    """Of NETDEV_CHANGEMTU: ``mtu`` is the one before."""

    __slots__ = ("mtu",)

    def __init__(self, dev: net_device, mtu: int) -> None:
        super().__init__(dev)
        self.mtu = mtu


class netdev_notifier_change_info(netdev_notifier_info):
    """Of NETDEV_CHANGE: which IFF_* changed."""

    __slots__ = ("flags_changed",)

    def __init__(self, dev: net_device, flags_changed: int = 0) -> None:
        super().__init__(dev)
        self.flags_changed = flags_changed


class netdev_notifier_pre_changeaddr_info(netdev_notifier_info):
    """Of NETDEV_PRE_CHANGEADDR: the address to come."""

    __slots__ = ("dev_addr",)

    def __init__(self, dev: net_device, dev_addr: bytes, extack: object = None) -> None:
        super().__init__(dev, extack)
        self.dev_addr = dev_addr


def netdev_notifier_info_to_dev(info: netdev_notifier_info) -> net_device:
    return info.dev


def _chain() -> raw_notifier_head:
    chain: raw_notifier_head = here.state["net"].netdev_chain
    return chain


def call_netdevice_notifiers_info(val: int, info: netdev_notifier_info) -> int:
    """Announce event ``val``; NOTIFY_*. Under rtnl."""
    return raw_notifier_call_chain(_chain(), val, info)


def call_netdevice_notifiers(val: int, dev: net_device) -> int:
    return raw_notifier_call_chain(_chain(), val, netdev_notifier_info(dev))


def register_netdevice_notifier(nb: notifier_block) -> int:
    """Be told of every event of every device from now on; NETDEV_REGISTER and NETDEV_UP come at once for those that
    are there. 0, or the negative errno of a listener that refuses one of them.
    """
    from pymodel.linux.netdevice import with_rtnl

    return int(with_rtnl(_register, nb))


def _register(nb: notifier_block) -> int:
    err = raw_notifier_chain_register(_chain(), nb)
    if err:
        return err
    told: list[net_device] = []
    for dev in list(here.state["net"].devices):
        err = notifier_to_errno(_answer(nb, NETDEV_REGISTER, netdev_notifier_info(dev)))
        if err:
            for other in reversed(told):
                _unregister_events(nb, other)
            raw_notifier_chain_unregister(_chain(), nb)
            return err
        told.append(dev)
        if dev.flags & 1:
            _answer(nb, NETDEV_UP, netdev_notifier_info(dev))
    return 0


def unregister_netdevice_notifier(nb: notifier_block) -> int:
    """Be told no more; the events of all devices going away come first. 0 or -ENOENT."""
    from pymodel.linux.netdevice import with_rtnl

    return int(with_rtnl(_unregister, nb))


def _unregister(nb: notifier_block) -> int:
    err = raw_notifier_chain_unregister(_chain(), nb)
    if not err:
        for dev in list(here.state["net"].devices):
            _unregister_events(nb, dev)
    return err


def _unregister_events(nb: notifier_block, dev: net_device) -> None:
    if dev.flags & 1:
        _answer(nb, NETDEV_GOING_DOWN, netdev_notifier_info(dev))
        _answer(nb, NETDEV_DOWN, netdev_notifier_info(dev))
    _answer(nb, NETDEV_UNREGISTER, netdev_notifier_info(dev))


def notifier_leaks() -> list[str]:
    """One line for each listener that a module registered and did not take back; those of the protocols stay."""
    net = here.state["net"]
    return [f"netdevice notifier {_name(nb)} still registered" for nb in _chain().blocks if nb not in net.protocols]
