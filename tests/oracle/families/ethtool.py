# SPDX-License-Identifier: Apache-2.0
"""ethtool.jsonl: what the ethtool ioctl lets through to a driver with given limits."""

from __future__ import annotations

import os
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]


class _Driver:
    """A driver with the limits of an ``ethtool_cfg`` record; ``reached`` has what it was asked to set."""

    def __init__(self, cfg: Record) -> None:
        self.cfg = cfg
        self.reached: list[list[Any]] = []
        ops: dict[str, Any] = {
            "get_coalesce": lambda dev, ec, kernel_ec, extack: 0,
            "set_coalesce": lambda dev, ec, kernel_ec, extack: self.saw("set_coalesce"),
            "supported_coalesce_params": cfg["supported_coalesce_params"],
            "get_rxfh_indir_size": lambda dev: cfg["indir_size"],
            "get_rxfh_key_size": lambda dev: cfg["key_size"],
            "get_rxfh": lambda dev, rxfh: 0,
            "set_rxfh": self.set_rxfh,
            "get_rxnfc": self.get_rxnfc,
        }
        if cfg["ring_ops"]:
            ops["get_ringparam"] = self.get_ringparam
            ops["set_ringparam"] = self.set_ringparam
        if cfg["channel_ops"]:
            ops["get_channels"] = self.get_channels
            ops["set_channels"] = self.set_channels
        self.ops = L.ethtool_ops(**ops)

    def saw(self, op: str, *what: Any) -> int:
        self.reached.append([op, *what])
        return 0

    def get_ringparam(self, dev: Any, ring: Any, kernel_ring: Any, extack: Any) -> None:
        cfg = self.cfg
        ring.rx_max_pending, ring.tx_max_pending = cfg["rx_max"], cfg["tx_max"]
        ring.rx_jumbo_max_pending = cfg["jumbo_max"]
        ring.rx_pending, ring.tx_pending = cfg["rx"], cfg["tx"]

    def set_ringparam(self, dev: Any, ring: Any, kernel_ring: Any, extack: Any) -> int:
        sizes = {"rx": ring.rx_pending, "mini": ring.rx_mini_pending, "jumbo": ring.rx_jumbo_pending}
        return self.saw("set_ringparam", {**sizes, "tx": ring.tx_pending})

    def get_channels(self, dev: Any, ch: Any) -> None:
        cfg = self.cfg
        ch.max_rx, ch.max_tx, ch.max_combined = cfg["max_rx"], cfg["max_tx"], cfg["max_combined"]
        ch.max_other, ch.combined_count = cfg["max_other"], cfg["combined"]

    def set_channels(self, dev: Any, ch: Any) -> int:
        counts = {"rx": ch.rx_count, "tx": ch.tx_count, "other": ch.other_count, "combined": ch.combined_count}
        return self.saw("set_channels", counts)

    def get_rxnfc(self, dev: Any, info: Any, rule_locs: Any) -> int:
        if info.cmd != L.ETHTOOL_GRXRINGS:
            return -L.EOPNOTSUPP
        info.data = self.cfg["rx_rings"]
        return 0

    def set_rxfh(self, dev: Any, rxfh: Any, extack: Any) -> int:
        key = rxfh.key.hex() if rxfh.key is not None else None
        return self.saw("set_rxfh", {"indir": rxfh.indir, "key": key})


def _command(record: Record) -> Any:
    """The struct that goes into the ioctl."""
    cmd = getattr(L, f"ETHTOOL_{record['cmd']}")
    match record["cmd"]:
        case "SRINGPARAM":
            return L.ethtool_ringparam(
                cmd=cmd,
                rx_pending=record["rx"],
                tx_pending=record["tx"],
                rx_jumbo_pending=record["jumbo"],
                rx_mini_pending=record["mini"],
            )
        case "SCHANNELS":
            return L.ethtool_channels(
                cmd=cmd,
                rx_count=record["rx"],
                tx_count=record["tx"],
                other_count=record["other"],
                combined_count=record["combined"],
            )
        case "SCOALESCE":
            return L.ethtool_coalesce(cmd=cmd, **dict(zip(L.COALESCE_FIELDS, record["words"], strict=True)))
        case "SRXFHINDIR":
            return L.ethtool_rxfh_indir(cmd=cmd, size=record["size"], ring_index=record["ring_index"])
        case "SRSSH":
            # The records say how long table and key were, not what was in them: the table was all zeros.
            indir = [] if record["indir_size"] == L.ETH_RXFH_INDIR_NO_CHANGE else [0] * record["indir_size"]
            return L.ethtool_rxfh(
                cmd=cmd,
                indir_size=record["indir_size"],
                indir=indir,
                key_size=record["key_size"],
                key=bytes(record["key_size"]),
                hfunc=record["hfunc"],
            )
    raise KeyError(record["cmd"])


def _ioctl(cfg: Record, command: Any) -> tuple[int, list[list[Any]]]:
    driver = _Driver(cfg)
    dev = L.alloc_etherdev_mqs(0, 8, 8)
    assert dev is not None
    dev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK)
    dev.ethtool_ops = driver.ops
    L.eth_hw_addr_random(dev)
    assert L.register_netdev(dev) == 0
    ret = L.dev_ethtool(dev, command)
    L.unregister_netdev(dev)
    L.free_netdev(dev)
    return ret, driver.reached


def _ethtool(record: Record, context: Record | None) -> Record:
    assert context is not None, "no ethtool_cfg record above"
    ret, driver = oracle_bed().run(_ioctl, context, _command(record))
    return {"driver": driver, "errno": -ret, "err": os.strerror(-ret) if ret else ""}


def _cfg(record: Record, context: Record | None) -> Record:
    return {}


_LIMITS = (
    "seed", "ring_ops", "channel_ops", "rx_max", "jumbo_max", "tx_max", "rx", "tx", "supported_coalesce_params",
    "max_rx", "max_tx", "max_combined", "max_other", "combined", "indir_size", "rx_rings", "key_size",
)  # fmt: skip

FAMILIES = [
    Family("ethtool_cfg", _cfg, inputs=frozenset(_LIMITS)),
    Family(
        "ethtool",
        _ethtool,
        inputs=frozenset({
            "id", "cfg_seed", "cmd", "rx", "tx", "jumbo", "mini", "other", "combined", "words", "size", "ring_index",
            "indir_size", "key_size", "hfunc",
        }),
        context="ethtool_cfg",
    ),
]  # fmt: skip
