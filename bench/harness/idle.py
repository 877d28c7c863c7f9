"""Memory and CPU that idle keep-alive connections cost."""

import json
import subprocess
import time

from . import accounting, load
from .peers import ROOT, Process, Settings, running
from .report import Table


def run(settings: Settings, peer_names: list[str], connections: int, port: str | None) -> list[Table]:
    table = Table(
        f"idle: {connections} keep-alive connections{f' by {port}' if port else ''}, one request each, then silence",
        "Each peer alone, after some load, which leaves heaps and pools as they are in service; 32 requests at once at most, since it "
        "is connections that are measured. Own memory is the anonymous "
        "part of the RSS: without the pages of programs and libraries.",
        ["peer", "RSS before MB", "RSS with MB", "RSS KB/connection", "own KB/connection", "alive", "idle CPU"],
    )
    for name in peer_names:
        with running(settings, [settings.peers[name]]) as (_, processes):
            table.add(name, *_measure(processes[name], connections, port))
    table.print()
    return [table]


def _measure(process: Process, connections: int, kind: str | None) -> list[str | int]:
    port = process.peer.ports[kind] if kind else process.peer.check_port
    for mode in ("ka", "close"):
        load.generate({"conns": 16, "reqs": 10000, "mode": mode}, port)
    time.sleep(1.5)
    pids = process.pids()
    rss, own = accounting.memory_kb(pids), accounting.memory_kb(pids, "RssAnon")

    command = load.command({"conns": connections, "reqs": connections, "mode": "idle"}, port)
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        holder.stdout.readline()
        time.sleep(2)
        rss_with, own_with = accounting.memory_kb(pids), accounting.memory_kb(pids, "RssAnon")
        cpu = accounting.cpu_seconds(pids)
        time.sleep(3)
        cpu = accounting.cpu_seconds(pids) - cpu
        holder.stdin.close()
        alive = json.loads(holder.stdout.readline())["alive"]
    return [
        f"{rss / 1024:.1f}",
        f"{rss_with / 1024:.1f}",
        f"{(rss_with - rss) / connections:.2f}",
        f"{(own_with - own) / connections:.2f}",
        alive,
        f"{cpu / 3:.2%}",
    ]
