# SPDX-License-Identifier: Apache-2.0
"""Scatterlists: pieces of memory in a list, mapped at once; and a packet's data as one.

``struct scatterlist sg[4]`` is ``[scatterlist() for _ in range(4)]``; where C passes a pointer to an entry, a list
means its first one. ``sg_init_table()`` joins the entries; without it sg_next() is a BUG, as with CONFIG_DEBUG_SG.
Source: lib/scatterlist.c, include/linux/scatterlist.h, kernel/dma/direct.c dma_direct_map_sg(), net/core/skbuff.c
__skb_to_sgvec(), v6.12. Simplified: an entry's page is the allocation that the data lies in, so that its offset may
exceed a page; no IOMMU, so that entries are never merged.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymodel.hw.access import here
from pymodel.linux.bug import BUG, Site, broken_rule, caller, site_str
from pymodel.linux.device import device
from pymodel.linux.dma import DMA_ATTR_SKIP_CPU_SYNC, DMA_MAPPING_ERROR, _map, _sync, _unmap
from pymodel.linux.dma_debug import SG
from pymodel.linux.errno import EINVAL, EIO, EMSGSIZE, ENOMEM
from pymodel.linux.mm import kfree, kmalloc, page, virt_to_head_page
from pymodel.linux.skbuff import sk_buff, skb_headlen, skb_shinfo

__all__ = [
    "dma_map_sg", "dma_map_sg_attrs", "dma_map_sgtable", "dma_sync_sg_for_cpu", "dma_sync_sg_for_device",
    "dma_sync_sgtable_for_cpu", "dma_sync_sgtable_for_device", "dma_unmap_sg", "dma_unmap_sg_attrs",
    "dma_unmap_sgtable", "for_each_sg", "for_each_sgtable_dma_sg", "for_each_sgtable_sg", "scatterlist",
    "sg_alloc_table", "sg_chain", "sg_copy_from_buffer", "sg_copy_to_buffer", "sg_dma_address", "sg_dma_len",
    "sg_free_table", "sg_init_one", "sg_init_table", "sg_is_last", "sg_last", "sg_mark_end", "sg_nents",
    "sg_nents_for_len", "sg_next", "sg_page", "sg_pcopy_from_buffer", "sg_pcopy_to_buffer", "sg_phys", "sg_set_buf",
    "sg_set_page", "sg_table", "sg_unmark_end", "sg_virt", "sg_zero_buffer", "skb_to_sgvec", "skb_to_sgvec_nomark",
]

_SIZEOF_SCATTERLIST = 32
_MAX_RECURSION = 24


class scatterlist:
    """An entry: ``length`` bytes from ``offset`` of ``page``, and where the device finds them once they are mapped."""

    __slots__ = ("dma_address", "dma_length", "end", "length", "next", "offset", "page", "ready")

    def __init__(self) -> None:
        self.page: page | None = None
        self.offset = 0
        self.length = 0
        self.dma_address = 0
        self.dma_length = 0
        self.end = False  # the last one
        self.next: scatterlist | None = None  # the entry behind it in memory, or that it is chained to
        self.ready = False  # sg_init_table() has been called

    def __repr__(self) -> str:
        return f"<scatterlist {self.length} bytes at {self.offset} of {self.page!r}>"


Entry = list[scatterlist] | scatterlist


class sg_table:
    """``sgl``: the entries; ``orig_nents``: how many there are, ``nents``: how many the device sees."""

    __slots__ = ("_mem", "nents", "orig_nents", "sgl")

    def __init__(self) -> None:
        self.sgl: list[scatterlist] = []
        self.nents = 0
        self.orig_nents = 0
        self._mem = 0


def _first(sgl: Entry) -> scatterlist:
    return sgl[0] if isinstance(sgl, list) else sgl


# -- making lists --------------------------------------------------------------------------------------------
def sg_init_table(sgl: list[scatterlist], nents: int) -> None:
    """Empty the first ``nents`` entries, and mark the last of them as the end."""
    for i in range(nents):
        sgl[i].__init__()  # type: ignore[misc]  # memset(sgl, 0)
        sgl[i].ready = True
    for i in range(nents - 1):
        sgl[i].next = sgl[i + 1]
    sgl[nents - 1].end = True


def sg_init_one(sg: Entry, buf: int, buflen: int) -> None:
    """A list of one entry."""
    sg_init_table([_first(sg)], 1)
    sg_set_buf(sg, buf, buflen)


def sg_set_page(sg: Entry, pg: page, length: int, offset: int) -> None:
    sg = _first(sg)
    sg.page, sg.offset, sg.length = pg, offset, length


def sg_set_buf(sg: Entry, buf: int, buflen: int) -> None:
    """Let an entry be ``buflen`` bytes at a pointer."""
    pg = virt_to_head_page(buf)
    sg_set_page(sg, pg, buflen, buf - pg.addr)


def sg_mark_end(sg: Entry) -> None:
    _first(sg).end = True


def sg_unmark_end(sg: Entry) -> None:
    _first(sg).end = False


def sg_is_last(sg: Entry) -> bool:
    return _first(sg).end


def sg_chain(prv: list[scatterlist], prv_nents: int, sgl: Entry) -> None:
    """Let the last entry of ``prv`` be no entry, but the way to ``sgl``."""
    prv[prv_nents - 1].end = False
    if prv_nents > 1:
        prv[prv_nents - 2].next = _first(sgl)
        prv[prv_nents - 2].end = False


def sg_alloc_table(table: sg_table, nents: int, gfp_mask: int) -> int:
    """A table of ``nents`` empty entries. 0, -EINVAL for none, -ENOMEM."""
    table.__init__()  # type: ignore[misc]
    if nents == 0:
        return -EINVAL
    table._mem = kmalloc(nents * _SIZEOF_SCATTERLIST, gfp_mask)
    if not table._mem:
        return -ENOMEM
    table.sgl = [scatterlist() for _ in range(nents)]
    table.nents = table.orig_nents = nents
    sg_init_table(table.sgl, nents)
    return 0


def sg_free_table(table: sg_table) -> None:
    if table._mem:
        kfree(table._mem)
    table.__init__()  # type: ignore[misc]


# -- going through lists -------------------------------------------------------------------------------------
def sg_next(sg: scatterlist) -> scatterlist | None:
    """The next entry; None behind the last."""
    if not sg.ready:
        BUG("sg->sg_magic != SG_MAGIC: sg_init_table() is missing", site_str(caller()))
    return None if sg.end else sg.next


def for_each_sg(sglist: Entry, nr: int) -> Iterator[scatterlist]:
    """The first ``nr`` entries. BUG where the list has fewer (the kernel follows NULL)."""
    sg: scatterlist | None = _first(sglist)
    for i in range(nr):
        if sg is None:
            BUG(
                f"NULL pointer dereference: the scatterlist ends after {i} entries, {nr} are wanted", site_str(caller())
            )
        yield sg
        if i + 1 < nr:
            sg = sg_next(sg)


def for_each_sgtable_sg(sgt: sg_table) -> Iterator[scatterlist]:
    return for_each_sg(sgt.sgl, sgt.orig_nents)


def for_each_sgtable_dma_sg(sgt: sg_table) -> Iterator[scatterlist]:
    return for_each_sg(sgt.sgl, sgt.nents)


def sg_last(sgl: Entry, nents: int) -> scatterlist:
    *_, last = for_each_sg(sgl, nents)
    return last


def sg_nents(sg: Entry) -> int:
    """Entries up to the end."""
    n, at = 0, _first(sg)
    while at is not None:
        n += 1
        at = sg_next(at)  # type: ignore[assignment]
    return n


def sg_nents_for_len(sg: Entry, length: int) -> int:
    """Entries that hold ``length`` bytes; -EINVAL where all of them hold fewer."""
    if not length:
        return 0
    total = n = 0
    at: scatterlist | None = _first(sg)
    while at is not None:
        n += 1
        total += at.length
        if total >= length:
            return n
        at = sg_next(at)
    return -EINVAL


def sg_page(sg: Entry) -> page:
    pg = _first(sg).page
    if pg is None:
        BUG("NULL dereferenced: a scatterlist entry without a page", site_str(caller()))
    return pg


def sg_virt(sg: Entry) -> int:
    """Pointer to an entry's data."""
    sg = _first(sg)
    return sg_page(sg).addr + sg.offset


sg_phys = sg_virt


def sg_dma_address(sg: Entry) -> int:
    return _first(sg).dma_address


def sg_dma_len(sg: Entry) -> int:
    return _first(sg).dma_length


def _copy(sgl: Entry, nents: int, buf: int, buflen: int, skip: int, to_buffer: bool) -> int:
    mem = here.mem
    done = 0
    for sg in for_each_sg(sgl, nents):
        n = min(sg.length - skip, buflen - done)
        if n <= 0:
            skip = max(0, skip - sg.length)
            if done == buflen:
                break
            continue
        at = sg_virt(sg) + skip
        skip = 0
        if not buf:
            mem[at : at + n] = bytes(n)
        elif to_buffer:
            mem[buf + done : buf + done + n] = mem[at : at + n]
        else:
            mem[at : at + n] = mem[buf + done : buf + done + n]
        done += n
    return done


def sg_copy_from_buffer(sgl: Entry, nents: int, buf: int, buflen: int) -> int:
    """Copy from a pointer into the list; bytes copied."""
    return _copy(sgl, nents, buf, buflen, 0, False)


def sg_copy_to_buffer(sgl: Entry, nents: int, buf: int, buflen: int) -> int:
    return _copy(sgl, nents, buf, buflen, 0, True)


def sg_pcopy_from_buffer(sgl: Entry, nents: int, buf: int, buflen: int, skip: int) -> int:
    """:func:`sg_copy_from_buffer`, from the list's byte ``skip`` on."""
    return _copy(sgl, nents, buf, buflen, skip, False)


def sg_pcopy_to_buffer(sgl: Entry, nents: int, buf: int, buflen: int, skip: int) -> int:
    return _copy(sgl, nents, buf, buflen, skip, True)


def sg_zero_buffer(sgl: Entry, nents: int, buflen: int, skip: int) -> int:
    return _copy(sgl, nents, 0, buflen, skip, False)


# -- mapping -------------------------------------------------------------------------------------------------
def _map_sg(dev: device, sgl: Entry, nents: int, dir: int, attrs: int, site: Site) -> int:
    """Entries mapped, or -EIO, and then none is."""
    live = here.state["dma"].live
    for i, sg in enumerate(for_each_sg(sgl, nents)):
        _check_segment(dev, sg, site)
        bus = _map(dev, sg_virt(sg), sg.length, dir, site, attrs, SG)
        if bus == DMA_MAPPING_ERROR:
            for done in for_each_sg(sgl, i):
                _unmap(dev, done.dma_address, done.dma_length, dir, SG, site, attrs | DMA_ATTR_SKIP_CPU_SYNC, nents)
            return -EIO
        live[bus].ents = nents
        sg.dma_address, sg.dma_length = bus, sg.length
    return nents


def _check_segment(dev: device, sg: scatterlist, site: Site) -> None:
    """Source: kernel/dma/debug.c check_sg_segment()."""
    if sg.length > dev.max_segment_size:
        broken_rule(
            "DMA4",
            f"{dev}: mapping sg segment longer than device claims to support "
            f"[len={sg.length}] [max={dev.max_segment_size}]",
            site_str(site),
        )
    start = sg_virt(sg) + here.state["dma"].bus_offset
    if (start ^ (start + sg.length - 1)) & ~dev.segment_boundary_mask:
        broken_rule(
            "DMA4",
            f"{dev}: mapping sg segment across boundary [start=0x{start:x}] [end=0x{start + sg.length - 1:x}] "
            f"[boundary=0x{dev.segment_boundary_mask:x}]",
            site_str(site),
        )


def dma_map_sg(dev: device, sg: Entry, nents: int, dir: int) -> int:
    """Map ``nents`` entries: sg_dma_address() and sg_dma_len() of each are for the device. How many; 0 on failure."""
    return max(0, _map_sg(dev, sg, nents, dir, 0, caller()))


def dma_map_sg_attrs(dev: device, sg: Entry, nents: int, dir: int, attrs: int) -> int:
    return max(0, _map_sg(dev, sg, nents, dir, attrs, caller()))


def _unmap_sg(dev: device, sgl: Entry, nents: int, dir: int, attrs: int, site: Site) -> None:
    for sg in for_each_sg(sgl, nents):
        _unmap(dev, sg.dma_address, sg.dma_length, dir, SG, site, attrs, nents)


def dma_unmap_sg(dev: device, sg: Entry, nents: int, dir: int) -> None:
    """Undo :func:`dma_map_sg`, with its ``nents``, not with what it returned (DMA1)."""
    _unmap_sg(dev, sg, nents, dir, 0, caller())


def dma_unmap_sg_attrs(dev: device, sg: Entry, nents: int, dir: int, attrs: int) -> None:
    _unmap_sg(dev, sg, nents, dir, attrs, caller())


def _sync_sg(dev: device, sgl: Entry, nents: int, dir: int, to_cpu: bool, site: Site) -> None:
    for sg in for_each_sg(sgl, nents):
        _sync(dev, sg.dma_address, sg.dma_length, dir, to_cpu, site, nents)


def dma_sync_sg_for_cpu(dev: device, sg: Entry, nelems: int, dir: int) -> None:
    """dma_sync_single_for_cpu() of each entry, with the ``nents`` of the mapping."""
    _sync_sg(dev, sg, nelems, dir, True, caller())


def dma_sync_sg_for_device(dev: device, sg: Entry, nelems: int, dir: int) -> None:
    _sync_sg(dev, sg, nelems, dir, False, caller())


def dma_map_sgtable(dev: device, sgt: sg_table, dir: int, attrs: int) -> int:
    """Map a table. 0 or -EIO."""
    mapped = _map_sg(dev, sgt.sgl, sgt.orig_nents, dir, attrs, caller())
    if mapped < 0:
        return mapped
    sgt.nents = mapped
    return 0


def dma_unmap_sgtable(dev: device, sgt: sg_table, dir: int, attrs: int) -> None:
    _unmap_sg(dev, sgt.sgl, sgt.orig_nents, dir, attrs, caller())


def dma_sync_sgtable_for_cpu(dev: device, sgt: sg_table, dir: int) -> None:
    _sync_sg(dev, sgt.sgl, sgt.orig_nents, dir, True, caller())


def dma_sync_sgtable_for_device(dev: device, sgt: sg_table, dir: int) -> None:
    _sync_sg(dev, sgt.sgl, sgt.orig_nents, dir, False, caller())


# -- packets -------------------------------------------------------------------------------------------------
def _to_sgvec(skb: sk_buff, sg: list[scatterlist], elt: int, offset: int, length: int, depth: int) -> int:
    """Fill entries from ``elt`` on; the first one that is not filled, or -EMSGSIZE."""
    if depth >= _MAX_RECURSION:
        return -EMSGSIZE
    first = elt
    start = skb_headlen(skb)
    shinfo = skb_shinfo(skb)
    copy = min(start - offset, length)
    if copy > 0:
        sg_set_buf(sg[elt], skb.data + offset, copy)
        elt += 1
        length -= copy
        offset += copy
    for frag in shinfo.frags[: shinfo.nr_frags]:
        if not length:
            return elt
        end = start + frag.size
        copy = min(end - offset, length)
        if copy > 0:
            if elt > first and sg[elt - 1].end:
                return -EMSGSIZE
            sg_set_page(sg[elt], frag.page, copy, frag.offset + offset - start)
            elt += 1
            length -= copy
            offset += copy
        start = end
    part = shinfo.frag_list
    while part is not None and length:
        end = start + part.len
        copy = min(end - offset, length)
        if copy > 0:
            if elt > first and sg[elt - 1].end:
                return -EMSGSIZE
            elt = _to_sgvec(part, sg, elt, offset - start, copy, depth + 1)
            if elt < 0:
                return elt
            length -= copy
            offset += copy
        start = end
        part = part.next
    if length:
        BUG(
            f"{length} bytes of the range are beyond the skb's end (BUG_ON(len) in __skb_to_sgvec)", site_str(caller(2))
        )
    return elt


def skb_to_sgvec(skb: sk_buff, sg: list[scatterlist], offset: int, length: int) -> int:
    """Let the list be ``length`` bytes of the packet from ``offset`` on, and end there.

    Entries used, or -EMSGSIZE where the list has too few (it ends, see :func:`sg_init_table`, before the data does).
    """
    nsg = _to_sgvec(skb, sg, 0, offset, length, 0)
    if nsg > 0:
        sg_mark_end(sg[nsg - 1])
    return nsg


def skb_to_sgvec_nomark(skb: sk_buff, sg: list[scatterlist], offset: int, length: int) -> int:
    """As :func:`skb_to_sgvec`, without an end: for a packet that is appended to the list."""
    return _to_sgvec(skb, sg, 0, offset, length, 0)
