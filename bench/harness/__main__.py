"""Command line of the harness; `bench/run.sh` calls it."""

import argparse
import sys
from pathlib import Path

from . import comparison, faults, idle, probes, report, soak, startup
from .peers import ROOT, Settings

SPECIAL = ("list", "startup", "idle", "soak", "probes", "faults")


def main() -> int:
    settings = Settings.load()
    arguments = _parse(settings)
    if arguments.what == ["list"]:
        return _list(settings)

    kind = arguments.what[0] if arguments.what[0] in SPECIAL else "requests"
    peers = _choose_peers(settings, arguments, kind)
    tables = {
        "requests": lambda: comparison.run(settings, arguments.what, peers, arguments.rounds),
        "startup": lambda: startup.run(settings, peers, arguments.rounds),
        "idle": lambda: idle.run(settings, peers, arguments.connections, arguments.port),
        "soak": lambda: soak.run(settings, peers, arguments.seconds),
        "faults": lambda: faults.run(settings),
        "probes": lambda: probes.run(settings, arguments.connections, min(arguments.seconds, 60)),
    }[kind]()
    report.write(arguments.output or ROOT / "run" / f"{kind}.md", " ".join(sys.argv[1:]), tables)
    return 0


def _parse(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Benchmark of Gateway beside other proxies.")
    parser.add_argument("what", nargs="+", help=f"scenarios, or one of {', '.join(SPECIAL)}")
    parser.add_argument("-p", "--peers", help="names with commas between; default: all that are installed")
    parser.add_argument("-n", "--rounds", type=int, default=7)
    parser.add_argument("-o", "--output", type=Path, help="Markdown file, e.g. results/http.md; default: in run/")
    parser.add_argument("--connections", type=int, default=1000, help="for idle; destinations for probes")
    parser.add_argument("--port", choices=("http", "tcp"), help="for idle: by which; default: HTTP where there is some")
    parser.add_argument("--seconds", type=int, default=300, help="for soak; at most 60 for probes")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.what if name not in settings.scenarios]
    if unknown and (len(arguments.what) > 1 or unknown[0] not in SPECIAL):
        parser.error(f"no scenario {', '.join(unknown)}; see bench/run.sh list")
    if arguments.peers and (unknown := set(arguments.peers.split(",")) - settings.peers.keys()):
        parser.error(f"no peer {', '.join(sorted(unknown))}; see bench/run.sh list")
    if arguments.output and not arguments.output.parent.is_dir():
        parser.error(f"no directory {arguments.output.parent} in bench/, where --output begins")
    return arguments


def _choose_peers(settings: Settings, arguments: argparse.Namespace, kind: str) -> list[str]:
    if arguments.peers:
        return arguments.peers.split(",")
    if kind == "soak":
        return ["gateway"]
    missing = [name for name, peer in settings.peers.items() if not peer.is_installed]
    if missing:
        print(f"Not installed, left out: {', '.join(missing)}")
    ports = {arguments.port} if arguments.port else {"http", "tcp"} if kind == "idle" else None
    return [
        name for name, peer in settings.peers.items() if name not in missing and (ports is None or ports & peer.ports.keys())
    ]


def _list(settings: Settings) -> int:
    for peer in settings.peers.values():
        print(f"{peer.name:16} {', '.join(f'{kind} {port}' for kind, port in peer.ports.items())}")
    print()
    for name, scenario in settings.scenarios.items():
        print(f"{name:16} {scenario['about']}")
    return 0


try:
    sys.exit(main())
except RuntimeError as error:  # a peer that does not serve
    sys.exit(f"{error}")
