#!/usr/bin/env bash
# Writes src/Gateway/startup.methods: what a start and the first requests have compiled in a publish that is made without it.
# To be run when a start has changed a lot; a method that is no more is left out by a publish, one that is missing is compiled late.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
./setup.sh
dotnet publish ../src/Gateway -c Release -o run/gateway-bare --os linux --self-contained true --nologo -v quiet -p:StartMethods=none

run/bin/backend 19001 19002 19003 &
backend=$!
DOTNET_JitStdOutFile=$PWD/run/jit.txt DOTNET_JitDisasmSummary=1 run/gateway-bare/Gateway run --config conf/gateway.json &
gateway=$!
trap 'kill $gateway $backend 2>/dev/null' EXIT
ask() { curl -sk --retry 50 --retry-connrefused --retry-delay 1 -o /dev/null "$@"; }
ask http://127.0.0.1:20042/
ask https://127.0.0.1:20142/
ask http://127.0.0.1:20242/
ask http://127.0.0.1:20942/metrics
ask http://127.0.0.1:20942/readyz
kill $gateway
wait $gateway || true

# Without the number before a method and the sizes behind it; stubs cannot be compiled ahead.
sed 's/^ *[0-9]*: JIT compiled //; s/ \[[^][]*IL size.*//' run/jit.txt | grep -v 'IL_STUB\|dynamicClass' |
  LC_ALL=C sort -u >../src/Gateway/startup.methods
