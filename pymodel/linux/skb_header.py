# SPDX-License-Identifier: Apache-2.0
"""sk_buff: more of its header offsets (the inner ones of tunnels, lengths, the MAC header's), and small reads and
writes of header bytes. The common ones: skbuff.py.

An offset counts from ``head``; ``..._offset()`` gives it from ``data``. Source: include/linux/skbuff.h, v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, caller_outside, site_str
from pymodel.linux.skb_frags import skb_copy_bits
from pymodel.linux.skbuff import UNSET, sk_buff, skb_pull, skb_put

__all__ = [
    "skb_copy_from_linear_data", "skb_copy_from_linear_data_offset", "skb_copy_queue_mapping", "skb_header_pointer",
    "skb_inner_mac_header", "skb_inner_mac_offset", "skb_inner_network_header", "skb_inner_network_offset",
    "skb_inner_transport_header", "skb_inner_transport_offset", "skb_mac_header_len", "skb_mac_offset",
    "skb_network_header_len", "skb_pop_mac_header", "skb_pull_data", "skb_put_u16", "skb_reset_inner_headers",
    "skb_reset_inner_mac_header", "skb_reset_inner_network_header", "skb_reset_inner_transport_header",
    "skb_set_inner_mac_header", "skb_set_inner_network_header", "skb_set_inner_protocol",
    "skb_set_inner_transport_header", "skb_set_mac_header", "skb_unset_mac_header",
]


# -- lengths and the MAC header ------------------------------------------------------------------------------
def skb_mac_header_len(skb: sk_buff) -> int:
    """Bytes from the MAC header to the network header."""
    return skb.network_header - skb.mac_header


def skb_network_header_len(skb: sk_buff) -> int:
    """Bytes from the network header to the transport header. WARN where that was never set."""
    if skb.transport_header == UNSET:
        WARN("skb_network_header_len() without a transport header", site_str(caller_outside()))
    return skb.transport_header - skb.network_header


def skb_mac_offset(skb: sk_buff) -> int:
    return skb.head + skb.mac_header - skb.data


def skb_set_mac_header(skb: sk_buff, offset: int) -> None:
    """The MAC header is ``offset`` bytes from ``data``."""
    skb.mac_header = skb.data - skb.head + offset & 0xFFFF


def skb_unset_mac_header(skb: sk_buff) -> None:
    skb.mac_header = UNSET


def skb_pop_mac_header(skb: sk_buff) -> None:
    """The MAC header is where the network header is: the packet has none."""
    skb.mac_header = skb.network_header


# -- inner headers -------------------------------------------------------------------------------------------
def skb_inner_mac_header(skb: sk_buff) -> int:
    return skb.head + int(skb.inner_mac_header)


def skb_inner_network_header(skb: sk_buff) -> int:
    return skb.head + int(skb.inner_network_header)


def skb_inner_transport_header(skb: sk_buff) -> int:
    return skb.head + int(skb.inner_transport_header)


def skb_inner_mac_offset(skb: sk_buff) -> int:
    return skb_inner_mac_header(skb) - skb.data


def skb_inner_network_offset(skb: sk_buff) -> int:
    return skb_inner_network_header(skb) - skb.data


def skb_inner_transport_offset(skb: sk_buff) -> int:
    return skb_inner_transport_header(skb) - skb.data


def skb_set_inner_mac_header(skb: sk_buff, offset: int) -> None:
    skb.inner_mac_header = skb.data - skb.head + offset & 0xFFFF


def skb_set_inner_network_header(skb: sk_buff, offset: int) -> None:
    skb.inner_network_header = skb.data - skb.head + offset & 0xFFFF


def skb_set_inner_transport_header(skb: sk_buff, offset: int) -> None:
    skb.inner_transport_header = skb.data - skb.head + offset & 0xFFFF


def skb_reset_inner_mac_header(skb: sk_buff) -> None:
    skb_set_inner_mac_header(skb, 0)


def skb_reset_inner_network_header(skb: sk_buff) -> None:
    skb_set_inner_network_header(skb, 0)


def skb_reset_inner_transport_header(skb: sk_buff) -> None:
    skb_set_inner_transport_header(skb, 0)


def skb_reset_inner_headers(skb: sk_buff) -> None:
    """The headers so far become the inner ones: a tunnel is about to put its own in front."""
    skb.inner_mac_header = skb.mac_header
    skb.inner_network_header = skb.network_header
    skb.inner_transport_header = skb.transport_header


def skb_set_inner_protocol(skb: sk_buff, protocol: int) -> None:
    """The EtherType of what the tunnel carries."""
    skb.inner_protocol = protocol


# -- bytes ---------------------------------------------------------------------------------------------------
def skb_pull_data(skb: sk_buff, len: int) -> int:
    """skb_pull() that returns where ``data`` was; 0 (NULL) where the skb is shorter."""
    data = skb.data
    return data if skb_pull(skb, len) else 0


def skb_put_u16(skb: sk_buff, val: int) -> None:
    """Append 16 bits in the CPU's (little-endian) order."""
    at = skb_put(skb, 2)
    here.mem[at : at + 2] = (val & 0xFFFF).to_bytes(2, "little")


def skb_copy_from_linear_data(skb: sk_buff, to: int | bytearray | memoryview, len: int) -> None:
    skb_copy_from_linear_data_offset(skb, 0, to, len)


def skb_copy_from_linear_data_offset(skb: sk_buff, offset: int, to: int | bytearray | memoryview, len: int) -> None:
    """Copy ``len`` bytes of the linear part, ``offset`` from ``data``, to a pointer or a Python buffer. Unchecked, as
    in C.
    """
    mem = here.mem
    at = skb.data + offset
    if isinstance(to, int):
        mem[to : to + len] = mem[at : at + len]
    else:
        to[:len] = mem[at : at + len]


def skb_header_pointer(skb: sk_buff, offset: int, len: int) -> memoryview | bytes | None:
    """``len`` bytes ``offset`` from ``data``: a view of the memory where they are linear, else a copy; None past the
    end. C takes a buffer for the copy.
    """
    if skb.len - skb.data_len - offset >= len:
        return here.mem[skb.data + offset : skb.data + offset + len]
    copy = bytearray(len)
    return None if skb_copy_bits(skb, offset, copy, len) else bytes(copy)


def skb_copy_queue_mapping(to: sk_buff, frm: sk_buff) -> None:
    to.queue_mapping = frm.queue_mapping
