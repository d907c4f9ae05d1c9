"""Tokens that PyJWT makes, with keys that pyca/cryptography makes, against a gateway over sockets: every algorithm, what must be refused, and a
rotation of the issuer's keys under load. Starts its own issuer and its own gateway; AIGW names the binary."""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

POLICIES = """apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: lab}
spec: {type: mock}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec: {targets: [{target: lab/small}]}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: chat}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [sso], authorization: open}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: sso}
spec: {methods: {jwt: [{name: idp, issuer: "ISSUER", audience: [aigw], require: {scp: {contains: Chat.Invoke}}}]}}
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: app}
spec: {credentials: [{jwt: {issuer: idp, claims: {azp: app-1}}}]}
"""

ALGORITHMS = {
    "rsa": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "p256": ["ES256"],
    "p384": ["ES384"],
    "ed": ["EdDSA"],
}
keys = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
}
published = {"keys": list(keys), "asked": 0}


def jwk(name):
    public, algorithm = keys[name].public_key(), ALGORITHMS.get(name, ["ES256"])[0]
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True)
    return {key: value for key, value in made.items() if key != "key_ops"} | {"kid": name, "use": "sig"}


class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/.well-known/openid-configuration":
            body = {"issuer": issuer, "jwks_uri": issuer + "/keys"}
        else:
            published["asked"] += 1
            body = {"keys": [jwk(name) for name in published["keys"]]}
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def claims(**changes):
    now = int(time.time())
    made = {"iss": issuer, "aud": "aigw", "azp": "app-1", "scp": "User.Read Chat.Invoke", "iat": now, "nbf": now, "exp": now + 300}
    return {name: value for name, value in (made | changes).items() if value is not None}


def token(key="p256", algorithm="ES256", headers=None, **changes):
    return jwt.encode(claims(**changes), keys[key], algorithm=algorithm, headers={"kid": key} | (headers or {}))


def ask(bearer, connection=None):
    """Status, code and challenge of one request."""
    own = connection or http.client.HTTPConnection(data, timeout=30)
    body = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "Hi"}]})
    own.request("POST", "/v1/chat/completions", body, {"content-type": "application/json", "authorization": "Bearer " + bearer})
    answer = own.getresponse()
    text = json.loads(answer.read())
    return answer.status, text.get("error", {}).get("code"), answer.getheader("www-authenticate")


def refused(bearer, code):
    got = ask(bearer)
    assert got == (401, code, 'Bearer error="invalid_token"'), (code, got)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def algorithms():
    for name, all_of_it in ALGORITHMS.items():
        for algorithm in all_of_it:
            assert ask(token(name, algorithm))[0] == 200, algorithm


def refusals():
    good = token()
    head, payload, signature = good.split(".")
    refused(f"{head}.{b64(json.dumps(claims(azp='admin')).encode())}.{signature}", "token_invalid")
    refused(f"{head}.{payload}.{signature[:-8]}AAAAAAAA", "token_invalid")
    refused(jwt.encode(claims(), None, algorithm="none", headers={"kid": "p256"}), "token_invalid")
    refused(f"{b64(json.dumps({'alg': 'none'}).encode())}.{payload}.", "token_invalid")
    # The public key, which everybody has, as the secret of an HMAC.
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = keys["rsa"].public_key().public_bytes(*form)
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'rsa'}).encode())}.{payload}"
    refused(f"{signed}.{b64(hmac.new(public, signed.encode(), hashlib.sha256).digest())}", "token_invalid")
    refused(token(headers={"crit": ["exp"]}), "token_invalid")
    refused(token(exp=int(time.time()) - 61), "token_expired")
    refused(token(exp=None), "token_invalid")
    refused(token(nbf=int(time.time()) + 90), "token_not_yet_valid")
    refused(token(aud="other"), "token_audience")
    refused(token(iss="https://id.example"), "token_issuer")
    refused(token(scp="Chat.InvokeAll"), "token_claims")
    refused(token(azp="app-2"), "token_undeclared")


def rotation():
    """Good tokens of known and new keys are taken while others name keys that do not exist; the issuer is spared."""
    keys["next"] = ec.generate_private_key(ec.SECP256R1())
    keys["wrong"] = ec.generate_private_key(ec.SECP256R1())
    asked, began, ends = published["asked"], time.time(), time.time() + 9
    counts = {"good": 0, "new": 0, "random": 0}
    faults, lock = [], threading.Lock()

    def count(what, got, wanted):
        with lock:
            counts[what] += 1
            if got[0] != wanted:
                faults.append((what, got))

    def good():
        connection, number = http.client.HTTPConnection(data, timeout=30), 0
        while time.time() < ends:
            number += 1
            count("good", ask(token(jti=str(number % 50)), connection), 200)

    def random():
        connection, number = http.client.HTTPConnection(data, timeout=30), 0
        while time.time() < ends:
            number += 1
            count("random", ask(token("wrong", headers={"kid": f"random-{number}"}), connection), 401)

    def new():
        time.sleep(1)
        published["keys"] = published["keys"] + ["next"]
        connection = http.client.HTTPConnection(data, timeout=30)
        while time.time() < ends:
            count("new", ask(token("next"), connection), 200)

    threads = [threading.Thread(target=work) for work in [good, good, random, random, random, new, new]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]
    assert counts["good"] > 100 and counts["new"] > 20 and counts["random"] > 0, counts
    # One request each five seconds, whatever clients send.
    spent = published["asked"] - asked
    assert 1 <= spent <= (time.time() - began) / 5 + 1, (spent, counts)
    print(f"rotation: {counts}, the issuer was asked {spent} times")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
issuer = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "policies.yaml"), "w") as file:
        file.write(POLICIES.replace("ISSUER", issuer))
    command = [os.environ["AIGW"], "serve", "--dev", folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    gateway = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said, found = "", None
        # What is logged before names addresses, too: that of the issuer among them.
        while not (found := re.search(r"listening on http://(127\.0\.0\.1:\d+)", said)):
            line = gateway.stderr.readline()
            assert line, said
            said += line
        data = found[1]
        threading.Thread(target=lambda: [None for _ in gateway.stderr], daemon=True).start()
        for step in [algorithms, refusals, rotation]:
            step()
    finally:
        gateway.kill()
print("tokens: every algorithm, every refusal, a rotation under load", file=sys.stderr)
