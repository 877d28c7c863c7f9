"""CPU that probing many destinations costs, as time of the process."""

import json
import time

from . import accounting
from .peers import ROOT, Peer, Process, Settings
from .report import Table

KINDS = {
    "none": None,
    "tcp": {},
    "tcp, send and expect": {"Send": "GET / HTTP/1.0\r\n\r\n", "Expect": "HTTP/1"},
    "http": {"Kind": "http", "Path": "/"},
    "http, body": {"Kind": "http", "Path": "/", "Body": "hello"},
}
PORT = 20092
PROBED_PORT = 19092
WARM_SECONDS = 15

# On all addresses of 127.0.0.0/8: to one address alone, the local ports of a thousand connections a second would not last.
NGINX = f"""
daemon off;
master_process off;
pid run/probed.pid;
error_log run/probed.err;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  server {{ listen {PROBED_PORT}; location / {{ return 200 "hello"; }} }}
}}
"""


def run(settings: Settings, destinations: int, seconds: int) -> list[Table]:
    table = Table(
        f"probes: {destinations} destinations, each probed every second",
        f"CPU time of the process over {seconds} s, after {WARM_SECONDS} s; nothing else to do. "
        "All destinations are up, each at a loopback address of its own.",
        ["probe", "CPU s", "of one core", "microseconds/probe", "RSS MB"],
    )
    (ROOT / "run" / "probed.conf").write_text(NGINX)
    with Process(Peer("probed", "nginx -p . -c run/probed.conf", {"http": PROBED_PORT})) as probed:
        probed.wait_until_serving()
        for name, probe in KINDS.items():
            table.add(name, *_measure(settings, probe, destinations, seconds))
    table.print()
    return [table]


def _measure(settings: Settings, probe: dict | None, destinations: int, seconds: int) -> list[str]:
    path = ROOT / "run" / "probes.json"
    path.write_text(json.dumps(_configuration(probe, destinations)))
    command = settings.peers["gateway"].cmd.replace("conf/gateway.json", str(path))
    with Process(Peer("gateway-probes", command, {"http": PORT})) as gateway:
        gateway.wait_until_serving()
        time.sleep(WARM_SECONDS)
        pids = gateway.pids()
        begin, cpu = time.monotonic(), accounting.cpu_seconds(pids)
        time.sleep(seconds)
        taken, cpu = time.monotonic() - begin, accounting.cpu_seconds(pids) - cpu
        rss = accounting.memory_kb(pids) / 1024
    each = "–" if probe is None else f"{cpu / taken / destinations * 1e6:.0f}"
    return [f"{cpu:.2f}", f"{cpu / taken:.1%}", each, f"{rss:.0f}"]


def _configuration(probe: dict | None, destinations: int) -> dict:
    cluster: dict = {
        "LoadBalancingPolicy": "wlc",
        "Destinations": {
            f"d{i}": {"Address": f"http://127.1.{i // 250}.{i % 250 + 1}:{PROBED_PORT}"} for i in range(destinations)
        },
    }
    if probe is not None:
        cluster["Probe"] = probe | {"Interval": "00:00:01", "Timeout": "00:00:01"}
    return {
        "Kestrel": {"Endpoints": {"Http": {"Url": f"http://127.0.0.1:{PORT}"}}},
        "ReverseProxy": {
            "Routes": {"all": {"ClusterId": "many", "Match": {"Path": "{**rest}"}}},
            "Clusters": {"many": cluster},
        },
    }
