# SPDX-License-Identifier: Apache-2.0
"""lifecycle.jsonl: a device registered, brought up and down, changed in every way, and unregistered; what its driver
and a listener of events saw, and its state after each step.
"""

from __future__ import annotations

from typing import Any

from pymodel import linux as L
from pymodel.linux.netdevice import (
    LINK_STATE_LINKWATCH_PENDING,
    LINK_STATE_NOCARRIER,
    LINK_STATE_PRESENT,
    LINK_STATE_START,
)
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

_FLAGS = {
    "UP": L.IFF_UP, "BROADCAST": L.IFF_BROADCAST, "MULTICAST": L.IFF_MULTICAST, "PROMISC": L.IFF_PROMISC,
    "ALLMULTI": L.IFF_ALLMULTI, "RUNNING": L.IFF_RUNNING, "LOWER_UP": L.IFF_LOWER_UP, "DORMANT": L.IFF_DORMANT,
    "NOARP": L.IFF_NOARP,
}  # fmt: skip
_STATE = {
    "START": LINK_STATE_START, "PRESENT": LINK_STATE_PRESENT, "NOCARRIER": LINK_STATE_NOCARRIER,
    "LINKWATCH_PENDING": LINK_STATE_LINKWATCH_PENDING,
}  # fmt: skip
_FEATURES = {
    name: getattr(L, f"NETIF_F_{name}") for name in ("SG", "HW_CSUM", "GSO", "TSO", "TSO_MANGLEID", "RXCSUM", "GRO")
}


# The recording did not look for NOARP in what dev_get_flags() returned.
_USER_FLAGS = {name: flag for name, flag in _FLAGS.items() if name != "NOARP"}


def _names(bits: int, table: dict[str, int]) -> list[str]:
    return [name for name, bit in table.items() if bits & bit]


def _bits(names: list[str], table: dict[str, int]) -> int:
    return sum(table[name] for name in names)


def _addr(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


class _Device:
    """The device of a record: its driver does what ``cfg`` says, and it writes the trace."""

    def __init__(self, cfg: dict[str, Any]) -> None:
        self.cfg = cfg
        self.trace: list[list[Any]] = []
        dev = L.alloc_etherdev(0)
        assert dev is not None
        self.dev = dev
        ops: dict[str, Any] = {
            "ndo_start_xmit": lambda skb, dev: L.NETDEV_TX_OK,
            "ndo_open": lambda dev: self.saw("ndo_open", cfg["open_ret"]),
            "ndo_stop": lambda dev: self.trace.append(["ndo_stop"]) or 0,
            "ndo_uninit": lambda dev: self.trace.append(["ndo_uninit"]),
        }
        if cfg["ndo_init"]:
            ops["ndo_init"] = lambda dev: self.saw("ndo_init", cfg["init_ret"])
        if cfg["ndo_set_rx_mode"]:
            ops["ndo_set_rx_mode"] = self.set_rx_mode
        if cfg["ndo_change_rx_flags"]:
            ops["ndo_change_rx_flags"] = lambda dev, flags: self.saw("ndo_change_rx_flags", flags)
        if cfg["ndo_set_mac_address"]:
            ops["ndo_set_mac_address"] = self.set_mac_address
        if cfg["ndo_change_mtu"]:
            ops["ndo_change_mtu"] = self.change_mtu
        if cfg["ndo_validate_addr"]:
            ops["ndo_validate_addr"] = lambda dev: self.saw("ndo_validate_addr", L.eth_validate_addr(dev))
        if cfg["ndo_features"]:
            ops["ndo_fix_features"] = self.fix_features
            ops["ndo_set_features"] = lambda dev, features: (
                self.trace.append(["ndo_set_features", _names(features, _FEATURES)]) or 0
            )
        dev.netdev_ops = L.net_device_ops(**ops)
        dev.priv_destructor = lambda dev: self.trace.append(["priv_destructor"])
        dev.min_mtu, dev.max_mtu = cfg["min_mtu"], cfg["max_mtu"]
        for flag in ("IFF_LIVE_ADDR_CHANGE", "IFF_UNICAST_FLT"):
            dev.priv_flags = dev.priv_flags | getattr(L, flag) if cfg[flag] else dev.priv_flags & ~getattr(L, flag)
        L.eth_hw_addr_set(dev, _addr(cfg["addr"]))
        dev.features = dev.hw_features = _bits(cfg["features"], _FEATURES)

    # -- what the driver sees --
    def saw(self, op: str, value: int) -> int:
        self.trace.append([op, value])
        return value

    def set_rx_mode(self, dev: Any) -> None:
        self.trace.append([
            "ndo_set_rx_mode",
            {
                "promisc": int(bool(dev.flags & L.IFF_PROMISC)),
                "allmulti": int(bool(dev.flags & L.IFF_ALLMULTI)),
                **self.lists(),
            },
        ])  # fmt: skip

    def set_mac_address(self, dev: Any, sa: Any) -> int:
        ret = self.cfg["mac_ret"] or L.eth_mac_addr(dev, sa)
        self.trace.append(["ndo_set_mac_address", sa.sa_data[:6].hex(":"), ret])
        return ret

    def change_mtu(self, dev: Any, mtu: int) -> int:
        ret = self.cfg["mtu_ret"]
        self.trace.append(["ndo_change_mtu", mtu, ret])
        if not ret:
            dev.mtu = mtu
        return ret

    def fix_features(self, dev: Any, features: int) -> int:
        self.trace.append(["ndo_fix_features", _names(features, _FEATURES)])
        return features

    # -- what a listener sees --
    def notified(self, nb: Any, event: int, info: Any) -> int:
        if L.netdev_notifier_info_to_dev(info) is self.dev:
            entry: list[Any] = ["notify", L.netdev_cmd_to_name(event)]
            if event == L.NETDEV_CHANGE:
                entry.append({"flags_changed": info.flags_changed})
            elif event == L.NETDEV_PRE_CHANGEADDR:
                entry.append(info.dev_addr.hex(":"))
            self.trace.append(entry)
        return L.NOTIFY_DONE

    # -- the state after a step --
    def lists(self) -> dict[str, list[str]]:
        dev = self.dev
        return {
            "uc": [ha.addr.hex(":") for ha in L.netdev_for_each_uc_addr(dev)],
            "mc": [ha.addr.hex(":") for ha in L.netdev_for_each_mc_addr(dev)],
        }

    def state(self) -> dict[str, Any] | None:
        dev = self.dev
        if dev.reg_state != L.NETREG_REGISTERED:
            return None
        return {
            "reg_state": "REGISTERED",
            "flags": _names(dev.flags, _FLAGS),
            "dev_get_flags": _names(L.dev_get_flags(dev), _USER_FLAGS),
            "state": _names(dev.state, _STATE),
            "operstate": dev.operstate,
            "promiscuity": dev.promiscuity,
            "allmulti": dev.allmulti,
            "mtu": dev.mtu,
            "addr": dev.dev_addr.hex(":"),
            "tx_queue_len": dev.tx_queue_len,
            **self.lists(),
            "features": _names(dev.features, _FEATURES),
            "qdisc": dev.qdisc.kind,
            "txq0_drv_xoff": int(L.netif_tx_queue_stopped(L.netdev_get_tx_queue(dev, 0))),
        }

    # -- the steps --
    def carrier(self, change: Any) -> None:
        change(self.dev)
        self.trace.append(["linkwatch_run_queue"])
        L.linkwatch_run_queue()

    def want(self, names: list[str]) -> None:
        self.dev.wanted_features = _bits(names, _FEATURES)
        L.netdev_update_features(self.dev)

    def step(self, op: str, args: list[Any]) -> None:
        """``args``: what the record says of the step; of set_wanted_features the first only is an input."""
        dev = self.dev
        if op == "set_wanted_features":
            args = [args[0]]
            self.trace.append(["op", op, *args, _names(dev.hw_features, _FEATURES)])
            run = self.want
        else:
            self.trace.append(["op", op, *args])
        if op == "free_netdev":
            L.free_netdev(dev)
            return
        if op in ("netif_carrier_on", "netif_carrier_off"):
            run, args = self.carrier, [getattr(L, op)]
        elif op == "dev_set_mac_address":
            run, args = self.mac, [L.sockaddr(_addr(args[0]["addr"]), args[0]["sa_family"])]
        elif op in ("dev_uc_add", "dev_uc_del", "dev_mc_add", "dev_mc_del"):
            run, args = getattr(L, op), [dev, _addr(args[0])]
        elif op != "set_wanted_features":
            run, args = getattr(L, op), [dev, *args]
        ret = run(*args)
        self.trace.append(["ret", ret or 0, self.state()])

    def mac(self, sa: Any) -> int:
        return L.dev_set_mac_address(self.dev, sa)


def _replay(record: Record) -> list[list[Any]]:
    L.devinet_init()
    device = _Device(record["cfg"])
    listener = L.notifier_block(device.notified)
    L.register_netdevice_notifier(listener)
    held = False
    with L.tolerate("LIFE4"):  # the driver of these records takes what eth_mac_addr() takes, and more
        for entry in record["trace"]:
            if entry[0] != "op":
                continue
            # Between registering and unregistering, the recording held rtnl: link events waited for it.
            if entry[1] in ("unregister_netdev", "free_netdev") and held:
                L.rtnl_unlock()
                held = False
            device.step(entry[1], entry[2:])
            if entry[1] == "register_netdev":
                L.rtnl_lock()
                held = True
    L.unregister_netdevice_notifier(listener)
    return device.trace


def _lifecycle(record: Record, context: Record | None) -> Record:
    return {"trace": oracle_bed().run(_replay, record)}


FAMILIES = [Family("lifecycle", _lifecycle, inputs=frozenset({"id", "cfg"}))]
