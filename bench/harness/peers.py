"""Peers and the backend: from bench.toml to running processes."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
import tomllib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import accounting

ROOT = Path(__file__).parent.parent


@dataclass
class Peer:
    name: str
    cmd: str
    ports: dict[str, int]
    warm: int = 1

    @property
    def check_port(self) -> int:
        return self.ports.get("http") or self.ports["tcp"]

    @property
    def is_installed(self) -> bool:
        return shutil.which(shlex.split(self.cmd)[0], path=f"{os.environ['PATH']}:/usr/sbin") is not None


@dataclass
class Settings:
    backend: Peer
    base: dict[str, str]
    peers: dict[str, Peer]
    scenarios: dict[str, dict] = field(default_factory=dict)

    @staticmethod
    def load() -> "Settings":
        raw = tomllib.loads((ROOT / "bench.toml").read_text())
        backend = Peer("backend", raw["backend"]["cmd"], {"http": raw["backend"]["port"]})
        peers = {name: Peer(name, **values) for name, values in raw["peers"].items()}
        return Settings(backend, raw["base"], peers, raw["scenarios"])


class Process:
    """A started peer. Use it with `with`: it is ended, with its children, on the way out."""

    def __init__(self, peer: Peer):
        self.peer = peer
        self.log = ROOT / "run" / f"{peer.name}.log"
        self.started = time.monotonic()
        with open(self.log, "w") as log:
            self._process = subprocess.Popen(
                shlex.split(peer.cmd),
                cwd=ROOT,
                env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_) -> None:
        if self._process.poll() is not None:
            return
        pids = self.pids()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass  # ended meanwhile
            self._process.wait()

    def pids(self) -> list[int]:
        return accounting.process_tree(self._process.pid)

    def _serves(self) -> bool:
        if self.peer.ports.keys() == {"udp"}:
            return echo(self.peer.ports["udp"]) == b"x"
        return b" 200 " in get(self.peer.check_port)[:16]

    def wait_until_serving(self, step: float = 0.005, patience: float = 20) -> float:
        """Seconds from its start to the first 200, or echo, through it."""
        while time.monotonic() < self.started + patience:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.peer.name} ended with {self._process.returncode}, see {self.log}")
            try:
                if self._serves():
                    return time.monotonic() - self.started
            except OSError:
                pass  # not listening yet
            time.sleep(step)
        raise RuntimeError(f"{self.peer.name} did not serve within {patience} s, see {self.log}")


def get(port: int) -> bytes:
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(request.encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def echo(port: int) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.sendto(b"x", ("127.0.0.1", port))
        return client.recv(16)


@contextmanager
def running(settings: Settings, peers: list[Peer]):
    """The backend and the peers, all serving: yields (backend process, {name: process})."""
    with ExitStack() as stack:
        backend = stack.enter_context(Process(settings.backend))
        backend.wait_until_serving()
        processes = {peer.name: stack.enter_context(Process(peer)) for peer in peers}
        for process in processes.values():
            process.wait_until_serving()
        yield backend, processes
