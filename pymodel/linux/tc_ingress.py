# SPDX-License-Identifier: Apache-2.0
"""Traffic control at ingress: programs attached to a device that see each packet it receives before the protocols do.

A program is a Python function ``prog(skb) -> TC_ACT_*``; it sees the frame from its MAC header. Programs run in the
order in which they were attached, until one returns something else than TC_ACT_UNSPEC (TCX_NEXT). Source:
net/core/dev.c sch_handle_ingress(), kernel/bpf/tcx.c, net/core/filter.c bpf_redirect(), v6.12. Simplified: what a
classifier of tc in direct-action mode may return besides, programs here may return too; no other classifiers and
actions, none at egress.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import caller
from pymodel.linux.dropreason import SKB_CONSUMED, SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_TC_INGRESS
from pymodel.linux.errno import EEXIST, EINVAL, ENOENT
from pymodel.linux.if_ether import ETH_HLEN, eth_type_trans
from pymodel.linux.netdevice import IFF_UP, NET_RX_DROP, NET_RX_SUCCESS, net_device
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_csum import skb_postpull_rcsum, skb_postpush_rcsum
from pymodel.linux.skbuff import PACKET_HOST, __skb_pull, __skb_push, sk_buff

if TYPE_CHECKING:
    Prog = Callable[[sk_buff], int]

__all__ = [
    "BPF_F_INGRESS", "TCX_DROP", "TCX_NEXT", "TCX_PASS", "TCX_REDIRECT", "TC_ACT_CONSUMED", "TC_ACT_OK",
    "TC_ACT_PIPE", "TC_ACT_QUEUED", "TC_ACT_RECLASSIFY", "TC_ACT_REDIRECT", "TC_ACT_REPEAT", "TC_ACT_SHOT",
    "TC_ACT_STOLEN", "TC_ACT_TRAP", "TC_ACT_UNSPEC", "bpf_redirect", "tcx_prog_attach", "tcx_prog_detach",
]

TC_ACT_UNSPEC = -1
(
    TC_ACT_OK,
    TC_ACT_RECLASSIFY,
    TC_ACT_SHOT,
    TC_ACT_PIPE,
    TC_ACT_STOLEN,
    TC_ACT_QUEUED,
    TC_ACT_REPEAT,
    TC_ACT_REDIRECT,
    TC_ACT_TRAP,
    TC_ACT_CONSUMED,
) = range(10)
TCX_NEXT, TCX_PASS, TCX_DROP, TCX_REDIRECT = TC_ACT_UNSPEC, TC_ACT_OK, TC_ACT_SHOT, TC_ACT_REDIRECT

BPF_F_INGRESS = 1

_NO_VERDICT = (TC_ACT_UNSPEC, TC_ACT_PIPE, TC_ACT_REPEAT)


def tcx_prog_attach(dev: net_device, prog: Prog) -> int:
    """Attach a program to a device's ingress, behind those that are there. 0, or -EEXIST where it is one of them. (In C
    the device and the program are numbers in a union bpf_attr.)
    """
    if prog in dev.tcx_ingress:
        return -EEXIST
    dev.tcx_ingress.append(prog)
    here.state["net"].ingress_needed += 1
    return 0


def tcx_prog_detach(dev: net_device, prog: Prog) -> int:
    """Detach it. 0 or -ENOENT."""
    if prog not in dev.tcx_ingress:
        return -ENOENT
    dev.tcx_ingress.remove(prog)
    here.state["net"].ingress_needed -= 1
    return 0


def bpf_redirect(ifindex: int, flags: int) -> int:
    """In a program: ``return bpf_redirect(dev.ifindex, 0)`` sends the packet out of that device; with BPF_F_INGRESS
    that device receives it. TC_ACT_REDIRECT, or TC_ACT_SHOT for other flags.
    """
    if flags & ~BPF_F_INGRESS:
        return TC_ACT_SHOT
    sd = here.state["net"].softnet[this_cpu().id]
    sd.tc_target = (ifindex, flags)
    return TC_ACT_REDIRECT


def sch_handle_ingress(skb: sk_buff, dev: net_device) -> tuple[sk_buff | None, int]:
    """Run the programs. The skb; or None where it is gone, and what netif_receive_skb() returns then."""
    mac_len = skb.mac_len
    __skb_push(skb, mac_len)
    act = TC_ACT_UNSPEC
    for prog in list(dev.tcx_ingress):
        act = prog(skb)
        if TC_ACT_UNSPEC < act <= TC_ACT_CONSUMED and act not in _NO_VERDICT:
            break
    __skb_pull(skb, mac_len)
    if act == TC_ACT_SHOT:
        _kfree_skb(skb, SKB_DROP_REASON_TC_INGRESS, caller())
        return None, NET_RX_DROP
    if act == TC_ACT_REDIRECT:
        __skb_push(skb, mac_len)
        _redirect(skb)
        return None, NET_RX_SUCCESS
    if act in (TC_ACT_STOLEN, TC_ACT_QUEUED, TC_ACT_TRAP):
        _kfree_skb(skb, SKB_CONSUMED, caller())
        return None, NET_RX_SUCCESS
    return (None, NET_RX_SUCCESS) if act == TC_ACT_CONSUMED else (skb, NET_RX_SUCCESS)


def _redirect(skb: sk_buff) -> int:
    """skb_do_redirect(): into or out of another device."""
    from pymodel.linux.backlog import __netif_rx
    from pymodel.linux.dev_xmit import dev_queue_xmit

    net = here.state["net"]
    ifindex, flags = net.softnet[this_cpu().id].tc_target
    dev: net_device | None = next((d for d in net.devices if d.ifindex == ifindex), None)
    if dev is None:
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return -EINVAL
    skb_postpush_rcsum(skb, skb.data, skb.mac_len)
    if not flags & BPF_F_INGRESS:
        skb.dev = dev
        return dev_queue_xmit(skb)
    if not dev.flags & IFF_UP:
        dev.rx_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
        return NET_RX_DROP
    skb.pkt_type = PACKET_HOST
    skb.skb_iif = skb.priority = skb.tstamp = 0
    skb.protocol = eth_type_trans(skb, dev)
    skb_postpull_rcsum(skb, skb.head + skb.mac_header, ETH_HLEN)
    return __netif_rx(skb)
