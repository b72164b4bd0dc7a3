# SPDX-License-Identifier: Apache-2.0
"""VLAN tags pushed onto an sk_buff and popped off it; the outermost tag is beside the data where it can be.

Source: net/core/skbuff.c skb_vlan_untag(), skb_vlan_pop(), skb_vlan_push(), include/linux/if_vlan.h vlan_get_tag(),
v6.12.
"""

from __future__ import annotations

from pymodel.hw.access import here
from pymodel.linux.bug import WARN, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.errno import EINVAL, ENODATA
from pymodel.linux.if_ether import (
    ETH_HLEN,
    ETH_P_802_2,
    ETH_P_802_3,
    ETH_P_802_3_MIN,
    ETH_P_8021AD,
    ETH_P_8021Q,
    VLAN_ETH_HLEN,
    VLAN_HLEN,
)
from pymodel.linux.if_vlan import __vlan_insert_tag
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.netdev_features import NETIF_F_HW_VLAN_CTAG_TX
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_copy import skb_cow, skb_share_check
from pymodel.linux.skb_csum import skb_ensure_writable, skb_postpull_rcsum, skb_postpush_rcsum, skb_pull_rcsum
from pymodel.linux.skb_frags import pskb_may_pull
from pymodel.linux.skbuff import (
    UNSET,
    __skb_pull,
    sk_buff,
    skb_network_offset,
    skb_reset_mac_len,
    skb_reset_network_header,
    skb_reset_transport_header,
    skb_set_network_header,
)

__all__ = [
    "__skb_vlan_pop", "__vlan_get_tag", "__vlan_hwaccel_get_tag", "skb_vlan_pop", "skb_vlan_push", "skb_vlan_untag",
    "vlan_get_tag", "vlan_remove_tag", "vlan_set_encap_proto",
]


def vlan_set_encap_proto(skb: sk_buff, vhdr: int) -> None:
    """Set ``protocol`` to what follows the tag at a pointer: an Ethernet type, or 802.3 or 802.2 for a length."""
    mem = here.mem
    proto = mem[vhdr + 2] << 8 | mem[vhdr + 3]
    if proto < ETH_P_802_3_MIN:
        proto = ETH_P_802_3 if mem[vhdr + 4] == 0xFF and mem[vhdr + 5] == 0xFF else ETH_P_802_2
    skb.protocol = proto


# -- reading -------------------------------------------------------------------------------------------------
def __vlan_get_tag(skb: sk_buff) -> tuple[int, int]:
    """The tag in the data, which is at the MAC header: (0, tci), or (-ENODATA, 0)."""
    mem = here.mem
    data = skb.data
    if mem[data + 12] << 8 | mem[data + 13] not in (ETH_P_8021Q, ETH_P_8021AD):
        return -ENODATA, 0
    return 0, mem[data + 14] << 8 | mem[data + 15]


def __vlan_hwaccel_get_tag(skb: sk_buff) -> tuple[int, int]:
    """The tag beside the data: (0, tci), or (-ENODATA, 0)."""
    return (0, skb.vlan_tci) if skb.vlan_proto or skb.vlan_tci else (-ENODATA, 0)


def vlan_get_tag(skb: sk_buff) -> tuple[int, int]:
    """The tag where its device wants it, beside the data or in it: (0, tci), or (-ENODATA, 0)."""
    dev = skb.dev
    assert dev is not None, "vlan_get_tag() of an skb without a device"
    return __vlan_hwaccel_get_tag(skb) if dev.features & NETIF_F_HW_VLAN_CTAG_TX else __vlan_get_tag(skb)


# -- receive -------------------------------------------------------------------------------------------------
def skb_vlan_untag(skb: sk_buff) -> sk_buff | None:
    """Move the tag that ``data`` is at (eth_type_trans() found its type) beside the data. Returns the skb, which
    may be another one; None, with it freed, where the frame ends in the tag or memory failed.
    """
    if skb.vlan_proto or skb.vlan_tci:
        return skb
    mine = skb_share_check(skb, GFP_ATOMIC)
    if mine is None:
        return None
    # Two bytes more than the tag: vlan_set_encap_proto() may look at them.
    if not pskb_may_pull(mine, VLAN_HLEN + 2) or skb_cow(mine, mine.data - mine.head) < 0:
        _kfree_skb(mine, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return None
    mem = here.mem
    vhdr = mine.data
    mine.vlan_proto = mine.protocol
    mine.vlan_tci = mem[vhdr] << 8 | mem[vhdr + 1]
    skb_pull_rcsum(mine, VLAN_HLEN)
    vlan_set_encap_proto(mine, vhdr)
    _reorder_vlan_header(mine)
    skb_reset_network_header(mine)
    if mine.transport_header == UNSET:
        skb_reset_transport_header(mine)
    skb_reset_mac_len(mine)
    return mine


def _reorder_vlan_header(skb: sk_buff) -> None:
    """Move the addresses, and XDP's metadata in front of them, over the tag, so that the header is in one piece."""
    mem = here.mem
    mac = skb.head + skb.mac_header
    mac_len = skb.data - mac
    if mac_len > VLAN_HLEN + 2:
        mem[mac + VLAN_HLEN : skb.data - 2] = bytes(mem[mac : skb.data - 2 - VLAN_HLEN])
    meta_len = skb._shinfo.meta_len
    if meta_len:
        mem[mac - meta_len + VLAN_HLEN : mac + VLAN_HLEN] = bytes(mem[mac - meta_len : mac])
    skb.mac_header += VLAN_HLEN


# -- push and pop --------------------------------------------------------------------------------------------
def _not_at_mac_header(skb: sk_buff, what: str) -> bool:
    offset = skb.data - skb.head - skb.mac_header
    if offset:
        WARN(f"{what} got skb with skb->data not at mac header (offset {offset})", site_str(caller_outside()))
    return offset != 0


def vlan_remove_tag(skb: sk_buff) -> int:
    """Take the tag out of the data, which is at a MAC header; its tci. ``protocol`` becomes what followed it."""
    mem = here.mem
    data = skb.data
    vhdr = data + ETH_HLEN
    tci = mem[vhdr] << 8 | mem[vhdr + 1]
    mem[data + VLAN_HLEN : data + VLAN_HLEN + 12] = bytes(mem[data : data + 12])
    vlan_set_encap_proto(skb, vhdr)
    __skb_pull(skb, VLAN_HLEN)
    return tci


def __skb_vlan_pop(skb: sk_buff) -> tuple[int, int]:
    """Take the tag out of the data: (0, tci), (-EINVAL, 0) with a WARN where ``data`` is elsewhere, or (-ENOMEM, 0)."""
    if _not_at_mac_header(skb, "__skb_vlan_pop"):
        return -EINVAL, 0
    err = skb_ensure_writable(skb, VLAN_ETH_HLEN)
    if err:
        return err, 0
    skb_postpull_rcsum(skb, skb.data + 12, VLAN_HLEN)
    tci = vlan_remove_tag(skb)
    skb.mac_header += VLAN_HLEN
    if skb_network_offset(skb) < ETH_HLEN:
        skb_set_network_header(skb, ETH_HLEN)
    skb_reset_mac_len(skb)
    return 0, tci


def skb_vlan_pop(skb: sk_buff) -> int:
    """Drop the outermost tag; the next one, where there is one, goes beside the data. 0 (also where there is none),
    -EINVAL or -ENOMEM.
    """
    if skb.vlan_proto or skb.vlan_tci:
        skb.vlan_proto = skb.vlan_tci = 0
    else:
        if skb.protocol not in (ETH_P_8021Q, ETH_P_8021AD):
            return 0
        err, _ = __skb_vlan_pop(skb)
        if err:
            return err
    proto = skb.protocol
    if proto not in (ETH_P_8021Q, ETH_P_8021AD):
        return 0
    err, tci = __skb_vlan_pop(skb)
    if err:
        return err
    skb.vlan_proto = proto
    skb.vlan_tci = tci
    return 0


def skb_vlan_push(skb: sk_buff, vlan_proto: int, vlan_tci: int) -> int:
    """Put a tag outside of all others, beside the data; the one that was there goes into the data. 0, -EINVAL with a
    WARN where ``data`` is not at the MAC header, or -ENOMEM.
    """
    if skb.vlan_proto or skb.vlan_tci:
        if _not_at_mac_header(skb, "skb_vlan_push"):
            return -EINVAL
        err = __vlan_insert_tag(skb, skb.vlan_proto, skb.vlan_tci)
        if err:
            return err
        skb.protocol = skb.vlan_proto
        skb.network_header -= VLAN_HLEN
        skb_postpush_rcsum(skb, skb.data + 12, VLAN_HLEN)
    skb.vlan_proto = vlan_proto
    skb.vlan_tci = vlan_tci
    return 0
