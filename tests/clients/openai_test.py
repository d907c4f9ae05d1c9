"""The official OpenAI library for Python against the gateway: what works works, and what fails fails as the library's own exceptions."""

import json
import os
import unittest

import openai

URL = os.environ["AIGW_URL"]
KEY = os.environ["AIGW_KEY"]
PING = [{"role": "user", "content": "ping"}]
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}


def client(key=KEY, **settings):
    return openai.OpenAI(base_url=URL + "/v1", api_key=key, max_retries=0, **settings)


def scripted(script, model="scripted-x", **settings):
    return client().chat.completions.create(model=model, messages=PING, user=script, **settings)


class Works(unittest.TestCase):
    def test_chat(self):
        answer = client().chat.completions.create(model="chat-default", messages=PING)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertTrue(answer.choices[0].message.content)
        self.assertGreater(answer.usage.total_tokens, 0)

    def test_request_id_is_the_gateways(self):
        raw = client().chat.completions.with_raw_response.create(model="chat-default", messages=PING)
        self.assertTrue(raw.headers["x-request-id"])

    def test_stream_with_and_without_usage(self):
        for wanted in (False, True):
            options = {"stream_options": {"include_usage": True}} if wanted else {}
            chunks = list(client().chat.completions.create(model="gpt-4o", messages=PING, stream=True, **options))
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            self.assertTrue(text)
            self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
            self.assertEqual(any(c.usage for c in chunks), wanted)

    def test_tools_pass_through(self):
        answer = scripted("tools", tools=[WEATHER], tool_choice="auto")
        call = answer.choices[0].message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Oslo"}))

    def test_unknown_members_and_big_numbers_pass_through(self):
        answer = scripted("echo-body", extra_body={"x_vendor": {"deep": [1, 2.50, 12345678901234567890]}}, seed=9007199254740993)
        sent = json.loads(answer.choices[0].message.content)
        self.assertEqual(sent["x_vendor"], {"deep": [1, 2.50, 12345678901234567890]})
        self.assertEqual((sent["seed"], sent["model"]), (9007199254740993, "scripted"))

    def test_embeddings(self):
        answer = client().embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=8)
        self.assertEqual([len(item.embedding) for item in answer.data], [8, 8])
        floats = client().embeddings.create(model="embedder", input="a", dimensions=8, encoding_format="float")
        for one, other in zip(floats.data[0].embedding, answer.data[0].embedding):
            self.assertAlmostEqual(one, other, places=5)

    def test_models_lists_what_this_caller_may_use(self):
        names = {model.id for model in client().models.list()}
        self.assertIn("chat-default", names)
        self.assertNotIn("forbidden", names)
        self.assertEqual(client().models.retrieve("chat-default").id, "chat-default")

    def test_azure_client(self):
        azure = openai.AzureOpenAI(azure_endpoint=URL, api_key=KEY, api_version="2024-10-21", max_retries=0)
        answer = azure.chat.completions.create(model="gpt-4o", messages=PING)
        self.assertEqual(answer.choices[0].finish_reason, "stop")


class Fails(unittest.TestCase):
    def test_wrong_key(self):
        with self.assertRaises(openai.AuthenticationError) as caught:
            client(key="aigw_wrong_key_0000000000000000").chat.completions.create(model="chat-default", messages=PING)
        self.assertEqual(caught.exception.code, "invalid_api_key")
        self.assertTrue(caught.exception.request_id)

    def test_model_not_allowed(self):
        with self.assertRaises(openai.PermissionDeniedError) as caught:
            client().chat.completions.create(model="forbidden", messages=PING)
        self.assertEqual(caught.exception.code, "model_not_allowed")

    def test_model_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            client().chat.completions.create(model="o9-unknown", messages=PING)
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_missing_messages(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client().post("/chat/completions", body={"model": "chat-default"}, cast_to=object)
        self.assertEqual(caught.exception.code, "missing_parameter")

    def test_own_rate_limit(self):
        limited = client(default_headers={"x-limited": "1"})
        with self.assertRaises(openai.RateLimitError) as caught:
            for _ in range(3):
                limited.chat.completions.create(model="chat-default", messages=PING)
        self.assertEqual(caught.exception.code, "rate_limited")
        self.assertGreaterEqual(int(caught.exception.response.headers["retry-after"]), 1)

    def test_upstream_rate_limit(self):
        with self.assertRaises(openai.RateLimitError) as caught:
            scripted("rate-limited", model="moody")
        self.assertEqual(caught.exception.response.headers["retry-after"], "7")

    def test_upstream_failure(self):
        with self.assertRaises(openai.InternalServerError):
            scripted("broken")

    def test_context_length(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            scripted("too-long")
        self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_cut_stream_is_an_error_and_never_an_end(self):
        with self.assertRaises(openai.APIError) as caught:
            list(scripted("truncated", stream=True))
        self.assertIn("the answer broke off before its end", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
