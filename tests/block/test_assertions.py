# SPDX-License-Identifier: Apache-2.0
"""The RTL's assertions are alive: a device broken on purpose ends its simulation with the assertion's name.

Each case edits a copy of one RTL file. The first is the canary: an assertion that is false whatever happens.
"""

from __future__ import annotations

import pytest

from tests.block.datapath_bench import build, run

BROKEN = {
    "canary": (
        "nic_host.sv",
        "`NIC_ASSERT_IF(MsixVectorExists, msix_valid_o, 32'(msix_vector_o) <= Queues)",
        "`NIC_ASSERT(MsixVectorExists, 1'b0)",
        "MsixVectorExists",
    ),
    "a read burst ends beyond 4 KiB": (
        "dma/nic_dma_pkg.sv",
        "localparam int unsigned BurstLog2 = 11;",
        "localparam int unsigned BurstLog2 = 13;",
        "ArWithin4KiB",
    ),
    "a read burst ends where it may not": (
        "tx/nic_tx_cut.sv",
        "assign room   = part_t'(BurstBytes) - part_t'(addr_i[BurstLog2-1:0]);",
        "assign room   = part_t'(BurstBytes);",
        "TxBurstWithinLimit",
    ),
    "a write address is withdrawn": (
        "dma/nic_dma_write.sv",
        "if (aw_free) m_axi_awvalid <= begun;",
        "m_axi_awvalid <= begun;",
        "AwStable",
    ),
    "completions do not wait for their data": (
        "rx/nic_rx_records.sv",
        "if (ends) ready_q[b_queue_q] <= ready_q[b_queue_q] + 1'b1;",
        "if (rec_valid_i) ready_q[write_queue_i] <= ready_q[write_queue_i] + 1'b1;",
        "RxRecordAfterData",
    ),
    "more is reserved than the buffer holds": (
        "tx/nic_tx_issue.sv",
        "fits_q <= !(17'({room_q, ByteLog2'(0)}) < soon_total) && frame_q &&",
        "fits_q <= frame_q &&",
        "TxBufferNotOverbooked",
    ),
    "a record goes before a message": (
        "dma/nic_dma_write.sv",
        "(lock_q == SrcCpl || (sel_first && !msix_valid_i));",
        "(lock_q == SrcCpl || sel_first);",
        "MsixGoesFirst",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_device_ends_with_the_assertions_name(case: str) -> None:
    name, old, new, assertion = BROKEN[case]
    build(64, 4)  # the sound device, of which most is used again
    program = build(64, 4, {name: (old, new)})
    texts = []
    for seed in range(1, 9):
        code, text = run(program, "traffic", seed=seed, clocks=30000, lenient=1)
        if f"NIC_ASSERT {assertion}" in text:
            assert code != 0
            return
        texts.append(text[-300:])
    pytest.fail(f"{case}: {assertion} did not fire: " + "\n".join(texts))
