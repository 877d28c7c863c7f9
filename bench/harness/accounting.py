"""What the kernel knows of processes: CPU time, context switches, memory."""

import os
import time

CPUCLOCK_SCHED = 2  # linux/include/linux/posix-timers.h: the scheduler's clock, in nanoseconds


def process_tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        fields = _stat_fields(int(name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(name))
    tree = [root]
    for pid in tree:  # grows while it is walked
        tree += children.get(pid, [])
    return tree


def cpu_seconds(pids: list[int]) -> float:
    """CPU time of all threads, also of those that ended; precise, unlike the ticks in /proc."""
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)  # the clock id of another process
        except OSError:
            pass  # ended meanwhile
    return total / 1e9


def user_and_system_ticks(pids: list[int]) -> tuple[int, int]:
    fields = [f for f in map(_stat_fields, pids) if f]
    return sum(int(f[11]) for f in fields), sum(int(f[12]) for f in fields)


def context_switches(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        for thread in _list(f"/proc/{pid}/task"):
            for line in _lines(f"/proc/{pid}/task/{thread}/status"):
                if "ctxt_switches" in line:
                    total += int(line.split()[1])
    return total


def memory_kb(pids: list[int], key: str = "VmRSS") -> int:
    """VmRSS, or VmHWM for its highest value so far."""
    return _sum_kb(pids, "status", key)


def machine_seconds() -> tuple[float, float]:
    """CPU seconds of the whole machine since it started: busy, and stolen by the hypervisor."""
    user, nice, system, _, _, irq, softirq, steal = (int(v) / 100 for v in _lines("/proc/stat")[0].split()[1:9])
    return user + nice + system + irq + softirq, steal


def _stat_fields(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on: the name before may hold blanks and brackets."""
    lines = _lines(f"/proc/{pid}/stat")
    return lines[0][lines[0].rindex(")") + 2 :].split() if lines else None


def _sum_kb(pids: list[int], file: str, key: str) -> int:
    return sum(
        int(line.split()[1]) for pid in pids for line in _lines(f"/proc/{pid}/{file}") if line.startswith(key + ":")
    )


def _lines(path: str) -> list[str]:
    try:
        with open(path) as file:
            return file.readlines()
    except OSError:
        return []


def _list(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []
