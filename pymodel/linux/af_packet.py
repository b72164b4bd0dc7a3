# SPDX-License-Identifier: Apache-2.0
"""Packet sockets (AF_PACKET, SOCK_RAW): a program sends and receives whole frames of a device.

Source: net/packet/af_packet.c, v6.12. Simplified: no rings, no fanout, no SOCK_DGRAM.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pymodel.hw.access import here
from pymodel.linux.dev import dev_add_pack, dev_remove_pack, packet_type
from pymodel.linux.dev_xmit import __dev_queue_xmit
from pymodel.linux.dropreason import SKB_CONSUMED, SKB_DROP_REASON_PACKET_SOCK_ERROR
from pymodel.linux.errno import EAGAIN, EINVAL, EMSGSIZE, ENETDOWN, ENOBUFS
from pymodel.linux.if_ether import ETH_HLEN, ETH_P_8021Q, VLAN_HLEN
from pymodel.linux.mm import GFP_KERNEL
from pymodel.linux.sched import wake_up
from pymodel.linux.skb_alloc import _kfree_skb, alloc_skb, consume_skb, kfree_skb
from pymodel.linux.skb_frags import pskb_trim, skb_to_bytes
from pymodel.linux.skbuff import sk_buff
from pymodel.linux.sock import (
    add_data_frags,
    purge,
    return_to_user,
    skb_set_owner_r,
    sock,
    sock_wait_for_wmem,
    sock_wfree,
    wait_for_packet,
)

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = ["packet_recvmsg", "packet_release", "packet_sendmsg", "packet_socket"]

LL_RESERVED = 16  # LL_RESERVED_SPACE() of Ethernet: 14 rounded up to 16


# -- packet sockets ------------------------------------------------------------------------------------------
def packet_socket(dev: net_device, protocol: int = 0) -> sock:
    """``socket(AF_PACKET, SOCK_RAW, protocol)`` bound to a device. Protocol 0 receives nothing, ETH_P_ALL all."""
    sk = sock(dev)
    state = here.state["socks"]
    state.append(sk)
    if protocol:
        sk.prot_hook = packet_type(type=protocol, func=_packet_rcv, dev=dev, af_packet_priv=sk)
        dev_add_pack(sk.prot_hook)
    return sk


def packet_release(sk: sock) -> None:
    """Close: what was received and not read is dropped; what is on its way goes on."""
    if sk.prot_hook is not None:
        dev_remove_pack(sk.prot_hook)
        sk.prot_hook = None
    purge(sk.sk_receive_queue)
    here.state["socks"].remove(sk)


def packet_sendmsg(sk: sock, frame: bytes, *, frags: bool = False, flags: int = 0, check_mtu: bool = True) -> int:
    """Send a whole Ethernet frame; sleeps until the send buffer has room. Bytes sent, or a negative errno.

    ``frags``: what follows the first 64 bytes lies in page fragments. ``flags``: MSG_DONTWAIT (-EAGAIN).
    ``check_mtu=False``: longer frames pass too, as those of senders in the kernel do (net/core/pktgen.c).
    """
    dev = sk.dev
    assert dev is not None
    n = len(frame)
    if not dev.flags & 1:
        return -ENETDOWN
    if n < ETH_HLEN:
        return -EINVAL
    if check_mtu:
        limit = dev.mtu + dev.hard_header_len
        if n > limit and (n > limit + VLAN_HLEN or frame[12] << 8 | frame[13] != ETH_P_8021Q):
            return -EMSGSIZE
    if sk.sk_wmem_alloc >= sk.sk_sndbuf and sock_wait_for_wmem(sk, flags):
        return -EAGAIN
    linear = min(n, 64) if frags else n
    skb = alloc_skb(LL_RESERVED + linear, GFP_KERNEL)
    if skb is None:
        return -ENOBUFS
    skb.data = data = skb.head + LL_RESERVED - ETH_HLEN
    skb.tail = data + linear
    skb.len = linear
    here.poke(data, frame if linear == n else frame[:linear])
    if linear < n and not add_data_frags(skb, frame, linear, here.mem):
        kfree_skb(skb)
        return -ENOBUFS
    skb.network_header = LL_RESERVED
    skb.protocol = frame[12] << 8 | frame[13]
    skb.dev = dev
    skb.priority = sk.sk_priority
    skb.sk = sk
    skb.destructor = sock_wfree
    sk.sk_wmem_alloc += skb.truesize
    err = __dev_queue_xmit(skb, None)
    return_to_user(sk)
    if err:
        return -ENOBUFS if err > 0 and err != 2 else min(err, 0) or n
    return n


def _packet_rcv(skb: sk_buff, dev: net_device, pt: packet_type, orig_dev: net_device) -> int:
    """packet_rcv(): a raw socket sees the frame from its MAC header."""
    sk: sock = pt.af_packet_priv
    back = skb.data - skb.head - skb.mac_header
    wanted = -1
    if sk.sk_filter is not None:
        skb.data -= back
        skb.len += back
        wanted = int(sk.sk_filter(skb))
        skb.data += back
        skb.len -= back
        if not wanted:
            _kfree_skb(skb, SKB_CONSUMED, (_packet_rcv.__code__, 0))
            return 0
    if sk.sk_rmem_alloc >= sk.sk_rcvbuf:
        sk.sk_drops += 1
        _kfree_skb(skb, SKB_DROP_REASON_PACKET_SOCK_ERROR, (_packet_rcv.__code__, 0))
        return 0
    if skb.users != 1:  # others hold this sk_buff: take a clone, and drop our reference
        from pymodel.linux.skb_copy import skb_clone

        clone = skb_clone(skb, 0)
        if clone is None:
            sk.sk_drops += 1
            _kfree_skb(skb, SKB_DROP_REASON_PACKET_SOCK_ERROR, (_packet_rcv.__code__, 0))
            return 0
        consume_skb(skb)
        skb = clone
    skb.data -= back
    skb.len += back
    if 0 < wanted < skb.len:
        pskb_trim(skb, wanted)
    skb_set_owner_r(skb, sk)
    skb.dev = None
    sk.sk_receive_queue.append(skb)
    wake_up(sk.sk_data_ready)
    return 0


def packet_recvmsg(sk: sock, flags: int = 0) -> bytes | int:
    """The next frame; sleeps until there is one. With MSG_DONTWAIT -EAGAIN where there is none. A VLAN tag that is
    beside the data is put back, as libpcap does with PACKET_AUXDATA.
    """
    err = wait_for_packet(sk, flags, lambda: bool(sk.sk_receive_queue))
    if err:
        return err
    skb = sk.sk_receive_queue.popleft()
    frame = skb_to_bytes(skb)
    if skb.vlan_proto:
        frame = frame[:12] + struct.pack(">HH", skb.vlan_proto, skb.vlan_tci) + frame[12:]
    consume_skb(skb)
    return frame
