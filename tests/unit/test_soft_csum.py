# SPDX-License-Identifier: Apache-2.0
"""The soft NIC's checksum verdict against the host model's software path, which kernel records judge."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_hw as hw
from pymodel.drivers.nic.softnic_csum import sum16, verdict
from pymodel.drivers.nic.softnic_rss import headers
from pymodel.hw.access import memory
from tests.unit.test_soft_rss import VECTORS, packet

IP_OK, L4_OK = hw.RX_COMPLETION_STATUS_IP_OK, hw.RX_COMPLETION_STATUS_L4_OK


def sealed(rng: random.Random, src: str, dst: str, proto: int, tags: int, ext: bytes, frag: int, extra: int) -> bytes:
    """A frame with right lengths and checksums; ``extra`` bytes of payload, and sometimes padding behind."""
    frame = bytearray(packet(src, rng.randrange(65536), dst, 53, proto=proto, tags=tags, ext=ext, frag=frag))
    frame += rng.randbytes(extra)
    l3 = 14 + 4 * tags
    v4 = ":" not in src
    l4 = l3 + (20 if v4 else 40 + max(0, len(ext) - 1))
    total = len(frame) - l3 - (0 if v4 else 40)
    at = l3 + (2 if v4 else 4)
    frame[at : at + 2] = total.to_bytes(2, "big")
    if v4:
        frame[l3 + 10 : l3 + 12] = (0xFFFF ^ sum16(bytes(frame[l3:l4]))).to_bytes(2, "little")
    length = len(frame) - l4
    if proto == 17:
        frame[l4 + 4 : l4 + 6] = length.to_bytes(2, "big")
    addresses = frame[l3 + 12 : l3 + 20] if v4 else frame[l3 + 8 : l3 + 40]
    check = l4 + (16 if proto == 6 else 6)
    frame[check : check + 2] = b"\0\0"
    pseudo = bytes(addresses) + bytes((0, proto)) + length.to_bytes(2, "big")
    value = 0xFFFF ^ sum16(pseudo + bytes(frame[l4:]))
    frame[check : check + 2] = (value or 0xFFFF).to_bytes(2, "little")
    return bytes(frame) + (rng.randbytes(rng.randrange(1, 9)) if rng.random() < 0.3 else b"")


def random_frame(rng: random.Random) -> bytes:
    src, _, dst, *_ = rng.choice(VECTORS)
    tags = rng.choice((0, 0, 1, 2))
    proto = rng.choice((6, 17))
    ext = b""
    if ":" in src:
        kinds = (0, 60) if rng.random() < 0.7 else (0, 43, 44, 60)
        chain = [rng.choice(kinds) for _ in range(rng.choice((0, 0, 1, 2, 5)))]
        for kind, after in zip(chain, [*chain[1:], proto][: len(chain)], strict=True):
            ext += bytes((after, 0, 0, int(kind == 43 and rng.random() < 0.3))) + rng.randbytes(4)
        ext = bytes(chain[:1]) + ext
    frame = sealed(rng, src, dst, proto, tags, ext, rng.choice((0, 0, 0x4000, 0x2000, 3)), rng.randrange(200))
    if rng.random() < 0.4:
        broken = bytearray(frame)
        broken[rng.randrange(12, min(len(frame), 130))] ^= 1 << rng.randrange(8)
        frame = bytes(broken)
    if rng.random() < 0.1:
        frame = frame[: rng.randrange(14, len(frame) + 1)]
    return frame


def right(frame: bytes) -> bool | None:
    """What a receiver says that follows the RFCs word by word; None where there is nothing to say."""
    l3, kind = 14, frame[12:14]
    while kind in (b"\x81\x00", b"\x88\xa8") and l3 < 22:
        kind, l3 = frame[l3 + 2 : l3 + 4], l3 + 4
    ip = frame[l3:]
    if kind == b"\x08\0" and len(ip) >= 20 and ip[0] >> 4 == 4:
        size, total, proto = 4 * (ip[0] & 15), int.from_bytes(ip[2:4], "big"), ip[9]
        if size < 20 or not size <= total <= len(ip) or int.from_bytes(ip[6:8], "big") & 0x3FFF:
            return None
        if _sum(ip[:size]) != 0xFFFF:
            return False
        addresses, l4 = ip[12:20], ip[size:total]
    elif kind == b"\x86\xdd" and len(ip) >= 40 and ip[0] >> 4 == 6:
        total, proto, at = 40 + int.from_bytes(ip[4:6], "big"), ip[6], 40
        if total > len(ip):
            return None
        while proto in (0, 43, 60):
            if at + 8 > total or (proto == 43 and ip[at + 3]):
                return None
            proto, at = ip[at], at + 8 + 8 * ip[at + 1]
        addresses, l4 = ip[8:40], ip[at:total]
    else:
        return None
    if (proto == 6 and len(l4) >= 20) or (proto == 17 and len(l4) >= 8 and l4[4:6] == len(l4).to_bytes(2, "big")):
        if proto == 17 and l4[6:8] == b"\0\0":
            return None
        return _sum(addresses + len(l4).to_bytes(4, "big") + bytes((0, 0, 0, proto)) + l4) == 0xFFFF
    return None


def _sum(data: bytes) -> int:
    """RFC 1071, a word at a time."""
    total = sum(int.from_bytes(data[i : i + 2].ljust(2, b"\0"), "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_verdict_of_random_and_broken_frames_is_never_wrong() -> None:
    """Never verified what is wrong or unknown; verified what is right, wherever the device can follow the headers."""
    rng = random.Random(11)
    verified = refused = 0
    for _ in range(6000):
        frame = random_frame(rng)
        status = verdict(frame, headers(frame))
        want = right(frame)
        swapped = int.from_bytes((status >> 16).to_bytes(2, "big"), "little")
        assert swapped == _sum(frame[14:]), frame.hex()
        if status & L4_OK:
            assert want, frame.hex()
            verified += 1
        elif want:
            assert headers(frame).proto not in (6, 17), frame.hex()
        refused += want is False
    assert verified > 1500 and refused > 500


def _by_software(skb: Any) -> int:
    """The host model's own checksum of the packet, 0 when it is right; the skb's data is what follows 14 bytes."""
    data = bytes(memory().mem[skb.data : skb.data + skb.len])
    found = headers(bytes(12) + skb.protocol.to_bytes(2, "big") + data)
    l3, l4 = found.l3 - 14, found.l4 - 14
    if found.ip == 4:
        assert not linux.ip_fast_csum(skb.data + l3, data[l3] & 15)
        length = int.from_bytes(data[l3 + 2 : l3 + 4], "big") - (l4 - l3)
        source, dest = (int.from_bytes(data[at : at + 4], "big") for at in (l3 + 12, l3 + 16))
        return linux.csum_tcpudp_magic(source, dest, length, found.proto, linux.skb_checksum(skb, l4, length, 0))
    length = int.from_bytes(data[l3 + 4 : l3 + 6], "big") + 40 - (l4 - l3)
    addresses = skb.data + l3 + 8
    total = linux.skb_checksum(skb, l4, length, 0)
    return linux.csum_ipv6_magic(addresses, addresses + 16, length, found.proto, total)


@pytest.mark.parametrize("count", [300])
def test_rx_checksum_of_device_agrees_with_the_stack(host: Any, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """OFF3: skb->csum is the sum of what the skb holds, and UNNECESSARY only where the software path finds it right;
    with NETIF_F_RXCSUM off nothing is said.
    """
    from pymodel.drivers.nic import nic_rx

    h = host(queues=2, copybreak=100)
    h.up()
    seen = {linux.CHECKSUM_NONE: 0, linux.CHECKSUM_UNNECESSARY: 0, linux.CHECKSUM_COMPLETE: 0}
    receive = nic_rx.napi_gro_receive

    def judge(napi: Any, skb: Any) -> Any:
        seen[skb.ip_summed] += 1
        if skb.ip_summed == linux.CHECKSUM_COMPLETE:
            assert linux.csum_fold(skb.csum) == linux.csum_fold(linux.skb_checksum(skb, 0, skb.len, 0))
        elif skb.ip_summed == linux.CHECKSUM_UNNECESSARY:
            assert skb.csum_level == 0 and not _by_software(skb)
        return receive(napi, skb)

    monkeypatch.setattr(nic_rx, "napi_gro_receive", judge)
    rng = random.Random(5)
    frames = [f for f in (random_frame(rng) for _ in range(2 * count)) if len(f) >= 60][:count]
    h.deliver(frames)
    h.settle()
    assert sum(seen.values()) == count and seen[linux.CHECKSUM_NONE] == 0
    assert seen[linux.CHECKSUM_UNNECESSARY] == sum(bool(verdict(f, headers(f)) & L4_OK) for f in frames)
    h.ndev.features &= ~linux.NETIF_F_RXCSUM
    h.deliver(frames[:10])
    h.settle()
    assert seen[linux.CHECKSUM_NONE] == 10
    h.remove()
