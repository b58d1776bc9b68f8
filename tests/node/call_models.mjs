// Calls models with the Vercel AI SDK, whose spans go to the endpoint. Run by tests/python/call_models.py,
// whose process is the server: node call_models.mjs <host:port of OTLP over HTTP> <URL of the models> <service.name>

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { embed, generateText, streamText } from "ai";

const [endpoint, url, service] = process.argv.slice(2);
const exporter = new OTLPTraceExporter({ url: `http://${endpoint}/v1/traces` });
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": service }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
const tracer = provider.getTracer("ai");
const options = { maxRetries: 0, experimental_telemetry: { isEnabled: true, tracer } };
const question = { ...options, prompt: "What is the weather?" };
const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey: "none" });

await generateText({ ...question, model: openai.chat("gpt-4o") });
await generateText({ ...question, model: openai.chat("o4-mini") });
await generateText({ ...question, model: openai.responses("gpt-5") });
await generateText({ ...question, model: anthropic("claude-sonnet-4-5") });
for (const model of [openai.chat("gpt-4.1-mini"), openai.responses("gpt-5"), anthropic("claude-haiku-4-5")]) {
  await streamText({ ...question, model }).consumeStream();
}
await embed({ ...options, value: "weather", model: openai.embedding("text-embedding-3-small") });
await provider.shutdown();
