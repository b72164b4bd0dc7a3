# SPDX-License-Identifier: Apache-2.0
"""sk_buff: the structure and its geometry (reserve, put, push, pull, trim, header offsets).

``head``, ``data``, ``tail`` and ``end`` are indices into host memory; header offsets count from ``head``, as in
the kernel. The memory of a ``skb_shared_info`` is accounted for at ``end``, but its fields live in a Python
object, which clones share. A freed sk_buff changes its class, so that every later use raises, naming where it was
allocated and freed. Source: include/linux/skbuff.h and net/core/skbuff.c, v6.12.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, DoubleFree, KernelBug, Site, UseAfterFree, caller_outside, pr_err, site_str
from pymodel.linux.mm import PAGE_SIZE, page
from pymodel.linux.skb_fields import ControlBuffer, Rare

if TYPE_CHECKING:
    from pymodel.linux.gro_skb import napi_gro_cb
    from pymodel.linux.netdevice import net_device

__all__ = [
    "CHECKSUM_COMPLETE", "CHECKSUM_NONE", "CHECKSUM_PARTIAL", "CHECKSUM_UNNECESSARY", "LL_MAX_HEADER", "MAX_HEADER",
    "MAX_SKB_FRAGS", "NET_IP_ALIGN", "NET_SKB_PAD", "PACKET_BROADCAST", "PACKET_HOST", "PACKET_LOOPBACK",
    "PACKET_MULTICAST", "PACKET_OTHERHOST", "PACKET_OUTGOING", "PKT_HASH_TYPE_L2", "PKT_HASH_TYPE_L3",
    "PKT_HASH_TYPE_L4", "PKT_HASH_TYPE_NONE", "SIZEOF_FCLONES", "SIZEOF_SHINFO", "SIZEOF_SKB_FRAG", "SIZEOF_SK_BUFF",
    "SKB_DATA_ALIGN", "SKB_FCLONE_CLONE", "SKB_FCLONE_ORIG", "SKB_FCLONE_UNAVAILABLE", "SKB_GSO_DODGY", "SKB_GSO_ESP",
    "SKB_GSO_FCOE", "SKB_GSO_FRAGLIST", "SKB_GSO_GRE", "SKB_GSO_GRE_CSUM", "SKB_GSO_IPXIP4", "SKB_GSO_IPXIP6",
    "SKB_GSO_PARTIAL", "SKB_GSO_SCTP", "SKB_GSO_TCPV4", "SKB_GSO_TCPV6", "SKB_GSO_TCP_ECN", "SKB_GSO_TCP_FIXEDID",
    "SKB_GSO_TUNNEL_REMCSUM", "SKB_GSO_UDP", "SKB_GSO_UDP_L4", "SKB_GSO_UDP_TUNNEL", "SKB_GSO_UDP_TUNNEL_CSUM",
    "SKB_HEAD_ALIGN", "SKB_MAX_ALLOC", "SKB_MAX_ORDER", "SKB_TRUESIZE", "SKB_WITH_OVERHEAD", "SkbState", "__skb_pull",
    "__skb_push", "__skb_put", "__skb_trim", "sk_buff", "skb_cloned", "skb_end_offset", "skb_end_pointer",
    "skb_frag_t", "skb_get",
    "skb_get_queue_mapping", "skb_get_rx_queue", "skb_header_cloned", "skb_header_release", "skb_headlen",
    "skb_headroom", "skb_is_gso", "skb_is_nonlinear", "skb_mac_header", "skb_mac_header_was_set", "skb_metadata_len",
    "skb_metadata_set", "skb_network_header", "skb_network_offset", "skb_pull", "skb_push", "skb_put", "skb_put_data",
    "skb_put_u8", "skb_put_zero", "skb_record_rx_queue", "skb_reserve", "skb_reset_mac_header", "skb_reset_mac_len",
    "skb_reset_network_header", "skb_reset_tail_pointer", "skb_reset_transport_header", "skb_rx_queue_recorded",
    "skb_set_hash", "skb_set_network_header", "skb_set_queue_mapping", "skb_set_tail_pointer",
    "skb_set_transport_header", "skb_shared", "skb_shared_info", "skb_shinfo", "skb_tail_pointer", "skb_tailroom",
    "skb_transport_header", "skb_transport_header_was_set", "skb_transport_offset", "skb_trim",
]

NET_SKB_PAD = 64
NET_IP_ALIGN = 0
MAX_SKB_FRAGS = 17
LL_MAX_HEADER = 32  # bytes before a network header: Ethernet with one VLAN tag, rounded up
MAX_HEADER = LL_MAX_HEADER + 48

CHECKSUM_NONE = 0
CHECKSUM_UNNECESSARY = 1
CHECKSUM_COMPLETE = 2
CHECKSUM_PARTIAL = 3

SKB_GSO_TCPV4 = 1 << 0
SKB_GSO_DODGY = 1 << 1
SKB_GSO_TCP_ECN = 1 << 2
SKB_GSO_TCP_FIXEDID = 1 << 3
SKB_GSO_TCPV6 = 1 << 4
SKB_GSO_FCOE = 1 << 5
SKB_GSO_GRE = 1 << 6
SKB_GSO_GRE_CSUM = 1 << 7
SKB_GSO_IPXIP4 = 1 << 8
SKB_GSO_IPXIP6 = 1 << 9
SKB_GSO_UDP_TUNNEL = 1 << 10
SKB_GSO_UDP_TUNNEL_CSUM = 1 << 11
SKB_GSO_PARTIAL = 1 << 12
SKB_GSO_TUNNEL_REMCSUM = 1 << 13
SKB_GSO_SCTP = 1 << 14
SKB_GSO_ESP = 1 << 15
SKB_GSO_UDP = 1 << 16
SKB_GSO_UDP_L4 = 1 << 17
SKB_GSO_FRAGLIST = 1 << 18

PACKET_HOST = 0
PACKET_BROADCAST = 1
PACKET_MULTICAST = 2
PACKET_OTHERHOST = 3
PACKET_OUTGOING = 4
PACKET_LOOPBACK = 5

PKT_HASH_TYPE_NONE, PKT_HASH_TYPE_L2, PKT_HASH_TYPE_L3, PKT_HASH_TYPE_L4 = range(4)

SKB_FCLONE_UNAVAILABLE = 0  # a plain sk_buff
SKB_FCLONE_ORIG = 1  # allocated with room for its clone
SKB_FCLONE_CLONE = 2  # the clone in that room

SIZEOF_SK_BUFF = 232  # bytes, as the other sizes
SIZEOF_FCLONES = 472  # two of them and a reference count
SIZEOF_SHINFO = 320
SIZEOF_SKB_FRAG = 16
UNSET = 0xFFFF  # a header offset that was never set

_getframe = sys._getframe


def SKB_DATA_ALIGN(x: int) -> int:
    return (x + 63) & ~63


def SKB_WITH_OVERHEAD(x: int) -> int:
    """What is left for data of a buffer of ``x`` bytes."""
    return x - SIZEOF_SHINFO


def SKB_HEAD_ALIGN(x: int) -> int:
    """The bytes to allocate for ``x`` bytes of data."""
    return ((x + 63) & ~63) + SIZEOF_SHINFO


def SKB_TRUESIZE(x: int) -> int:
    """What an skb with ``x`` bytes of data room really occupies."""
    return x + 576


def SKB_MAX_ORDER(x: int, order: int) -> int:
    """The data room of a head of ``1 << order`` pages, without ``x`` bytes."""
    return SKB_WITH_OVERHEAD((PAGE_SIZE << order) - x)


SKB_MAX_ALLOC = SKB_MAX_ORDER(0, 2)


class skb_frag_t:
    """A fragment: ``size`` bytes of ``page`` from ``offset``."""

    __slots__ = ("offset", "page", "size")

    def __init__(self, pg: page, offset: int, size: int) -> None:
        self.page = pg
        self.offset = offset
        self.size = size


class skb_shared_info:
    """What clones share: fragments, GSO data and the reference count of the data.

    ``dataref``: users of the data in the low 16 bits, and in the high ones those that do not need the header.
    """

    __slots__ = (
        "dataref", "frag_list", "frags", "gso_segs", "gso_size", "gso_type", "meta_len", "nr_frags", "tskey",
        "tx_flags",
    )

    def __init__(self) -> None:
        self.nr_frags = 0
        self.frags: list[skb_frag_t] = []
        self.frag_list: sk_buff | None = None
        self.gso_size = 0
        self.gso_segs = 0
        self.gso_type = 0
        self.tx_flags = 0
        self.tskey = 0
        self.meta_len = 0  # bytes of XDP's metadata in front of the MAC header
        self.dataref = 1


class sk_buff:
    """``struct sk_buff``. Made by the alloc functions only; ``container_of`` does not apply to it.

    ``cb`` belongs to the layer that has the skb now. It is a bytearray of 48 zeros, as in C, until that layer puts an
    object of any kind there, where C would lay a struct of its own over the bytes. Clones and copies get a shallow
    copy of it, as C copies the bytes. The core keeps nothing of its own in it. ``csum`` and the pair ``csum_start``,
    ``csum_offset`` are a union in C; here they are fields of their own.
    """

    __slots__ = (
        "_freed", "_rare", "_shinfo", "_site", "cloned", "csum", "csum_complete_sw", "csum_level", "csum_offset",
        "csum_start", "csum_valid", "data", "data_len", "destructor", "dev", "encapsulation", "end", "fclone", "gro_cb",
        "hash", "hdr_len", "head", "head_frag", "ip_summed", "l4_hash", "len", "mac_header", "mac_len", "napi_id",
        "network_header", "next", "nohdr", "pfmemalloc", "pkt_type", "pp_recycle", "prev", "priority", "protocol",
        "queue_mapping", "sk", "skb_iif", "sw_hash", "tail", "transport_header", "truesize", "users", "vlan_proto",
        "vlan_tci",
    )

    gro_cb: napi_gro_cb  # GRO's own, instead of a part of cb; set by dev_gro_receive() only
    cb = ControlBuffer()
    inner_protocol = Rare()  # __be16
    inner_transport_header = Rare()
    inner_network_header = Rare()
    inner_mac_header = Rare()
    ignore_df = Rare()
    ooo_okay = Rare()
    csum_not_inet = Rare()
    mark = Rare()
    tstamp = Rare()  # ns
    no_fcs = Rare()
    tc_index = Rare()
    redirected = Rare()
    from_ingress = Rare()
    _companion = Rare(None)  # of an SKB_FCLONE_ORIG: its clone in the same allocation
    slow_gro = Rare()

    def __init__(self, head: int, end: int, truesize: int, head_frag: int, dev: net_device | None, site: Site) -> None:
        self.next: sk_buff | None = None
        self.prev: sk_buff | None = None
        self.sk: Any = None
        self.dev = dev
        self.destructor: Callable[[sk_buff], object] | None = None
        self.len = 0
        self.data_len = 0
        self.mac_len = 0
        self.hdr_len = 0
        self.queue_mapping = 0
        self.cloned = 0
        self.nohdr = 0
        self.fclone = 0
        self.head_frag = head_frag
        self.pfmemalloc = 0
        self.pp_recycle = 0
        self.pkt_type = PACKET_HOST
        self.ip_summed = CHECKSUM_NONE
        self.l4_hash = 0
        self.sw_hash = 0
        self.encapsulation = 0
        self.csum_valid = 0
        self.csum_complete_sw = 0
        self.csum_level = 0
        self.csum = 0
        self.csum_start = 0
        self.csum_offset = 0
        self.priority = 0
        self.skb_iif = 0
        self.hash = 0
        self.vlan_proto = 0  # __be16; 0: no tag beside the data
        self.vlan_tci = 0
        self.napi_id = 0
        self.protocol = 0  # __be16
        self.transport_header = UNSET
        self.network_header = 0
        self.mac_header = UNSET
        self.tail = head
        self.end = end
        self.head = head
        self.data = head
        self.truesize = truesize
        self.users = 1
        self._shinfo = skb_shared_info()
        self._rare: dict[str, Any] | None = None
        self._site = site
        self._freed: Site | None = None

    def __repr__(self) -> str:
        return f"<sk_buff {id(self):x} len {self.len} data 0x{self.data:x} from {site_str(self._site)}>"


_FREE_FUNCTIONS = frozenset(
    ("_kfree_skb", "_free_skb", "_free_any", "kfree_skb_reason", "consume_skb", "napi_consume_skb")
)


class _FreedSkBuff(sk_buff):
    """What a freed sk_buff becomes: each use raises."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        get = object.__getattribute__
        facts = f"sk_buff allocated at {site_str(get(self, '_site'))}, freed at {site_str(get(self, '_freed'))}"
        where = site_str(caller_outside())
        if _getframe(1).f_code.co_name in _FREE_FUNCTIONS:
            raise DoubleFree(f"{facts}, freed again", where)
        raise UseAfterFree(f"{facts}, its {name} used afterwards", where)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__getattribute__(name)

    def __repr__(self) -> str:
        get = object.__getattribute__
        return f"<freed sk_buff from {site_str(get(self, '_site'))}, freed at {site_str(get(self, '_freed'))}>"


class SkbState:
    """The sk_buffs of one machine: which are alive, and how many were dropped for which reason."""

    __slots__ = ("drops", "live")

    def __init__(self) -> None:
        self.live: set[sk_buff] = set()
        self.drops: dict[int, int] = {}  # SKB_DROP_REASON_* -> packets


# -- panics --------------------------------------------------------------------------------------------------
def _skb_panic(skb: sk_buff, size: int, name: str) -> NoReturn:
    dev = skb.dev.name if skb.dev is not None else "<NULL>"
    facts = (
        f"skbuff: {name}: text:{site_str(caller_outside())} len:{skb.len} put:{size} head:0x{skb.head:x} "
        f"data:0x{skb.data:x} tail:0x{skb.tail - skb.head:x} end:0x{skb.end - skb.head:x} dev:{dev}"
    )
    pr_err("%s", facts)
    pr_err("kernel BUG at net/core/skbuff.c:209!")
    raise KernelBug(facts, f"skb allocated at {site_str(skb._site)}")


def skb_over_panic(skb: sk_buff, size: int) -> NoReturn:
    _skb_panic(skb, size, "skb_over_panic")


def skb_under_panic(skb: sk_buff, size: int) -> NoReturn:
    _skb_panic(skb, size, "skb_under_panic")


# -- the linear part -----------------------------------------------------------------------------------------
def skb_reserve(skb: sk_buff, len: int) -> None:
    """Make ``len`` bytes of headroom in an empty skb. Unchecked in the kernel; here BUG where it corrupts the
    geometry.
    """
    skb.data += len
    skb.tail += len
    if skb.len or skb.tail > skb.end or skb.data < skb.head:
        where = site_str(caller_outside())
        if skb.len:
            BUG(f"skb_reserve({len}) on an skb that holds {skb.len} bytes: they are lost", where)
        BUG(f"skb_reserve({len}) leaves {skb.end - skb.tail} bytes of tailroom", where)


def skb_put(skb: sk_buff, len: int) -> int:
    """Append ``len`` bytes; returns a pointer to the first. BUG where there is no room, or in a non-linear skb."""
    tail = skb.tail
    if skb.data_len:
        BUG("skb_put() on a non-linear skb", site_str(caller_outside()), "net/core/skbuff.c:2612")
    skb.tail = new = tail + len
    skb.len += len
    if new > skb.end:
        skb_over_panic(skb, len)
    return tail


def __skb_put(skb: sk_buff, len: int) -> int:
    """skb_put() that does not check for room."""
    tail = skb.tail
    if skb.data_len:
        BUG("__skb_put() on a non-linear skb", site_str(caller_outside()))
    skb.tail = tail + len
    skb.len += len
    return tail


def skb_put_data(skb: sk_buff, data: int | bytes | bytearray | memoryview, len: int) -> int:
    """Append ``len`` bytes copied from a pointer, or from a Python buffer."""
    tail = skb_put(skb, len)
    mem = here.mem
    if isinstance(data, int):
        mem[tail : tail + len] = mem[data : data + len]
    else:
        mem[tail : tail + len] = data[:len]
    return tail


def skb_put_zero(skb: sk_buff, len: int) -> int:
    tail = skb_put(skb, len)
    here.mem[tail : tail + len] = bytes(len)
    return tail


def skb_put_u8(skb: sk_buff, val: int) -> None:
    here.mem[skb_put(skb, 1)] = val


def skb_push(skb: sk_buff, len: int) -> int:
    """Prepend ``len`` bytes of headroom; returns the new ``data``. BUG where there is too little of it."""
    skb.data = data = skb.data - len
    skb.len += len
    if data < skb.head:
        skb_under_panic(skb, len)
    return data


def __skb_push(skb: sk_buff, len: int) -> int:
    skb.data = data = skb.data - len
    skb.len += len
    return data


def skb_pull(skb: sk_buff, len: int) -> int:
    """Drop ``len`` bytes in front; returns the new ``data``, or 0 (NULL) where the skb is shorter."""
    if len > skb.len:
        return 0
    skb.len = new = skb.len - len
    if new < skb.data_len:
        BUG(
            "skb_pull() past the linear part of a non-linear skb",
            site_str(caller_outside()),
            "include/linux/skbuff.h:2783",
        )
    skb.data = data = skb.data + len
    return data


def __skb_pull(skb: sk_buff, len: int) -> int:
    """skb_pull() that does not check against ``len``, which wraps as an unsigned int."""
    skb.len = new = (skb.len - len) & 0xFFFFFFFF
    if new < skb.data_len:
        BUG("__skb_pull() past the linear part of a non-linear skb", site_str(caller_outside()))
    skb.data = data = skb.data + len
    return data


def __skb_trim(skb: sk_buff, len: int) -> None:
    """Set the length of a linear skb. WARN on a non-linear one, which stays as it is."""
    if skb.data_len:
        WARN(
            "__skb_trim() on a non-linear skb",
            site_str(caller_outside()),
            "include/linux/skbuff.h:3265 skb_trim+0x38/0x40",
        )
        return
    skb.len = len
    skb.tail = skb.data + len


def skb_trim(skb: sk_buff, len: int) -> None:
    """Cut a linear skb to ``len`` bytes where it is longer."""
    if skb.len > len:
        __skb_trim(skb, len)


# -- what it holds -------------------------------------------------------------------------------------------
def skb_shinfo(skb: sk_buff) -> skb_shared_info:
    return skb._shinfo


def skb_metadata_set(skb: sk_buff, meta_len: int) -> None:
    """Say that ``meta_len`` bytes of metadata, left by an XDP program, lie in front of the MAC header."""
    skb._shinfo.meta_len = meta_len


def skb_metadata_len(skb: sk_buff) -> int:
    return skb._shinfo.meta_len


def skb_headlen(skb: sk_buff) -> int:
    """Bytes in the linear part."""
    return skb.len - skb.data_len


def skb_headroom(skb: sk_buff) -> int:
    return skb.data - skb.head


def skb_tailroom(skb: sk_buff) -> int:
    """Free bytes at the tail; 0 for a non-linear skb."""
    return 0 if skb.data_len else skb.end - skb.tail


def skb_is_nonlinear(skb: sk_buff) -> bool:
    return skb.data_len != 0


def skb_is_gso(skb: sk_buff) -> bool:
    return skb._shinfo.gso_size != 0


def skb_end_pointer(skb: sk_buff) -> int:
    return skb.end


def skb_end_offset(skb: sk_buff) -> int:
    return skb.end - skb.head


def skb_tail_pointer(skb: sk_buff) -> int:
    return skb.tail


def skb_reset_tail_pointer(skb: sk_buff) -> None:
    skb.tail = skb.data


def skb_set_tail_pointer(skb: sk_buff, offset: int) -> None:
    skb.tail = skb.data + offset


def skb_cloned(skb: sk_buff) -> bool:
    """Whether others share the data."""
    return bool(skb.cloned) and (skb._shinfo.dataref & 0xFFFF) != 1


def skb_header_cloned(skb: sk_buff) -> bool:
    """Whether the header part is shared and must not be written."""
    if not skb.cloned:
        return False
    dataref = skb._shinfo.dataref
    return (dataref & 0xFFFF) - (dataref >> 16) != 1


def skb_header_release(skb: sk_buff) -> None:
    """Say that this skb does not need its header: clones may then write there. Before any clone is made."""
    skb.nohdr = 1
    skb._shinfo.dataref += 1 << 16


def skb_shared(skb: sk_buff) -> bool:
    """Whether others hold a reference to this very sk_buff."""
    return skb.users != 1


def skb_get(skb: sk_buff) -> sk_buff:
    skb.users += 1
    return skb


# -- headers -------------------------------------------------------------------------------------------------
def skb_reset_mac_header(skb: sk_buff) -> None:
    skb.mac_header = skb.data - skb.head & 0xFFFF


def skb_reset_network_header(skb: sk_buff) -> None:
    skb.network_header = skb.data - skb.head & 0xFFFF


def skb_reset_transport_header(skb: sk_buff) -> None:
    skb.transport_header = skb.data - skb.head & 0xFFFF


def skb_set_network_header(skb: sk_buff, offset: int) -> None:
    skb.network_header = skb.data - skb.head + offset & 0xFFFF


def skb_set_transport_header(skb: sk_buff, offset: int) -> None:
    skb.transport_header = skb.data - skb.head + offset & 0xFFFF


def skb_reset_mac_len(skb: sk_buff) -> None:
    skb.mac_len = skb.network_header - skb.mac_header & 0xFFFF


def skb_mac_header_was_set(skb: sk_buff) -> bool:
    return skb.mac_header != UNSET


def skb_transport_header_was_set(skb: sk_buff) -> bool:
    return skb.transport_header != UNSET


def skb_mac_header(skb: sk_buff) -> int:
    return skb.head + skb.mac_header


def skb_network_header(skb: sk_buff) -> int:
    return skb.head + skb.network_header


def skb_transport_header(skb: sk_buff) -> int:
    return skb.head + skb.transport_header


def skb_network_offset(skb: sk_buff) -> int:
    return skb.head + skb.network_header - skb.data


def skb_transport_offset(skb: sk_buff) -> int:
    return skb.head + skb.transport_header - skb.data


# -- queue and hash ------------------------------------------------------------------------------------------
def skb_set_queue_mapping(skb: sk_buff, queue_mapping: int) -> None:
    skb.queue_mapping = queue_mapping


def skb_get_queue_mapping(skb: sk_buff) -> int:
    return skb.queue_mapping


def skb_record_rx_queue(skb: sk_buff, rx_queue: int) -> None:
    skb.queue_mapping = rx_queue + 1


def skb_get_rx_queue(skb: sk_buff) -> int:
    return skb.queue_mapping - 1


def skb_rx_queue_recorded(skb: sk_buff) -> bool:
    return skb.queue_mapping != 0


def skb_set_hash(skb: sk_buff, hash: int, type: int) -> None:
    """Store a hash that the device computed. ``type``: PKT_HASH_TYPE_*."""
    skb.l4_hash = 1 if type == PKT_HASH_TYPE_L4 else 0
    skb.sw_hash = 0
    skb.hash = hash
