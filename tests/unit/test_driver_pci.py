# SPDX-License-Identifier: Apache-2.0
"""The reference driver and PCI: recovery when the bus cuts the device off (ERR1), and what happens where a step of it,
or of setting the device up, is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pymodel import linux
from pymodel.drivers.nic import nic_err, nic_main, nic_netdev
from pymodel.drivers.nic import nic_hw as hw
from pymodel.hw.access import readl
from pymodel.hw.errors import CheckError
from pymodel.linux import pci_err
from tests.unit.soft_host import Host
from tests.unit.test_driver_broken import traffic
from tests.unit.test_driver_traffic import frame

Patch = pytest.MonkeyPatch


def bus_error(h: Host) -> None:
    """The bus cuts the device off in traffic; afterwards frames pass again."""
    h.up()
    out = [frame(60 + i, i) for i in range(40)]
    task = h.start(h.send_task, out)
    for f in out:
        h.platform.wire_send(f, 0)
    h.settle(20)
    for i in range(60):  # the wire does not care: from before the link's reset ends to after it
        h.platform.wire_send(out[0], h.platform.now + (95_000 + 500 * i) * 1_000_000)
    recovery = h.start(linux.pci_inject_error, h.pdev, linux.pci_channel_io_frozen)
    h.until(lambda: task.done and recovery.done, limit_us=300_000)
    assert recovery.result == linux.PCI_ERS_RESULT_RECOVERED
    h.settle(40_000)
    before = len(h.received)
    h.deliver(out)
    assert len(h.received) == before + len(out)
    h.remove()


def test_the_driver_recovers_when_the_bus_cuts_its_device_off(host: Any) -> None:
    """kernel-rules.md: ERR1."""
    bus_error(host())


def touch_the_device_that_is_cut_off(p: Patch) -> None:
    """What error_detected() scheduled looks at the device before it is back."""
    detected = nic_err.nic_err_handler.error_detected

    def late(pdev: Any, state: int) -> int:
        result = detected(pdev, state)
        priv = linux.pci_get_drvdata(pdev).priv
        linux.INIT_WORK(priv.reset_work, lambda work: readl(priv.iomem + hw.STATUS))
        linux.schedule_work(priv.reset_work)
        return result

    p.setattr(nic_err.nic_err_handler, "error_detected", late)
    p.setattr(pci_err, "_reset_link", lambda pdev: linux.msleep(1))


def io_before_resume(p: Patch) -> None:
    """slot_reset() starts the rings."""
    slot_reset = nic_err.nic_err_handler.slot_reset

    def early(pdev: Any) -> int:
        result = slot_reset(pdev)
        ndev = linux.pci_get_drvdata(pdev)
        linux.rtnl_lock()
        nic_netdev.nic_restart(ndev.priv)
        ndev.priv.halted = False
        linux.rtnl_unlock()
        linux.msleep(1)
        return result

    p.setattr(nic_err.nic_err_handler, "slot_reset", early)


def forget_pci_save_state(p: Patch) -> None:
    """Nothing to restore, and pci_enable_device() does nothing for a device that is enabled."""
    p.setattr(nic_main, "pci_save_state", lambda pdev: 0)
    p.setattr(nic_err, "pci_disable_device", lambda pdev: None)


def forget_pci_enable_device(p: Patch) -> None:
    p.setattr(nic_main, "pcim_enable_device", lambda pdev: 0)


def forget_pci_set_master(p: Patch) -> None:
    p.setattr(nic_main, "pci_set_master", lambda pdev: None)


@pytest.mark.parametrize(
    ("mistake", "rule", "scenario"),
    [
        (touch_the_device_that_is_cut_off, "ERR1", bus_error),
        (io_before_resume, "ERR1", bus_error),
        (forget_pci_save_state, "PCI", bus_error),
        (forget_pci_enable_device, "PCI", traffic),
        (forget_pci_set_master, "PCI", traffic),
    ],
)
def test_mistake_is_reported(
    host: Any, monkeypatch: Patch, mistake: Callable[[Patch], None], rule: str, scenario: Callable[[Host], None]
) -> None:
    mistake(monkeypatch)
    with pytest.raises(CheckError, match=f"^{rule}: "):
        scenario(host())
