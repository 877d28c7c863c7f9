#!/usr/bin/env bash
# Makes bench/run/: generator and backend from C, a certificate, bare YARP and Gateway. As root it first installs the
# peers that are missing (Debian or Ubuntu); peers that stay missing are left out of the runs. Quick when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

missing=()
for pair in haproxy:haproxy nginx:nginx pen:pen wrk:wrk h2load:nghttp2-client gcc:gcc openssl:openssl dnsmasq:dnsmasq-base nft:nftables; do
  PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || missing+=(libnginx-mod-stream)
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  if [ ! -e /usr/sbin/policy-rc.d ]; then # packaged services must not start
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq || true
  for package in "${missing[@]}"; do
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null </dev/null ||
      echo "Could not install $package."
  done
fi

mkdir -p run/bin run/tls run/nginx
for tool in backend loadgen udprelay; do
  [ run/bin/$tool -nt tools/$tool.c ] || gcc -O2 -Wall -Wextra -pthread -o run/bin/$tool tools/$tool.c
done

if [ ! -e run/tls/haproxy.pem ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout run/tls/key.pem -out run/tls/cert.pem 2>/dev/null
  cat run/tls/cert.pem run/tls/key.pem >run/tls/haproxy.pem
fi

publish() { # project, output, further arguments
  local project=$1 output=$2
  shift 2
  dotnet publish "$project" -c Release -o "$output" --nologo -v quiet "$@"
}
[ run/yarp/BareYarp -nt yarp/Program.cs ] || publish yarp run/yarp
[ run/yarp-r2r/BareYarp -nt yarp/Program.cs ] ||
  publish yarp run/yarp-r2r --os linux --self-contained false -p:PublishReadyToRun=true
# What is being worked on. Compiling it ahead of time takes minutes, so only when it has changed.
[ -e run/gateway/Gateway ] && [ -z "$(find ../src/Gateway ../appsettings.json ../Directory.*.props -newer run/gateway/Gateway \
  -not -path '*/bin/*' -not -path '*/obj/*' -type f -print -quit)" ] ||
  { publish ../src/Gateway run/gateway --os linux --self-contained true && touch run/gateway/Gateway; }
