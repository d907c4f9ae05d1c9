// The official OpenAI library for Node.js against the gateway.
import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";

const url = process.env.AIGW_URL;
const messages = [{ role: "user", content: "ping" }];
const client = (apiKey = process.env.AIGW_KEY) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const scripted = (user, more = {}) => client().chat.completions.create({ model: "scripted-x", messages, user, ...more });

test("chat", async () => {
  const answer = await client().chat.completions.create({ model: "chat-default", messages });
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer.choices[0].message.content);
});

test("stream", async () => {
  let text = "";
  let finish = null;
  for await (const chunk of await client().chat.completions.create({ model: "chat-default", messages, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    assert.equal(chunk.usage ?? null, null);
  }
  assert.ok(text);
  assert.equal(finish, "stop");
});

test("tools pass through", async () => {
  const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } }];
  const answer = await scripted("tools", { tools });
  assert.equal(answer.choices[0].message.tool_calls[0].function.name, "weather");
});

test("embeddings", async () => {
  const answer = await client().embeddings.create({ model: "embedder", input: ["a", "b"], dimensions: 8 });
  assert.deepEqual(answer.data.map((item) => item.embedding.length), [8, 8]);
});

test("models", async () => {
  const names = (await client().models.list()).data.map((model) => model.id);
  assert.ok(names.includes("chat-default") && !names.includes("forbidden"));
});

test("errors are the library's own", async () => {
  await assert.rejects(client("aigw_wrong_key_0000000000000000").models.list(), OpenAI.AuthenticationError);
  await assert.rejects(client().chat.completions.create({ model: "forbidden", messages }), OpenAI.PermissionDeniedError);
  await assert.rejects(client().chat.completions.create({ model: "o9-unknown", messages }), OpenAI.NotFoundError);
  await assert.rejects(scripted("rate-limited", { model: "moody" }), OpenAI.RateLimitError);
  await assert.rejects(scripted("broken"), OpenAI.InternalServerError);
  await assert.rejects(scripted("too-long"), (error) => error instanceof OpenAI.BadRequestError && error.code === "context_length_exceeded");
});

test("a cut stream is an error and never an end", async () => {
  const read = async () => {
    for await (const _ of await scripted("truncated", { stream: true })) {
      // The chunks that came are fine; the end must not be.
    }
  };
  await assert.rejects(read(), OpenAI.APIError);
});
