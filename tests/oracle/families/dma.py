# SPDX-License-Identifier: Apache-2.0
"""dma.jsonl: who sees what through bounce buffers, masks, coherent memory and DMA pools.

Recorded with swiotlb=force: the machine is booted so. The device's accesses of the records go around the IOMMU (they
write to the bounce buffer whatever the direction), as the recording module did.
"""

from __future__ import annotations

import zlib
from typing import Any

from pymodel import linux as L
from tests.oracle.bed import oracle_bed
from tests.oracle.family import Family, Record

__all__ = ["FAMILIES"]

_DIRECTIONS = {"BIDIRECTIONAL": L.DMA_BIDIRECTIONAL, "TO_DEVICE": L.DMA_TO_DEVICE, "FROM_DEVICE": L.DMA_FROM_DEVICE}
_BLOCKS = 12  # that the recording took of each pool


def _fill(seed: int, n: int) -> bytes:
    return bytes((seed + 7 * i) & 255 for i in range(n))


def _device() -> Any:
    return L.pci_device({"vendor": 1, "device": 1}).dev


def _dma(record: Record, context: Record | None) -> Record:
    bed = oracle_bed(swiotlb="force")
    dev = _device()
    L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64))
    mem, offset = bed.m.memory.mem, bed.m.memory.bus_offset
    n, direction = record["len"], _DIRECTIONS[record["dir"]]
    buf = L.kmalloc(n, L.GFP_ATOMIC)
    mem[buf : buf + n] = _fill(record["cpu_init_seed"], n)
    bus = L.dma_map_single(dev, buf, n, direction)
    assert not L.dma_mapping_error(dev, bus)
    copy = bus - offset  # phys_to_virt(): what the device would see at this bus address

    def crc(at: int) -> int:
        return zlib.crc32(mem[at : at + n])

    ours: Record = {"bounced": int(copy != buf), "dev_crc": crc(copy), "ops": []}
    for op in record["ops"]:
        step = {key: op[key] for key in ("op", "off", "n", "seed", "skip_cpu_sync") if key in op}
        match op["op"]:
            case "cpu_write":
                mem[buf + op["off"] : buf + op["off"] + op["n"]] = _fill(op["seed"], op["n"])
            case "dev_write":
                mem[copy + op["off"] : copy + op["off"] + op["n"]] = _fill(op["seed"], op["n"])
            case "sync_for_cpu":
                L.dma_sync_single_range_for_cpu(dev, bus, op["off"], op["n"], direction)
            case "sync_for_device":
                L.dma_sync_single_range_for_device(dev, bus, op["off"], op["n"], direction)
            case "unmap":
                attrs = L.DMA_ATTR_SKIP_CPU_SYNC if op["skip_cpu_sync"] else 0
                L.dma_unmap_single_attrs(dev, bus, n, direction, attrs)
        step["cpu_crc"] = crc(buf)
        if op["op"] != "unmap":
            step["dev_crc"] = crc(copy)
        ours["ops"].append(step)
    return ours


def _dma_mask(record: Record, context: Record | None) -> Record:
    oracle_bed()
    dev = _device()
    ret = L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(record["bits"]))
    return {"ret": ret, "dma_mask": L.dma_get_mask(dev), "coherent": dev.coherent_dma_mask}


def _dma_coherent(record: Record, context: Record | None) -> Record:
    bed = oracle_bed(swiotlb="force")
    dev = _device()
    L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64))
    size = record["size"]
    bed.m.memory.mem[L.PAGE_SIZE : 1 << 20] = b"\xa5" * ((1 << 20) - L.PAGE_SIZE)
    cpu, bus = bed.run(L.dma_alloc_coherent, dev, size, L.GFP_KERNEL)
    ours: Record = {"ok": int(cpu is not None)}
    if cpu is not None:
        ours["zeroed"] = int(not any(bed.m.memory.mem[cpu : cpu + size]))
        ours["addr_mod_page"] = bus % L.PAGE_SIZE
        ours["addr_below_mask"] = int(bus + size - 1 <= dev.coherent_dma_mask)
        bed.run(L.dma_free_coherent, dev, size, cpu, bus)
    return ours


def _dma_pool(record: Record, context: Record | None) -> Record:
    bed = oracle_bed(swiotlb="force")
    dev = _device()
    L.dma_set_mask_and_coherent(dev, L.DMA_BIT_MASK(64))
    pool = bed.run(L.dma_pool_create, "pool", dev, record["size"], record["align"], record["boundary"])
    if pool is None:
        return {"null": True}
    blocks = [bed.run(L.dma_pool_alloc, pool, L.GFP_KERNEL) for _ in range(_BLOCKS)]
    for cpu, bus in blocks:
        L.dma_pool_free(pool, cpu, bus)
    bed.run(L.dma_pool_destroy, pool)
    return {"page_offsets": [bus % L.PAGE_SIZE for _, bus in blocks]}


FAMILIES = [
    Family("dma", _dma, inputs=frozenset({"id", "len", "dir", "cpu_init_seed"})),
    Family("dma_mask", _dma_mask, inputs=frozenset({"bits"})),
    Family("dma_coherent", _dma_coherent, inputs=frozenset({"size"})),
    Family("dma_pool", _dma_pool, inputs=frozenset({"id", "size", "align", "boundary"})),
]
