"""Records traces of the real OpenTelemetry Python SDK from programs whose parents are known: one JSON line each.

    python generate.py --context shared|stock --kind random|web [--sequential] [--forget] --count 300 --seed 1 OUT.jsonl.gz

`shared` replaces the runtime context by one object per request that its tasks share (greenlets without contextvars, a
home-made context). The program's own record of parents goes beside the spans, never into them. Needs opentelemetry-sdk 1.45.2.
"""
import argparse
import asyncio
import contextvars
import gzip
import json
import os
import random
import sys
from contextlib import contextmanager

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs"))
import opentelemetry.context as otel_context  # noqa: E402
import programs  # noqa: E402
from opentelemetry import trace  # noqa: E402
from opentelemetry.context.context import Context, _RuntimeContext  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from opentelemetry.trace import SpanKind  # noqa: E402

options = argparse.ArgumentParser()
options.add_argument("--context", choices=["shared", "stock"], required=True)
options.add_argument("--kind", choices=["random", "web"], required=True)
options.add_argument("--sequential", action="store_true")
options.add_argument("--forget", action="store_true")
options.add_argument("--count", type=int, default=300)
options.add_argument("--seed", type=int, required=True)
options.add_argument("out")
args = options.parse_args()


class Holder:
    def __init__(self):
        self.current = Context()


class SharedContext(_RuntimeContext):
    """A task copies the reference to the holder, not what is in it."""

    holder = contextvars.ContextVar("holder", default=Holder())

    def attach(self, context):
        before = self.holder.get().current
        self.holder.get().current = context
        return before

    def get_current(self):
        return self.holder.get().current

    def detach(self, token):
        self.holder.get().current = token


if args.context == "shared":
    otel_context._RUNTIME_CONTEXT = SharedContext()

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

DB = {"db.system.name": "postgresql"}
REDIS = {"db.system.name": "redis"}
MEANING = {
    "db": (SpanKind.CLIENT, "opentelemetry.instrumentation.asyncpg", DB),
    "db.redis": (SpanKind.CLIENT, "opentelemetry.instrumentation.redis", REDIS),
    "cache.get": (SpanKind.CLIENT, "opentelemetry.instrumentation.redis", REDIS),
    "cache.put": (SpanKind.CLIENT, "opentelemetry.instrumentation.redis", REDIS),
    "http.client": (SpanKind.CLIENT, "opentelemetry.instrumentation.httpx", {"http.request.method": "GET"}),
    "queue.publish": (SpanKind.PRODUCER, "opentelemetry.instrumentation.aio_pika", {"messaging.system": "rabbitmq"}),
}
# Of the request that the task belongs to: own id -> (span id, own id of the true parent). Written to as long as its tasks run.
known = contextvars.ContextVar("known", default={})


@contextmanager
def open_span(op, description, own, parent):
    kind, scope, attributes = MEANING.get(op, (SpanKind.INTERNAL, "shop", {}))
    tracer = trace.get_tracer(scope)
    with tracer.start_as_current_span(description, kind=kind, attributes=attributes) as span:
        known.get()[own] = (f"{span.get_span_context().span_id:016x}", parent)
        yield


roots = []


async def request(name, rng):
    SharedContext.holder.set(Holder())
    known.set({})
    tracer = trace.get_tracer("opentelemetry.instrumentation.asgi")
    with tracer.start_as_current_span(f"GET /{name}", context=Context(), kind=SpanKind.SERVER) as span:
        await programs.run(name, rng, open_span, not args.sequential, args.forget)
        await asyncio.sleep(0)
    roots.append((name, f"{span.get_span_context().span_id:016x}", f"{span.get_span_context().trace_id:032x}", known.get()))


async def main():
    rng = random.Random(args.seed)
    for name in programs.names(args.kind, rng, args.count, not args.sequential, args.forget):
        await asyncio.create_task(request(name, random.Random(rng.getrandbits(32))))


asyncio.run(main())
by_trace = {}
for span in memory.get_finished_spans():
    by_trace.setdefault(f"{span.context.trace_id:032x}", []).append(span)
with gzip.open(args.out, "wt") as out:
    for name, root, trace_id, record in roots:
        spans = by_trace[trace_id]
        sent = {f"{span.context.span_id:016x}" for span in spans}
        truth = {own: record[parent][0] if parent in record else root for own, parent in record.values()}
        line = {
            "language": "python",
            "service": f"mill-{args.context}",
            "endpoint": name,
            "traceId": trace_id,
            "root": root,
            "spans": [
                {
                    "id": f"{span.context.span_id:016x}",
                    "parent": f"{span.parent.span_id:016x}" if span.parent else "",
                    "name": span.name,
                    "kind": span.kind.name,
                    "scope": span.instrumentation_scope.name,
                    "attributes": dict(span.attributes),
                    "startNs": str(span.start_time),
                    "endNs": str(span.end_time),
                }
                for span in spans
            ],
            "truth": {own: parent if parent in sent else root for own, parent in truth.items() if own in sent},
        }
        out.write(json.dumps(line) + "\n")
print(f"{args.out}: {len(roots)} traces")
