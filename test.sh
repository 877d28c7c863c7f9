#!/usr/bin/env bash
# Everything a change must pass: build without a warning, formatting, all tests.
#
#   ./test.sh                       all of it
#   ./test.sh --filter FullyQualifiedName~Relay    arguments go to `dotnet test`
#   ./test.sh --no-install ...      install nothing, even as root
#
# As root on Debian or Ubuntu it first installs the servers and tools that the tests drive, those that are missing.
# Where it cannot, the tests that need them are skipped, each with its reason. The last line is always
# "N passed, N failed, N skipped"; the exit code is 0 only when something ran and nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
configuration=Release
results=artifacts/test-results
formatting=artifacts/formatting.txt
forbidden='' format=''
trap clean_up EXIT

# command:package
components=(
  chromium:chromium
  curl:curl
  dig:bind9-dnsutils
  dnsmasq:dnsmasq-base
  haproxy:haproxy
  ip:iproute2
  iperf3:iperf3
  nft:nftables
  nginx:nginx
  node:nodejs
  openssl:openssl
  pg_createcluster:postgresql
  pgbench:postgresql-client-common
  prometheus:prometheus
  promtool:prometheus
  redis-cli:redis-tools
  redis-server:redis-server
  tmux:tmux
  wrk:wrk
  wscat:node-ws
)

# Packages whose command is not on the PATH, each once.
missing_packages() {
  local pair
  for pair in "${components[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
  done | sort -u
}

# Debian starts a service when its package is installed. Tests start their own on free ports, so this forbids it for
# the installation; services that already run are left alone.
forbid_service_start() {
  [ -e /usr/sbin/policy-rc.d ] && return
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  forbidden=/usr/sbin/policy-rc.d
}

# Undoes what must not outlive this script, however it ends.
clean_up() {
  [ -z "$forbidden" ] || rm -f "$forbidden"
  [ -z "$format" ] || kill "$format" 2>/dev/null || true
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o Acquire::Retries=0 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 -o DPkg::Lock::Timeout=120 "$@"
}

install_components() {
  local packages package
  mapfile -t packages < <(missing_packages)
  [ ${#packages[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed, tests that need them are skipped: ${packages[*]}"
    return
  fi

  echo "Installing: ${packages[*]}"
  forbid_service_start
  apt update >/dev/null || true
  for package in "${packages[@]}"; do # one by one: a package that this release does not have must not hide the others
    apt install -y --no-install-recommends "$package" >/dev/null </dev/null || echo "Could not install $package."
  done
}

# The attribute $1 of every <Counters> element, summed over the test projects.
count() {
  cat "$results"/*.trx 2>/dev/null | sed -n "s/.*<Counters .*\b$1=\"\([0-9]*\)\".*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# Name and reason of every skipped test.
skipped_tests() {
  cat "$results"/*.trx 2>/dev/null | awk '
    /<UnitTestResult .*outcome="NotExecuted"/ { name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name) }
    name != "" && /<(StdOut|Message)>/ {
      reason = $0
      gsub(/.*<(StdOut|Message)>|<\/(StdOut|Message)>.*/, "", reason)
      gsub(/&quot;/, "\"", reason); gsub(/&lt;/, "<", reason); gsub(/&gt;/, ">", reason); gsub(/&amp;/, "\\&", reason)
      print "Skipped " name ": " reason
      name = ""
    }'
}

if [ "${1:-}" = --no-install ]; then
  shift
else
  install_components
fi

dotnet restore Gateway.sln
dotnet build Gateway.sln --no-restore -c $configuration
status=0

# It takes a minute and a half of processor time, which tests that wait leave to it.
nice -n 19 dotnet format Gateway.sln --no-restore --verify-no-changes >$formatting 2>&1 &
format=$!

rm -rf "$results"
# The container's image is built within one test, on a slow machine for minutes.
dotnet test Gateway.sln --no-build -c $configuration --blame-hang-timeout 420s \
  --results-directory "$results" --logger "console;verbosity=minimal" --logger "trx;LogFilePrefix=tests" "$@" || status=$?

wait "$format" || { status=1; cat $formatting; echo "Formatting differs: run dotnet format."; }
format=''

total=$(count total) passed=$(count passed) executed=$(count executed)
[ "$executed" -gt 0 ] || { status=1; echo "No test ran."; }
skipped_tests
echo "$passed passed, $((executed - passed)) failed, $((total - executed)) skipped"
exit "$status"
