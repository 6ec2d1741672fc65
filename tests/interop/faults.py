#!/usr/bin/env python3
"""A proxy in front of a registry that makes the faults it is told, and none beside them.

Usage: faults.py [--tls CERT KEY CA] LISTEN-PORT REGISTRY [FAULT@PATTERN…]

Everything that is asked is asked of REGISTRY (host:port); with --tls over TLS on both sides, the registry's certificate by CA. An
answer bears every fault whose PATTERN, a regular expression, is found in its path. A FAULT is one of:

  status:CODE[:TEXT]   this status instead of what the registry says, with TEXT as its body; a 401 asks for a password
  html                 200 with a page, as of a web site that answers for paths it does not know
  wait:SECONDS:COUNT   429 with Retry-After, so many times (the first request of all counts), then what the registry says
  type:TEXT            this Content-Type; with no text, none
  sizes:NUMBER         this size in every descriptor of a list of manifests
  digests              other digests in every descriptor of a list of manifests, which name nothing
  other                other bytes: a blank more than the registry has
  scope:TEXT           this scope in a challenge
  below:NAME           the repositories of the registry are here below NAME
"""

import http.client
import http.server
import json
import re
import ssl
import sys

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Fault:
    def __init__(self, text):
        what, _, pattern = text.partition("@")
        self.name, _, self.value = what.partition(":")
        self.pattern = re.compile(pattern)
        if self.name == "wait":
            self.value, _, self.left = (int(part) if part.isdigit() else part for part in self.value.partition(":"))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name, value):
        """Sets a header, or takes it away."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        if value:
            self.headers.append((name, value))

    def rewrite(self, body):
        self.body = body
        # The registry would have said the digest of what it sends.
        self.header("Docker-Content-Digest", None)

    def bend_list(self, member, value):
        try:
            entries = json.loads(self.body)
            for entry in entries["manifests"]:
                entry[member] = value
        except (ValueError, KeyError):
            return
        self.rewrite(json.dumps(entries).encode())


def instead(fault):
    """The answer that a fault gives by itself, if it does."""
    if fault.name == "status":
        code, _, text = fault.value.partition(":")
        challenge = [("WWW-Authenticate", 'Basic realm="registry"')] if code == "401" else []
        return Answer(int(code), [("Content-Type", "text/plain"), *challenge], text.encode())
    if fault.name == "html":
        return Answer(200, [("Content-Type", "text/html; charset=utf-8")], b"<!DOCTYPE html><title>Sign in</title>\n")
    if fault.name == "wait" and fault.left > 0:
        fault.left -= 1
        return Answer(429, [("Retry-After", str(fault.value))], b"")
    return None


def bend(fault, answer):
    match fault.name:
        case "type":
            answer.header("Content-Type", fault.value)
        case "sizes":
            answer.bend_list("size", int(fault.value))
        case "digests":
            answer.bend_list("digest", "sha256:" + "0" * 64)
        case "other":
            answer.rewrite(answer.body + b" ")
        case "scope":
            challenges = [value for key, value in answer.headers if key.lower() == "www-authenticate"]
            if challenges:
                answer.header("WWW-Authenticate", re.sub('scope="[^"]*"', f'scope="{fault.value}"', challenges[0]))


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry, authority, faults = "", None, []

    def do_GET(self):
        answer = self.answer()
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.body)

    do_HEAD = do_GET

    def answer(self):
        faults = [fault for fault in self.faults if fault.pattern.search(self.path)]
        for fault in faults:
            if answer := instead(fault):
                return answer
        path = self.path
        for fault in faults:
            if fault.name == "below":
                path = path.replace(f"/v2/{fault.value}/", "/v2/", 1)
        answer = self.ask(path)
        for fault in faults:
            bend(fault, answer)
        return answer

    def ask(self, path):
        if self.authority:
            registry = http.client.HTTPSConnection(self.registry, context=self.authority, timeout=30)
        else:
            registry = http.client.HTTPConnection(self.registry, timeout=30)
        headers = {name: self.headers[name] for name in ("Accept", "Authorization") if name in self.headers}
        registry.request(self.command, path, headers=headers)
        answer = registry.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        body = answer.read()
        registry.close()
        return Answer(answer.status, kept, body)

    def log_message(self, *_):
        pass


def main(arguments):
    front = None
    if arguments[0] == "--tls":
        _, certificate, key, authority, *arguments = arguments
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        front.load_cert_chain(certificate, key)
        Proxy.authority = ssl.create_default_context(cafile=authority)
    port, Proxy.registry, *faults = arguments
    Proxy.faults = [Fault(text) for text in faults]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Proxy)
    server.daemon_threads = True
    if front:
        server.socket = front.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
