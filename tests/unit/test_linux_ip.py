# SPDX-License-Identifier: Apache-2.0
"""IPv4, IPv6 and ARP: what of a received packet is checked, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from pymodel import linux as L
from tests.unit.inet_bed import HOST, HOST6, PEER6, PEER_IP, arp, host, ipv4, ipv6, sent, udp4, udp6, udp_socket
from tests.unit.linux_bed import Bed
from tests.unit.rx_bed import MAC, PEER, receive, rtnl, up

BCAST = b"\xff" * 6


def drops() -> Any:
    return L.counters()["drops"]


def proto(number: int = 99) -> list[bytes]:
    """A transport protocol that keeps what it gets, from its own header on."""
    got: list[bytes] = []

    def handler(skb: Any) -> int:
        got.append(L.skb_to_bytes(skb))
        L.consume_skb(skb)
        return 0

    assert L.inet_add_protocol(handler, number) == 0
    assert L.inet_add_protocol(lambda skb: 0, number) == -1
    return got


# -- IPv4: the header ----------------------------------------------------------------------------------------
def test_ipv4_packet_for_this_host_reaches_its_protocol_without_header_and_padding() -> None:
    bed = Bed()
    nic = host(bed)
    got = proto()
    assert receive(bed, nic.ndev, ipv4(b"payload", 99, pad=19)) == 0
    assert got == [b"payload"]
    assert receive(bed, nic.ndev, ipv4(b"payload", 99, options=b"\x01\x01\x01\x00")) == 0
    assert got[1:] == [b"payload"]
    assert {k: v for k, v in L.snmp_counters().items() if v} == {"InReceives": 2, "InDelivers": 2}


@pytest.mark.parametrize(
    ("frame", "reason", "counted"),
    [
        (ipv4(b"", 99, version=6), "IP_INHDR", "InHdrErrors"),
        (ipv4(b"", 99, ihl=4), "IP_INHDR", "InHdrErrors"),
        (ipv4(bytes(40), 99, tot_len=19), "IP_INHDR", "InHdrErrors"),
        (ipv4(b"")[:30], "IP_INHDR", "InHdrErrors"),
        (ipv4(b"", 99, ihl=15), "IP_INHDR", "InHdrErrors"),
        (ipv4(bytes(40), 99, check=1), "IP_CSUM", "InHdrErrors"),
        (ipv4(bytes(40), 99, tot_len=61), "PKT_TOO_SMALL", "InTruncatedPkts"),
        (ipv4(bytes(40), 99, options=b"\x07\x01\x00\x00"), "NOT_SPECIFIED", "InHdrErrors"),
        (ipv4(bytes(40), 99, options=b"\x07\x09\x00\x00"), "NOT_SPECIFIED", "InHdrErrors"),
        (ipv4(bytes(40), 99, dst="10.0.0.7"), "IP_INADDRERRORS", "InAddrErrors"),
        (ipv4(bytes(40), 99, frag=0x2000), "NOT_SPECIFIED", "ReasmFails"),
        (ipv4(bytes(40), 99, src="224.0.0.5"), "NOT_SPECIFIED", None),
        (ipv4(bytes(40), 99, src="255.255.255.255"), "NOT_SPECIFIED", None),
        (ipv4(bytes(40), 99, src="0.0.0.0"), "NOT_SPECIFIED", None),
        (ipv4(bytes(40), 99, src="127.0.0.1"), "NOT_SPECIFIED", None),
        (ipv4(bytes(40), 99, dst="127.0.0.1"), "NOT_SPECIFIED", None),
        (ipv4(bytes(40), 99, src=HOST), "NOT_SPECIFIED", None),
        (ipv4(bytes(40), 98), "IP_NOPROTO", "InUnknownProtos"),
    ],
)
def test_ipv4_packet_that_is_wrong_is_dropped_for_its_reason(frame: bytes, reason: str, counted: str | None) -> None:
    bed = Bed()
    nic = host(bed)
    got = proto()
    receive(bed, nic.ndev, frame)
    assert got == []
    assert drops() == {reason: 1}
    if counted is not None:
        assert L.snmp_counters()[counted] == 1
    assert L.skb_leaks() == []


def test_ipv4_packet_to_another_host_is_dropped_before_it_is_looked_at() -> None:
    """As in promiscuous mode; counted by the device, not by IP."""
    bed = Bed()
    nic = host(bed)
    assert receive(bed, nic.ndev, ipv4(bytes(40), 99, to=PEER)) == L.NET_RX_DROP
    assert (nic.ndev.rx_otherhost_dropped, drops()) == (1, {"OTHERHOST": 1})
    assert "InReceives" not in L.snmp_counters()
    assert bed.run(L.dev_get_stats, nic.ndev).rx_otherhost_dropped == 1


def test_ipv4_broadcast_and_multicast_groups_are_received() -> None:
    bed = Bed()
    nic = host(bed)
    got = proto()
    for dst in ("255.255.255.255", "10.0.0.255", "10.0.0.0", "224.0.0.1", "224.9.9.9"):
        receive(bed, nic.ndev, ipv4(dst.encode(), 99, dst=dst, to=BCAST))
    assert got == [b"255.255.255.255", b"10.0.0.255", b"10.0.0.0", b"224.0.0.1"]
    counters = L.snmp_counters()
    assert (counters["InBcastPkts"], counters["InMcastPkts"]) == (3, 1)
    rtnl(bed, L.ip_mc_inc_group, nic.ndev.ip_ptr, L.in_aton("224.9.9.9"))
    receive(bed, nic.ndev, ipv4(b"now", 99, dst="224.9.9.9", to=BCAST))
    assert got[-1] == b"now"


def test_ipv4_of_a_shared_skb_works_on_a_copy() -> None:
    bed = Bed()
    nic = host(bed)
    got = proto()
    tap = bed.run(L.packet_socket, nic.ndev, L.ETH_P_ALL)
    frame = ipv4(b"payload", 99, pad=19)
    receive(bed, nic.ndev, frame)
    assert got == [b"payload"]
    assert bed.run(L.packet_recvmsg, tap) == frame


def test_ipv4_list_is_checked_whole_before_the_first_is_delivered() -> None:
    bed = Bed()
    nic = host(bed)
    order: list[str] = []

    def hook(priv: Any, skb: Any, state: Any) -> int:
        order.append("hook")
        return L.NF_ACCEPT

    L.nf_register_net_hook(None, L.nf_hook_ops(hook, L.NFPROTO_IPV4, L.NF_INET_PRE_ROUTING))
    L.inet_add_protocol(lambda skb: (order.append("in"), L.consume_skb(skb), 0)[2], 99)

    def run() -> None:
        skbs = []
        for frame in (ipv4(b"1", 99), ipv4(b"2", 99, check=3), ipv4(b"3", 99)):
            skb = L.netdev_alloc_skb(nic.ndev, len(frame))
            L.skb_put_data(skb, frame, len(frame))
            skb.protocol = L.eth_type_trans(skb, nic.ndev)
            skbs.append(skb)
        L.local_bh_disable()
        L.netif_receive_skb_list(skbs)
        L.local_bh_enable()

    bed.run(run)
    assert order == ["hook", "hook", "in", "in"]


@pytest.mark.parametrize("place", [L.NF_INET_PRE_ROUTING, L.NF_INET_LOCAL_IN])
def test_hooks_of_ipv4_drop_before_routing_and_before_the_protocol(place: int) -> None:
    bed = Bed()
    nic = host(bed)
    got = proto()
    seen: list[Any] = []

    def hook(priv: Any, skb: Any, state: Any) -> int:
        seen.append((state.hook, state.pf, state.in_, skb.len))
        return L.NF_DROP

    L.nf_register_net_hook(None, L.nf_hook_ops(hook, L.NFPROTO_IPV4, place))
    receive(bed, nic.ndev, ipv4(b"payload", 99))
    receive(bed, nic.ndev, ipv4(b"payload", 99, dst="10.0.0.9"))
    assert seen == [(place, L.NFPROTO_IPV4, nic.ndev, 27)] * (2 if place == L.NF_INET_PRE_ROUTING else 1)
    assert got == []
    assert drops()["NETFILTER_DROP"] == len(seen)


def test_ipv4_is_not_there_before_an_address_or_a_socket_wants_it() -> None:
    bed = Bed()
    nic = up(bed)
    receive(bed, nic.ndev, ipv4(b"payload", 99))
    assert drops() == {"UNHANDLED_PROTO": 1}
    bed.run(L.inet_init)
    bed.run(L.inet_init)
    receive(bed, nic.ndev, ipv4(b"payload", 99))
    assert drops() == {"UNHANDLED_PROTO": 1, "IP_INADDRERRORS": 1}


def test_addresses_are_added_once_and_go_with_their_device() -> None:
    bed = Bed()
    nic = host(bed)
    one = L.in_ifaddr(nic.ndev, L.in_aton(HOST), 24)
    assert bed.run(L.inet_insert_ifa, one) == -L.EEXIST
    assert bed.run(L.inet_insert_ifa, L.in_ifaddr(nic.ndev, 1, 33)) == -L.EINVAL
    assert L.inet_addr_type(L.in_aton(HOST)) == L.RTN_LOCAL
    assert L.inet_addr_type(L.in_aton("10.0.0.255")) == L.RTN_BROADCAST
    assert L.inet_addr_type(L.in_aton("10.0.0.9")) == L.RTN_UNICAST
    assert L.inet_addr_type(L.in_aton("239.0.0.9")) == L.RTN_MULTICAST
    assert bed.run(L.inet_del_ifa, one) == 0
    assert bed.run(L.inet_del_ifa, one) == -L.EADDRNOTAVAIL
    assert bed.run(L.inet_insert_ifa, one) == 0
    bed.run(L.dev_close, nic.ndev)
    bed.run(L.unregister_netdev, nic.ndev)
    assert L.inet_addr_type(L.in_aton(HOST)) == L.RTN_UNICAST


# -- ARP -----------------------------------------------------------------------------------------------------
def test_arp_request_for_our_address_is_answered_and_the_asker_remembered() -> None:
    bed = Bed()
    nic = host(bed)
    assert receive(bed, nic.ndev, arp(L.ARPOP_REQUEST, PEER, PEER_IP, HOST)) == L.NET_RX_SUCCESS
    assert sent(nic) == [arp(L.ARPOP_REPLY, MAC, HOST, PEER_IP, to=PEER, tha=PEER)]
    n = L.neigh_lookup(nic.ndev, L.in_aton(PEER_IP))
    assert (n.ha, n.nud_state) == (PEER, L.NUD_STALE)
    assert drops() == {}


def test_arp_request_for_another_address_is_not_answered() -> None:
    bed = Bed()
    nic = host(bed)
    assert receive(bed, nic.ndev, arp(L.ARPOP_REQUEST, PEER, PEER_IP, "10.0.0.9")) == L.NET_RX_SUCCESS
    assert sent(nic) == []
    assert L.neigh_lookup(nic.ndev, L.in_aton(PEER_IP)) is None


def test_arp_probe_for_our_address_is_answered() -> None:
    """Duplicate address detection: the sender has no address yet."""
    bed = Bed()
    nic = host(bed)
    receive(bed, nic.ndev, arp(L.ARPOP_REQUEST, PEER, "0.0.0.0", HOST))
    assert sent(nic) == [arp(L.ARPOP_REPLY, MAC, HOST, "0.0.0.0", to=PEER, tha=PEER)]


@pytest.mark.parametrize(
    ("frame", "ret", "reason"),
    [
        (arp(1, PEER, PEER_IP, HOST)[:40], 1, "PKT_TOO_SMALL"),
        (arp(1, PEER, PEER_IP, HOST, hln=8), 1, "NOT_SPECIFIED"),
        (arp(3, PEER, PEER_IP, HOST), 1, "NOT_SPECIFIED"),
        (arp(1, PEER, PEER_IP, "224.0.0.1"), 1, "NOT_SPECIFIED"),
        (arp(1, PEER, PEER_IP, HOST, to=PEER), 0, None),
    ],
)
def test_arp_packets_that_are_wrong_are_dropped(frame: bytes, ret: int, reason: str | None) -> None:
    bed = Bed()
    nic = host(bed)
    assert receive(bed, nic.ndev, frame) == ret
    assert drops() == ({reason: 1} if reason else {})
    assert sent(nic) == []


def test_arp_resolves_before_the_first_packet_goes_out() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    to = L.msghdr(L.sockaddr_in(L.in_aton(PEER_IP), 7))
    for data in (b"one", b"two"):
        assert bed.run(L.kernel_sendmsg, sk, to, [data], 1, 3) == 3
    assert sent(nic) == [arp(L.ARPOP_REQUEST, MAC, HOST, PEER_IP)]
    receive(bed, nic.ndev, arp(L.ARPOP_REPLY, PEER, PEER_IP, HOST, to=MAC, tha=MAC))
    assert [frame[:14] for frame in sent(nic)[1:]] == [PEER + MAC + b"\x08\x00"] * 2
    assert [frame[-3:] for frame in sent(nic)[1:]] == [b"one", b"two"]
    bed.run(L.kernel_sendmsg, sk, to, [b"three"], 1, 5)
    assert sent(nic)[3][-5:] == b"three"


def test_arp_without_an_answer_asks_three_times_and_gives_up() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    bed.run(L.kernel_sendmsg, sk, L.msghdr(L.sockaddr_in(L.in_aton(PEER_IP), 7)), [b"x"], 1, 1)
    bed.settle(4_500_000_000)
    assert sent(nic) == [arp(L.ARPOP_REQUEST, MAC, HOST, PEER_IP)] * 3
    assert drops() == {"NEIGH_FAILED": 1}
    assert sk.sk_wmem_alloc == 0


def test_arp_queue_is_limited_by_bytes() -> None:
    bed = Bed()
    nic = host(bed)
    sk = udp_socket(bed)
    sk.sk_sndbuf = 1 << 30
    for _ in range(300):
        bed.run(L.kernel_sendmsg, sk, L.msghdr(L.sockaddr_in(L.in_aton(PEER_IP), 7)), [b"x"], 1, 1)
    n = L.neigh_lookup(nic.ndev, L.in_aton(PEER_IP))
    assert len(n.arp_queue) == 212992 // n.arp_queue[0].truesize
    assert drops() == {"NEIGH_QUEUEFULL": 300 - len(n.arp_queue)}
    bed.run(L.dev_close, nic.ndev)
    assert drops()["NEIGH_FAILED"] + drops()["NEIGH_QUEUEFULL"] == 300


# -- IPv6 ----------------------------------------------------------------------------------------------------
def host6(bed: Bed) -> Any:
    nic = up(bed)
    assert bed.run(L.ipv6_add_addr, nic.ndev, HOST6) == 0
    return nic


def proto6(number: int = 99) -> list[bytes]:
    got: list[bytes] = []

    def handler(skb: Any) -> int:
        got.append(L.skb_to_bytes(skb))
        L.consume_skb(skb)
        return 0

    assert L.inet6_add_protocol(handler, number) == 0
    return got


def test_ipv6_packet_reaches_its_protocol_past_extension_headers() -> None:
    bed = Bed()
    nic = host6(bed)
    got = proto6()
    receive(bed, nic.ndev, ipv6(b"payload", 99) + bytes(9))
    hop = bytes([60, 0]) + bytes(6) + bytes([99, 1]) + bytes(14)
    receive(bed, nic.ndev, ipv6(hop + b"behind", 0))
    all_nodes = bytes.fromhex("ff02" + "00" * 13 + "01")
    solicited = bytes.fromhex("ff0200000000000000000001ff000001")
    for dst in (all_nodes, solicited):
        receive(bed, nic.ndev, ipv6(b"many", 99, dst=dst))
    assert got == [b"payload", b"behind", b"many", b"many"]
    assert L.snmp_counters()["Ip6InDelivers"] == 4
    assert L.snmp_counters()["Ip6InMcastPkts"] == 2


@pytest.mark.parametrize(
    ("frame", "reason", "counted"),
    [
        (ipv6(bytes(40), 99)[:50], "IP_INHDR", "Ip6InHdrErrors"),
        (ipv6(bytes(40), 99, version=4), "IP_INHDR", "Ip6InHdrErrors"),
        (ipv6(bytes(40), 99, src=bytes(15) + b"\x01"), "IP_INHDR", "Ip6InHdrErrors"),
        (ipv6(bytes(40), 99, src=b"\xff" + bytes(15)), "IP_INHDR", "Ip6InHdrErrors"),
        (ipv6(bytes(40), 99, dst=b"\xff\x01" + bytes(14)), "IP_INHDR", "Ip6InHdrErrors"),
        (ipv6(bytes(40), 99, payload_len=41), "PKT_TOO_SMALL", "Ip6InTruncatedPkts"),
        (ipv6(bytes(40), 99, dst=PEER6), "IP_INNOROUTES", "Ip6InNoRoutes"),
        (ipv6(bytes(40), 99, dst=b"\xff\x02" + bytes(14)), "NOT_SPECIFIED", "Ip6InMcastPkts"),
        (ipv6(bytes(40), 98), "IP_NOPROTO", "Ip6InUnknownProtos"),
        (ipv6(bytes([99, 20]) + bytes(38), 60), "IPV6_BAD_EXTHDR", "Ip6InHdrErrors"),
        (ipv6(bytes(40), 44), "IPV6_BAD_EXTHDR", "Ip6InHdrErrors"),
    ],
)
def test_ipv6_packet_that_is_wrong_is_dropped_for_its_reason(frame: bytes, reason: str, counted: str) -> None:
    bed = Bed()
    nic = host6(bed)
    got = proto6()
    receive(bed, nic.ndev, frame)
    assert (got, drops()) == ([], {reason: 1})
    assert L.snmp_counters()[counted] == 1


def test_ipv6_packet_to_another_host_and_hooks() -> None:
    bed = Bed()
    nic = host6(bed)
    got = proto6()
    receive(bed, nic.ndev, PEER + ipv6(b"x", 99)[6:])
    assert (nic.ndev.rx_otherhost_dropped, drops()) == (1, {"OTHERHOST": 1})
    places: list[int] = []

    def hook(priv: Any, skb: Any, state: Any) -> int:
        places.append(state.hook)
        return L.NF_ACCEPT if state.hook == L.NF_INET_PRE_ROUTING else L.NF_DROP

    for place in (L.NF_INET_PRE_ROUTING, L.NF_INET_LOCAL_IN):
        L.nf_register_net_hook(None, L.nf_hook_ops(hook, L.NFPROTO_IPV6, place))
    receive(bed, nic.ndev, ipv6(b"x", 99))
    assert places == [0, 1] and got == []


def test_ipv6_addresses_are_checked() -> None:
    bed = Bed()
    nic = host6(bed)
    assert bed.run(L.ipv6_add_addr, nic.ndev, HOST6) == -L.EEXIST
    assert bed.run(L.ipv6_add_addr, nic.ndev, b"\xff" + bytes(15)) == -L.EINVAL
    assert L.ipv6_chk_addr(HOST6, nic.ndev) and not L.ipv6_chk_addr(PEER6, None)


# -- UDP, where IP hands over --------------------------------------------------------------------------------
def test_datagrams_of_both_families_reach_their_sockets() -> None:
    bed = Bed()
    nic = host(bed)
    bed.run(L.ipv6_add_addr, nic.ndev, HOST6)
    four, six = udp_socket(bed, 2000), udp_socket(bed, 2000, family=L.AF_INET6)
    receive(bed, nic.ndev, udp4(b"four"))
    receive(bed, nic.ndev, udp6(b"six"))
    for sk, data, sender in ((four, b"four", L.in_aton(PEER_IP)), (six, b"six", PEER6)):
        msg = L.msghdr()
        assert bed.run(L.udp_recvmsg, sk, msg, 100, L.MSG_DONTWAIT) == len(data)
        assert msg.msg_iter == data
        assert getattr(msg.msg_name, "sin_addr", None) == sender or msg.msg_name.sin6_addr == sender
