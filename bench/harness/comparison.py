"""CPU per request, peers side by side."""

import os
import statistics
import time

from . import accounting, load
from .peers import Peer, Process, Settings, running
from .report import Table

CROWDED = 0.75  # share of the machine that others may use before a run is done again
RATE_WARM = 5
UNITS = {"cpu_us_req": "µs CPU/request", "cpu_s_gib": "s CPU/GiB"}


def run(settings: Settings, scenario_names: list[str], peer_names: list[str], rounds: int) -> list[Table]:
    """One table for each scenario. Peers run all the time; only the one under load uses CPU."""
    wanted = {settings.scenarios[name].get("port", "http") for name in scenario_names}
    peers = [p for p in map(settings.peers.get, peer_names) if wanted & p.ports.keys()]
    tables = []
    with running(settings, peers) as (backend, processes):
        for name in scenario_names:
            tables.append(_run_scenario(settings, name, backend, processes, rounds))
            tables[-1].print()
    return tables


def _run_scenario(settings: Settings, name: str, backend: Process, processes: dict[str, Process], rounds: int) -> Table:
    scenario = settings.scenarios[name]
    port = scenario.get("port", "http")
    turn = [p for p in processes.values() if port in p.peer.ports]
    for process in turn:
        warm_up(scenario, process.peer, port)

    runs: dict[str, list[dict]] = {process.peer.name: [] for process in turn}
    for _ in range(rounds):
        for process in turn:
            runs[process.peer.name].append(_measure(scenario, process, port, backend))
            time.sleep(0.1)
        turn.reverse()

    base = settings.base[port] if settings.base[port] in runs else next(iter(runs))
    return _compare(name, scenario, runs, base, rounds)


def warm_up(scenario: dict, peer: Peer, port: str) -> None:
    """A JIT compiles a method after 30 calls and a quiet 100 ms, in the background, twice: hence several bursts."""
    for _ in range(peer.warm):
        load.generate(load.warm_up(scenario), peer.ports[port])
        time.sleep(0.4 if peer.warm > 1 else 0)
    if "rate" in scenario:
        # What happens between requests that have time between them was not called by then.
        for _ in range(RATE_WARM):
            load.generate(scenario, peer.ports[port])


def _measure(scenario: dict, process: Process, port: str, backend: Process) -> dict:
    result = _measure_once(scenario, process, port, backend)
    if result["foreign"] > CROWDED:
        time.sleep(0.3)
        result = _measure_once(scenario, process, port, backend)
    return result


def _measure_once(scenario: dict, process: Process, port: str, backend: Process) -> dict:
    pids, backend_pids = process.pids(), backend.pids()
    before = _sample(pids, backend_pids)
    result = load.generate(scenario, process.peer.ports[port])
    after = _sample(pids, backend_pids)
    used = {key: after[key] - before[key] for key in before}

    ok = max(1, result["ok"])
    neighbours = used["backend_cpu"] + used["generator_cpu"]
    others = used["busy"] + used["stolen"] - used["cpu"] - neighbours
    return result | {
        "cpu_us_req": used["cpu"] * 1e6 / ok,
        "cpu_s_gib": used["cpu"] * 2**30 / max(1, result["bytes"]),
        # On loopback a sender's system call does the receiver's work too: what a proxy shifts to its neighbours shows here.
        "neighbours_us_req": neighbours * 1e6 / ok,
        "user_share": used["user"] / max(1, used["user"] + used["system"]),
        "switches_req": used["switches"] / ok,
        "foreign": max(0.0, others) / used["time"] / os.cpu_count(),
        "rss_kb": accounting.memory_kb(pids),
        "peak_kb": accounting.memory_kb(pids, "VmHWM"),
    }


def _sample(pids: list[int], backend_pids: list[int]) -> dict[str, float]:
    children = os.times()
    busy, stolen = accounting.machine_seconds()
    user, system = accounting.user_and_system_ticks(pids)
    return {
        "time": time.monotonic(),
        "busy": busy,
        "stolen": stolen,
        "user": user,
        "system": system,
        "switches": accounting.context_switches(pids),
        "backend_cpu": accounting.cpu_seconds(backend_pids),
        "generator_cpu": children.children_user + children.children_system,
        "cpu": accounting.cpu_seconds(pids),
    }


def corrected(runs: list[dict], metric: str) -> list[float]:
    """The metric of each run, corrected for how slow the machine was just then.

    Generator and backend do the same work per request in every run of one peer, so their CPU per request is a gauge of
    the machine: each run is scaled by the peer's median of it over the run's own.
    """
    gauge = [max(1e-9, run["neighbours_us_req"]) for run in runs]
    typical = statistics.median(gauge)
    return [run[metric] * typical / g for run, g in zip(runs, gauge)]


def _compare(name: str, scenario: dict, runs: dict[str, list[dict]], base: str, rounds: int) -> Table:
    metric = scenario.get("metric", "cpu_us_req")
    base_value = statistics.median(corrected(runs[base], metric))
    table = Table(
        f"{name}: {scenario['about']}",
        f"{rounds} rounds; ratio to {base}. Spread is the distance between the quartiles over the median.",
        ["peer", UNITS[metric], "ratio", "spread", "user", "requests/s", "p50 µs", "p99 µs", "switches/request",
         "neighbours µs", "RSS MB", "peak MB", "failed", "others' CPU"],
    )  # fmt: skip
    for peer, results in runs.items():
        values = corrected(results, metric)
        middle = statistics.median(values)
        quartiles = statistics.quantiles(values, n=4) if len(values) > 2 else [min(values), middle, max(values)]

        def median(key: str, digits: int = 0, scale: float = 1) -> str:
            known = [result[key] * scale for result in results if key in result]
            return f"{statistics.median(known):.{digits}f}" if known else "-"

        table.add(
            peer,
            f"{middle:.{1 if metric == 'cpu_us_req' else 3}f}",
            f"{middle / base_value:.2f}",
            f"{(quartiles[2] - quartiles[0]) / middle:.0%}",
            median("user_share", 0, 100) + "%",
            median("rps"),
            median("p50_us"),
            median("p99_us"),
            median("switches_req", 2),
            median("neighbours_us_req", 1),
            median("rss_kb", 0, 1 / 1024),
            median("peak_kb", 0, 1 / 1024),
            sum(result["fail"] + result["bad_status"] for result in results),
            median("foreign", 0, 100) + "%",
        )
    return table
