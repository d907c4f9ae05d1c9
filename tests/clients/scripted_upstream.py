"""A scripted OpenAI-compatible upstream: the model that the request body names says what goes wrong. Standard library only.

The gateway rewrites the model to the target's, so the script's name travels in the `user` member, which passes through untouched.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
ANSWER = {
    "id": "c-1", "object": "chat.completion", "created": 1, "model": "scripted",
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


def error(kind, code, message):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def stream(self, deltas, end):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for delta in deltas:
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            self.chunk("data: " + json.dumps({**CHUNK, "choices": [choice]}) + "\n\n")
        for event in end:
            self.chunk(event)
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers.get("authorization") != "Bearer sk-of-the-gateway":
            return self.answer(401, error("invalid_request_error", "invalid_api_key", "the caller's own key reached the upstream"))
        if any(value is None for value in body.values()):
            return self.answer(400, error("invalid_request_error", "null_member", "a null member was sent"))
        script = body.get("user", "")
        if script == "tools":
            call = {"id": "call_1", "type": "function", "function": {"name": body["tools"][0]["function"]["name"], "arguments": "{\"city\": \"Oslo\"}"}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            return self.answer(200, {**ANSWER, "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
        if script == "echo-body":
            message = {"role": "assistant", "content": json.dumps(body)}
            return self.answer(200, {**ANSWER, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
        if script == "rate-limited":
            return self.answer(429, error("rate_limit_error", "rate_limit_exceeded", "slow down"), retry_after="7")
        if script == "broken":
            return self.answer(500, error("server_error", None, "it broke"))
        if script == "too-long":
            return self.answer(400, error("invalid_request_error", "context_length_exceeded", "too many tokens"))
        if script == "truncated":
            return self.stream([{"role": "assistant", "content": ""}, {"content": "half an ans"}], [])
        return self.answer(400, error("invalid_request_error", "unknown_script", f"no script {script!r}"))


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
