"""Result tables: on the terminal, and as a Markdown page that says where and with what it was measured."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

VERSION_COMMANDS = {
    "haproxy": ["haproxy", "-v"],
    "nginx": ["nginx", "-v"],
    ".NET": ["dotnet", "--list-runtimes"],
    "Gateway": ["git", "rev-parse", "--short", "HEAD"],
}
VERSION_PATTERNS = {
    ".NET": r"(?<=Microsoft.AspNetCore.App )10\.\S+",
    "Gateway": r".+",
}


class Table:
    def __init__(self, title: str, note: str, head: list[str]):
        self.title, self.note, self.head = title, note, head
        self.rows: list[list[str]] = []

    def add(self, *cells: object) -> None:
        self.rows.append([str(cell) for cell in cells])

    def print(self) -> None:
        widths = [max(len(row[i]) for row in [self.head, *self.rows]) for i in range(len(self.head))]
        print(f"\n{self.title}\n{self.note}")
        for row in [self.head, *self.rows]:
            print("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))))

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", self.note, "", _row(self.head), _row(["---"] + ["--:"] * (len(self.head) - 1))]
        return "\n".join(lines + [_row(row) for row in self.rows]) + "\n"


def write(path: Path, command: str, tables: list[Table]) -> None:
    facts = [
        f"`bench/run.sh {command}`, {time.strftime('%Y-%m-%d')}.",
        "",
        f"* Machine: {_processor()}, {os.cpu_count()} CPUs, Linux {platform.release()}, loopback.",
        f"* Versions: {', '.join(f'{name} {version}' for name, version in _versions().items())}.",
        "* CPU figures are corrected for the speed of the machine in each run; compare ratios, not microseconds.",
        "",
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([f"# Results: {path.stem}", "", *facts, *(table.markdown() for table in tables)]))
    print(f"\nWritten to {path}")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return re.sub(r"\s+", " ", line.split(":", 1)[1]).strip()
    return platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name, command in VERSION_COMMANDS.items():
        try:
            done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
        except FileNotFoundError:
            continue
        output = (done.stdout + done.stderr).strip()
        number = re.search(VERSION_PATTERNS.get(name, r"\d+\.\d+[\w.]*"), output)
        if done.returncode == 0 and number:
            found[name] = number[0]
    return found
