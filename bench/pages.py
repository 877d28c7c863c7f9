#!/usr/bin/env python3
"""What an open management page costs: CPU time of Gateway with 200 clusters of 50 destinations under load, with and without
pages that follow the changes. Writes a table to bench/results/pages.md.

    bench/pages.py [path of Gateway.dll] [seconds per phase]
"""
import datetime, json, os, pathlib, platform, signal, socket, subprocess, sys, tempfile, threading, time, urllib.request

here = pathlib.Path(__file__).resolve().parent
dll = sys.argv[1] if len(sys.argv) > 1 else str(here.parent / "artifacts/bin/Gateway/release/Gateway.dll")
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
PAGES, CLUSTERS, DESTINATIONS = 20, 200, 50
# Every cluster has a request each second, so that all of them change all the time.
PACE = 1 / CLUSTERS


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Destination(threading.Thread):
    """Answers every request at once; all destinations of all clusters are this one server."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=512)
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def follow(port, cluster, stop, counted):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(0.5)
        s.sendall(f"GET /api/v1/stream?cluster={cluster} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        while not stop.is_set():
            try:
                counted[0] += len(s.recv(65536))
            except TimeoutError:
                pass


def load(port, stop, counted):
    """A request to every cluster in turn."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        n, began = 0, time.monotonic()
        while not stop.is_set():
            s.sendall(f"GET /c{n % CLUSTERS} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            s.recv(65536)
            n += 1
            counted[0] += 1
            # The same pace whatever else the machine does.
            time.sleep(max(0, began + n * PACE - time.monotonic()))


def main():
    destination = Destination()
    destination.start()
    http, management = free_port(), free_port()
    configuration = {
        "ReverseProxy": {
            "Routes": {f"c{i}": {"ClusterId": f"c{i}", "Match": {"Path": f"/c{i}"}} for i in range(CLUSTERS)},
            "Clusters": {f"c{i}": {"LoadBalancingPolicy": "rr", "Destinations": {
                f"d{j}": {"Address": f"http://127.{i // 250}.{i % 250}.{j + 1}:{destination.port}"} for j in range(DESTINATIONS)}}
                for i in range(CLUSTERS)}},
        "Kestrel": {"Endpoints": {"Http": {"Url": f"http://127.0.0.1:{http}"}}},
        "Telemetry": {"Listen": []}, "Management": {"Listen": f"127.0.0.1:{management}"},
        "Logging": {"LogLevel": {"Default": "Warning"}},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "appsettings.json")
        with open(file, "w") as f:
            json.dump(configuration, f)
        process = subprocess.Popen(["dotnet", dll, "--config", file])
        try:
            measure(process.pid, http, management)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def git(*arguments):
    return subprocess.run(["git", "-C", str(here), *arguments], capture_output=True, text=True).stdout.strip()


def circumstances(load):
    """When, of what and where: what a figure is worth without."""
    commit = git("rev-parse", "--short=12", "HEAD") or "no commit"
    changed = " with changes that are in no commit" if git("status", "--porcelain", "--", "../src") else ""
    with open("/proc/cpuinfo") as f:
        processor = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    runtime = subprocess.run(["dotnet", "--version"], capture_output=True, text=True).stdout.strip()
    return (f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, commit {commit}{changed}; {os.cpu_count()} × {processor}, "
        f"Linux {platform.release()}, .NET SDK {runtime}; load average before it {load:.1f}.")


def measure(pid, http, management):
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{management}/api/v1/status").read()
            break
        except OSError:
            time.sleep(0.1)
    before_it = os.getloadavg()[0]
    stop, requests = threading.Event(), [0]
    threading.Thread(target=load, args=(http, stop, requests), daemon=True).start()
    time.sleep(15)
    costs = {0: [], PAGES: []}
    received = [0]
    # Interleaved, so that whatever else the machine does falls on both.
    # The first round is not counted: the code is still being compiled.
    for turn, pages in enumerate((0, PAGES, 0, PAGES, 0, PAGES)):
        closed = threading.Event()
        threads = [threading.Thread(target=follow, args=(management, f"c{i}", closed, received), daemon=True) for i in range(pages)]
        for thread in threads:
            thread.start()
        time.sleep(3)
        before, began = cpu(pid), time.monotonic()
        time.sleep(seconds)
        if turn > 1:
            costs[pages].append((cpu(pid) - before) / (time.monotonic() - began))
        closed.set()
        for thread in threads:
            thread.join()
    stop.set()
    without, with_pages = (sum(costs[n]) / len(costs[n]) for n in (0, PAGES))
    each = (with_pages - without) / PAGES * 100
    text = f"""# What an open page costs

`bench/pages.py`: {CLUSTERS} clusters of {DESTINATIONS} destinations, a request a second to each cluster, {PAGES} pages that follow the
overview and one cluster's destinations each; CPU time of the process in phases of {seconds} s, interleaved.
{circumstances(before_it)}

| | share of one core |
|---|---|
| no page open | {without * 100:.1f} % |
| {PAGES} pages open | {with_pages * 100:.1f} % |
| **each page** | **{each:.2f} %** |

The aim is at most 2 %.
"""
    print(text)
    (here / "results" / "pages.md").write_text(text)


main()
