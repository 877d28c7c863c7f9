#!/usr/bin/env bash
# The one command of the benchmark; see README.md.
#
#   bench/run.sh http_ka http_close l4_ka l4_close      CPU per request, side by side
#   bench/run.sh startup | idle | soak                  start, memory of idle connections, memory over minutes
#   bench/run.sh probes                                 CPU of probing 1000 destinations every second
#   bench/run.sh faults                                 what clients see while a destination breaks
#   bench/run.sh list                                   peers and scenarios
#
# Options follow: -p PEER,PEER  -n ROUNDS  -o results/NAME.md  (bench/run.sh http_ka --help for all)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ "${1:-}" = list ] || ./setup.sh
exec python3 -m harness "$@"
