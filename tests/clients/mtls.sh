#!/usr/bin/env bash
# Mutual TLS with OpenSSL and curl as clients, and OpenSSL as the authority: good, foreign, revoked, expired and no certificates; files that change
# under load; a bad new file. Starts gateways of its own. Fails with 1 where something is not as expected, with 3 where a tool is missing.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
aigw="${CARGO_TARGET_DIR:-$here/../../target}/debug/aigw"
for tool in openssl curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 3; }
done
key=aigw_test_clients_51c7a0e2b94d8f36
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
trap 'echo "FAILED at line $LINENO"; tail -n 5 openssl.log 2>/dev/null' ERR
fail() { echo "FAILED: $*"; tail -n 20 gateway.log 2>/dev/null || true; exit 1; }

# Authorities: `new_ca NAME`, then `issue CA NAME SUBJECT SAN [START END]`.
new_ca() {
    mkdir -p "$1/issued" && : >"$1/index.txt" && echo 1000 >"$1/serial" && echo 1000 >"$1/crlnumber"
    cat >"$1/ca.cnf" <<CONFIG
[ca]
default_ca = own
[own]
dir = $PWD/$1
database = \$dir/index.txt
serial = \$dir/serial
crlnumber = \$dir/crlnumber
new_certs_dir = \$dir/issued
certificate = \$dir/ca.pem
private_key = \$dir/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
x509_extensions = leaf
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth, serverAuth
[req]
distinguished_name = none
[none]
CONFIG
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/ca.key" -out "$1/ca.pem" -days 30 \
        -subj "/O=Authority/CN=$1" -config "$1/ca.cnf" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>>openssl.log
}
issue() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "$3" -config "$1/ca.cnf" \
        -addext "subjectAltName=$4" 2>>openssl.log
    openssl ca -batch -notext -config "$1/ca.cnf" -in "$2.csr" -out "$2.pem" ${5:+-startdate "$5" -enddate "$6"} 2>>openssl.log
}
publish() { openssl ca -gencrl -config "$1/ca.cnf" -out fresh.crl "${@:2}" 2>>openssl.log && mv fresh.crl "$1.crl"; }

new_ca partners
new_ca foreign
issue partners localhost /CN=localhost DNS:localhost
issue partners mobile "/O=Contoso, Ltd/OU=Apps/CN=mobile" DNS:mobile.contoso.example
issue partners workload /CN=anything "DNS:x.example,URI:spiffe://contoso.example/mobile"
issue partners stranger /CN=stranger DNS:stranger.example
issue partners revoked "/O=Contoso, Ltd/OU=Apps/CN=mobile" DNS:mobile.contoso.example
issue partners over "/O=Contoso, Ltd/OU=Apps/CN=mobile" DNS:mobile.contoso.example 20200101000000Z 20210101000000Z
issue foreign foreign "/O=Contoso, Ltd/OU=Apps/CN=mobile" DNS:mobile.contoso.example
openssl ca -config partners/ca.cnf -revoke revoked.pem 2>>openssl.log
publish partners

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start() { # CONFIG: starts a gateway and waits until it says whether it is ready.
    port="$(free_port)" admin="$(free_port)"
    "$aigw" serve --dev policies --config "$1" --listen "127.0.0.1:$port" --admin "127.0.0.1:$admin" \
        --decisions "file:$work/decisions.jsonl" >gateway.log 2>&1 &
    for _ in $(seq 200); do
        curl --silent "http://127.0.0.1:$admin/livez" >/dev/null && return
        sleep 0.05
    done
    fail "the gateway did not start"
}
status() { curl --silent "http://127.0.0.1:$admin/status"; }
# The status code of GET /v1/models: `ask [curl arguments]`; 000 where there was no answer.
ask() { curl --silent --max-time 20 --output answer --write-out '%{http_code}' --cacert partners/ca.pem "$@" "https://localhost:$port/v1/models" || true; }
code() { python3 -c 'import json; print(json.load(open("answer"))["error"]["code"])'; }
expect() { # WANTED WHAT ask...
    local wanted="$1" what="$2" came
    shift 2
    came="$(ask "$@")"
    [ "$came" = "${wanted%% *}" ] || fail "$what: wanted $wanted, came $came: $(cat answer 2>/dev/null)"
    [ "$wanted" = "${wanted%% *}" ] || [ "$(code)" = "${wanted##* }" ] || fail "$what: wanted $wanted, came $(code)"
    echo "ok: $what"
}
with() { printf -- '--cert %s.pem --key %s.key' "$1" "$1"; }
until_true() { # WHAT COMMAND...
    local what="$1"
    shift
    for _ in $(seq 200); do
        if "$@"; then echo "ok: $what"; return; fi
        sleep 0.05
    done
    fail "waited in vain: $what"
}

cp -r "$here/mtls" policies

# What the settings lack is told, and nothing is served.
echo '{cas: {partners: partners/ca.pem}}' >none.yaml
start none.yaml
status | grep -q '"reason": "tls_required"' || fail "without TLS: $(status)"
kill %% && wait %% 2>/dev/null || true
echo '{tls: {cert: localhost.pem, key: localhost.key}}' >runtime.yaml
start runtime.yaml
status | grep -q '"reason": "ca_unknown"' || fail "without the CA: $(status)"
kill %% && wait %% 2>/dev/null || true
echo "ok: policies that need what the host lacks are not activated"

cp localhost.pem server.pem && cp localhost.key server.key
echo '{tls: {cert: server.pem, key: server.key}, cas: {partners: {file: partners/ca.pem, crl: partners.crl}}}' >runtime.yaml
start runtime.yaml
until_true "the gateway is ready" curl --silent --fail --output /dev/null "http://127.0.0.1:$admin/readyz"

for version in 1.2 1.3; do
    for protocol in --http1.1 --http2; do
        expect 200 "a good certificate (TLS $version, $protocol)" --tls-max $version $protocol $(with mobile)
    done
    expect 000 "another authority's (TLS $version)" --tls-max $version $(with foreign)
    expect 000 "a revoked one (TLS $version)" --tls-max $version $(with revoked)
    expect 000 "one that is over (TLS $version)" --tls-max $version $(with over)
done
expect 200 "one known by its URI" $(with workload)
expect "401 unknown_certificate" "one that nobody has" $(with stranger)
expect "401 missing_certificate" "none"
expect "401 missing_api_key" "none, where a key would do" -H 'x-either: 1'
expect 200 "a key, where a certificate would do" -H 'x-either: 1' -H "api-key: $key"
expect 200 "a certificate, where a key would do" -H 'x-either: 1' $(with mobile)
expect "401 unknown_certificate" "a certificate and a key of another" -H 'x-either: 1' -H "api-key: $key" $(with mobile)
expect "401 missing_certificate" "a header that speaks of a certificate" -H "x-forwarded-client-cert: Subject=\"CN=mobile,OU=Apps,O=Contoso\\, Ltd\"" -H "x-ssl-client-verify: SUCCESS"
grep -q '"consumer":"mobile","credential":"mtls"' decisions.jsonl || fail "the record does not name the credential: $(tail -n 1 decisions.jsonl)"
grep -q '"credential":"workload"' decisions.jsonl || fail "the record does not name the credential"

# OpenSSL's own client: the alert names the fault.
s_client() { printf 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n' |
    openssl s_client -quiet -ign_eof -connect "localhost:$port" -CAfile partners/ca.pem -verify_return_error -cert "$1.pem" -key "$1.key" "${@:2}" 2>&1 || true; }
s_client mobile | grep -q '^HTTP/1.1 200' || fail "openssl s_client with a good certificate: $(s_client mobile)"
s_client foreign | grep -qi 'alert unknown ca' || fail "openssl s_client with another authority's: $(s_client foreign)"
s_client revoked | grep -qi 'alert certificate revoked' || fail "openssl s_client with a revoked one: $(s_client revoked)"
s_client over | grep -qi 'alert certificate expired' || fail "openssl s_client with one that is over: $(s_client over)"
echo "ok: alerts say why"
openssl s_client -connect "localhost:$port" -CAfile partners/ca.pem </dev/null 2>/dev/null | grep -q 'CN = partners' || fail "the authority is not named to clients"
[ "$(openssl x509 -in mobile.pem -noout -subject -nameopt RFC2253)" = 'subject=CN=mobile,OU=Apps,O=Contoso\, Ltd' ] || fail "OpenSSL writes the subject otherwise"

# A session from before is of no use once the list says so; nor is a connection that is open.
cat >revoke.py <<'CLIENT'
import http.client, os, ssl, subprocess, sys, time
port, = map(int, sys.argv[1:])
def context(name):
    made = ssl.create_default_context(cafile="partners/ca.pem")
    made.load_cert_chain(f"{name}.pem", f"{name}.key")
    return made
def ask(connection):
    connection.request("GET", "/v1/models")
    answer = connection.getresponse()
    body = answer.read().decode()
    return answer.status, body
made = context("workload")
kept = http.client.HTTPSConnection("localhost", port, context=made)
assert ask(kept)[0] == 200
session = kept.sock.session
subprocess.run("openssl ca -config partners/ca.cnf -revoke workload.pem 2>/dev/null && openssl ca -gencrl -config partners/ca.cnf -out fresh.crl 2>/dev/null && mv fresh.crl partners.crl", shell=True, check=True)
deadline = time.time() + 20
while True:
    status, body = ask(kept)
    if status == 401:
        assert "unknown_certificate" in body, body
        break
    assert status == 200 and time.time() < deadline, (status, body)
    time.sleep(0.05)
other = http.client.HTTPSConnection("localhost", port, context=made)
try:
    import socket
    raw = made.wrap_socket(socket.create_connection(("localhost", port)), server_hostname="localhost", session=session)
    raw.sendall(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    said = raw.recv(4096)
    assert not said.startswith(b"HTTP/1.1 200"), said
except (ssl.SSLError, ConnectionError):
    pass
CLIENT
python3 revoke.py "$port" || fail "revoked while connected"
echo "ok: revoked while connected: the next request is refused, and the session cannot be resumed"
expect 200 "others go on" $(with mobile)

# Certificates follow their files under load; no handshake fails.
issue partners second /CN=localhost DNS:localhost
served() { openssl s_client -connect "localhost:$port" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
before="$(served)"
: >load.log
for worker in 1 2 3; do
    while [ ! -e stop ]; do ask $(with mobile) --output /dev/null >>load.$worker; echo >>load.$worker; done &
done
cp second.key fresh.key && mv fresh.key server.key   # For a while they do not belong together.
sleep 0.2
cp second.pem fresh.pem && mv fresh.pem server.pem
differs() { [ "$(served)" != "$before" ]; }
until_true "the new certificate is served" differs
sleep 0.5
touch stop
wait %2 %3 %4 2>/dev/null || true
cat load.1 load.2 load.3 >load.log
[ "$(grep -c . load.log)" -gt 10 ] || fail "there was no load"
! grep -qv '^200$' load.log || fail "requests failed while the certificate changed: $(sort load.log | uniq -c)"
echo "ok: $(grep -c . load.log) handshakes while the certificate changed, none failed"

# Policies that begin to ask for certificates end connections that were never asked.
cat >asked.py <<'CLIENT'
import http.client, shutil, ssl, sys, time
port, = map(int, sys.argv[1:])
def write(text):
    open("fresh.yaml", "w").write(text)
    shutil.move("fresh.yaml", "policies/gateway.yaml")
def context():
    made = ssl.create_default_context(cafile="partners/ca.pem")
    made.load_cert_chain("mobile.pem", "mobile.key")
    return made
def connect():
    return http.client.HTTPSConnection("localhost", port, context=context())
def ask(connection):
    connection.request("GET", "/v1/models")
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
def until(wanted):
    deadline = time.time() + 20
    while wanted not in ask(connect())[1]:
        assert time.time() < deadline, f"waited in vain for {wanted}"
        time.sleep(0.05)
asking = open("policies/gateway.yaml").read()
documents = [part for part in asking.split("---\n") if "name: either" not in part and "by-either" not in part]
silent = "---\n".join(documents).replace("{mtls: {ca: partners}}", "{apiKey: {headers: [api-key]}}")
write(silent)
until("missing_api_key")
kept = connect()
assert "missing_api_key" in ask(kept)[1]
write(asking)
deadline = time.time() + 20
while kept.sock:
    kept.request("GET", "/v1/models")
    answer = kept.getresponse()
    said = answer.read().decode()
    assert time.time() < deadline, "the connection went on"
    time.sleep(0.05)
assert "missing_certificate" in said and answer.headers["connection"] == "close", (said, answer.headers)
assert ask(connect())[0] == 200
CLIENT
python3 asked.py "$port" || fail "asked anew"
echo "ok: policies that begin to ask end connections that were never asked"

# A bad new file changes nothing, and is told.
now="$(served)"
echo rubbish >server.pem
refused() { status | python3 -c 'import json,sys; files = {file["name"]: file for file in json.load(sys.stdin)["tlsFiles"]}; sys.exit("error" not in files[sys.argv[1]])' "$1"; }
until_true "a bad certificate is told" refused certificate
echo rubbish >partners.crl
until_true "a bad revocation list is told" refused "ca partners"
[ "$(served)" = "$now" ] || fail "the bad file was used"
expect 200 "what was good goes on" $(with mobile)
curl --silent "http://127.0.0.1:$admin/metrics" | grep -q 'aigw_tls_loads_total{aigw_files="certificate",aigw_result="refused"} 1' || fail "no metric tells of it"
grep -q 'changed certificates cannot be used' gateway.log || fail "the log does not tell"
cp second.pem server.pem
healed() { ! refused certificate; }
until_true "a good one heals it" healed

# A list that is over refuses everybody of its authority; a newer one lets them in again.
publish partners -crl_lastupdate 20200101000000Z -crl_nextupdate 20210101000000Z
refuses() { [ "$(ask $(with mobile))" = 000 ]; }
until_true "a list that is over lets nobody in" refuses
publish partners
accepts() { [ "$(ask $(with mobile))" = 200 ]; }
until_true "a newer one does" accepts
echo "mutual TLS: all as expected"
