# SPDX-License-Identifier: Apache-2.0
"""Fields of sk_buff that few packets use. Source: include/linux/skbuff.h struct sk_buff, v6.12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymodel.linux.bug import BUG, caller_outside, site_str

if TYPE_CHECKING:
    from pymodel.linux.skbuff import sk_buff

__all__ = ["SKB_CB_SIZE"]

SKB_CB_SIZE = 48  # bytes


class Rare:
    """A field that few packets use: it costs an skb nothing while it has its default. Linux copies all of them to
    clones and copies.
    """

    __slots__ = ("default", "name")

    def __init__(self, default: Any = 0) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, skb: sk_buff, owner: type | None = None) -> Any:
        rare = skb._rare
        return self.default if rare is None else rare.get(self.name, self.default)

    def __set__(self, skb: sk_buff, value: Any) -> None:
        rare = skb._rare
        if rare is None:
            rare = skb._rare = {}
        rare[self.name] = value


class ControlBuffer(Rare):
    """``cb``: 48 zero bytes until somebody puts a thing of his own there."""

    __slots__ = ()

    def __get__(self, skb: sk_buff, owner: type | None = None) -> Any:
        rare = skb._rare
        if rare is None or "cb" not in rare:
            self.__set__(skb, bytearray(SKB_CB_SIZE))
            rare = skb._rare
            assert rare is not None
        return rare["cb"]

    def __set__(self, skb: sk_buff, value: Any) -> None:
        if isinstance(value, bytes | bytearray) and len(value) > SKB_CB_SIZE:
            BUG(f"{len(value)} bytes in an skb's cb of {SKB_CB_SIZE}", site_str(caller_outside()))
        Rare.__set__(self, skb, value)
