# SPDX-License-Identifier: Apache-2.0
"""UDP sockets: accounts of memory, checksums, demultiplexing, sending."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.inet_bed import HOST, HOST6, PEER_IP, arp, host, ipv4, sent, udp4, udp6, udp_socket
from tests.unit.linux_bed import Bed
from tests.unit.rx_bed import MAC, PEER, receive, rtnl

TO_PEER = (PEER_IP, 7)


def drops() -> Any:
    return L.counters()["drops"]


def recv(bed: Bed, sk: Any, size: int = 2000, flags: int = L.MSG_DONTWAIT) -> Any:
    msg = L.msghdr()
    got = bed.run(L.udp_recvmsg, sk, msg, size, flags)
    return msg.msg_iter if got >= 0 else got


def send(bed: Bed, sk: Any, data: bytes, to: tuple[str, int] | None = TO_PEER, flags: int = 0) -> int:
    name = L.sockaddr_in(L.in_aton(to[0]), to[1]) if to else None
    return int(bed.run(L.kernel_sendmsg, sk, L.msghdr(name, b"", flags), [data], 1, len(data)))


def knows_peer(bed: Bed, nic: Any) -> None:
    receive(bed, nic.ndev, arp(L.ARPOP_REQUEST, PEER, PEER_IP, HOST))
    nic.complete(1)
    bed.run(lambda: (L.local_bh_disable(), nic.interrupt(), L.local_bh_enable()))
    assert sent(nic) == []


# -- memory --------------------------------------------------------------------------------------------------
def test_received_datagrams_are_on_the_sockets_account_until_they_are_read() -> None:
    """sk_rmem_alloc by truesize; sk_forward_alloc and the protocol's account in pages."""
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    sizes: list[int] = []
    for i in range(3):
        receive(bed, nic.ndev, udp4(bytes([i]) * 50), change=lambda skb: sizes.append(skb.truesize))
    assert sk.sk_rmem_alloc == sum(sizes)
    assert sk.sk_forward_alloc == -sum(sizes) % L.PAGE_SIZE
    assert sk.sk_prot_mem.allocated == -(-sum(sizes) // L.PAGE_SIZE)
    assert recv(bed, sk) == bytes(50)
    assert recv(bed, sk) == b"\x01" * 50
    assert recv(bed, sk) == b"\x02" * 50
    assert sk.sk_rmem_alloc == 0
    assert recv(bed, sk) == -L.EAGAIN
    bed.run(L.sock_release, sk)
    assert sk.sk_prot_mem.allocated == 0
    assert L.skb_leaks() == []


def test_memory_of_read_datagrams_comes_back_in_batches() -> None:
    """A quarter of the buffer at once, while there are more on the queue."""
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    for _ in range(4):
        receive(bed, nic.ndev, udp4(b"a" * 50))
    size = sk.sk_rmem_alloc // 4
    recv(bed, sk)
    receive(bed, nic.ndev, udp4(b"b" * 50))
    recv(bed, sk)
    assert sk.sk_rmem_alloc == 4 * size  # the first came back, as the queue was empty; the second has not
    sk.forward_threshold = 2 * size
    recv(bed, sk)
    assert sk.sk_rmem_alloc == 2 * size


def test_full_receive_buffer_drops_with_its_reason_and_takes_one_packet_beyond() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    sk.sk_rcvbuf = 3000
    for i in range(6):
        receive(bed, nic.ndev, udp4(bytes([i]) * 50))
    kept = len(sk.sk_receive_queue)
    assert sk.sk_rmem_alloc - 3000 <= sk.sk_receive_queue[0].truesize
    assert sk.sk_rmem_alloc > 3000
    assert (sk.sk_drops, drops()) == (6 - kept, {"SOCKET_RCVBUFF": 6 - kept})
    assert L.snmp_counters()["UdpRcvbufErrors"] == L.snmp_counters()["UdpInErrors"] == 6 - kept
    assert [recv(bed, sk)[0] for _ in range(kept)] == list(range(kept))
    receive(bed, nic.ndev, udp4(b"again"))
    assert recv(bed, sk) == b"again"


def test_memory_of_all_udp_sockets_is_limited_but_each_has_its_minimum() -> None:
    bed = Bed()
    nic = host(bed)
    one, two = udp_socket(bed, 2000), udp_socket(bed, 2001)
    one.sk_prot_mem.mem = (1, 1, 2)
    for _ in range(20):
        receive(bed, nic.ndev, udp4(b"x" * 50, dport=2000))
    assert drops() == {"PROTO_MEM": one.sk_drops}
    assert 0 < one.sk_drops < 20
    assert L.snmp_counters()["UdpMemErrors"] == one.sk_drops
    receive(bed, nic.ndev, udp4(b"minimum", dport=2001))
    assert recv(bed, two) == b"minimum"


def test_datagram_under_pressure_is_made_small() -> None:
    """skb_condense(): a page that holds few bytes is given back for room in the head."""
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    frame = udp4(b"x" * 100)

    def paged(skb: Any) -> None:
        page = L.alloc_page(L.GFP_ATOMIC)
        bed.m.memory.mem[page.addr : page.addr + 100] = b"x" * 100
        L.skb_trim(skb, skb.len - 100)
        L.skb_add_rx_frag(skb, 0, page, 0, 100, L.PAGE_SIZE)

    receive(bed, nic.ndev, frame, change=paged)
    big = sk.sk_rmem_alloc
    sk.sk_rcvbuf = big * 3 // 2
    receive(bed, nic.ndev, frame, change=paged)
    assert sk.sk_rmem_alloc - big < big - L.PAGE_SIZE // 2
    assert [recv(bed, sk) for _ in range(2)] == [b"x" * 100] * 2


# -- checksums -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [10, 200])
def test_wrong_checksum_never_reaches_the_reader(size: int) -> None:
    """Short datagrams are summed at once, longer ones when they are read."""
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    receive(bed, nic.ndev, udp4(b"x" * size, check=1))
    assert len(sk.sk_receive_queue) == (size == 200)
    receive(bed, nic.ndev, udp4(b"y" * size))
    assert recv(bed, sk) == b"y" * size
    assert drops() == ({"UDP_CSUM": 1} if size == 10 else {"NOT_SPECIFIED": 1})
    counters = L.snmp_counters()
    assert (counters["UdpInCsumErrors"], counters["UdpInErrors"], counters["UdpInDatagrams"]) == (1, 1, 1)


def test_checksum_of_zero_is_none_over_ipv4_and_wrong_over_ipv6() -> None:
    bed = Bed()
    nic = host(bed)
    bed.run(L.ipv6_add_addr, nic.ndev, HOST6)
    four, six = udp_socket(bed), udp_socket(bed, family=L.AF_INET6)
    receive(bed, nic.ndev, udp4(b"four", check=0))
    receive(bed, nic.ndev, udp6(b"six", check=0))
    assert recv(bed, four) == b"four"
    assert recv(bed, six) == -L.EAGAIN
    assert drops() == {"UDP_CSUM": 1}


@pytest.mark.parametrize("summed", [L.CHECKSUM_UNNECESSARY, L.CHECKSUM_COMPLETE])
def test_what_the_device_verified_is_believed(summed: int) -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    frame = udp4(b"z" * 200, check=1 if summed == L.CHECKSUM_UNNECESSARY else None)
    sums: list[int] = []

    def told(skb: Any) -> None:
        skb.ip_summed = summed
        if summed == L.CHECKSUM_COMPLETE:
            skb.csum = L.csum_partial(skb.data, skb.len, 0)

    receive(bed, nic.ndev, frame, change=told)
    sums.append(sk.sk_receive_queue[0].csum_valid)
    assert sums == [1]
    assert recv(bed, sk) == b"z" * 200


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (ipv4(b"1234567"), "NOT_SPECIFIED"),
        (udp4(b"x" * 50, length=59), "PKT_TOO_SMALL"),
        (udp4(b"x" * 50, length=7), "PKT_TOO_SMALL"),
        (udp4(b"x" * 50, dport=9), "NO_SOCKET"),
        (udp4(b"x" * 200, dport=9, check=1), "UDP_CSUM"),
    ],
)
def test_datagram_that_is_wrong_is_dropped_for_its_reason(frame: bytes, reason: str) -> None:
    bed = Bed()
    nic = host(bed)
    udp_socket(bed)
    receive(bed, nic.ndev, frame)
    assert drops() == {reason: 1}
    assert L.snmp_counters()["UdpNoPorts" if reason == "NO_SOCKET" else "UdpInErrors"] == 1


def test_datagram_shorter_than_its_packet_is_cut() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    receive(bed, nic.ndev, udp4(b"x" * 50, length=18, check=0))
    assert recv(bed, sk) == b"x" * 10


# -- which socket --------------------------------------------------------------------------------------------
def test_the_most_specific_socket_gets_the_datagram() -> None:
    bed = Bed()
    nic = host(bed)
    any_one, bound, connected = udp_socket(bed, 2000), udp_socket(bed, 2001), udp_socket(bed, 2002)
    for sk in (bound, connected):
        bed.run(L.sock_release, sk)
    bound = udp_socket_reuse(bed, any_one, L.in_aton(HOST))
    connected = udp_socket_reuse(bed, any_one, 0)
    assert bed.run(L.kernel_connect, connected, L.sockaddr_in(L.in_aton(PEER_IP), 1000)) == 0
    assert L.kernel_getsockname(connected).sin_addr == L.in_aton(HOST)
    receive(bed, nic.ndev, udp4(b"connected", sport=1000))
    receive(bed, nic.ndev, udp4(b"bound", sport=1001))
    assert recv(bed, connected) == b"connected"
    assert recv(bed, bound) == b"bound"
    assert recv(bed, any_one) == -L.EAGAIN
    bound.sk_bound_dev = object()
    receive(bed, nic.ndev, udp4(b"any", sport=1001))
    assert recv(bed, any_one) == b"any"


def udp_socket_reuse(bed: Bed, other: Any, address: int) -> Any:
    err, sk = bed.run(L.sock_create_kern, None, L.AF_INET, L.SOCK_DGRAM, 0)
    assert err == 0
    sk.reuse = other.reuse = True
    assert bed.run(L.kernel_bind, sk, L.sockaddr_in(address, 2000)) == 0
    return sk


def test_multicast_goes_to_every_socket_that_listens() -> None:
    bed = Bed()
    nic = host(bed)
    rtnl(bed, L.ip_mc_inc_group, nic.ndev.ip_ptr, L.in_aton("239.1.1.1"))
    one = udp_socket(bed)
    two = udp_socket_reuse(bed, one, L.in_aton("239.1.1.1"))
    three = udp_socket_reuse(bed, one, L.in_aton(HOST))
    receive(bed, nic.ndev, udp4(b"all", dst="239.1.1.1"))
    assert (recv(bed, one), recv(bed, two), recv(bed, three)) == (b"all", b"all", -L.EAGAIN)
    receive(bed, nic.ndev, udp4(b"none", dst="239.1.1.1", dport=9))
    assert L.snmp_counters()["UdpIgnoredMulti"] == 1


def test_ports_are_taken_once_and_drawn_where_none_is_named() -> None:
    bed = Bed()
    host(bed)
    sk = udp_socket(bed, 2000)
    _, other = bed.run(L.sock_create_kern, None, L.AF_INET, L.SOCK_DGRAM, L.IPPROTO_UDP)
    bind = lambda name: bed.run(L.kernel_bind, other, name)  # noqa: E731
    assert bind(L.sockaddr_in(0, 2000)) == -L.EADDRINUSE
    assert bind(L.sockaddr_in(L.in_aton("10.9.9.9"), 2000)) == -L.EADDRNOTAVAIL
    assert bind(L.sockaddr_in6()) == -L.EAFNOSUPPORT
    assert bind(L.sockaddr_in()) == 0
    assert 32768 <= other.inet_num <= 60999
    assert bind(L.sockaddr_in(0, 5)) == -L.EINVAL
    bed.run(L.sock_release, sk)
    again = udp_socket(bed, 2000)
    assert again.inet_num == 2000


@pytest.mark.parametrize(
    ("family", "type", "protocol", "err"),
    [(99, 2, 0, L.EAFNOSUPPORT), (2, 1, 0, L.ESOCKTNOSUPPORT), (2, 2, 6, L.EPROTONOSUPPORT)],
)
def test_sockets_of_other_kinds_are_refused(family: int, type: int, protocol: int, err: int) -> None:
    bed = Bed()
    assert bed.run(L.sock_create_kern, None, family, type, protocol) == (-err, None)


# -- reading -------------------------------------------------------------------------------------------------
def test_long_datagram_is_cut_to_the_readers_buffer_and_says_so() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    for _ in range(3):
        receive(bed, nic.ndev, udp4(bytes(range(100))))
    msg = L.msghdr()
    assert bed.run(L.udp_recvmsg, sk, msg, 10, 0) == 10
    assert (msg.msg_iter, msg.msg_flags) == (bytes(range(10)), L.MSG_TRUNC)
    assert (msg.msg_name.sin_addr, msg.msg_name.sin_port) == (L.in_aton(PEER_IP), 1000)
    assert bed.run(L.udp_recvmsg, sk, msg, 10, L.MSG_TRUNC) == 100
    parts = [bytearray(30), bytearray(90)]
    assert bed.run(L.kernel_recvmsg, sk, msg, parts, 2, 120, 0) == 100
    assert bytes(parts[0] + parts[1])[:100] == bytes(range(100))


def test_peeking_leaves_the_datagram() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    receive(bed, nic.ndev, udp4(b"once"))
    before = sk.sk_rmem_alloc
    assert recv(bed, sk, flags=L.MSG_PEEK) == recv(bed, sk, flags=L.MSG_PEEK) == b"once"
    assert sk.sk_rmem_alloc == before
    assert recv(bed, sk) == b"once"


def test_reader_sleeps_until_a_datagram_comes_or_its_time_is_up() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    msg = L.msghdr()
    task = bed.sched.run_task(L.udp_recvmsg, sk, msg, 100, 0)
    bed.settle(1000)
    assert not task.done
    receive(bed, nic.ndev, udp4(b"come"))
    bed.settle(1000)
    assert (task.result, msg.msg_iter) == (4, b"come")
    sk.sk_rcvtimeo = L.msecs_to_jiffies(20)
    begin = bed.sched.now
    assert recv(bed, sk, flags=0) == -L.EAGAIN
    assert 16_000_000_000 <= bed.sched.now - begin <= 24_000_000_000  # ps
    sk.sk_rcvtimeo = 0
    assert recv(bed, sk, flags=0) == -L.EAGAIN


@pytest.mark.parametrize(("wants", "got"), [(0, None), (12, b"filt"), (2, b""), (999, b"filtered")])
def test_filter_of_the_socket_decides_how_much_it_gets(wants: int, got: bytes | None) -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    sk.sk_filter = lambda skb: wants
    receive(bed, nic.ndev, udp4(b"filtered"))
    assert recv(bed, sk) == (got if got is not None else -L.EAGAIN)
    assert (sk.sk_drops, drops()) == ((0, {}) if got is not None else (1, {"SOCKET_FILTER": 1}))
    receive(bed, nic.ndev, udp4(b"filtered", check=1))
    assert drops().get("UDP_CSUM") == 1


# -- sending -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("offload", [True, False])
def test_datagram_leaves_with_headers_and_a_right_checksum(offload: bool) -> None:
    """CHECKSUM_PARTIAL where the device can, else summed at once."""
    bed = Bed()
    nic = host(bed)
    nic.ndev.features &= ~L.NETIF_F_HW_CSUM
    nic.ndev.features |= L.NETIF_F_HW_CSUM if offload else 0
    knows_peer(bed, nic)
    sk = udp_socket(bed)
    assert send(bed, sk, b"hello") == 5
    skb = nic.tx[0][0]
    assert skb.ip_summed == (L.CHECKSUM_PARTIAL if offload else L.CHECKSUM_NONE)
    if offload:
        assert skb.csum_start + skb.csum_offset == skb.head - skb.head + skb.transport_header + 6
        assert bed.run(L.skb_checksum_help, skb) == 0
    frame = udp4(b"hello", 2000, 7, src=HOST, dst=PEER_IP)
    got = sent(nic)[0]
    assert got[:14] == PEER + MAC + b"\x08\x00"
    assert got[34:] == frame[34:]
    assert got[16:18] + got[22:24] + got[26:34] == frame[16:18] + frame[22:24] + frame[26:34]
    ip = got[14:34]
    assert sum(int.from_bytes(ip[i : i + 2], "big") for i in range(0, 20, 2)) % 0xFFFF == 0
    assert ip[6:8] == b"\x40\x00"  # don't fragment
    assert L.snmp_counters()["UdpOutDatagrams"] == 1


def test_what_cannot_be_sent_is_refused() -> None:
    bed = Bed()
    nic = host(bed)
    knows_peer(bed, nic)
    sk = udp_socket(bed)
    six = udp_socket(bed, family=L.AF_INET6)
    assert send(bed, sk, b"x", None) == -L.EDESTADDRREQ
    assert send(bed, sk, b"x", (PEER_IP, 0)) == -L.EINVAL
    assert send(bed, sk, b"x", ("11.0.0.1", 7)) == -L.ENETUNREACH
    assert send(bed, sk, b"x", ("10.0.0.255", 7)) == -L.EACCES
    assert send(bed, sk, bytes(1473)) == -L.EMSGSIZE
    assert send(bed, sk, bytes(70000)) == -L.EMSGSIZE
    assert send(bed, six, b"x") == -L.EAFNOSUPPORT
    assert send(bed, sk, bytes(1472)) == 1472
    sk.broadcast = True
    assert send(bed, sk, b"x", ("10.0.0.255", 7)) == 1
    assert send(bed, sk, b"x", ("239.1.1.1", 7)) == 1
    assert [frame[:6] for frame in sent(nic)] == [PEER, b"\xff" * 6, bytes.fromhex("01005e010101")]


def test_connected_socket_needs_no_name_and_an_unbound_one_gets_a_port() -> None:
    bed = Bed()
    nic = host(bed)
    knows_peer(bed, nic)
    err, sk = bed.run(L.sock_create_kern, None, L.AF_INET, L.SOCK_DGRAM, 0)
    assert err == 0
    assert bed.run(L.kernel_connect, sk, L.sockaddr_in(L.in_aton("11.0.0.1"), 7)) == -L.ENETUNREACH
    assert bed.run(L.kernel_connect, sk, L.sockaddr_in(L.in_aton(PEER_IP), 7)) == 0
    assert send(bed, sk, b"data", None) == 4
    assert int.from_bytes(sent(nic)[0][34:36], "big") == L.kernel_getsockname(sk).sin_port >= 32768


def test_sender_sleeps_at_its_send_buffer() -> None:
    bed = Bed()
    nic = host(bed)
    knows_peer(bed, nic)
    sk = udp_socket(bed)
    sk.sk_sndbuf = 1000
    assert send(bed, sk, b"1") == send(bed, sk, b"2") == 1
    assert send(bed, sk, b"3", flags=L.MSG_DONTWAIT) == -L.EAGAIN
    nic.complete(2)
    bed.run(lambda: (L.local_bh_disable(), nic.interrupt(), L.local_bh_enable()))
    assert sk.sk_wmem_alloc == 0
    assert send(bed, sk, b"3", flags=L.MSG_DONTWAIT) == 1


def test_large_send_is_one_gso_packet() -> None:
    """UDP_SEGMENT: datagrams of gso_size bytes."""
    bed = Bed()
    nic = host(bed)
    nic.ndev.features |= L.NETIF_F_GSO_UDP_L4 | L.NETIF_F_GSO
    knows_peer(bed, nic)
    sk = udp_socket(bed)
    sk.gso_size = 1000
    frames: list[Any] = []

    def xmit(skb: Any, dev: Any) -> int:
        info = L.skb_shinfo(skb)
        frames.append((skb.len, info.gso_size, info.gso_segs, info.gso_type, L.skb_to_bytes(skb)[42:]))
        L.dev_consume_skb_any(skb)
        return int(L.NETDEV_TX_OK)

    nic.ndev.netdev_ops.ndo_start_xmit = xmit
    data = bytes(i & 255 for i in range(4500))
    assert send(bed, sk, data) == 4500
    assert frames == [(4542, 1000, 5, L.SKB_GSO_UDP_L4, data)]
    assert send(bed, sk, bytes(129_000 // 2)) == 64500
    sk.gso_size = 400
    assert send(bed, sk, bytes(51_201)) == -L.EINVAL
    sk.gso_size = 1473
    assert send(bed, sk, bytes(3000)) == -L.EMSGSIZE


@pytest.mark.parametrize("place", [L.NF_INET_LOCAL_OUT, L.NF_INET_POST_ROUTING])
def test_hooks_on_the_way_out_see_the_packet_and_may_drop_it(place: int) -> None:
    bed = Bed()
    nic = host(bed)
    knows_peer(bed, nic)
    sk = udp_socket(bed)
    seen: list[Any] = []

    def hook(priv: Any, skb: Any, state: Any) -> int:
        seen.append((state.out, state.sk, skb.len))
        return L.NF_DROP

    L.nf_register_net_hook(None, L.nf_hook_ops(hook, L.NFPROTO_IPV4, place))
    assert send(bed, sk, b"data") == -L.EPERM
    assert seen == [(nic.ndev, sk, 32)]
    assert sk.sk_wmem_alloc == 0
    assert sent(nic) == []


def test_socket_left_open_is_a_leak() -> None:
    bed = Bed()
    sk = udp_socket(bed)
    assert any("UDP socket" in line for line in L.leak_report())
    bed.run(L.sock_release, sk)
    assert not any("socket" in line for line in L.leak_report())


# -- sock_queue_rcv_skb(), for protocols with a plain queue --------------------------------------------------
def test_sock_queue_rcv_skb_charges_the_socket_and_refuses_when_it_is_full() -> None:
    bed = Bed()
    sk = L.sock()
    sk.sk_rcvbuf = 1500
    skbs = [bed.run(L.alloc_skb, 100, L.GFP_ATOMIC) for _ in range(3)]
    for skb in skbs:
        L.skb_put(skb, 50)
    assert [bed.run(L.sock_queue_rcv_skb, sk, skb) for skb in skbs] == [0, 0, -L.ENOMEM]
    assert (sk.sk_rmem_alloc, sk.sk_drops, len(sk.sk_receive_queue)) == (sum(s.truesize for s in skbs[:2]), 1, 2)
    sk.sk_filter = lambda skb: 0
    assert bed.run(L.sock_queue_rcv_skb, sk, skbs[2]) == -L.EPERM
    for skb in skbs:
        bed.run(L.consume_skb, skb)
    assert sk.sk_rmem_alloc == 0


def test_sock_queue_rcv_skb_takes_memory_of_its_protocol_in_pages() -> None:
    bed = Bed()
    sk = L.sock()
    sk.sk_prot_mem = L.proto_mem((1, 1, 2), 0)
    skbs = [bed.run(L.alloc_skb, 2000, L.GFP_ATOMIC) for _ in range(4)]
    got = [bed.run(L.sock_queue_rcv_skb_reason, sk, skb) for skb in skbs]
    assert got[0] == (0, L.SKB_NOT_DROPPED_YET)
    assert got[3] == (-L.ENOBUFS, L.SKB_DROP_REASON_PROTO_MEM)
    assert sk.sk_prot_mem.allocated <= 2
    for skb in skbs:
        bed.run(L.consume_skb, skb)
    assert sk.sk_rmem_alloc == 0
    assert sk.sk_forward_alloc < 2 * L.PAGE_SIZE
