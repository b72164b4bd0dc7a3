# SPDX-License-Identifier: Apache-2.0
"""XDP and devices: attaching programs, running them in the stack for drivers that cannot (generic XDP), sending packets
out of other devices.

Source: net/core/dev.c dev_xdp_attach(), do_xdp_generic(), net/core/filter.c xdp_do_redirect(), kernel/bpf/devmap.c,
v6.12. Simplified: redirection is to a device by its ifindex, without maps; no offload to the device, no links.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import WARN, caller, site_str
from pymodel.linux.dev_xmit import netdev_core_pick_tx
from pymodel.linux.dropreason import SKB_DROP_REASON_NOT_SPECIFIED, SKB_DROP_REASON_XDP
from pymodel.linux.errno import EBUSY, EEXIST, EINVAL, EMSGSIZE, ENETDOWN, EOPNOTSUPP, EOVERFLOW
from pymodel.linux.if_ether import ETH_HLEN, VLAN_HLEN, eth_type_trans
from pymodel.linux.mm import GFP_ATOMIC
from pymodel.linux.netdevice import (
    ASSERT_RTNL,
    IFF_UP,
    NETDEV_TX_BUSY,
    QUEUE_STATE_DRV_XOFF_OR_FROZEN,
    net_device,
)
from pymodel.linux.sched import spin_lock, spin_unlock
from pymodel.linux.skb_alloc import _kfree_skb
from pymodel.linux.skb_copy import pskb_expand_head
from pymodel.linux.skb_frags import skb_linearize
from pymodel.linux.skbuff import (
    NET_SKB_PAD,
    PACKET_HOST,
    __skb_pull,
    __skb_push,
    sk_buff,
    skb_cloned,
    skb_metadata_set,
)
from pymodel.linux.xdp import (
    XDP_ABORTED,
    XDP_DROP,
    XDP_PACKET_HEADROOM,
    XDP_PASS,
    XDP_REDIRECT,
    XDP_SETUP_PROG,
    XDP_TX,
    bpf_prog,
    bpf_prog_inc,
    bpf_prog_put,
    bpf_warn_invalid_xdp_action,
    netdev_bpf,
    trace_xdp_exception,
    xdp_buff,
    xdp_convert_buff_to_frame,
    xdp_frame,
    xdp_get_frame_len,
    xdp_init_buff,
    xdp_prepare_buff,
    xdp_return_frame_rx_napi,
)
from pymodel.linux.xmit import netdev_start_xmit

if TYPE_CHECKING:
    from pymodel.linux.napi import napi_struct

__all__ = [
    "NETDEV_XDP_ACT_BASIC",
    "NETDEV_XDP_ACT_NDO_XMIT",
    "NETDEV_XDP_ACT_REDIRECT",
    "XDP_FLAGS_DRV_MODE",
    "XDP_FLAGS_HW_MODE",
    "XDP_FLAGS_REPLACE",
    "XDP_FLAGS_SKB_MODE",
    "XDP_FLAGS_UPDATE_IF_NOEXIST",
    "XDP_XMIT_FLAGS_MASK",
    "XDP_XMIT_FLUSH",
    "bpf_prog_run_generic_xdp",
    "bpf_xdp_redirect",
    "dev_change_xdp_fd",
    "dev_xdp_prog_count",
    "dev_xdp_prog_id",
    "do_xdp_generic",
    "generic_xdp_tx",
    "xdp_do_check_flushed",
    "xdp_do_flush",
    "xdp_do_redirect",
]

XDP_FLAGS_UPDATE_IF_NOEXIST = 1 << 0
XDP_FLAGS_SKB_MODE = 1 << 1
XDP_FLAGS_DRV_MODE = 1 << 2
XDP_FLAGS_HW_MODE = 1 << 3
XDP_FLAGS_REPLACE = 1 << 4
_MODES = XDP_FLAGS_SKB_MODE | XDP_FLAGS_DRV_MODE | XDP_FLAGS_HW_MODE

NETDEV_XDP_ACT_BASIC = 1
NETDEV_XDP_ACT_REDIRECT = 2
NETDEV_XDP_ACT_NDO_XMIT = 4

XDP_XMIT_FLUSH = 1
XDP_XMIT_FLAGS_MASK = XDP_XMIT_FLUSH
DEV_MAP_BULK_SIZE = 16

_SKB, _DRV, _HW = range(3)


# -- attaching -----------------------------------------------------------------------------------------------
def dev_change_xdp_fd(
    dev: net_device,
    extack: Any,
    fd: bpf_prog | Callable[[xdp_buff], int] | None,
    expected_fd: bpf_prog | None,
    flags: int,
) -> int:
    """Attach a program to a device, replace it, or with None detach it: what netlink's IFLA_XDP does. ``flags``:
    XDP_FLAGS_*; without a mode the driver's ndo_bpf is used where there is one, else generic XDP. 0 or a negative
    errno. rtnl is held. In C, programs are file descriptors.
    """
    prog = fd if fd is None or isinstance(fd, bpf_prog) else bpf_prog(fd)
    if prog is not None:
        if prog is fd:
            bpf_prog_inc(prog)
        else:
            here.state["net"].xdp_progs.append(prog)
    err = _attach(dev, extack, prog, expected_fd, flags)
    if err and prog is not None:
        bpf_prog_put(prog)
    return err


def _attach(dev: net_device, extack: Any, new: bpf_prog | None, old: bpf_prog | None, flags: int) -> int:
    ASSERT_RTNL()
    modes = flags & _MODES
    if modes & (modes - 1):
        return _err(extack, "Only one XDP mode flag can be set", EINVAL)
    if not modes and dev_xdp_prog_count(dev) > 1:
        return _err(extack, "More than one program loaded, unset mode is ambiguous", EINVAL)
    if old is not None and not flags & XDP_FLAGS_REPLACE:
        return _err(extack, "XDP_FLAGS_REPLACE is not specified", EINVAL)
    mode = _mode(dev, flags)
    current = dev.xdp_state[mode]
    if flags & XDP_FLAGS_REPLACE and current is not old:
        return _err(extack, "Active program does not match expected", EEXIST)
    if new is not None:
        if flags & XDP_FLAGS_UPDATE_IF_NOEXIST and current is not None:
            return _err(extack, "XDP program already attached", EBUSY)
        if mode != _HW and dev.xdp_state[_DRV if mode == _SKB else _SKB] is not None:
            return _err(extack, "Native and generic XDP can't be active at the same time", EEXIST)
    if new is not current:
        if (mode != _SKB and dev.netdev_ops.ndo_bpf is None) or mode == _HW:
            return _err(extack, "Underlying driver does not support XDP in native mode", EOPNOTSUPP)
        err = _install(dev, mode, extack, flags, new)
        if err:
            return err
    dev.xdp_state[mode] = new
    if current is not None:
        bpf_prog_put(current)
    return 0


def _err(extack: Any, msg: str, errno: int) -> int:
    if extack is not None:
        extack._msg = msg
    return -errno


def _mode(dev: net_device, flags: int) -> int:
    if flags & XDP_FLAGS_HW_MODE:
        return _HW
    if flags & XDP_FLAGS_DRV_MODE:
        return _DRV
    if flags & XDP_FLAGS_SKB_MODE:
        return _SKB
    return _DRV if dev.netdev_ops.ndo_bpf is not None else _SKB


def _install(dev: net_device, mode: int, extack: Any, flags: int, prog: bpf_prog | None) -> int:
    """The program goes to the driver with a reference, which it puts when the program is replaced."""
    if prog is not None:
        bpf_prog_inc(prog)
    if mode == _SKB:
        net = here.state["net"]
        old, dev.xdp_prog = dev.xdp_prog, prog
        net.generic_xdp_needed += (prog is not None) - (old is not None)
        if old is not None:
            bpf_prog_put(old)
        return 0
    err = int(dev.netdev_ops.ndo_bpf(dev, netdev_bpf(XDP_SETUP_PROG, prog, flags, extack)))
    if err and prog is not None:
        bpf_prog_put(prog)
    return err


def xdp_leaks() -> list[str]:
    """One line for each program that is attached nowhere any more, and that somebody still has a reference to."""
    net = here.state["net"]
    attached = {id(prog) for dev in net.netdevs_alive for prog in dev.xdp_state if prog is not None}
    return [
        f"XDP program {prog!r}: {prog.refcnt} references left; a driver puts the program that another replaces"
        for prog in net.xdp_progs
        if prog.refcnt > 0 and id(prog) not in attached
    ]


def dev_xdp_prog_count(dev: net_device) -> int:
    """How many programs are attached, in all modes."""
    return sum(prog is not None for prog in dev.xdp_state)


def dev_xdp_prog_id(dev: net_device, mode: int) -> bpf_prog | None:
    """The program attached in a mode: 0 generic, 1 native. In C, its number."""
    return dev.xdp_state[mode]


def dev_xdp_uninstall(dev: net_device) -> None:
    """Detach all: the device goes away."""
    for mode, prog in enumerate(dev.xdp_state):
        if prog is not None:
            _install(dev, mode, None, 0, None)
            dev.xdp_state[mode] = None
            bpf_prog_put(prog)


# -- generic XDP ---------------------------------------------------------------------------------------------
def bpf_prog_run_generic_xdp(skb: sk_buff, xdp: xdp_buff, xdp_prog: bpf_prog) -> int:
    """Run a program on an sk_buff, which then is what the program has made of it."""
    dev = skb.dev
    assert dev is not None
    mem = here.mem
    mac_len = skb.data - skb.head - skb.mac_header
    xdp_init_buff(xdp, skb.end - skb.head + 320, dev._rx[_rx_index(skb, dev)].xdp_rxq)
    xdp_prepare_buff(xdp, skb.head, skb.data - skb.head - mac_len, skb.len - skb.data_len + mac_len, True)
    data, data_end = xdp.data, xdp.data_end
    header = bytes(mem[data : data + ETH_HLEN])
    act = xdp_prog.func(xdp)  # not bpf_prog_run_xdp(): this packet counts as received already (NAPI1)
    off = xdp.data - data
    if off:
        if off > 0:
            __skb_pull(skb, off)
        else:
            __skb_push(skb, -off)
        skb.mac_header += off
        skb.network_header = skb.data - skb.head
    off = xdp.data_end - data_end
    if off:
        skb.tail = xdp.data_end
        skb.len += off
    now = bytes(mem[xdp.data : xdp.data + ETH_HLEN])
    if now != header and (
        now[12:] != header[12:] or (now[:6] == dev.dev_addr) != (header[:6] == dev.dev_addr) or (now[0] ^ header[0]) & 1
    ):
        __skb_push(skb, ETH_HLEN)
        skb.pkt_type = PACKET_HOST
        skb.protocol = eth_type_trans(skb, dev)
    if act in (XDP_REDIRECT, XDP_TX):
        __skb_push(skb, mac_len)
    elif act == XDP_PASS and xdp.data > xdp.data_meta:
        skb_metadata_set(skb, xdp.data - xdp.data_meta)
    return act


def _rx_index(skb: sk_buff, dev: net_device) -> int:
    index = skb.queue_mapping - 1 if skb.queue_mapping else 0
    return index if index < dev.real_num_rx_queues else 0


def _receive_generic_xdp(skb: sk_buff, xdp: xdp_buff, xdp_prog: bpf_prog) -> int:
    mac_len = skb.data - skb.head - skb.mac_header
    __skb_push(skb, mac_len)
    headroom = skb.data - skb.head
    if skb_cloned(skb) or skb.data_len or headroom < XDP_PACKET_HEADROOM:
        hroom = XDP_PACKET_HEADROOM - headroom
        troom = skb.tail + skb.data_len - skb.end
        hroom = -(-hroom // NET_SKB_PAD) * NET_SKB_PAD if hroom > 0 else 0
        if pskb_expand_head(skb, hroom, troom + 128 if troom > 0 else 0, GFP_ATOMIC) or skb_linearize(skb):
            _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
            return XDP_DROP
    __skb_pull(skb, mac_len)
    act = bpf_prog_run_generic_xdp(skb, xdp, xdp_prog)
    if act in (XDP_REDIRECT, XDP_TX, XDP_PASS):
        return act
    assert skb.dev is not None
    if act != XDP_DROP:
        if act != XDP_ABORTED:
            bpf_warn_invalid_xdp_action(skb.dev, xdp_prog, act)
        trace_xdp_exception(skb.dev, xdp_prog, act)
    _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
    return XDP_DROP


def do_xdp_generic(xdp_prog: bpf_prog | None, skb: sk_buff) -> tuple[int, sk_buff]:
    """Run a device's program in the stack, on an sk_buff. XDP_PASS, or XDP_DROP where the skb is consumed."""
    if xdp_prog is None:
        return XDP_PASS, skb
    act = _receive_generic_xdp(skb, xdp := xdp_buff(), xdp_prog)
    if act == XDP_PASS:
        return XDP_PASS, skb
    if act == XDP_TX:
        generic_xdp_tx(skb, xdp_prog)
    elif act == XDP_REDIRECT and _generic_redirect(skb, xdp, xdp_prog):
        _kfree_skb(skb, SKB_DROP_REASON_XDP, caller())
    return XDP_DROP, skb


def generic_xdp_tx(skb: sk_buff, xdp_prog: bpf_prog) -> None:
    """Send past queueing discipline and taps, as a driver's XDP_TX does."""
    dev = skb.dev
    assert dev is not None
    txq = netdev_core_pick_tx(dev, skb, None)
    spin_lock(txq._lock)
    stopped = txq.state & QUEUE_STATE_DRV_XOFF_OR_FROZEN
    sent = not stopped and netdev_start_xmit(skb, dev, txq, False) < NETDEV_TX_BUSY
    spin_unlock(txq._lock)
    if not sent:
        trace_xdp_exception(dev, xdp_prog, XDP_TX)
        dev.tx_dropped += 1
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())


def _generic_redirect(skb: sk_buff, xdp: xdp_buff, xdp_prog: bpf_prog) -> int:
    fwd = _target()
    err = -EINVAL if fwd is None else _ok_fwd_dev(fwd, skb.len)
    if err:
        return err
    assert fwd is not None
    skb.dev = fwd
    generic_xdp_tx(skb, xdp_prog)
    return 0


# -- redirection ---------------------------------------------------------------------------------------------
def bpf_xdp_redirect(ifindex: int, flags: int) -> int:
    """In a program: ``return bpf_xdp_redirect(dev.ifindex, 0)`` sends the packet out of that device (the helper is
    bpf_redirect() in C). XDP_REDIRECT, or XDP_ABORTED for flags, of which there are none.
    """
    if flags:
        return XDP_ABORTED
    here.state["net"].softnet[this_cpu().id].xdp_target = ifindex
    return XDP_REDIRECT


def _target() -> net_device | None:
    net = here.state["net"]
    sd = net.softnet[this_cpu().id]
    ifindex, sd.xdp_target = sd.xdp_target, 0
    return next((dev for dev in net.devices if dev.ifindex == ifindex), None)


def _ok_fwd_dev(fwd: net_device, pktlen: int) -> int:
    if not fwd.flags & IFF_UP:
        return -ENETDOWN
    return -EMSGSIZE if pktlen > fwd.mtu + fwd.hard_header_len + VLAN_HLEN else 0


def xdp_do_redirect(dev: net_device, xdp: xdp_buff, prog: bpf_prog | None) -> int:
    """After a program returned XDP_REDIRECT, in a driver's poll: queue the buffer for the other device. 0, or a
    negative errno with the buffer still the driver's. xdp_do_flush() must follow before the poll ends.
    """
    fwd = _target()
    xdpf = xdp_convert_buff_to_frame(xdp)
    if xdpf is None:
        return -EOVERFLOW
    if fwd is None:
        return -EINVAL
    if fwd.netdev_ops.ndo_xdp_xmit is None or not fwd.xdp_features & NETDEV_XDP_ACT_NDO_XMIT:
        return -EOPNOTSUPP
    err = _ok_fwd_dev(fwd, xdp_get_frame_len(xdpf))
    if err:
        return err
    xdpf.dev_rx = dev
    bulk: dict[net_device, list[xdp_frame]] = here.state["net"].softnet[this_cpu().id].xdp_bulk
    frames = bulk.setdefault(fwd, [])
    if len(frames) == DEV_MAP_BULK_SIZE:
        _xmit_all(fwd, frames)
    frames.append(xdpf)
    return 0


def xdp_do_flush() -> None:
    """Send what this poll has redirected."""
    bulk: dict[net_device, list[xdp_frame]] = here.state["net"].softnet[this_cpu().id].xdp_bulk
    for dev, frames in bulk.items():
        _xmit_all(dev, frames)
    bulk.clear()


def xdp_do_check_flushed(napi: napi_struct) -> None:
    """WARN where a poll has redirected packets and not flushed; send them. CONFIG_DEBUG_NET's check."""
    poll = getattr(napi.poll, "__code__", None)
    xdp_do_flush()
    WARN(f"{napi.dev}: missed xdp_do_flush() invocation after NAPI", site_str((poll, 0)) if poll is not None else "")


def _xmit_all(dev: net_device, frames: list[xdp_frame]) -> None:
    """ndo_xdp_xmit takes the first ones, as many as it says; the others are given back."""
    sent = max(0, int(dev.netdev_ops.ndo_xdp_xmit(dev, len(frames), list(frames), XDP_XMIT_FLUSH)))
    for xdpf in frames[sent:]:
        trace_xdp_exception(dev, None, XDP_REDIRECT)
        xdp_return_frame_rx_napi(xdpf)
    frames.clear()
