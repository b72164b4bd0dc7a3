# SPDX-License-Identifier: Apache-2.0
"""The map of the networking page in pymodel/README.md is complete and true: each symbol of the page has a row, exists
where the row says, and the row's test fails as soon as the symbol is gone.

For each row a child process (of one that has all imported) takes the symbol away: a function or class becomes one that
raises, wherever a module holds it; a constant an object that raises at each use; a field a property that raises when it
is read. Then it calls the row's test, which must fail. And each test passes while nothing is taken away.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pymodel import linux as L
from tests.meta.tree import ROOT
from tests.oracle.families import families

# Every name of Linux on the page, in its order. Besides it has C's own words (int, void, sizeof, memcpy, NULL), its
# driver's (my_poll, my_priv, ...), and types that are plain ints here: __be16, __wsum, gfp_t, dma_addr_t, netdev_tx_t,
# irqreturn_t, gro_result_t, sk_buff_data_t, u8 and others.
PAGE = """
sk_buff head data tail end skb_shared_info skb_push skb_pull skb_put skb_end_pointer len data_len frag_list mac_len
truesize protocol ETH_P_IP ETH_P_IPV6 netif_receive_skb dev net_device sk sock ip_summed CHECKSUM_NONE
CHECKSUM_UNNECESSARY CHECKSUM_COMPLETE CHECKSUM_PARTIAL NETIF_F_RXCSUM pkt_type PACKET_HOST PACKET_BROADCAST
PACKET_MULTICAST PACKET_OTHERHOST hash csum csum_start csum_offset alloc_skb GFP_KERNEL GFP_ATOMIC SMP_CACHE_BYTES
skb_reserve dev_alloc_skb MAX_HEADER skb_put_zero skb_put_data BUG skb_tailroom ethhdr h_dest ETH_ALEN alloc_netdev
name_assign_type alloc_etherdev ether_setup mtu type ARPHRD_ETHER addr_len netdev_priv netdev_ops ethtool_ops
features NETIF_F_HW_CSUM NETIF_F_SG SET_NETDEV_DEV register_netdev IFF_UP unregister_netdev free_netdev pci_iounmap
net_device_ops ndo_start_xmit dev_consume_skb_any dev_kfree_skb_any NETDEV_TX_OK NETDEV_TX_BUSY ndo_select_queue
ndo_tx_timeout watchdog_timeo ndo_open netif_start_queue netif_tx_start_all_queues ndo_stop napi_disable
ndo_get_stats64 rtnl_link_stats64 ndo_get_stats ndo_set_mac_address sockaddr EADDRNOTAVAIL ndo_set_rx_mode flags mc
netif_stop_queue netif_tx_stop_queue netdev_queue netif_wake_queue netif_tx_wake_queue napi_schedule
napi_complete_done napi_struct poll_list state weight poll netif_napi_add NAPI_POLL_WEIGHT napi_enable
napi_schedule_prep __napi_schedule IRQ_HANDLED container_of napi_gro_receive eth_type_trans ip_rcv dma_map_single
DMA_TO_DEVICE dma_unmap_single
""".split()


# Words of the page that look like names of Linux and are none of these: types that are ints here, the page's driver.
OTHERS = re.compile(
    r"__(be16|u8|u16|u32|wsum)|\w+_t|my_\w+|dest_mac|dev_id|list_head|sizeof_priv|work_done|A|NULL"
    r"|API|DMA|ETH|GFP|GRO|HW|L[234]|MAC|MTU|NAPI|RSS|TC|TCP|XDP"
)
TEXT = ROOT.parent / "shared" / "linux-networking.txt"


class Row(NamedTuple):
    symbol: str  # "napi_enable", or "napi_struct.weight"
    module: str
    file: str
    test: str
    families: list[str]


def _rows() -> list[Row]:
    text = (ROOT / "pymodel/README.md").read_text()
    found = re.findall(r"^\| ([\w.]+) \| `(\w+)\.py` \| `(test_\w+)\.py::(test_\w+)` \| (.*?) \|$", text, re.MULTILINE)
    return [Row(s, m, f, t, [fam for fam in fams.split(", ") if fam != "–"]) for s, m, f, t, fams in found]


ROWS = _rows()


class Gone(Exception):
    """The symbol that was taken away was used."""


# -- the table ---------------------------------------------------------------------------------------------------
def test_every_name_of_the_page_has_a_row_and_every_row_is_of_the_page() -> None:
    assert sorted(PAGE) == sorted(set(PAGE))
    assert {row.symbol.rpartition(".")[2] for row in ROWS} == set(PAGE)
    assert len({row.symbol for row in ROWS}) == len(ROWS)


@pytest.mark.skipif(not TEXT.is_file(), reason="the page is not at hand")
def test_every_word_of_the_page_that_looks_like_a_symbol_is_one_of_its_names() -> None:
    words = set(re.findall(r"[A-Za-z_]\w*", TEXT.read_text()))
    symbols = {word for word in words if "_" in word or word.isupper()}
    assert {word for word in symbols - set(PAGE) if not OTHERS.fullmatch(word)} == set()


def test_rows_name_modules_and_families_that_exist() -> None:
    known = families()
    for row in ROWS:
        name, _, field = row.symbol.partition(".")
        module = importlib.import_module(f"pymodel.linux.{row.module}")
        assert name in module.__all__, f"{row.symbol}: {row.module}.py does not export {name}"
        assert getattr(L, name) is getattr(module, name)
        assert not field or field in _fields(getattr(module, name)), f"{row.symbol}: no such field"
        assert set(row.families) <= set(known), f"{row.symbol}: no family {set(row.families) - set(known)}"


def _fields(cls: Any) -> set[str]:
    return {name for c in cls.__mro__ for name in (*getattr(c, "__slots__", ()), *vars(c))}


# -- taking away -------------------------------------------------------------------------------------------------
class _Poison:
    """What stands in the place of a constant: raises at each use."""

    def _gone(self, *args: Any) -> Any:
        raise Gone

    for _name in (
        "__eq__ __ne__ __lt__ __gt__ __le__ __ge__ __hash__ __bool__ __int__ __index__ __add__ __radd__ __sub__ "
        "__rsub__ __mul__ __rmul__ __mod__ __rmod__ __floordiv__ __rfloordiv__ __lshift__ __rlshift__ __rshift__ "
        "__rrshift__ __and__ __rand__ __or__ __ror__ __xor__ __rxor__ __neg__ __invert__ __iter__ __len__ "
        "__getitem__ __call__ __str__ __format__ "
    ).split():
        locals()[_name] = _gone
    del _name


def _modules() -> Iterator[Any]:
    for name, module in list(sys.modules.items()):
        if name.startswith(("pymodel.", "tests.unit")) and module is not None:
            yield module


def take_away(symbol: str) -> None:
    """Make each further use of a symbol raise, in this process."""
    name, _, field = symbol.partition(".")
    target = getattr(L, name)
    if field:

        def gone(self: Any) -> Any:
            raise Gone(symbol)

        def ignored(self: Any, value: Any) -> None:
            """It may still be set."""

        setattr(target, field, property(gone, ignored))
        return
    substitute: Any = _Poison()
    if callable(target):

        def substitute(*args: Any, **kwargs: Any) -> Any:
            raise Gone(symbol)

    for module in _modules():
        for key, value in list(vars(module).items()):
            if value is target if callable(target) else key == name and type(value) is type(target) and value == target:
                setattr(module, key, substitute)


# -- running -----------------------------------------------------------------------------------------------------
def _calls(fn: Callable[..., Any]) -> list[dict[str, Any]]:
    """The arguments of each case of a test, as its parametrize marks give them."""
    axes = []
    for mark in getattr(fn, "pytestmark", ()):
        if mark.name == "parametrize":
            names, values = mark.args[0], mark.args[1]
            names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
            axes.append([dict(zip(names, v if len(names) > 1 else (v,), strict=True)) for v in values])
    cases = [{k: v for part in parts for k, v in part.items()} for parts in itertools.product(*axes)]
    assert all(set(inspect.signature(fn).parameters) == set(case) for case in cases), f"{fn.__name__} needs fixtures"
    return cases


def run(row: Row) -> bool:
    """Call the row's test, all its cases; whether they pass."""
    fn = getattr(importlib.import_module(f"tests.unit.{row.file}"), row.test)
    try:
        for case in _calls(fn):
            fn(**case)
    except BaseException:  # what pytest.fail() and pytest.raises() raise is no Exception
        return False
    return True


def in_a_child(job: Callable[[], bool]) -> bool | None:
    """What a job says, in a process of its own; None where it takes longer than 20 s or dies."""
    pid = os.fork()
    if pid == 0:
        result = 3
        try:
            signal.alarm(20)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            result = 0 if job() else 1
        finally:
            os._exit(result)
    _, status = os.waitpid(pid, 0)
    return {0: True, 1: False}.get(os.waitstatus_to_exitcode(status))


def _import_all() -> None:
    for row in ROWS:
        importlib.import_module(f"tests.unit.{row.file}")


def test_every_test_of_the_map_passes() -> None:
    _import_all()
    for row in {(row.file, row.test): row for row in ROWS}.values():
        assert in_a_child(lambda row=row: run(row)) is True, f"{row.file}.py::{row.test} does not pass"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.symbol)
def test_without_the_symbol_its_test_fails(row: Row) -> None:
    _import_all()

    def job() -> bool:
        take_away(row.symbol)
        return run(row)

    assert in_a_child(job) is False, f"{row.file}.py::{row.test} does not notice that {row.symbol} is gone"


def test_a_test_that_does_not_use_the_symbol_is_found_out() -> None:
    """The check itself: a row with a test that has nothing to do with its symbol."""
    _import_all()
    row = next(row for row in ROWS if row.symbol == "skb_pull")
    other = row._replace(symbol="dma_map_single")

    def job() -> bool:
        take_away(other.symbol)
        return run(other)

    assert in_a_child(job) is True


def test_calls_made_by_name_from_other_modules_are_reached() -> None:
    """Modules hold what they import under a name of their own: the walk reaches each."""
    assert Path(sys.modules["pymodel.linux.gro"].__file__ or "").exists()

    def job() -> bool:
        take_away("eth_type_trans")
        held = [m for m in _modules() if callable(vars(m).get("eth_type_trans"))]
        try:
            for module in held:
                with pytest.raises(Gone):
                    vars(module)["eth_type_trans"](None, None)
        except BaseException:  # pytest.raises() without its exception raises no Exception
            return False
        return len(held) > 2

    assert in_a_child(job) is True
