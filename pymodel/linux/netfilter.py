# SPDX-License-Identifier: Apache-2.0
"""Netfilter hooks: functions that see packets at fixed places of the stack, and say what becomes of them.

Places: NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING of IPv4 and IPv6, and a device's
ingress (NFPROTO_NETDEV, NF_NETDEV_INGRESS). Source: net/netfilter/core.c, nf_queue.c, include/linux/netfilter.h, v6.12.
Simplified: one network namespace, nothing is forwarded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, WARN, caller, caller_outside, site_str
from pymodel.linux.dropreason import SKB_DROP_REASON_NETFILTER_DROP, SKB_DROP_REASON_NOT_SPECIFIED
from pymodel.linux.errno import EBUSY, EINVAL, EPERM, ESRCH
from pymodel.linux.skb_alloc import _kfree_skb

if TYPE_CHECKING:
    from pymodel.linux.netdevice import net_device
    from pymodel.linux.skbuff import sk_buff

__all__ = [
    "NFPROTO_INET", "NFPROTO_IPV4", "NFPROTO_IPV6", "NFPROTO_NETDEV", "NF_ACCEPT", "NF_DROP", "NF_DROP_ERR",
    "NF_HOOK", "NF_INET_FORWARD", "NF_INET_INGRESS", "NF_INET_LOCAL_IN", "NF_INET_LOCAL_OUT", "NF_INET_POST_ROUTING",
    "NF_INET_PRE_ROUTING", "NF_NETDEV_INGRESS", "NF_QUEUE", "NF_QUEUE_NR", "NF_REPEAT", "NF_STOLEN",
    "NF_VERDICT_FLAG_QUEUE_BYPASS", "NF_VERDICT_MASK", "nf_hook_ops", "nf_hook_slow", "nf_hook_state",
    "nf_queue_entry", "nf_register_net_hook", "nf_register_net_hooks", "nf_register_queue_handler", "nf_reinject",
    "nf_unregister_net_hook", "nf_unregister_net_hooks", "nf_unregister_queue_handler",
]

NFPROTO_INET = 1
NFPROTO_IPV4 = 2
NFPROTO_NETDEV = 5
NFPROTO_IPV6 = 10

NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING = range(5)
NF_INET_INGRESS = 5
NF_NETDEV_INGRESS = 0

NF_DROP, NF_ACCEPT, NF_STOLEN, NF_QUEUE, NF_REPEAT = range(5)
NF_VERDICT_MASK = 0xFF
NF_VERDICT_FLAG_QUEUE_BYPASS = 0x8000


def NF_QUEUE_NR(x: int) -> int:
    """The verdict that queues to program number ``x``."""
    return (x << 16) & 0xFFFF0000 | NF_QUEUE


def NF_DROP_ERR(x: int) -> int:
    """The verdict that drops and has the sender see ``-errno``: ``NF_DROP_ERR(-ECONNREFUSED)``."""
    return -x << 16 | NF_DROP


class nf_hook_state:
    """Where a packet is: ``okfn(skb)`` is what follows the hooks."""

    __slots__ = ("hook", "in_", "okfn", "out", "pf", "sk")

    def __init__(
        self,
        hook: int,
        pf: int,
        in_: net_device | None,
        out: net_device | None,
        sk: Any,
        okfn: Callable[[sk_buff], int] | None,
    ) -> None:
        self.hook = hook
        self.pf = pf
        self.in_ = in_  # ``in`` in C
        self.out = out
        self.sk = sk
        self.okfn = okfn


class nf_hook_ops:
    """A hook: ``hook(priv, skb, state)`` returns NF_*. Lower ``priority`` first; ``dev`` for ingress."""

    __slots__ = ("dev", "hook", "hooknum", "pf", "priority", "priv")

    def __init__(
        self,
        hook: Callable[[Any, sk_buff, nf_hook_state], int],
        pf: int,
        hooknum: int,
        priority: int = 0,
        dev: net_device | None = None,
        priv: Any = None,
    ) -> None:
        self.hook = hook
        self.pf = pf
        self.hooknum = hooknum
        self.priority = priority
        self.dev = dev
        self.priv = priv


class NfState:
    """The hooks of one machine, sorted, by protocol and place; those of ingress are the devices'."""

    __slots__ = ("hooks", "queue_handler")

    def __init__(self) -> None:
        self.hooks: dict[tuple[int, int], list[nf_hook_ops]] = {}
        self.queue_handler: Callable[[nf_queue_entry, int], int] | None = None


# -- registration --------------------------------------------------------------------------------------------
def _lists(reg: nf_hook_ops) -> list[list[nf_hook_ops]]:
    """Where a hook belongs; empty: nowhere."""
    state: NfState = here.state["nf"]
    if reg.pf == NFPROTO_NETDEV or (reg.pf == NFPROTO_INET and reg.hooknum == NF_INET_INGRESS):
        ingress = reg.hooknum == (NF_NETDEV_INGRESS if reg.pf == NFPROTO_NETDEV else NF_INET_INGRESS)
        return [reg.dev.nf_hooks_ingress] if ingress and reg.dev is not None else []
    if reg.pf not in (NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET) or not 0 <= reg.hooknum <= NF_INET_POST_ROUTING:
        return []
    families = (NFPROTO_IPV4, NFPROTO_IPV6) if reg.pf == NFPROTO_INET else (reg.pf,)
    return [state.hooks.setdefault((pf, reg.hooknum), []) for pf in families]


def nf_register_net_hook(net: Any, ops: nf_hook_ops) -> int:
    """Install a hook; ``net`` is the namespace, of which there is one. 0 or -EINVAL for a place that does not exist."""
    lists = _lists(ops)
    for hooks in lists:
        at = next((i for i, other in enumerate(hooks) if ops.priority < other.priority), len(hooks))
        hooks.insert(at, ops)
        if ops.dev is not None and hooks is ops.dev.nf_hooks_ingress:
            here.state["net"].ingress_needed += 1
    return 0 if lists else -EINVAL


def nf_unregister_net_hook(net: Any, ops: nf_hook_ops) -> None:
    """Take a hook away; it does not run any more when this returns."""
    for hooks in _lists(ops):
        if ops not in hooks:
            WARN("nf_unregister_net_hook: hook not found!", site_str(caller()))
            return
        hooks.remove(ops)
        if ops.dev is not None and hooks is ops.dev.nf_hooks_ingress:
            here.state["net"].ingress_needed -= 1


def nf_register_net_hooks(net: Any, reg: list[nf_hook_ops], n: int) -> int:
    """Install ``n`` hooks, or none."""
    for i in range(n):
        err = nf_register_net_hook(net, reg[i])
        if err:
            nf_unregister_net_hooks(net, reg, i)
            return err
    return 0


def nf_unregister_net_hooks(net: Any, reg: list[nf_hook_ops], hookcount: int) -> None:
    for ops in reversed(reg[:hookcount]):
        nf_unregister_net_hook(net, ops)


# -- packets -------------------------------------------------------------------------------------------------
def nf_hook_slow(skb: sk_buff, state: nf_hook_state, hooks: list[nf_hook_ops], s: int) -> int:
    """Ask the hooks from number ``s`` on. 1: the packet goes on; 0: it was taken; a negative errno: it was dropped."""
    while s < len(hooks):
        verdict = hooks[s].hook(hooks[s].priv, skb, state)
        kind = verdict & NF_VERDICT_MASK
        if kind == NF_DROP:
            _kfree_skb(skb, SKB_DROP_REASON_NETFILTER_DROP, caller())
            return -(verdict >> 16) or -EPERM
        if kind == NF_STOLEN:
            return -(verdict >> 16)
        if kind == NF_QUEUE:
            ret = _nf_queue(skb, state, s, verdict)
            if ret != 1:
                return ret
        elif kind == NF_REPEAT:
            continue
        elif kind != NF_ACCEPT:
            WARN(f"nf_hook_slow: hook {hooks[s].hook!r} returned {verdict}", site_str(caller_outside()))
            return 0
        s += 1
    return 1


def NF_HOOK(
    pf: int,
    hook: int,
    net: Any,
    sk: Any,
    skb: sk_buff,
    in_: net_device | None,
    out: net_device | None,
    okfn: Callable[[sk_buff], int],
) -> int:
    """``okfn(skb)`` unless a hook at this place has something against it."""
    hooks = here.state["nf"].hooks.get((pf, hook))
    if hooks:
        ret = nf_hook_slow(skb, nf_hook_state(hook, pf, in_, out, sk, okfn), hooks, 0)
        if ret != 1:
            return ret
    return okfn(skb)


def nf_hook_ingress(skb: sk_buff, dev: net_device) -> int:
    """The hooks of a device's ingress. Negative where the packet is gone."""
    state = nf_hook_state(NF_NETDEV_INGRESS, NFPROTO_NETDEV, dev, None, None, None)
    ret = nf_hook_slow(skb, state, dev.nf_hooks_ingress, 0)
    return -1 if ret == 0 else ret


# -- packets that wait for a program -------------------------------------------------------------------------
class nf_queue_entry:
    """A packet that waits for a program's verdict."""

    __slots__ = ("hook_index", "hooks", "id", "skb", "state")

    def __init__(self, skb: sk_buff, state: nf_hook_state, hooks: list[nf_hook_ops], hook_index: int) -> None:
        self.skb = skb
        self.state = state
        self.hooks = hooks
        self.hook_index = hook_index
        self.id = 0


def nf_register_queue_handler(outfn: Callable[[nf_queue_entry, int], int]) -> None:
    """Who takes packets with the verdict NF_QUEUE: ``outfn(entry, queuenum)`` returns 0 or a negative errno."""
    state: NfState = here.state["nf"]
    if state.queue_handler is not None:
        WARN(f"nf_register_queue_handler: there is one ({-EBUSY})", site_str(caller()))
    state.queue_handler = outfn


def nf_unregister_queue_handler() -> None:
    here.state["nf"].queue_handler = None


def _nf_queue(skb: sk_buff, state: nf_hook_state, index: int, verdict: int) -> int:
    nf: NfState = here.state["nf"]
    handler = nf.queue_handler
    if state.okfn is None:
        BUG("NF_QUEUE at ingress: there is no way back from there", site_str(caller_outside()))
    hooks = nf.hooks[state.pf, state.hook]
    err = -ESRCH if handler is None else handler(nf_queue_entry(skb, state, hooks, index), verdict >> 16)
    if err < 0:
        if err == -ESRCH and verdict & NF_VERDICT_FLAG_QUEUE_BYPASS:
            return 1
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
    return 0


def nf_reinject(entry: nf_queue_entry, verdict: int) -> None:
    """The program's verdict: NF_ACCEPT lets the packet go on behind the hook that queued it, NF_REPEAT asks that hook
    again.
    """
    skb, state, hooks, at = entry.skb, entry.state, entry.hooks, entry.hook_index
    kind = verdict & NF_VERDICT_MASK
    if kind in (NF_ACCEPT, NF_REPEAT):
        ret = nf_hook_slow(skb, state, hooks, at + (kind == NF_ACCEPT))
        if ret == 1:
            assert state.okfn is not None
            state.okfn(skb)
    elif kind == NF_QUEUE:
        _nf_queue(skb, state, at, verdict)
    elif kind != NF_STOLEN:
        _kfree_skb(skb, SKB_DROP_REASON_NOT_SPECIFIED, caller())
