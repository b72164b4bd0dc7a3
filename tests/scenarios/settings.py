# SPDX-License-Identifier: Apache-2.0
"""What was asked for through ip and ethtool holds, and is told as it was asked for, whatever resets the device."""

from __future__ import annotations

from typing import Any

from pymodel import linux
from pymodel.hw.errors import CheckError
from tb.env import Env
from tb.wire.pause import pause_frame
from tests.scenarios.frames import PEER_MAC, udp_frame

__all__ = ["link_settings", "settings_stay"]

_OURS = bytes.fromhex("025253c0ffee")
_GROUP = bytes.fromhex("01005e000042")
_OTHERS = bytes.fromhex("02dead00beef")
_MTU = 2000
_VIDS = (5, 4000)
_RX_USECS, _TX_USECS = 30, 5
_SLACK_NS = 15_000  # from the wire to memory, to the interrupt's handler, through poll and stack


async def _asked(env: Env, struct: Any) -> bool:
    """ethtool; False where the driver has no such thing."""
    err = await env.run(linux.dev_ethtool, env.ndev, struct)
    if err not in (0, -linux.EOPNOTSUPP):
        raise CheckError("ERRNO", f"ethtool {type(struct).__name__} failed with {linux.errname(err)}", env.dut.driver)
    return not err


async def link_settings(env: Env) -> Any:
    """What ``ethtool eth0`` shows of the link; None where the driver has no such thing."""
    words = linux.ETHTOOL_LINK_MODE_MASK_NU32
    base = linux.ethtool_link_settings(cmd=linux.ETHTOOL_GLINKSETTINGS, link_mode_masks_nwords=words)
    ks = linux.ethtool_link_ksettings(base=base)
    return ks if await _asked(env, ks) else None


class _Settings:
    """What was asked for, and of that what the driver has taken."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.number = 0
        self.why: dict[bytes, tuple[str, str]] = {}
        self.queue = max(1, env.ndev.real_num_rx_queues // 2) - 1  # there with half of the channels, too
        self.wanted = [
            linux.ethtool_ringparam(cmd=linux.ETHTOOL_SRINGPARAM, tx_pending=64, rx_pending=128),
            linux.ethtool_coalesce(
                cmd=linux.ETHTOOL_SCOALESCE, rx_coalesce_usecs=_RX_USECS, rx_max_coalesced_frames=0,
                tx_coalesce_usecs=_TX_USECS, tx_max_coalesced_frames=2,
            ),
            linux.ethtool_pauseparam(cmd=linux.ETHTOOL_SPAUSEPARAM, rx_pause=1, tx_pause=0),
            linux.ethtool_rxfh(
                cmd=linux.ETHTOOL_SRSSH, hfunc=linux.ETH_RSS_HASH_NO_CHANGE, input_xfrm=linux.RXH_XFRM_NO_CHANGE,
                indir_size=128, key_size=40, indir=[self.queue] * 128, key=env.rng.randbytes(40),
            ),
        ]  # fmt: skip
        self.ring, self.coalesce, self.pause, self.rss = self.wanted
        self.taken: list[Any] = []
        self.fields = 0  # of UDP that are hashed

    async def ask(self) -> None:
        env = self.env
        for struct in self.wanted:
            if await _asked(env, struct):
                self.taken.append(struct)
        if self.pause in self.taken:
            await self._negotiate_pause()
        fields = linux.RXH_IP_SRC | linux.RXH_IP_DST
        hashed = linux.ethtool_rxnfc(cmd=linux.ETHTOOL_SRXFH, flow_type=linux.UDP_V4_FLOW, data=fields)
        if await _asked(env, hashed):
            self.fields = fields
        await env.run(linux.dev_set_promiscuity, env.ndev, -1)
        await env.down()
        if await env.run(linux.dev_set_mac_address, env.ndev, linux.sockaddr(_GROUP)) != -linux.EADDRNOTAVAIL:
            raise CheckError("LIFE4", "a group address was taken for the station's", env.dut.driver)
        err = await env.run(linux.dev_set_mac_address, env.ndev, linux.sockaddr(_OURS))
        assert not err, linux.errname(err)
        await env.set_mtu(_MTU)
        await env.up()
        await env.run(linux.dev_mc_add, env.ndev, _GROUP)
        await env.run(self._filter_vlans)

    async def _negotiate_pause(self) -> None:
        """By a device that negotiates nothing: it is refused, and then all is as before."""
        before, after = (linux.ethtool_pauseparam(cmd=linux.ETHTOOL_GPAUSEPARAM) for _ in range(2))
        link = await link_settings(self.env)
        can = link is None or bool(link.supported >> linux.ETHTOOL_LINK_MODE_Autoneg_BIT & 1)
        await _asked(self.env, before)
        ask = linux.ethtool_pauseparam(cmd=linux.ETHTOOL_SPAUSEPARAM, autoneg=1, rx_pause=0, tx_pause=1)
        err = await self.env.run(linux.dev_ethtool, self.env.ndev, ask)
        await _asked(self.env, after)
        told = [[bool(x) for x in (p.autoneg, p.rx_pause, p.tx_pause)] for p in (before, after)]
        if not err and not (can and after.autoneg):
            what = "is not told then" if can else "nothing else is negotiated"
            raise CheckError("ETH1", f"PAUSE by negotiation is taken, and {what}", self.env.dut.driver)
        if err and told[0] != told[1]:
            raise CheckError("ETH1", f"PAUSE was refused ({linux.errname(err)}), and is {told[1]}", self.env.dut.driver)
        if not err:
            await _asked(self.env, self.pause)

    def _filter_vlans(self) -> None:
        dev = self.env.ndev
        linux.rtnl_lock()
        dev.wanted_features |= linux.NETIF_F_HW_VLAN_CTAG_FILTER & dev.hw_features
        linux.netdev_update_features(dev)
        for vid in _VIDS:
            assert linux.vlan_vid_add(dev, linux.ETH_P_8021Q, vid) == 0
        linux.rtnl_unlock()

    async def told(self) -> None:
        """What the driver tells is what it was asked for."""
        rings = linux.ethtool_rxnfc(cmd=linux.ETHTOOL_GRXRINGS)
        if await _asked(self.env, rings) and rings.data != self.env.ndev.real_num_rx_queues:
            raise CheckError("ETH1", f"{rings.data} rings are told of", self.env.dut.driver)
        if self.fields:
            got_fields = linux.ethtool_rxnfc(cmd=linux.ETHTOOL_GRXFH, flow_type=linux.UDP_V4_FLOW)
            await _asked(self.env, got_fields)
            if got_fields.data != self.fields:
                raise CheckError("ETH1", f"fields 0x{got_fields.data:x} of UDP are told of", self.env.dut.driver)
        gets = {
            self.ring: linux.ethtool_ringparam(cmd=linux.ETHTOOL_GRINGPARAM),
            self.coalesce: linux.ethtool_coalesce(cmd=linux.ETHTOOL_GCOALESCE),
            self.pause: linux.ethtool_pauseparam(cmd=linux.ETHTOOL_GPAUSEPARAM),
            self.rss: linux.ethtool_rxfh(cmd=linux.ETHTOOL_GRSSH, indir_size=128, key_size=40),
        }
        names = {
            self.ring: ("tx_pending", "rx_pending"),
            self.coalesce: [f"{way}_{x}" for way in ("rx", "tx") for x in ("coalesce_usecs", "max_coalesced_frames")],
            self.pause: ("rx_pause", "tx_pause"),
            self.rss: ("indir", "key"),
        }
        for asked in self.taken:
            got = gets[asked]
            await _asked(self.env, got)
            for name in names[asked]:
                told, want = getattr(got, name), getattr(asked, name)
                if isinstance(want, list | bytes):
                    told, want = bytes(told), bytes(want)
                if told != want:
                    raise CheckError("ETH1", f"{name} is told as {told!r}, not {want!r} as asked", self.env.dut.driver)
        if self.ring in self.taken:
            for state in self.env.ops.describe(self.env.ndev):
                size = self.ring.tx_pending if state.name.startswith("tx") else self.ring.rx_pending
                if state.size != size:
                    raise CheckError("ETH1", f"{state.name} has {state.size} entries, not {size}", self.env.dut.driver)

    def frame(self, dst: bytes, size: int, tag: bytes = b"", why: tuple[str, str] = ("LIFE5", "")) -> bytes:
        """``why``: by which rule, and as what, it is to come in."""
        self.number += 1
        frame = dst + PEER_MAC + tag + udp_frame(size, self.number, self.number, to_host=True)[12:]
        self.why[frame] = why
        return frame

    async def come(self, after: str) -> None:
        """All that is expected comes in, in time for the longest moderation."""
        rx = self.env.board.rx
        await self.env.peer.drained
        for _ in range(200):
            if not rx.pending:
                return
            await self.env.sleep(1_000)
        rule, what = self.why[next(iter(rx.flows.values()))[0].frame]
        raise CheckError(rule, f"{after}: {what} does not come in", self.env.dut.driver)

    async def hold(self, after: str) -> None:
        """The device does what was asked for."""
        env = self.env
        await self.told()
        seen: set[int] = set()
        env.inspect = lambda skb: seen.add(linux.skb_get_rx_queue(skb)) if linux.skb_rx_queue_recorded(skb) else None
        for i in range(8):
            dst, what = ((_OURS, "our address"), (_GROUP, "our group"), (b"\xff" * 6, "all"), (_OURS, "us"))[i % 4]
            why = ("LIFE5", f"a frame to {what}") if i < 4 else ("LIFE6", "a frame of MTU + 18 bytes")
            env.peer.send(self.frame(dst, (60, _MTU + 18)[i // 4], why=why))
            env.send_to_be_dropped(self.frame(_OTHERS, 60 + i))
            env.send_to_be_dropped(self.frame(_OURS, _MTU + 19 + i))
            tag = b"\x81\0" + _VIDS[i % 2].to_bytes(2, "big")
            env.peer.send(self.frame(_OURS, 80 + i, tag, ("VLAN", f"a frame of VLAN {_VIDS[i % 2]}")))
            if env.ndev.features & linux.NETIF_F_HW_VLAN_CTAG_FILTER:
                tag = b"\x81\0" + (_VIDS[i % 2] ^ 1 << i).to_bytes(2, "big")
                env.send_to_be_dropped(self.frame(_OURS, 80 + i, tag))
        if self.pause in self.taken:
            env.peer.send(pause_frame(1), expected=False)  # for the MAC, not for the stack
        await self.come(after)
        await env.send([udp_frame(100 + i, i, i, to_host=False) for i in range(8)])
        await env.drain()
        if self.rss in self.taken and seen != {self.queue}:
            raise CheckError("RSS1", f"{after}: frames in {sorted(seen)}, not in {self.queue}", env.dut.driver)
        if self.coalesce in self.taken:
            await env.sleep(50_000)
            start, want = env.now_ns, env.board.rx.matched + 1
            env.peer.send(self.frame(_OURS, 60))
            await env.until(lambda: env.board.rx.matched >= want, 500_000, "a frame to reach the stack", every_ns=100)
            waited = env.now_ns - start
            if not _RX_USECS * 1000 <= waited <= _RX_USECS * 1000 + _SLACK_NS:
                what = f"{after}: a frame was told of after {waited:.0f} ns, rx-usecs is {_RX_USECS}"
                raise CheckError("IRQ1", what, env.dut.driver)


async def settings_stay(env: Env) -> None:
    """Addresses, VLANs, MTU, ring sizes, moderation, PAUSE and RSS are set, and hold after the link was down, rings
    were set up anew, a self-test, and a function level reset (kernel-rules.md: LIFE4, LIFE5, LIFE6, ETH1, IRQ1,
    RSS1)."""
    settings = _Settings(env)
    await settings.ask()
    await settings.hold("at first")
    await env.down()
    await env.up()
    await settings.hold("after down and up")
    if settings.ring in settings.taken:
        settings.ring.tx_pending, settings.ring.rx_pending = 256, 64
        assert await _asked(env, settings.ring)
        await settings.hold("after ethtool -G")
    channels = linux.ethtool_channels(cmd=linux.ETHTOOL_SCHANNELS, combined_count=settings.queue + 1)
    if await _asked(env, channels):
        await settings.hold("after ethtool -L")
    test = linux.ethtool_test(cmd=linux.ETHTOOL_TEST, flags=linux.ETH_TEST_FL_OFFLINE)
    if await _asked(env, test):
        await settings.hold("after ethtool -t offline")
    handlers = env.pdev.driver.err_handler
    if handlers is not None and handlers.reset_done is not None:
        env.watchdog.stop()  # it takes 100 ms
        assert await env.run(linux.pci_reset_function, env.pdev) == 0
        env.watchdog.start()
        await settings.hold("after a function level reset")
    env.inspect = None
    for vid in _VIDS:
        await env.run(linux.vlan_vid_del, env.ndev, linux.ETH_P_8021Q, vid)
    await env.run(linux.dev_mc_del, env.ndev, _GROUP)
