#!/usr/bin/env python3
"""CPU of forwarding by the kernel beside the relay and HAProxy, and how long changes take. Run as root.

    bench/kernel.py [-n ROUNDS] [-s SECONDS] [-o results/kernel.md]
    bench/kernel.py --changes-only [--program GATEWAY] [--before OTHER]

A client, Gateway's machine and three nginx are network namespaces on one bridge, with names of this process alone. The paths
are measured in turns. nat masquerades, as it must on one segment; routed is nat to servers that answer by way of Gateway's machine from
a second segment, and stateless the same without connection tracking. The figure is the CPU time of all processes (wrk, nginx, Gateway, HAProxy) beyond that of the same work
over a straight connection: packets that the kernel forwards are worked on in the time of whoever sent them.
With --before the changes are measured with another Gateway too, in turns.
"""
import argparse, json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, time

PATHS = {'straight': None, 'direct': 8001, 'nat': 8002, 'routed': 8006, 'stateless': 8007, 'relay': 8003, 'haproxy': 8004}
# Two virtual servers without masquerading share no server.
STATELESS_PORT = 81
VIP = '10.77.0.100'
ROOT = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf('SC_CLK_TCK')


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


class Bed:
    def __init__(self):
        self.prefix, self.names, self.processes = f'gwb{os.getpid()}', [], []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='gateway-bench-'))
        for name in ('sw', 'cl', 'gw', 'r1', 'r2', 'r3'):
            run('ip', 'netns', 'add', self.ns(name))
            self.names.append(name)
            run('ip', '-n', self.ns(name), 'link', 'set', 'lo', 'up')
        run('ip', '-n', self.ns('sw'), 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
        run('ip', '-n', self.ns('sw'), 'link', 'set', 'br0', 'up')
        for i, (name, address) in enumerate({'cl': '10.77.0.2', 'gw': '10.77.0.1', 'r1': '10.77.0.11', 'r2': '10.77.0.12', 'r3': '10.77.0.13'}.items()):
            run('ip', '-n', self.ns(name), 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', f'p{i}', 'netns', self.ns('sw'))
            run('ip', '-n', self.ns('sw'), 'link', 'set', f'p{i}', 'master', 'br0', 'up')
            run('ip', '-n', self.ns(name), 'link', 'set', 'eth0', 'up')
            run('ip', '-n', self.ns(name), 'addr', 'add', f'{address}/16', 'dev', 'eth0')
            if name[0] == 'r':
                self.exec(name, 'sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2',
                          'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.eth0.rp_filter=0')
                run('ip', '-n', self.ns(name), 'addr', 'add', f'{VIP}/32', 'dev', 'lo')
        self.second_segment()
        run('ip', '-n', self.ns('gw'), 'addr', 'add', f'{VIP}/32', 'dev', 'eth0')
        self.exec('gw', 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
        self.exec('cl', 'sysctl', '-qw', 'net.ipv4.ip_local_port_range=1024 65535', 'net.ipv4.tcp_tw_reuse=1')

    def second_segment(self):
        """Gateway's machine is the servers' way to everybody for what they send from here."""
        run('ip', '-n', self.ns('sw'), 'link', 'add', 'br1', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
        run('ip', '-n', self.ns('sw'), 'link', 'set', 'br1', 'up')
        for i, (name, address) in enumerate({'gw': '10.78.0.1', 'r1': '10.78.0.11', 'r2': '10.78.0.12', 'r3': '10.78.0.13'}.items()):
            run('ip', '-n', self.ns(name), 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', f'q{i}', 'netns', self.ns('sw'))
            run('ip', '-n', self.ns('sw'), 'link', 'set', f'q{i}', 'master', 'br1', 'up')
            run('ip', '-n', self.ns(name), 'link', 'set', 'eth1', 'up')
            run('ip', '-n', self.ns(name), 'addr', 'add', f'{address}/24', 'dev', 'eth1')
            if name[0] == 'r':
                self.exec(name, 'sysctl', '-qw', 'net.ipv4.conf.eth1.rp_filter=0')
                run('ip', '-n', self.ns(name), 'rule', 'add', 'from', '10.78.0.0/24', 'lookup', '78')
                run('ip', '-n', self.ns(name), 'route', 'add', '10.78.0.0/24', 'dev', 'eth1', 'table', '78')
                run('ip', '-n', self.ns(name), 'route', 'add', 'default', 'via', '10.78.0.1', 'dev', 'eth1', 'table', '78')

    def ns(self, name):
        return f'{self.prefix}-{name}'

    def exec(self, name, *words):
        return run('ip', 'netns', 'exec', self.ns(name), *words)

    def start(self, name, *words):
        process = subprocess.Popen(['ip', 'netns', 'exec', self.ns(name), *words], stdout=open(self.folder / f'{name}-{words[0].split("/")[-1]}.log', 'w'), stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        for name in self.names:
            run('ip', 'netns', 'del', self.ns(name))
        shutil.rmtree(self.folder)

    def nginx(self):
        for name in ('r1', 'r2', 'r3'):
            home = self.folder / name
            home.mkdir()
            (home / 'big').write_bytes(b'\0' * (64 << 20))
            (home / 'nginx.conf').write_text(f'''worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log; user root;
events {{ worker_connections 8192; }}
http {{ access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000;
  client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{ {''.join(f"listen {port} backlog=8192; " for port in (80, STATELESS_PORT, 8001))} location = / {{ return 200 "ok"; }} location / {{ root {home}; }} }} }}''')
            self.start(name, 'nginx', '-c', str(home / 'nginx.conf'))


def cluster(port, net='10.77.0'):
    return {'LoadBalancingPolicy': 'rr', 'Destinations': {f'r{i}': {'Address': f'tcp://{net}.{10 + i}:{port}'} for i in range(1, 4)}}


def gateway(bed, program):
    server = lambda name, more: {'Listen': f'{VIP}:{PATHS[name]}', 'ClusterId': name, 'Forwarding': name, **more}
    behind = '10.78.0'
    config = {
        'Telemetry': {'Listen': '127.0.0.1:9464'}, 'Kestrel': {'Endpoints': {'Http': {'Url': 'http://127.0.0.1:18080'}}},
        'ReverseProxy': {'Clusters': {'direct': cluster(8001), 'nat': cluster(80), 'relay': cluster(80),
                                      'routed': cluster(80, behind), 'stateless': cluster(STATELESS_PORT, behind)}},
        'VirtualServers': {'direct': server('direct', {}), 'nat': server('nat', {'Masquerade': True}), 'relay': server('relay', {}),
                           'routed': server('routed', {'Forwarding': 'nat'}),
                           'stateless': server('stateless', {'Forwarding': 'nat', 'Stateless': True})},
    }
    file = bed.folder / 'appsettings.json'
    file.write_text(json.dumps(config))
    process = bed.start('gw', *program, 'run', '--config', str(file))
    wait(lambda: metric(bed, 'gateway_kernel_path') == 4, 'all four paths are in the kernel')
    return process


def metrics(bed, *names):
    """Metrics of one moment, summed over their labels."""
    try:
        text = bed.exec('gw', 'curl', '-s', 'http://127.0.0.1:9464/metrics')
    except subprocess.CalledProcessError:
        return [0] * len(names)
    return [sum(float(line.split()[-1]) for line in text.splitlines() if re.match(name + r'[{ ]', line)) for name in names]


def metric(bed, name):
    return metrics(bed, name)[0]


def wait(condition, what):
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            sys.exit(f'not in 30 s: {what}')
        time.sleep(0.1)


def haproxy(bed):
    file = bed.folder / 'haproxy.cfg'
    file.write_text(f'''global
  nbthread 2
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen all
  bind {VIP}:{PATHS["haproxy"]}
  balance roundrobin
  option splice-auto
  server r1 10.77.0.11:80
  server r2 10.77.0.12:80
  server r3 10.77.0.13:80
''')
    process = bed.start('gw', 'haproxy', '-db', '-f', str(file))
    wait(lambda: str(PATHS['haproxy']) in bed.exec('gw', 'ss', '-ltn'), 'HAProxy listens')
    return process


def cpu(bed):
    """CPU seconds of all processes in the namespaces so far, those that ended as children included."""
    total = 0
    for name in ('gw', 'r1', 'r2', 'r3'):
        for pid in run('ip', 'netns', 'pids', bed.ns(name)).split():
            try:
                fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
            except FileNotFoundError:
                continue
            total += (int(fields[11]) + int(fields[12])) / TICK
    children = os.times()
    return total + children.children_user + children.children_system


def url(path, what):
    return f'http://10.77.0.11:80/{what}' if path == 'straight' else f'http://{VIP}:{PATHS[path]}/{what}'


def connections(bed, path, seconds):
    before = cpu(bed)
    out = bed.exec('cl', 'wrk', '-t1', '-c32', f'-d{seconds}s', '-H', 'Connection: close', url(path, ''))
    requests = int(re.search(r'(\d+) requests in', out).group(1))
    failed = re.search(r'Socket errors: (.*)', out)
    if failed and re.search(r'(connect|timeout) [1-9]', failed.group(1)):
        print(f'{path}: {failed.group(0)}', file=sys.stderr)
    return (cpu(bed) - before) / requests * 1e6


def gibibytes(bed, path):
    before = cpu(bed)
    for _ in range(16):
        bed.exec('cl', 'curl', '-s', '-o', '/dev/null', url(path, 'big'))
    return cpu(bed) - before


def command_of(program):
    return ['dotnet', program] if program.endswith('.dll') else [program]


def changes(bed, program):
    """How long Gateway takes to install a thousand destinations, and to change one of them, from its waking to the commit; and
    the program nft to install the same rules."""
    destinations = {f'd{i}': {'Address': f'tcp://10.78.{i // 250}.{i % 250 + 2}:8005'} for i in range(1000)}
    config = {
        'Telemetry': {'Listen': '127.0.0.1:9464'}, 'Kestrel': {'Endpoints': {'Http': {'Url': 'http://127.0.0.1:18080'}}},
        'Logging': {'LogLevel': {'Default': 'Information', 'Gateway.Kernel': 'Debug'}},
        'ReverseProxy': {'Clusters': {'many': {'LoadBalancingPolicy': 'wrr', 'Destinations': destinations}}},
        'VirtualServers': {'many': {'Listen': f'{VIP}:8005', 'ClusterId': 'many', 'Forwarding': 'direct'}},
    }
    file = bed.folder / 'many.json'
    file.write_text(json.dumps(config))
    process = bed.start('gw', *program, 'run', '--config', str(file))
    wait(lambda: metric(bed, 'gateway_kernel_path') == 1, 'a thousand destinations are in the kernel')
    time.sleep(3)
    log = (bed.folder / f'gw-{program[0].split("/")[-1]}.log').read_text()
    took = re.search(r'rules were changed in ([\d.]+) ms', log)
    # A Gateway of before may not tell.
    install = float(took.group(1)) / 1e3 if took else None
    ones = []
    for i in range(9):
        before = metric(bed, 'gateway_kernel_changes_total')
        destinations['d500']['Weight'] = i % 2
        file.with_suffix('.next').write_text(json.dumps(config))
        file.with_suffix('.next').rename(file)
        wait(lambda: metric(bed, 'gateway_kernel_changes_total') > before, 'the change is in the kernel')
        ones.append(metric(bed, 'gateway_kernel_last_change_seconds'))
    rules = loadable(bed.exec('gw', 'nft', 'list', 'table', 'netdev', 'gateway'))
    process.terminate()
    process.wait()
    bed.processes.remove(process)
    return install, ones, by_nft(bed, rules)


def loadable(listing):
    """What nft lists, without what it cannot load again: it has no words for a few rules and types."""
    lines = [line for line in listing.replace('@nh,96,32', 'ip saddr').splitlines() if 'flags owner' not in line and '@quoted4' not in line
             and 'map @fragments4' not in line and '@th,192,32' not in line]
    return re.sub(r'(map \w+_slots \{\n\s*)type [^\n]*', r'\1typeof numgen inc mod 65536 : meta mark', '\n'.join(lines))


def by_nft(bed, rules):
    file = bed.folder / 'rules.nft'
    file.write_text(rules)
    started = time.monotonic()
    bed.exec('gw', 'nft', '-f', str(file))
    took = time.monotonic() - started
    bed.exec('gw', 'nft', 'delete', 'table', 'netdev', 'gateway')
    return took


def changes_in_turns(bed, programs, turns):
    """The same for several programs: of each the installs, all single changes, and nft's installs beside them."""
    bed.exec('gw', 'ip', 'addr', 'add', '10.78.0.1/16', 'dev', 'eth0')
    installs, ones, floors = ({name: [] for name in programs} for _ in range(3))
    for turn in range(turns):
        for name in (programs if turn % 2 == 0 else reversed(programs)):
            install, singles, floor = changes(bed, programs[name])
            installs[name] += [install] if install is not None else []
            ones[name] += singles
            floors[name].append(floor)
    return installs, ones, floors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, default=5)
    parser.add_argument('-s', type=int, default=2)
    parser.add_argument('-o')
    parser.add_argument('--program', help='the published Gateway; by default it is published first')
    parser.add_argument('--before', help='another published Gateway, whose changes are measured in turns with this one')
    parser.add_argument('--changes-only', action='store_true', help='only the changes of the rules')
    options = parser.parse_args()
    bed = Bed()
    try:
        if options.program is None:
            out = bed.folder / 'gateway'
            run('dotnet', 'publish', str(ROOT / 'src/Gateway'), '-c', 'Release', '--os', 'linux', '--self-contained', 'true', '-o', str(out), '-v', 'q')
            program = [str(out / 'Gateway')]
        else:
            program = command_of(options.program)
        programs = {**({'before': command_of(options.before)} if options.before else {}), 'now': program}
        if options.changes_only:
            print('\n'.join(changes_report(*changes_in_turns(bed, programs, options.n))))
            return
        bed.nginx()
        main_gateway = gateway(bed, program)
        haproxy(bed)
        for path in PATHS:
            connections(bed, path, 2)
        short, bulk = {path: [] for path in PATHS}, {path: [] for path in PATHS}
        for turn in range(options.n):
            for path in (PATHS if turn % 2 == 0 else reversed(PATHS)):
                short[path].append(connections(bed, path, options.s))
                bulk[path].append(gibibytes(bed, path))
        main_gateway.terminate()
        main_gateway.wait()
        bed.processes.remove(main_gateway)
        figures = changes_in_turns(bed, programs, 3)
    finally:
        bed.close()
    text = report(short, bulk, figures, options)
    print(text)
    if options.o:
        (ROOT / 'bench' / options.o).write_text(text)


def changes_report(installs, ones, floors):
    names = list(ones)
    row = lambda what, of, digits: f'| {what} | ' + ' | '.join(
        f'{statistics.median(of[name]) * 1e3:.{digits}f}' if of[name] else 'not seen' for name in names) + ' |'
    return [f'| change of the rules, 1000 destinations, median | {" | ".join("ms" if len(names) == 1 else name + ", ms" for name in names)} |',
            '|---|' + '---|' * len(names),
            row(f'all installed, at the start of the process ({len(installs[names[0]])} times)', installs, 0),
            row('the same rules by `nft -f`', floors, 0),
            row(f'one quiesced or back ({len(ones[names[0]])} times)', ones, 1), '']


def report(short, bulk, figures, options):
    lines = ['# Forwarding by the kernel', '',
             f'Debian 12, Linux {os.uname().release}, {os.cpu_count()} CPUs shared with other work, {time.strftime("%Y-%m-%d")}; '
             f'{options.n} rounds in turns, medians. CPU of all processes together; *over straight* is what the path adds to a straight '
             'connection of client and server, two more hops over veth and bridge included.', '',
             '| path | µs per short connection | over straight | to HAProxy | s per GiB | over straight | to HAProxy |', '|---|---|---|---|---|---|---|']
    median = {path: (statistics.median(short[path]), statistics.median(bulk[path])) for path in PATHS}
    base, peer = median['straight'], median['haproxy']
    for path, (a, b) in median.items():
        over = (a - base[0], b - base[1])
        ratio = lambda i: '' if path in ('straight',) else f'{over[i] / (peer[i] - base[i]):.2f}'
        lines.append(f'| {path} | {a:.1f} | {over[0]:.1f} | {ratio(0)} | {b:.2f} | {over[1]:.2f} | {ratio(1)} |')
    lines += ['', *changes_report(*figures)]
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
