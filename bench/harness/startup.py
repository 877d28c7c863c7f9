"""Time from starting the process to the first request proxied through it."""

import statistics
import time

from . import accounting
from .peers import Peer, Process, Settings, get
from .report import Table


def run(settings: Settings, peer_names: list[str], rounds: int) -> list[Table]:
    peers = [settings.peers[name] for name in peer_names]
    results: dict[str, list[dict]] = {peer.name: [] for peer in peers}
    with Process(settings.backend) as backend:
        backend.wait_until_serving()
        for _ in range(rounds):
            for peer in peers:
                results[peer.name].append(_start_once(peer))
            peers.reverse()

    table = Table(
        "startup: start of the process to the first proxied 200",
        f"Median of {rounds} starts.",
        ["peer", "ms", "fastest ms", "CPU ms", "second request ms", "RSS MB"],
    )
    for name, starts in results.items():

        def median(key: str) -> float:
            return statistics.median(start[key] for start in starts)

        fastest = min(start["ms"] for start in starts)
        table.add(name, f"{median('ms'):.0f}", f"{fastest:.0f}", f"{median('cpu_ms'):.0f}",
                  f"{median('second_ms'):.1f}", f"{median('rss_mb'):.0f}")  # fmt: skip
    table.print()
    return [table]


def _start_once(peer: Peer) -> dict[str, float]:
    with Process(peer) as process:
        first = process.wait_until_serving(step=0.001)
        cpu = accounting.cpu_seconds(process.pids())
        begin = time.monotonic()
        get(peer.check_port)
        second = time.monotonic() - begin
        time.sleep(1)  # background compilation ends
        rss = accounting.memory_kb(process.pids())
    return {"ms": first * 1e3, "cpu_ms": cpu * 1e3, "second_ms": second * 1e3, "rss_mb": rss / 1024}
