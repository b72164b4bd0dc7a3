# SPDX-License-Identifier: Apache-2.0
"""page_pool: the structures and the statistics. What they are for: page_pool.py.

Source: include/net/page_pool/types.h, net/core/page_pool.c page_pool_get_stats(), v6.12.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymodel.linux.bug import Site, site_str
from pymodel.linux.device import device
from pymodel.linux.dma import DMA_FROM_DEVICE
from pymodel.linux.mm import page
from pymodel.linux.workqueue import delayed_work

if TYPE_CHECKING:
    from pymodel.linux.napi import napi_struct
    from pymodel.linux.netdevice import net_device

__all__ = [
    "PP_ALLOC_CACHE_REFILL", "PP_ALLOC_CACHE_SIZE", "PP_FLAG_ALL", "PP_FLAG_DMA_MAP", "PP_FLAG_DMA_SYNC_DEV",
    "PagePoolState", "page_pool", "page_pool_ethtool_stats_get", "page_pool_ethtool_stats_get_count",
    "page_pool_ethtool_stats_get_strings", "page_pool_get_stats", "page_pool_params", "page_pool_stats",
]

PP_FLAG_DMA_MAP = 1 << 0  # the pool maps its pages, once for all their life in it
PP_FLAG_DMA_SYNC_DEV = 1 << 1  # and gives them to the device when they come home
PP_FLAG_ALL = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV
PP_ALLOC_CACHE_SIZE = 128
PP_ALLOC_CACHE_REFILL = 64
_RING = 1024
_RING_MAX = 16384


@dataclass(slots=True)
class page_pool_params:
    """What a pool is made for. ``order``: each allocation has 1 << order pages; ``pool_size``: pages that the ring
    holds (0: 1024); ``napi``: the only consumer; ``max_len``, ``offset``: the bytes of a page that the device may
    write, for PP_FLAG_DMA_SYNC_DEV; ``init_callback(page, init_arg)`` is called once for each fresh page.
    """

    order: int = 0
    pool_size: int = 0
    nid: int = -1
    dev: device | None = None
    napi: napi_struct | None = None
    dma_dir: int = DMA_FROM_DEVICE
    max_len: int = 0
    offset: int = 0
    netdev: net_device | None = None
    queue_idx: int = 0
    flags: int = 0
    init_callback: Callable[[page, Any], object] | None = None
    init_arg: Any = None


@dataclass(slots=True)
class page_pool_stats:
    """What a pool counted: pages allocated fast (cache), slowly (fresh ones), after the ring was found empty or had
    refilled the cache; pages recycled into the cache or the ring, and released since these were full or others held
    them.
    """

    alloc_fast: int = 0
    alloc_slow: int = 0
    alloc_slow_ho: int = 0
    alloc_empty: int = 0
    alloc_refill: int = 0
    alloc_waive: int = 0
    recycle_cached: int = 0
    recycle_cache_full: int = 0
    recycle_ring: int = 0
    recycle_ring_full: int = 0
    recycle_released_ref: int = 0


class page_pool:
    """A pool; made by page_pool_create()."""

    __slots__ = (
        "cache", "defer_start", "defer_warn", "destroy_cnt", "direct", "dma_map", "dma_mapped", "dma_sync",
        "frag_offset", "frag_page", "frag_users", "freed", "id", "inflight_pages", "p", "pages_state_hold_cnt",
        "pages_state_release_cnt", "release_dw", "ring", "ring_size", "site", "stats", "user_cnt",
    )

    def __init__(self, params: page_pool_params, id: int, site: Site) -> None:
        self.p = params
        self.id = id
        self.site = site
        self.freed: Site | None = None
        self.dma_map = bool(params.flags & PP_FLAG_DMA_MAP)
        self.dma_sync = bool(params.flags & PP_FLAG_DMA_SYNC_DEV)
        self.direct = True  # pages may go back into the cache when the pool's NAPI frees them
        self.cache: list[page] = []
        self.ring: deque[page] = deque()
        self.ring_size = min(params.pool_size, _RING_MAX) or _RING
        self.dma_mapped: dict[page, None] = {}
        self.inflight_pages: dict[page, None] = {}  # held and not released, cached ones among them
        self.frag_page: page | None = None
        self.frag_offset = 0
        self.frag_users = 0
        self.pages_state_hold_cnt = 0
        self.pages_state_release_cnt = 0
        self.user_cnt = 1
        self.destroy_cnt = 0
        self.defer_start = 0
        self.defer_warn = 0
        self.release_dw = delayed_work(container=self)  # looks whether all pages are home
        self.stats = page_pool_stats()

    def __repr__(self) -> str:
        return f"<page_pool {self.id} from {site_str(self.site)}>"


class PagePoolState:
    """The pools of one machine that are not gone yet."""

    __slots__ = ("made", "pools")

    def __init__(self) -> None:
        self.made = 0
        self.pools: dict[page_pool, None] = {}


# -- statistics ----------------------------------------------------------------------------------------------
_STATS = (
    "alloc_fast", "alloc_slow", "alloc_slow_ho", "alloc_empty", "alloc_refill", "alloc_waive", "recycle_cached",
    "recycle_cache_full", "recycle_ring", "recycle_ring_full", "recycle_released_ref",
)  # fmt: skip


def page_pool_get_stats(pool: page_pool, stats: page_pool_stats | None) -> bool:
    """Add what the pool counted to ``stats``, so that several pools can be summed up. False for None."""
    if stats is None:
        return False
    for name in _STATS:
        setattr(stats, name, getattr(stats, name) + getattr(pool.stats, name))
    return True


def page_pool_ethtool_stats_get_count() -> int:
    return len(_STATS)


def page_pool_ethtool_stats_get_strings() -> list[str]:
    """The names for ethtool -S, in the order of page_pool_ethtool_stats_get()."""
    return [f"rx_pp_{name}" for name in _STATS]


def page_pool_ethtool_stats_get(stats: page_pool_stats) -> list[int]:
    return [getattr(stats, name) for name in _STATS]
