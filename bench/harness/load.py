"""Load: the generator's command line for a scenario, and what it prints."""

import json
import re
import subprocess

from .peers import ROOT


def generate(scenario: dict, port: int, timeout: float = 40) -> dict:
    """Runs one burst of load and returns the generator's figures."""
    done = subprocess.run(command(scenario, port), cwd=ROOT, capture_output=True, text=True, timeout=timeout)
    try:
        return PARSERS[scenario.get("gen", "loadgen")](done.stdout)
    except (ValueError, TypeError, IndexError) as error:
        raise RuntimeError(f"{command(scenario, port)[0]}: {done.stderr.strip() or done.stdout.strip()}") from error


def command(scenario: dict, port: int) -> list[str]:
    return COMMANDS[scenario.get("gen", "loadgen")](scenario, port)


def warm_up(scenario: dict) -> dict:
    """The same load, shorter and as fast as it goes."""
    warm = {key: value for key, value in scenario.items() if key != "rate"}
    if "reqs" in warm:
        warm["reqs"] = max(1, int(scenario.get("warm", scenario["reqs"] / 2)))
    return warm


def _loadgen_command(scenario: dict, port: int) -> list[str]:
    arguments = ["run/bin/loadgen", "-p", f"127.0.0.1:{port}", "-n", str(scenario["reqs"])]
    options = {"conns": "-c", "path": "-u", "len": "-b", "mode": "-m", "rate": "-r"}
    for key in options.keys() & scenario.keys():
        arguments += [options[key], str(scenario[key])]
    return arguments + (["-H"] if scenario.get("headers") else [])


def _h2load_command(scenario: dict, port: int) -> list[str]:
    arguments = ["h2load"] + (["--h1"] if scenario.get("h1") else [])
    for option, key in (("-n", "reqs"), ("-c", "conns"), ("-m", "streams")):
        arguments += [option, str(scenario[key])]
    return arguments + [_url(scenario, port)]


def _wrk_command(scenario: dict, port: int) -> list[str]:
    arguments = ["wrk", "-t1", "-c", str(scenario["conns"]), "-d", f"{scenario['secs']}s", "--latency"]
    close = ["-H", "Connection: close"] if scenario.get("mode") == "close" else []
    return arguments + ["-s", "tools/wrk.lua"] + close + [_url(scenario, port)]


def _url(scenario: dict, port: int) -> str:
    scheme = "https" if scenario.get("port") == "https" else "http"
    return f"{scheme}://127.0.0.1:{port}{scenario.get('path', '/')}"


def _parse_loadgen(output: str) -> dict:
    return json.loads(output.strip().splitlines()[-1])


def _parse_wrk(output: str) -> dict:
    return json.loads([line for line in output.splitlines() if line.startswith('{"wrk"')][0])["wrk"]


def _parse_h2load(output: str) -> dict:
    rate = re.search(r"finished in [\d.]+\w+, ([\d.]+) req/s", output)
    requests = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    status = re.search(r"status codes: (\d+) 2xx", output)
    traffic = re.search(r"traffic: .*?\((\d+)\) total", output)
    if not (rate and requests and status and traffic):
        raise ValueError("h2load printed no result")
    done, succeeded, *failed = map(int, requests.groups())
    return {
        "rps": float(rate[1]),
        "requests": done,
        "ok": succeeded,
        "fail": sum(failed),
        "bad_status": done - int(status[1]),
        "bytes": int(traffic[1]),
    }


COMMANDS = {"loadgen": _loadgen_command, "h2load": _h2load_command, "wrk": _wrk_command}
PARSERS = {"loadgen": _parse_loadgen, "h2load": _parse_h2load, "wrk": _parse_wrk}
