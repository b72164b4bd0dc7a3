# SPDX-License-Identifier: Apache-2.0
"""What the host asks to receive, and gets: more addresses than a device has room for, VLANs that come and go."""

from __future__ import annotations

from pymodel import linux
from tb.env import Env
from tests.scenarios.frames import PEER_MAC, udp_frame

__all__ = ["many_addresses", "vlans"]


async def many_addresses(env: Env) -> None:
    """Groups and further station addresses are added until every list of a device overflows, and taken away again,
    with frames to all of them at each step: what the host has asked for comes in (kernel-rules.md: LIFE5)."""
    await env.run(linux.dev_set_promiscuity, env.ndev, -1)
    groups = [b"\x01\x00\x5e" + env.rng.randrange(1 << 23).to_bytes(3, "big") for _ in range(100)]
    stations = [b"\x02" + env.rng.randbytes(5) for _ in range(100)]
    groups, stations = sorted(set(groups)), sorted(set(stations))
    wanted: list[bytes] = []
    for kinds in ((groups,), (groups, stations), (stations,), ()):
        for addrs, add, remove in (
            (groups, linux.dev_mc_add, linux.dev_mc_del), (stations, linux.dev_uc_add, linux.dev_uc_del)
        ):  # fmt: skip
            for at in range(0, len(addrs), 20):
                for addr in addrs[at : at + 20]:
                    if (addrs in kinds) == (addr in wanted):
                        continue
                    err = await env.run(add if addrs in kinds else remove, env.ndev, addr)
                    assert not err, f"{linux.errname(err)} for an address"
                    wanted = [*wanted, addr] if addrs in kinds else [a for a in wanted if a != addr]
                ours = [b"\xff" * 6, bytes(env.ndev.dev_addr), *wanted]
                for i in range(12):
                    env.peer.send(env.rng.choice(ours[-40:] + ours) + udp_frame(60 + i, i, i, to_host=True)[6:])
                await env.drain()
    await env.run(linux.dev_set_allmulti, env.ndev, 1)
    for i in range(12):
        env.peer.send(groups[i] + udp_frame(60 + i, i, i, to_host=True)[6:])
    await env.drain()
    await env.run(linux.dev_set_allmulti, env.ndev, -1)
    await env.run(linux.dev_set_promiscuity, env.ndev, 1)


def _want(env: Env, features: int, on: int) -> None:
    """Kernel side: ethtool -K."""
    linux.rtnl_lock()
    env.ndev.wanted_features = env.ndev.wanted_features & ~features | on
    linux.netdev_update_features(env.ndev)
    linux.rtnl_unlock()


async def vlans(env: Env) -> None:
    """VLANs come and go, with the device's filter on and off, tags taken out or left in: with the filter only frames of
    VLANs that were asked for come in, and those without a tag or with an S-tag; all with their tags."""
    features = linux.NETIF_F_HW_VLAN_CTAG_RX | linux.NETIF_F_HW_VLAN_CTAG_FILTER
    was = env.ndev.features & features
    await env.run(linux.dev_set_promiscuity, env.ndev, -1)
    ours = bytes(env.ndev.dev_addr)
    number = 0
    for on in (features, linux.NETIF_F_HW_VLAN_CTAG_FILTER, linux.NETIF_F_HW_VLAN_CTAG_RX, 0, features):
        await env.run(_want, env, features, on & env.ndev.hw_features)
        filtered = env.ndev.features & linux.NETIF_F_HW_VLAN_CTAG_FILTER
        asked: list[int] = []
        gone: list[int] = []  # asked for, and no more
        for _ in range(3):
            for vid in env.rng.sample(range(1, 4095), 4):
                assert await env.run(linux.vlan_vid_add, env.ndev, linux.ETH_P_8021Q, vid) == 0
                asked.append(vid)
            if len(asked) > 4:
                await env.run(linux.vlan_vid_del, env.ndev, linux.ETH_P_8021Q, asked[0])
                gone.append(asked.pop(0))
            for i in range(24):
                number += 1
                vid = env.rng.choice([*asked, *gone, env.rng.choice(asked) ^ 1 << env.rng.randrange(12)])
                kind = env.rng.choice(("8100", "8100", "8100", "88a8", ""))
                tag = bytes.fromhex(kind) + (vid | env.rng.randrange(16) << 12).to_bytes(2, "big") if kind else b""
                rest = udp_frame(60 + env.rng.randrange(200), i, number, to_host=True)[12:]
                frame = ours + PEER_MAC + tag + rest
                if kind == "8100" and filtered and vid not in asked:
                    env.send_to_be_dropped(frame)
                else:
                    env.peer.send(frame)
            await env.drain()
        for vid in asked:
            await env.run(linux.vlan_vid_del, env.ndev, linux.ETH_P_8021Q, vid)
    await env.run(_want, env, features, was)
    await env.run(linux.dev_set_promiscuity, env.ndev, 1)
