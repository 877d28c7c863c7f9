"""What clients see while one of two destinations breaks, and how long it takes until it is out."""

import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from .peers import ROOT, Peer, Process, Settings, get
from .report import Table

HTTP_PORT, TCP_PORT = 20093, 20094
GOOD_PORT, BAD_PORT = 19093, 19094
DNS_PORT = 19053
PROBE = {"Kind": "http", "Path": "/", "Interval": "00:00:01", "FastInterval": "00:00:00.2", "Timeout": "00:00:00.5"}
PATIENCE = 10
BEFORE, AFTER = 2.5, 5
RATE = 20

NGINX = """
daemon off;
master_process off;
pid run/faults-{port}.pid;
error_log run/faults-{port}.err;
events {{ worker_connections 512; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port} {words}; location / {{ return 200 "ok"; }} }} }}
"""


@dataclass
class Seen:
    """What the clients of one run saw."""

    answers: list[tuple[float, float, str]] = field(default_factory=list)  # begin, duration, what
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, port: int) -> None:
        begin = time.monotonic()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("GET", "/", headers={"Connection": "close"})
            response = connection.getresponse()
            response.read()
            what = str(response.status)
        except TimeoutError:
            what = "timeout"
        except ConnectionResetError:
            what = "reset"
        except (OSError, http.client.HTTPException) as error:
            what = type(error).__name__
        with self.lock:
            self.answers.append((begin, time.monotonic() - begin, what))


def run(settings: Settings) -> list[Table]:
    tables = []
    for port, title in ((HTTP_PORT, "HTTP"), (TCP_PORT, "TCP relay")):
        table = Table(
            f"faults: {title}",
            f"Two destinations under rr, {RATE} clients a second, a connection each; probe http, interval 1 s, 0.2 s in doubt, timeout "
            f"0.5 s, Fall 2. Of {AFTER} s from the fault on. Late is more than 0.2 s. Clients have {PATIENCE} s of patience.",
            ["fault", "answers", "late", "slowest ms", "median ms", "last failure or delay after s"],
        )
        for name, fault in FAULTS.items():
            table.add(name, *_measure(settings, port, fault))
        for name, fault in NAME_FAULTS.items():
            table.add(name, *_measure(settings, port, fault, named=True))
        table.print()
        tables.append(table)
    return tables


def _measure(settings: Settings, port: int, fault, named: bool = False) -> list[str]:
    """What clients see; with names, the fault is the resolver's and not the server's."""
    (ROOT / "run" / "faults.json").write_text(json.dumps(_configuration(named)))
    command = settings.peers["gateway"].cmd.replace("conf/gateway.json", "run/faults.json")
    with ExitStack() as stack:
        stack.enter_context(_nginx(GOOD_PORT))
        bad = stack.enter_context(_nginx(BAD_PORT))
        if named:
            bad = stack.enter_context(_resolver(RECORDS))
        gateway = stack.enter_context(Process(Peer("gateway-faults", command, {"http": port})))
        gateway.wait_until_serving()
        for _ in range(4):
            get(port)  # so that there are kept connections to both
        time.sleep(BEFORE)
        seen, threads = Seen(), []
        with fault(bad):
            broken = time.monotonic()
            for i in range(AFTER * RATE):
                time.sleep(max(0, broken + i / RATE - time.monotonic()))
                threads.append(threading.Thread(target=seen.ask, args=(port,)))
                threads[-1].start()
            for thread in threads:
                thread.join()
    return _summary(seen, broken)


def _summary(seen: Seen, broken: float) -> list[str]:
    counts = Counter(what for _, _, what in seen.answers)
    bad = [begin + duration - broken for begin, duration, what in seen.answers if what != "200" or duration > 0.2]
    return [
        ", ".join(f"{count} × {what}" for what, count in counts.most_common()),
        str(sum(duration > 0.2 for _, duration, _ in seen.answers)),
        f"{max(duration for _, duration, _ in seen.answers) * 1e3:.0f}",
        f"{statistics.median(duration for _, duration, _ in seen.answers) * 1e3:.1f}",
        f"{max(bad):.1f}" if bad else "–",
    ]


@contextmanager
def _nginx(port: int, words: str = ""):
    (ROOT / "run" / f"faults-{port}.conf").write_text(NGINX.format(port=port, words=words))
    with Process(Peer(f"faults-{port}", f"nginx -p . -c run/faults-{port}.conf", {"http": port})) as process:
        process.wait_until_serving()
        yield process


RECORDS = [f"--host-record={name}.test,127.0.0.1,1" for name in ("good", "bad")]


@contextmanager
def _resolver(records: list[str]):
    """A DNS server that knows only these, for a second at a time."""
    words = f"--no-resolv --no-hosts --local=/test/ --user=root --pid-file= --listen-address=127.0.0.1 --port={DNS_PORT}"
    command = f"dnsmasq --keep-in-foreground --bind-interfaces {words} {' '.join(records)}"
    with Process(Peer("faults-dns", command, {"tcp": DNS_PORT})) as process:
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", DNS_PORT), timeout=1).close()
                break
            except OSError:
                time.sleep(0.005)
        yield process


@contextmanager
def _forgetting(resolver: Process):
    """The resolver goes on and knows the names no more."""
    with _killed(resolver), _resolver([]):
        yield


@contextmanager
def _vanished(bad: Process):
    """As when the machine has lost its power: neither an end nor a refusal, on connections that stand and on new ones."""
    rules = f"""
      table inet gateway_faults {{ chain input {{ type filter hook input priority 0
        tcp dport {BAD_PORT} drop
        tcp sport {BAD_PORT} drop
      }}
      }}
    """
    nft = shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin") or "nft"
    subprocess.run([nft, "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([nft, "delete", "table", "inet", "gateway_faults"], check=True)


@contextmanager
def _stopped(bad: Process):
    pids = bad.pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _killed(bad: Process):
    for pid in bad.pids():
        os.kill(pid, signal.SIGKILL)
    yield


def _served_by(behaviour):
    """In place of the server, one that behaves like this to each connection."""

    @contextmanager
    def fault(bad: Process):
        with _killed(bad):
            listener = _listen(128)
            over = threading.Event()

            def accept() -> None:
                while not over.is_set():
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    threading.Thread(target=behave, args=(connection,), daemon=True).start()

            def behave(connection: socket.socket) -> None:
                with connection:
                    try:
                        behaviour(connection, over)
                    except OSError:
                        pass  # the other side went first

            threading.Thread(target=accept, daemon=True).start()
            try:
                yield
            finally:
                over.set()
                listener.shutdown(socket.SHUT_RDWR)
                listener.close()

    return fault


def _listen(backlog: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for _ in range(200):
        try:
            listener.bind(("127.0.0.1", BAD_PORT))
            break
        except OSError:
            time.sleep(0.005)  # the killed server still has it
    listener.listen(backlog)
    return listener


@contextmanager
def _backlog_full(bad: Process):
    with _killed(bad), _listen(0):
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", BAD_PORT))
        yield
        for one in waiting:
            one.close()


def _drip(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(4096)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
        connection.send(bytes([byte]))
        if over.wait(0.2):
            return


def _reset(connection: socket.socket, _: threading.Event) -> None:
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _answer(text: bytes):
    def behaviour(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(text)

    return behaviour


FAULTS = {
    "none": lambda bad: contextmanager(lambda: iter([None]))(),
    "SIGSTOP": _stopped,
    "SIGKILL": _killed,
    "backlog full": _backlog_full,
    "accepts, then closes": _served_by(lambda connection, over: None),
    "reset after the request": _served_by(_reset),
    "drips a byte each 0.2 s": _served_by(_drip),
    "garbage": _served_by(_answer(b"\x00\xff garbage \r\n\r\n" * 8)),
    "status 500": _served_by(_answer(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")),
    "half an answer": _served_by(_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
    "half-open: packets are dropped": _vanished,
}

NAME_FAULTS = {
    "DNS: resolver killed": _killed,
    "DNS: resolver stopped (SIGSTOP)": _stopped,
    "DNS: names do not exist any more": _forgetting,
}


def _configuration(named: bool) -> dict:
    def cluster(scheme: str) -> dict:
        good, bad = ("good.test", "bad.test") if named else ("127.0.0.1", "127.0.0.1")
        return {
            "LoadBalancingPolicy": "rr",
            "Probe": PROBE,
            "Destinations": {
                "good": {"Address": f"{scheme}://{good}:{GOOD_PORT}"},
                "bad": {"Address": f"{scheme}://{bad}:{BAD_PORT}"},
            },
        }

    return {
        "Names": {"Servers": [f"127.0.0.1:{DNS_PORT}"]},
        "Kestrel": {"Endpoints": {"Http": {"Url": f"http://127.0.0.1:{HTTP_PORT}"}}},
        "ReverseProxy": {
            "Routes": {"all": {"ClusterId": "web", "Match": {"Path": "{**rest}"}}},
            "Clusters": {"web": cluster("http"), "tcp": cluster("tcp")},
        },
        "VirtualServers": {"tcp": {"Listen": f"127.0.0.1:{TCP_PORT}", "ClusterId": "tcp"}},
    }
