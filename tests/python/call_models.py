"""Calls models with the real clients of OpenAI and Anthropic, under one real instrumentation.

The models are a server of this process, see `fake_models.py`; the spans go to the endpoint, with the
instrumentation's name as `service.name`. Prints one JSON line for each call that the server answered:
what it answered, and what that costs as genai-prices reckons; no cost where it refused the call.
"""

import argparse
import json
import os
import subprocess
from dataclasses import replace
from datetime import datetime, timezone

from fake_models import BEGUN_OUTPUT, LIMITED, Server
from genai_prices import Usage, calc_price
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

QUESTION = [{"role": "user", "content": "What is the weather?"}]


def openai_client(url):
    import openai

    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def chat_of_openai(url):
    client = openai_client(url)
    for model in ("gpt-4o", "o4-mini"):
        client.chat.completions.create(model=model, messages=QUESTION)
    options = {"include_usage": True}
    stream = client.chat.completions.create(
        model="gpt-4.1-mini", messages=QUESTION, stream=True, stream_options=options
    )
    for _ in stream:
        pass
    client.embeddings.create(model="text-embedding-3-small", input="weather")
    refused(client)


def refused(client):
    import openai

    try:
        client.chat.completions.create(model=LIMITED, messages=QUESTION)
    except openai.RateLimitError:
        return
    raise SystemExit("a call was not refused")


def responses_of_openai(url):
    client = openai_client(url)
    client.responses.create(model="gpt-5", input="What is the weather?")
    for _ in client.responses.create(model="gpt-5", input="What is the weather?", stream=True):
        pass


def messages_of_anthropic(url):
    import anthropic

    client = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)
    for model in ("claude-sonnet-4-5", "claude-haiku-4-5"):
        client.messages.create(model=model, max_tokens=1000, messages=QUESTION)
    for _ in client.messages.create(model="claude-sonnet-4-5", max_tokens=1000, messages=QUESTION, stream=True):
        pass
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=1000, messages=QUESTION) as stream:
        for _ in stream:
            pass


def agents_of_pydantic(url):
    """Runs that repeat the usage of their calls, one of them of two calls with a tool between."""
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    def weather(city: str) -> str:
        return f"sunny in {city}"

    openai = OpenAIProvider(openai_client=AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0))
    client = AsyncAnthropic(base_url=url, api_key="none", max_retries=0)
    anthropic = AnthropicProvider(anthropic_client=client)
    for model, tools in (
        (OpenAIChatModel("gpt-4o", provider=openai), [weather]),
        (OpenAIChatModel("o4-mini", provider=openai), []),
        (OpenAIResponsesModel("gpt-5", provider=openai), []),
        (AnthropicModel("claude-sonnet-4-5", provider=anthropic), []),
    ):
        Agent(model, tools=tools).run_sync("What is the weather?")


def python(endpoint, url, name):
    """The real clients of Python. Answers whether the spans were taken."""
    exporter = OTLPSpanExporter(endpoint=f"http://{endpoint}/v1/traces")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    instrument, calls = INSTRUMENTATIONS[name]
    instrument(provider)
    for call in calls:
        call(url)
    is_sent = provider.force_flush()
    provider.shutdown()
    return is_sent


def node(endpoint, url, name):
    """The Vercel AI SDK, which has an instrumentation of its own."""
    script = os.environ["TAMIS_TEST_NODE_SCRIPT"]
    subprocess.run(["node", script, endpoint, url, name], check=True)


def instrument_openai_otel(provider):
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=provider)


def instrument_anthropic_otel(provider):
    from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=provider)


def instrument_openai_openinference(provider):
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=provider)


def instrument_anthropic_openinference(provider):
    from openinference.instrumentation.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=provider)


def instrument_openai_openllmetry(provider):
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=provider)


def instrument_anthropic_openllmetry(provider):
    from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor

    AnthropicInstrumentor().instrument(tracer_provider=provider)


def instrument_pydantic_ai(provider):
    from pydantic_ai import Agent
    from pydantic_ai.models.instrumented import InstrumentationSettings

    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))


def instrument_twice(provider):
    """The agents, and below them the clients that they use: every call is told twice."""
    instrument_pydantic_ai(provider)
    instrument_openai_otel(provider)
    instrument_anthropic_otel(provider)


# By name: how it is set up, and the calls that it knows of.
INSTRUMENTATIONS = {
    "otel-openai": (instrument_openai_otel, [chat_of_openai, responses_of_openai]),
    "otel-anthropic": (instrument_anthropic_otel, [messages_of_anthropic]),
    "openinference-openai": (instrument_openai_openinference, [chat_of_openai, responses_of_openai]),
    "openinference-anthropic": (instrument_anthropic_openinference, [messages_of_anthropic]),
    "openllmetry-openai": (instrument_openai_openllmetry, [chat_of_openai, responses_of_openai]),
    "openllmetry-anthropic": (instrument_anthropic_openllmetry, [messages_of_anthropic]),
    "pydantic-ai": (instrument_pydantic_ai, [agents_of_pydantic]),
    "pydantic-ai-and-otel": (instrument_twice, [agents_of_pydantic]),
}


VERCEL = "vercel"


def told(service, answer):
    """The usage that the service's spans tell. OpenLLMetry adds to the output of an answer of Anthropic
    that is streamed what stood in its first event, although the last one has the sum."""
    if service == "openllmetry-anthropic" and answer.is_streamed:
        return replace(answer.usage, output=answer.usage.output + BEGUN_OUTPUT)
    return answer.usage


def cost(answer, usage):
    usage = Usage(
        input_tokens=usage.input,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.cache_write,
        output_tokens=usage.output,
    )
    now = datetime.now(timezone.utc)
    price = calc_price(usage, answer.model, provider_id=answer.provider, genai_request_timestamp=now)
    return str(price.total_price)


def line(service, api, model, answer):
    entry = {"service": service, "api": api, "request_model": model}
    if answer is not None:
        price = cost(answer, told(service, answer))
        entry |= {"model": answer.model, "usage": vars(answer.usage), "cost": price}
    return json.dumps(entry)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="host:port of OTLP over HTTP")
    parser.add_argument("--instrumentation", required=True, choices=[*INSTRUMENTATIONS, VERCEL])
    options = parser.parse_args()

    name, server = options.instrumentation, Server()
    if name == VERCEL:
        node(options.endpoint, server.url(name), name)
        is_sent = True
    else:
        is_sent = python(options.endpoint, server.url(name), name)
    for entry in server.ledger:
        print(line(*entry))
    return 0 if is_sent else 1


if __name__ == "__main__":
    raise SystemExit(main())
