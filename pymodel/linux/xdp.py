# SPDX-License-Identifier: Apache-2.0
"""XDP: programs that see a packet before it is an sk_buff, the buffers they work on, and what drivers do with both.

A program is a Python function ``prog(xdp) -> XDP_*`` that is given the struct xdp_buff itself, and reads and writes
the packet through ``readable(xdp)`` or host memory. Source: include/net/xdp.h, net/core/xdp.c, net/core/filter.c,
v6.12. Simplified: no buffers with fragments, no metadata kfuncs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here, this_cpu
from pymodel.linux.bug import BUG, WARN, caller, caller_outside, netdev_warn, site_str
from pymodel.linux.errno import EACCES, EFAULT, EINVAL, ENODEV, ENOTSUPP, EOPNOTSUPP
from pymodel.linux.if_ether import ETH_HLEN
from pymodel.linux.mm import page_frag_free, put_page, virt_to_head_page
from pymodel.linux.page_pool import page_pool_put_full_page

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device

__all__ = [
    "MEM_TYPE_PAGE_ORDER0", "MEM_TYPE_PAGE_POOL", "MEM_TYPE_PAGE_SHARED", "MEM_TYPE_XSK_BUFF_POOL", "XDP_ABORTED",
    "XDP_DROP", "XDP_PACKET_HEADROOM", "XDP_PASS", "XDP_REDIRECT", "XDP_SETUP_PROG", "XDP_TX", "bpf_prog",
    "bpf_prog_inc", "bpf_prog_put", "bpf_prog_run_xdp", "bpf_warn_invalid_xdp_action", "bpf_xdp_adjust_head",
    "bpf_xdp_adjust_meta", "bpf_xdp_adjust_tail", "netdev_bpf", "trace_xdp_exception", "xdp_buff",
    "xdp_convert_buff_to_frame", "xdp_data_hard_end", "xdp_frame", "xdp_get_buff_len", "xdp_get_frame_len",
    "xdp_init_buff", "xdp_packet", "xdp_prepare_buff", "xdp_return_buff", "xdp_return_frame",
    "xdp_return_frame_rx_napi", "xdp_rxq_info", "xdp_rxq_info_is_reg", "xdp_rxq_info_reg",
    "xdp_rxq_info_reg_mem_model", "xdp_rxq_info_unreg", "xdp_rxq_info_unused", "xdp_set_data_meta_invalid",
]

XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT = range(5)

XDP_PACKET_HEADROOM = 256
SIZEOF_XDP_FRAME = 40  # struct xdp_frame lies at the start of the headroom
_SHINFO = 320  # SKB_DATA_ALIGN(sizeof(struct skb_shared_info)), at the end of the buffer

XDP_SETUP_PROG = 0  # commands of ndo_bpf

MEM_TYPE_PAGE_SHARED, MEM_TYPE_PAGE_ORDER0, MEM_TYPE_PAGE_POOL, MEM_TYPE_XSK_BUFF_POOL = range(4)

_NEW, _REGISTERED, _UNREGISTERED, _UNUSED = range(4)


# -- programs ------------------------------------------------------------------------------------------------
class bpf_prog:
    """A program: its function, and the number of its users."""

    __slots__ = ("func", "refcnt")

    def __init__(self, func: Callable[[xdp_buff], int]) -> None:
        self.func = func
        self.refcnt = 1

    def __repr__(self) -> str:
        return getattr(self.func, "__name__", repr(self.func))


def bpf_prog_inc(prog: bpf_prog) -> None:
    prog.refcnt += 1


def bpf_prog_put(prog: bpf_prog) -> None:
    """Drop a reference: a driver does, of the program that it replaces."""
    prog.refcnt -= 1
    if prog.refcnt < 0:
        BUG(f"bpf_prog_put() of {prog} more often than it was taken", site_str(caller()))


def bpf_prog_run_xdp(prog: bpf_prog, xdp: xdp_buff) -> int:
    """Run a program on a buffer: XDP_*, or whatever it returned. What does not go on to the stack counts as received
    here (NAPI1).
    """
    act = prog.func(xdp)
    if act != XDP_PASS:
        poll = here.state["net"].softnet[this_cpu().id].current
        if poll is not None:
            poll.delivered += 1
    return act


def bpf_warn_invalid_xdp_action(dev: net_device, prog: bpf_prog, act: int) -> None:
    netdev_warn(dev, "Illegal XDP return value %s on prog %s, expect packet loss!", act, prog)


def trace_xdp_exception(dev: net_device, prog: bpf_prog | None, act: int) -> None:
    """Count a packet that a program's action lost, by action: ``counters()["xdp_exceptions"]``."""
    counts: dict[int, int] = here.state["net"].xdp_exceptions
    counts[act] = counts.get(act, 0) + 1


class netdev_bpf:
    """What ndo_bpf is asked for: ``command`` XDP_SETUP_PROG installs ``prog`` (None: takes the present one away)."""

    __slots__ = ("command", "extack", "flags", "prog")

    def __init__(self, command: int, prog: bpf_prog | None = None, flags: int = 0, extack: Any = None) -> None:
        self.command = command
        self.prog = prog
        self.flags = flags
        self.extack = extack


# -- receive queues ------------------------------------------------------------------------------------------
class xdp_rxq_info:
    """A receive queue as XDP sees it: where buffers come from, and how they are given back."""

    __slots__ = ("allocator", "dev", "mem_type", "napi_id", "queue_index", "reg_state")

    def __init__(self) -> None:
        self.dev: net_device | None = None
        self.queue_index = 0
        self.reg_state = _NEW
        self.napi_id = 0
        self.mem_type = MEM_TYPE_PAGE_SHARED
        self.allocator: Any = None


def xdp_rxq_info_reg(xdp_rxq: xdp_rxq_info, dev: net_device | None, queue_index: int, napi_id: int) -> int:
    """Register a queue, as a driver does when it sets up its ring. 0 or a negative errno."""
    if xdp_rxq.reg_state == _UNUSED:
        WARN("xdp_rxq_info_reg: Driver promised not to register this", site_str(caller_outside()))
        return -EINVAL
    if xdp_rxq.reg_state == _REGISTERED:
        WARN("xdp_rxq_info_reg: Missing unregister, handled but fix driver", site_str(caller_outside()))
        xdp_rxq_info_unreg(xdp_rxq)
    if dev is None:
        WARN("xdp_rxq_info_reg: Missing net_device from driver", site_str(caller_outside()))
        return -ENODEV
    xdp_rxq.dev = dev
    xdp_rxq.queue_index = queue_index
    xdp_rxq.napi_id = napi_id
    xdp_rxq.mem_type = MEM_TYPE_PAGE_SHARED
    xdp_rxq.reg_state = _REGISTERED
    return 0


def xdp_rxq_info_unreg(xdp_rxq: xdp_rxq_info) -> None:
    if xdp_rxq.reg_state == _UNUSED:
        return
    if xdp_rxq.reg_state != _REGISTERED:
        WARN("xdp_rxq_info_unreg: Driver BUG: not registered", site_str(caller_outside()))
    xdp_rxq.reg_state = _UNREGISTERED
    xdp_rxq.dev = None
    xdp_rxq.allocator = None
    xdp_rxq.mem_type = MEM_TYPE_PAGE_SHARED


def xdp_rxq_info_unused(xdp_rxq: xdp_rxq_info) -> None:
    xdp_rxq.reg_state = _UNUSED


def xdp_rxq_info_is_reg(xdp_rxq: xdp_rxq_info) -> bool:
    return xdp_rxq.reg_state == _REGISTERED


def xdp_rxq_info_reg_mem_model(xdp_rxq: xdp_rxq_info, type: int, allocator: Any) -> int:
    """Say how buffers of the queue are freed: MEM_TYPE_*; ``allocator``: the page pool. 0 or a negative errno."""
    if xdp_rxq.reg_state != _REGISTERED:
        WARN("xdp_rxq_info_reg_mem_model: Missing register, driver bug", site_str(caller_outside()))
        return -EFAULT
    if type > MEM_TYPE_XSK_BUFF_POOL or type < 0:
        return -EOPNOTSUPP
    if allocator is None and type in (MEM_TYPE_PAGE_POOL, MEM_TYPE_XSK_BUFF_POOL):
        return -EINVAL
    xdp_rxq.mem_type = type
    xdp_rxq.allocator = allocator
    return 0


# -- buffers -------------------------------------------------------------------------------------------------
class xdp_buff:
    """A received packet before it is an sk_buff. Pointers into host memory: ``data_hard_start`` <= ``data_meta`` <=
    ``data`` <= ``data_end``; ``frame_sz`` bytes in all.
    """

    __slots__ = ("data", "data_end", "data_hard_start", "data_meta", "flags", "frame_sz", "rxq", "txq")

    def __init__(self) -> None:
        self.data = 0
        self.data_end = 0
        self.data_meta = 0
        self.data_hard_start = 0
        self.rxq: xdp_rxq_info | None = None
        self.txq: Any = None
        self.frame_sz = 0
        self.flags = 0


def xdp_init_buff(xdp: xdp_buff, frame_sz: int, rxq: xdp_rxq_info | None) -> None:
    xdp.frame_sz = frame_sz
    xdp.rxq = rxq
    xdp.flags = 0


def xdp_prepare_buff(xdp: xdp_buff, hard_start: int, headroom: int, data_len: int, meta_valid: bool) -> None:
    """Point it at ``data_len`` bytes that lie ``headroom`` bytes behind ``hard_start``."""
    data = hard_start + headroom
    xdp.data_hard_start = hard_start
    xdp.data = data
    xdp.data_end = data + data_len
    xdp.data_meta = data if meta_valid else data + 1


def xdp_set_data_meta_invalid(xdp: xdp_buff) -> None:
    xdp.data_meta = xdp.data + 1


def xdp_data_hard_end(xdp: xdp_buff) -> int:
    """Where the room at the tail ends: the shared info lies behind."""
    return xdp.data_hard_start + xdp.frame_sz - _SHINFO


def xdp_get_buff_len(xdp: xdp_buff) -> int:
    return xdp.data_end - xdp.data


def xdp_packet(xdp: xdp_buff) -> memoryview:
    """The packet's bytes, to read and to write. Not Linux's: a program there dereferences ``data``."""
    return here.mem[xdp.data : xdp.data_end]


def _metalen(xdp: xdp_buff) -> int:
    return 0 if xdp.data_meta > xdp.data else xdp.data - xdp.data_meta


def bpf_xdp_adjust_head(xdp: xdp_buff, offset: int) -> int:
    """Move the start of the packet: ``offset`` < 0 makes room in front. 0, or -EINVAL with nothing changed."""
    metalen = _metalen(xdp)
    data = xdp.data + offset
    if data < xdp.data_hard_start + SIZEOF_XDP_FRAME + metalen or data > xdp.data_end - ETH_HLEN:
        return -EINVAL
    if metalen:
        mem = here.mem
        to = xdp.data_meta + offset
        mem[to : to + metalen] = bytes(mem[xdp.data_meta : xdp.data_meta + metalen])
    xdp.data_meta += offset
    xdp.data = data
    return 0


def bpf_xdp_adjust_tail(xdp: xdp_buff, offset: int) -> int:
    """Move the end of the packet; what is added is zero. 0, or -EINVAL with nothing changed."""
    data_end = xdp.data_end + offset
    if data_end > xdp_data_hard_end(xdp) or data_end < xdp.data + ETH_HLEN:
        return -EINVAL
    if offset > 0:
        here.mem[xdp.data_end : data_end] = bytes(offset)
    xdp.data_end = data_end
    return 0


def bpf_xdp_adjust_meta(xdp: xdp_buff, offset: int) -> int:
    """Make room for metadata in front of the packet: up to 32 bytes, in words of 4. 0, -ENOTSUPP where the driver has
    none, -EINVAL or -EACCES.
    """
    if xdp.data_meta > xdp.data:
        return -ENOTSUPP
    meta = xdp.data_meta + offset
    if meta < xdp.data_hard_start + SIZEOF_XDP_FRAME or meta > xdp.data:
        return -EINVAL
    metalen = xdp.data - meta
    if metalen & 3 or metalen > 32:
        return -EACCES
    xdp.data_meta = meta
    return 0


# -- frames --------------------------------------------------------------------------------------------------
class xdp_frame:
    """An xdp_buff on its way to another device, without its queue's context. ``headroom`` is what is left in front of
    the packet and its ``metasize`` bytes of metadata.
    """

    __slots__ = ("allocator", "data", "dev_rx", "frame_sz", "headroom", "len", "mem_type", "metasize")

    def __init__(self, xdp: xdp_buff, headroom: int, metasize: int) -> None:
        self.data = xdp.data
        self.len = xdp.data_end - xdp.data
        self.headroom = headroom
        self.metasize = metasize
        self.frame_sz = xdp.frame_sz
        self.mem_type = xdp.rxq.mem_type if xdp.rxq is not None else MEM_TYPE_PAGE_SHARED
        self.allocator = xdp.rxq.allocator if xdp.rxq is not None else None
        self.dev_rx: net_device | None = None


def xdp_convert_buff_to_frame(xdp: xdp_buff) -> xdp_frame | None:
    """Keep a buffer beyond the poll; None where head- or tailroom is missing."""
    metasize = _metalen(xdp)
    headroom = xdp.data - xdp.data_hard_start - metasize
    if headroom < SIZEOF_XDP_FRAME:
        return None
    if xdp.data_end > xdp_data_hard_end(xdp):
        WARN("xdp_update_frame_from_buff: Driver BUG: missing reserved tailroom", site_str(caller_outside()))
        return None
    return xdp_frame(xdp, headroom - SIZEOF_XDP_FRAME, metasize)


def xdp_get_frame_len(xdpf: xdp_frame) -> int:
    return xdpf.len


def _return(addr: int, mem_type: int, allocator: Any, direct: bool) -> None:
    if mem_type == MEM_TYPE_PAGE_SHARED:
        page_frag_free(addr)
    elif mem_type == MEM_TYPE_PAGE_ORDER0:
        put_page(virt_to_head_page(addr))
    elif mem_type == MEM_TYPE_PAGE_POOL:
        page_pool_put_full_page(allocator, virt_to_head_page(addr), direct)
    else:
        WARN(f"__xdp_return: Unknown memory type {mem_type}", site_str(caller_outside()))


def xdp_return_frame(xdpf: xdp_frame) -> None:
    """Give a frame's buffer back to where it came from, from any context."""
    _return(xdpf.data, xdpf.mem_type, xdpf.allocator, False)


def xdp_return_frame_rx_napi(xdpf: xdp_frame) -> None:
    """xdp_return_frame() in the poll of the queue that the buffer came from."""
    _return(xdpf.data, xdpf.mem_type, xdpf.allocator, True)


def xdp_return_buff(xdp: xdp_buff) -> None:
    assert xdp.rxq is not None
    _return(xdp.data, xdp.rxq.mem_type, xdp.rxq.allocator, True)
