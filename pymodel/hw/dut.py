# SPDX-License-Identifier: Apache-2.0
"""What reports may ask of any device under test: neutral words for the state of its queues.

A driver's ``ops`` class (named in ``dut.toml``) answers with these; the watchdog and the failure report print them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["QueueState"]


@dataclass(slots=True, frozen=True)
class QueueState:
    """One queue as its driver sees it at one moment. Indices are the driver's own, free running.

    ``producer`` counts what the driver has handed to the device, ``consumer`` what it has taken back, and
    ``device_index`` how far the device says it has come (as last seen in memory, with no register read, so that
    a hung device can be described). ``oldest`` is the text of the oldest entry that is still with the device, and
    ``waits_for`` says who has to move next: "" when nothing is outstanding.
    """

    name: str
    producer: int
    consumer: int
    device_index: int
    size: int
    oldest: str = ""
    waits_for: str = ""

    def __str__(self) -> str:
        text = (
            f"{self.name}: producer {self.producer}, consumer {self.consumer}, device at {self.device_index}, "
            f"{self.size} entries"
        )
        if self.oldest:
            text += f"; oldest {self.oldest}"
        if self.waits_for:
            text += f"; waits for {self.waits_for}"
        return text
