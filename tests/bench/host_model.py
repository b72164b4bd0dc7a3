# SPDX-License-Identifier: Apache-2.0
"""The host model alone: how many packets a second of CPU time takes down and up, with the driver on its soft NIC.

Down: alloc_skb, dev_queue_xmit, the driver, reclaim. Up: poll, GRO, delivery to a socket. Every always-on check is
on, the scoreboard's too. Beside it, what scapy takes to build and to parse the same packets.
"""

from __future__ import annotations

import gc
import statistics
import time

from tb.config import Config
from tb.session import run_soft
from tests.scenarios.frames import udp_frame

__all__ = ["host_model"]

_SCAPY = 300  # packets: it builds and parses hundreds a second


def _round_trips(config: Config) -> float:
    """Round trips per CPU second of one run. Raises RuntimeError where it fails."""
    gc.collect()
    result = run_soft(config)
    if not result.passed:
        raise RuntimeError(f"the measured run failed: {result.message}")
    trips = min(result.values["tx"]["frames"], result.values["rx"]["frames"])
    if trips != config.args["count"]:
        raise RuntimeError(f"{trips} of {config.args['count']} round trips were made")
    return trips / float(result.values["cpu_seconds"])


def _scapy(size: int) -> float:
    """Packets per CPU second that scapy builds and parses."""
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether

    frames = [udp_frame(size, i % 64, i, to_host=bool(i % 2)) for i in range(_SCAPY)]
    parsed = [Ether(frame) for frame in frames]
    began = time.process_time()
    for frame, packet in zip(frames, parsed, strict=True):
        ether, ip, udp = packet[Ether], packet[IP], packet[UDP]
        built = bytes(
            Ether(dst=ether.dst, src=ether.src, type=ether.type)
            / IP(src=ip.src, dst=ip.dst, id=ip.id, ttl=ip.ttl, flags=ip.flags)
            / UDP(sport=udp.sport, dport=udp.dport, chksum=0)
            / bytes(udp.payload)
        )
        if built != frame:
            raise RuntimeError("scapy builds another packet than the one that is measured")
        if Ether(built)[UDP].sport != udp.sport:
            raise RuntimeError("scapy parses another packet than it built")
    return _SCAPY / (time.process_time() - began)


def host_model(config: Config, runs: int) -> dict[str, float]:
    """``host_model_pkts_per_cpu_s`` (a packet down and one up count as one), the median of ``runs``, and its ratio to
    scapy's packets built and parsed, measured in turn.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 50, 1000)  # as in the simulator's process: tb/cocotb_entry.py
    try:
        pairs = [(_round_trips(config), _scapy(int(config.args["size"]))) for _ in range(runs)]
    finally:
        gc.set_threshold(*thresholds)
    return {
        "host_model_pkts_per_cpu_s": statistics.median(ours for ours, _ in pairs),
        "scapy_pkts_per_cpu_s": statistics.median(scapy for _, scapy in pairs),
        "ratio_to_scapy": statistics.median(ours / scapy for ours, scapy in pairs),
    }
