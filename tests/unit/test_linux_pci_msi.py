# SPDX-License-Identifier: Apache-2.0
"""Vectors: how many, where to, and the line. Messages that arrive: test_linux_irq.py."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from pymodel.hw.access import here
from tests.unit.linux_bed import Bed
from tests.unit.pci_bed import bind

MSIX, MSI, INTX, SPREAD = L.PCI_IRQ_MSIX, L.PCI_IRQ_MSI, L.PCI_IRQ_INTX, L.PCI_IRQ_AFFINITY


def device(bed: Bed, **desc: Any) -> Any:
    return bind(bed, lambda pdev: L.pci_enable_device(pdev) or L.pci_set_master(pdev) or 0, **desc)[0]


@pytest.mark.parametrize(
    ("asked", "flags", "desc", "got"),
    [
        ((1, 8), L.PCI_IRQ_MSIX, {}, 4),
        ((2, 3), L.PCI_IRQ_MSIX, {}, 3),
        ((5, 8), L.PCI_IRQ_MSIX, {}, -L.ENOSPC),
        ((1, 4), L.PCI_IRQ_MSIX | L.PCI_IRQ_INTX, {"vectors": 0}, 1),
        ((2, 4), L.PCI_IRQ_INTX, {"vectors": 0}, -L.ENOSPC),
        ((1, 1), L.PCI_IRQ_INTX, {"vectors": 0, "line": False}, -L.ENOSPC),
        ((1, 2), L.PCI_IRQ_MSI, {}, 2),
        ((3, 2), L.PCI_IRQ_MSIX, {}, -L.ERANGE),
    ],
)
def test_vectors_are_given_as_asked_and_available(
    asked: tuple[int, int], flags: int, desc: dict[str, Any], got: int
) -> None:
    bed = Bed()
    result: list[int] = []

    def probe(pdev: Any) -> int:
        result.append(L.pci_alloc_irq_vectors(pdev, *asked, flags))
        return 0

    pdev, _ = bind(bed, probe, **desc)
    assert result == [got]
    if got > 0:
        assert [L.pci_irq_vector(pdev, n) > 0 for n in range(5)] == [n < got for n in range(5)]


def test_vectors_spread_over_the_cpus() -> None:
    bed = Bed(cpus=4)

    def probe(pdev: Any) -> int:
        return min(L.pci_alloc_irq_vectors(pdev, 4, 4, L.PCI_IRQ_MSIX), 0)

    pdev, _ = bind(bed, probe)
    assert sorted(entry.desc.cpu for entry in pdev.msi) == [0, 1, 2, 3]


def test_vectors_not_freed_are_life3() -> None:
    """kernel-rules.md: LIFE3."""
    bed = Bed()
    pdev, _ = bind(bed, lambda pdev: min(L.pci_alloc_irq_vectors(pdev, 1, 1, L.PCI_IRQ_MSIX), 0))
    with pytest.raises(L.CheckError, match="LIFE3: 0000:01:00.0: 1 interrupt vectors are not freed"):
        bed.run(L.pci_remove_device, pdev)


def test_vectors_freed_with_a_handler_installed_are_life3() -> None:
    """kernel-rules.md: LIFE3; BUG_ON in the kernel."""
    bed = Bed()

    def probe(pdev: Any) -> int:
        L.pci_alloc_irq_vectors(pdev, 1, 1, L.PCI_IRQ_MSIX)
        return int(L.request_irq(L.pci_irq_vector(pdev, 0), lambda irq, d: L.IRQ_HANDLED, 0, "eth0-rx", pdev))

    pdev, _ = bind(bed, probe, L.pci_free_irq_vectors)
    with pytest.raises(L.CheckError, match="LIFE3: .*vector 0 freed while handler eth0-rx is installed"):
        bed.run(L.pci_remove_device, pdev)


def test_vectors_that_are_spread_are_at_most_one_a_cpu() -> None:
    """Source: kernel/irq/affinity.c."""
    bed = Bed(cpus=4)
    pdev = device(bed, vectors=16)
    assert bed.run(L.pci_alloc_irq_vectors, pdev, 1, 16, MSIX | SPREAD) == 4
    assert [L.pci_irq_get_affinity(pdev, nr) for nr in range(5)] == [1, 2, 4, 8, None]
    assert [e.desc.cpu for e in pdev.msi] == [0, 1, 2, 3]
    bed.run(L.pci_free_irq_vectors, pdev)
    affd = L.irq_affinity(pre_vectors=1, post_vectors=2)
    assert bed.run(L.pci_alloc_irq_vectors_affinity, pdev, 3, 16, MSIX | SPREAD, affd) == 7
    assert [L.pci_irq_get_affinity(pdev, nr) for nr in range(7)] == [15, 1, 2, 4, 8, 15, 15]
    bed.run(L.pci_free_irq_vectors, pdev)
    assert bed.run(L.pci_alloc_irq_vectors_affinity, pdev, 2, 16, MSIX | SPREAD, affd) == -L.ENOSPC
    assert bed.run(L.pci_alloc_irq_vectors_affinity, pdev, 3, 5, MSIX | SPREAD, affd) == 5
    assert [L.pci_irq_get_affinity(pdev, nr) for nr in range(5)] == [15, 3, 12, 15, 15]


def test_affinity_without_the_flag_is_a_warning() -> None:
    bed = Bed()
    with pytest.raises(L.KernelWarning, match="affinity without PCI_IRQ_AFFINITY"):
        bed.run(L.pci_alloc_irq_vectors_affinity, device(bed), 1, 4, MSIX, L.irq_affinity())


def test_counts_are_the_capabilities() -> None:
    bed = Bed()
    table = device(bed, vectors=9, msix_table=0x800)
    assert (L.pci_msix_vec_count(table), L.pci_msi_vec_count(table)) == (9, -L.EINVAL)
    numbered = L.pci_device({"vendor": 1, "device": 2, "vectors": 5})
    assert (L.pci_msix_vec_count(numbered), L.pci_msi_vec_count(numbered)) == (5, 8)
    none = L.pci_device({"vendor": 1, "device": 2})
    assert (L.pci_msix_vec_count(none), L.pci_msi_vec_count(none)) == (-L.EINVAL, -L.EINVAL)


def test_vectors_at_chosen_places_of_the_table() -> None:
    bed = Bed()
    pdev = device(bed, vectors=8, msix_table=0x800)
    entries = [L.msix_entry(entry) for entry in (5, 2)]
    bed.platform.writes.clear()
    assert bed.run(L.pci_enable_msix_range, pdev, entries, 1, 2) == 2
    assert {addr for addr, _ in bed.platform.writes} == {0x800 + 16 * e + f for e in (5, 2) for f in (0, 4, 8, 12)}
    assert [e.vector for e in entries] == [L.pci_irq_vector(pdev, nr) for nr in (0, 1)]
    assert pdev.msix_enabled and L.pci_dev_msi_enabled(pdev)
    bed.run(L.pci_disable_msix, pdev)
    assert not L.pci_dev_msi_enabled(pdev)
    for bad in ((1, 1), (8, 0)):
        assert bed.run(L.pci_enable_msix_range, pdev, [L.msix_entry(e) for e in bad], 2, 2) == -L.EINVAL
    assert bed.run(L.pci_enable_msix_exact, pdev, [L.msix_entry(e) for e in range(9)], 9) == -L.EINVAL
    assert bed.run(L.pci_enable_msix_exact, pdev, [L.msix_entry(e) for e in range(8)], 8) == 0


def test_vectors_allocated_twice_are_a_warning() -> None:
    bed = Bed()
    pdev = device(bed)
    assert bed.run(L.pci_alloc_irq_vectors, pdev, 1, 1, MSIX) == 1
    with pytest.raises(L.KernelWarning, match="MSI-X is enabled already"):
        bed.run(L.pci_alloc_irq_vectors, pdev, 1, 1, MSIX)
    assert bed.run(L.pci_enable_msi, pdev) == -L.EINVAL, "not beside MSI-X"


def test_vectors_of_a_sleeping_device_are_einval() -> None:
    bed = Bed()
    pdev = device(bed)
    bed.run(L.pci_set_power_state, pdev, L.PCI_D3hot)
    assert bed.run(L.pci_alloc_irq_vectors, pdev, 1, 4, MSIX | MSI) == -L.EINVAL


def test_msi_takes_the_place_of_the_line() -> None:
    bed = Bed()
    pdev = device(bed)
    line = pdev.irq
    assert bed.run(L.pci_enable_msi, pdev) == 0
    assert pdev.msi_enabled and pdev.irq == L.pci_irq_vector(pdev, 0) != line
    bed.run(L.pci_disable_msi, pdev)
    assert pdev.irq == line == L.pci_irq_vector(pdev, 0) and not pdev.msi_enabled


def test_line_is_silent_while_messages_are_used_or_intx_is_disabled() -> None:
    bed = Bed()
    pdev = device(bed)
    calls: list[int] = []

    def handler(irq: int, dev_id: Any) -> int:
        calls.append(irq)
        here.machine.set_irq_line(0, False, bed.sched.local_now)
        return L.IRQ_HANDLED

    bed.run(L.request_irq, pdev.irq, handler, L.IRQF_SHARED, "line", pdev)
    for off, on in (
        (lambda: L.pci_intx(pdev, 0), lambda: L.pci_intx(pdev, 1)),
        (lambda: L.pci_alloc_irq_vectors(pdev, 1, 1, MSIX), lambda: L.pci_free_irq_vectors(pdev)),
        (lambda: L.pci_intx(pdev, 0), lambda: L.pci_alloc_irq_vectors(pdev, 1, 1, INTX)),
    ):
        calls.clear()
        bed.run(off)
        here.machine.set_irq_line(0, True, bed.sched.now)
        bed.settle(5000)
        assert calls == []
        bed.run(on)
        bed.settle(5000)
        assert calls == [pdev.irq]


def test_message_of_a_vector_that_is_not_allocated_is_reported() -> None:
    bed = Bed()
    pdev = device(bed)
    with pytest.raises(L.CheckError, match="MSI: message of vector 0, but no device has vectors"):
        here.machine.raise_msi(0, 0)
    bed.run(L.pci_alloc_irq_vectors, pdev, 1, 2, MSIX)
    with pytest.raises(L.CheckError, match="MSI: .*message of vector 2, but 2 are allocated"):
        here.machine.raise_msi(2, 0)
