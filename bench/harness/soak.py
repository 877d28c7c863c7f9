"""Memory over minutes of load: does it grow?"""

import statistics
import time

from . import accounting, comparison, load
from .peers import Process, Settings, running
from .report import Table

BURST_SECONDS = 4
RATE = 2000  # requests a second: a load that leaves the machine usable, the same for every peer
MIX = ("http_ka", "http_close", "l4_ka", "l4_close", "udp_rt")
WARM_SHARE = 0.2  # of the time at the start, in which pools fill and code is compiled


def run(settings: Settings, peer_names: list[str], seconds: int) -> list[Table]:
    tables = []
    for name in peer_names:
        with running(settings, [settings.peers[name]]) as (_, processes):
            series, requests, failed = _load(settings, processes[name], seconds)
        tables.append(_table(name, seconds, series, requests, failed))
        tables[-1].print()
    return tables


def _load(settings: Settings, process: Process, seconds: int) -> tuple[list[tuple[float, int]], int, int]:
    """Bursts of every kind of traffic that the peer takes, in turn; memory is read after each."""
    mix = [s for s in map(settings.scenarios.get, MIX) if s.get("port", "http") in process.peer.ports]
    for scenario in mix:
        comparison.warm_up(scenario, process.peer, scenario.get("port", "http"))
    series, requests, failed = [], 0, 0
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        scenario = mix[len(series) % len(mix)] | {"rate": RATE, "reqs": RATE * BURST_SECONDS}
        result = load.generate(scenario, process.peer.ports[scenario.get("port", "http")])
        requests += result["requests"]
        failed += result["fail"] + result["bad_status"]
        series.append((elapsed + BURST_SECONDS, accounting.memory_kb(process.pids())))
    return series, requests, failed


def growth_kb_per_minute(series: list[tuple[float, int]]) -> float:
    """Slope of the line through the series after the warm-up, by Theil and Sen: the median of all pairs' slopes, which
    a single collection of garbage does not move."""
    settled = series[int(len(series) * WARM_SHARE) :]
    slopes = [
        (later - earlier) / (t2 - t1)
        for i, (t1, earlier) in enumerate(settled)
        for t2, later in settled[i + 1 :]
    ]  # fmt: skip
    return statistics.median(slopes) * 60 if slopes else 0.0


def _table(name: str, seconds: int, series: list[tuple[float, int]], requests: int, failed: int) -> Table:
    table = Table(
        f"soak: {name}, {seconds} s of {RATE} requests/s, kinds of traffic in turn, after the warm-up of the other scenarios",
        f"{requests} requests, {failed} failed. Growth after the warm-up: {growth_kb_per_minute(series):+.0f} KB/minute.",
        ["minute", "lowest RSS MB", "median RSS MB", "highest RSS MB"],
    )
    for minute in range(int(series[-1][0] // 60) + 1):
        values = [kb / 1024 for at, kb in series if minute * 60 <= at < minute * 60 + 60]
        if values:
            table.add(minute + 1, f"{min(values):.1f}", f"{statistics.median(values):.1f}", f"{max(values):.1f}")
    return table
