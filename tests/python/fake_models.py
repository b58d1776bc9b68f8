"""A server that answers like OpenAI and like Anthropic, with fixed usages, and remembers what it answered.

The first part of a path is the name of the service that calls, so that the ledger can tell the services
apart: `http://127.0.0.1:port/<service>/v1/chat/completions`.
"""

import json
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread


@dataclass(frozen=True)
class Usage:
    """All input, of it read from and written to a cache; all output, of it reasoning."""

    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Answer:
    provider: str
    model: str
    usage: Usage
    is_streamed: bool = False


# By the model that is asked for. The names that answer are longer, as those of the providers are.
ANSWERS = {
    "gpt-4o": Answer("openai", "gpt-4o-2024-08-06", Usage(input=1207, cached=1024, output=311)),
    "o4-mini": Answer("openai", "o4-mini-2025-04-16", Usage(input=803, cached=512, output=977, reasoning=640)),
    "gpt-4.1-mini": Answer("openai", "gpt-4.1-mini-2025-04-14", Usage(input=2311, cached=1280, output=419)),
    "gpt-5": Answer("openai", "gpt-5-2025-08-07", Usage(input=4099, cached=3072, output=1301, reasoning=832)),
    "text-embedding-3-small": Answer("openai", "text-embedding-3-small", Usage(input=523, output=0)),
    "claude-sonnet-4-5": Answer(
        "anthropic",
        "claude-sonnet-4-5-20250929",
        Usage(input=6421, cached=5003, cache_write=1201, output=433),
    ),
    "claude-haiku-4-5": Answer(
        "anthropic", "claude-haiku-4-5-20251001", Usage(input=907, cached=701, output=151)
    ),
}

# Every call of this model is refused for its rate.
LIMITED = "gpt-4o-mini"

TEXT = "It is sunny."

# What Anthropic says of the output at the start of a stream.
BEGUN_OUTPUT = 1


class Server:
    """Runs until the process ends. `ledger` has a line for each answer: service, API, answer or none."""

    def __init__(self):
        self.ledger = []
        self.lock = Lock()
        handler = type("Handler", (Handler,), {"server_of": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, service):
        return f"http://127.0.0.1:{self.http.server_port}/{service}"

    def note(self, service, api, model, answer):
        with self.lock:
            self.ledger.append((service, api, model, answer))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of = None

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        service, api = self.path.split("?")[0].lstrip("/").split("/", 1)
        model = body["model"]
        answer = ANSWERS.get(model)
        if answer is not None:
            answer = replace(answer, is_streamed=bool(body.get("stream")))
        self.server_of.note(service, api, model, answer)
        if answer is None:
            error = {"message": "Rate limit reached", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
            return self.whole({"error": error}, status=429, headers={"retry-after": "1"})
        member, events = APIS[api]
        if answer.is_streamed:
            return self.stream(events(answer, body))
        return self.whole(member(answer, body))

    def whole(self, content, status=200, headers=None):
        content = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self, events):
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            if isinstance(event, dict) and "type" in event:
                self.wfile.write(f"event: {event['type']}\n".encode())
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"data: {data}\n\n".encode())
            self.wfile.flush()


def chat_usage(usage):
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def wants_tool(body):
    """Whether a tool is offered that was not called yet."""
    return bool(body.get("tools")) and not any(message["role"] == "tool" for message in body["messages"])


def chat(answer, body):
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    reason = "stop"
    if wants_tool(body):
        name = body["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city": "Paris"}'}}
        message, reason = {**message, "content": None, "tool_calls": [call]}, "tool_calls"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1760000000,
        "model": answer.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": chat_usage(answer.usage),
        "service_tier": "default",
        "system_fingerprint": "fp_1",
    }


def chat_events(answer, body):
    def chunk(choices, usage=None):
        head = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1760000000}
        return {**head, "model": answer.model, "service_tier": "default", "choices": choices, "usage": usage}

    def choice(delta, reason=None):
        return [{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}]

    yield chunk(choice({"role": "assistant", "content": ""}))
    yield chunk(choice({"content": TEXT}))
    yield chunk(choice({}, "stop"))
    if body.get("stream_options", {}).get("include_usage"):
        yield chunk([], chat_usage(answer.usage))
    yield "[DONE]"


def response(answer, body, status="completed"):
    usage = answer.usage
    text = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    is_done = status == "completed"
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1760000000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": answer.model,
        "output": [message] if is_done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "service_tier": "default",
        "text": {"format": {"type": "text"}},
        "usage": {
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        }
        if is_done
        else None,
    }


def response_events(answer, body):
    whole = response(answer, body)
    item = {**whole["output"][0], "status": "in_progress", "content": []}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": response(answer, body, "in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_text.delta", **at, "delta": TEXT, "logprobs": []},
        {"type": "response.output_text.done", **at, "text": TEXT, "logprobs": []},
        {"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]},
        {"type": "response.completed", "response": whole},
    ]
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def embeddings(answer, body):
    usage = answer.usage
    # As base64, which the client asks for, of one float: 0.0.
    data = [{"object": "embedding", "index": 0, "embedding": "AAAAAA=="}]
    if body.get("encoding_format") != "base64":
        data[0]["embedding"] = [0.0]
    return {
        "object": "list",
        "data": data,
        "model": answer.model,
        "usage": {"prompt_tokens": usage.input, "total_tokens": usage.input},
    }


def message_usage(usage, output):
    """Anthropic's input is without what was cached."""
    return {
        "input_tokens": usage.input - usage.cached - usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
    }


def message(answer, body):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": message_usage(answer.usage, answer.usage.output),
    }


def message_events(answer, body):
    begun = {**message(answer, body), "content": [], "stop_reason": None}
    begun["usage"] = message_usage(answer.usage, BEGUN_OUTPUT)
    # The last usage is the sum, and tells the input once more.
    ended = message_usage(answer.usage, answer.usage.output)
    del ended["cache_creation"], ended["service_tier"]
    yield {"type": "message_start", "message": begun}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}}
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": ended}
    yield {"type": "message_stop"}


APIS = {
    "v1/chat/completions": (chat, chat_events),
    "v1/responses": (response, response_events),
    "v1/embeddings": (embeddings, None),
    "v1/messages": (message, message_events),
}
