# SPDX-License-Identifier: Apache-2.0
"""What a check raises when a rule is broken."""

from __future__ import annotations

__all__ = ["CheckError"]


class CheckError(Exception):
    """A rule of the hardware-software contract was broken.

    ``rule`` is its number in docs/kernel-rules.md (``DMA3``) or a short name of the check; ``what`` says what
    happened, to whom, with the numbers; ``where`` says where to look (queue, descriptor, source line, time).
    """

    def __init__(self, rule: str, what: str, where: str = "") -> None:
        self.rule = rule
        self.what = what
        self.where = where
        super().__init__(f"{rule}: {what}" + (f" [{where}]" if where else ""))
