# SPDX-License-Identifier: Apache-2.0
"""ethtool.jsonl: what the ethtool ioctl lets through to a driver with given limits."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, NotExpressed, Record
from tests.oracle.records import SAMPLE, items

__all__ = ["FAMILIES"]


class _Driver:
    """A driver with the limits of an ``ethtool_cfg`` record; ``reached`` has what it was asked to set. It keeps its
    channels and its table, as the recording's did.
    """

    def __init__(self, cfg: Record) -> None:
        self.cfg = cfg
        self.reached: list[list[Any]] = []
        self.counts = {"rx": 0, "tx": 0, "other": 0, "combined": cfg["combined"]}
        self.table = [0] * cfg["indir_size"]
        ops: dict[str, Any] = {
            "get_coalesce": lambda dev, ec, kernel_ec, extack: 0,
            "set_coalesce": lambda dev, ec, kernel_ec, extack: self.saw("set_coalesce"),
            "supported_coalesce_params": cfg["supported_coalesce_params"],
            "get_rxfh_indir_size": lambda dev: cfg["indir_size"],
            "get_rxfh_key_size": lambda dev: cfg["key_size"],
            "get_rxfh": self.get_rxfh,
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
        ch.max_other = cfg["max_other"]
        for kind, count in self.counts.items():
            setattr(ch, f"{kind}_count", count)

    def set_channels(self, dev: Any, ch: Any) -> int:
        self.counts = {kind: getattr(ch, f"{kind}_count") for kind in self.counts}
        return self.saw("set_channels", dict(self.counts))

    def get_rxnfc(self, dev: Any, info: Any, rule_locs: Any) -> int:
        if info.cmd != L.ETHTOOL_GRXRINGS:
            return -L.EOPNOTSUPP
        info.data = self.cfg["rx_rings"]
        return 0

    def get_rxfh(self, dev: Any, rxfh: Any) -> int:
        if rxfh.indir is not None:
            rxfh.indir[:] = self.table
        return 0

    def set_rxfh(self, dev: Any, rxfh: Any, extack: Any) -> int:
        self.table = list(rxfh.indir) if rxfh.indir is not None else self.table
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


def _ioctls(cfg: Record, commands: list[Any]) -> tuple[int, list[list[Any]]]:
    """Do all of them on one device: what came of the last."""
    driver = _Driver(cfg)
    dev = L.alloc_etherdev_mqs(0, 8, 8)
    assert dev is not None
    dev.netdev_ops = L.net_device_ops(ndo_start_xmit=lambda skb, dev: L.NETDEV_TX_OK)
    dev.ethtool_ops = driver.ops
    L.eth_hw_addr_random(dev)
    assert L.register_netdev(dev) == 0
    ret = 0
    for command in commands:
        driver.reached = []
        ret = L.dev_ethtool(dev, command)
    return ret, driver.reached


@functools.cache
def _recorded_devices() -> dict[int, Record]:
    """The limits of every device of the recording: the project's own records have them all."""
    rows = items(SAMPLE / "ethtool.jsonl.gz", {})
    return {record["seed"]: record for _, record, _ in rows if record["fam"] == "ethtool_cfg"}


def _device(record: Record, context: Record | None) -> Record:
    """The limits of its device, and the commands before: of the ``ethtool_cfg`` above it, where there is one."""
    if context is not None and context["seed"] == record["cfg_seed"]:
        return context
    limits = _recorded_devices().get(record["cfg_seed"])
    if limits is None:
        raise NotExpressed("no ethtool_cfg record of its device")
    return {**limits, "before": [], "previous": None}


def _replay(record: Record, context: Record, unseen: list[Any]) -> Record:
    """The records since the device was set up, then ``unseen`` commands, then this one."""
    commands = [*(_command(earlier) for earlier in context["before"]), *unseen, _command(record)]
    ret, driver = oracle_bed().run(_ioctls, context, commands)
    return {"driver": driver, "errno": -ret, "err": os.strerror(-ret) if ret else ""}


def _ethtool(record: Record, context: Record | None) -> Record:
    return _replay(record, _device(record, context), [])


def _complete(record: Record, context: Record) -> bool:
    """Whether no record is missing since the device was set up; they are numbered."""
    first = context["previous"]["id"] + 1 if context["previous"] else 0
    return [earlier["id"] for earlier in context["before"]] == list(range(first, record["id"]))


def _with_others_missing(record: Record, context: Record | None) -> Iterator[Record]:
    """Channels are compared with those that are set, and with the table. Where commands before this one are not at
    hand, they may have set either: to what is asked for now, to something else; the table to use every queue, or back
    to its default.
    """
    context = _device(record, context)
    if record["cmd"] != "SCHANNELS" or _complete(record, context):
        return
    same = _command(record)
    cmd, size, rings = L.ETHTOOL_SRXFHINDIR, context["indir_size"], context["rx_rings"]
    every_queue = L.ethtool_rxfh_indir(cmd=cmd, size=size, ring_index=[rings - 1] * size)
    default = L.ethtool_rxfh_indir(cmd=cmd)
    other = L.ethtool_channels(cmd=L.ETHTOOL_SCHANNELS, combined_count=context["max_combined"])
    if record["combined"] == context["max_combined"]:
        other.combined_count -= 1
        other.rx_count = other.tx_count = min(1, context["max_rx"], context["max_tx"])
    for unseen in ([default, same], [default, other], [default, other, every_queue]):
        yield _replay(record, context, unseen)


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
        history=True,
        also=_with_others_missing,
        by_length={"driver.key": "a record says how long the key was that was handed in, not which"},
    ),
]  # fmt: skip
