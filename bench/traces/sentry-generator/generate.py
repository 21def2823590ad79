"""Records transactions of the real Sentry SDK from programs whose parents are known: one JSON line each.

    python generate.py --init early|late|late-nospans --kind random|web [--sequential] [--forget] --count 300 --seed 1 OUT.jsonl.gz

`early` calls init() before the event loop exists, so AsyncioIntegration patches nothing; `late` inside it. `lid` and
`lpar` in a span's data are the program's own record; a detector must not read them. Needs sentry-sdk 2.75.0.
"""
import argparse
import asyncio
import gzip
import json
import os
import random
import sys
from contextlib import contextmanager

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs"))
import programs  # noqa: E402
import sentry_sdk  # noqa: E402
from sentry_sdk.integrations.asyncio import AsyncioIntegration  # noqa: E402
from sentry_sdk.transport import Transport  # noqa: E402

options = argparse.ArgumentParser()
options.add_argument("--init", choices=["early", "late", "late-nospans"], required=True)
options.add_argument("--kind", choices=["random", "web"], required=True)
options.add_argument("--sequential", action="store_true")
options.add_argument("--forget", action="store_true")
options.add_argument("--count", type=int, default=300)
options.add_argument("--seed", type=int, required=True)
options.add_argument("out")
args = options.parse_args()
sent = []


class Keep(Transport):
    def capture_envelope(self, envelope):
        sent.extend(item.payload.json for item in envelope.items if item.headers.get("type") == "transaction")


def init():
    asyncio_integration = AsyncioIntegration(task_spans=False) if args.init == "late-nospans" else AsyncioIntegration()
    sentry_sdk.init(
        dsn="http://abc0@mill.example/1",
        transport=Keep,
        traces_sample_rate=1.0,
        release="mill@1.0.0",
        server_name="mill-1",
        integrations=[asyncio_integration],
    )


@contextmanager
def open_span(op, description, own, parent):
    with sentry_sdk.start_span(op=op, name=description) as span:
        span.set_data("lid", own)
        span.set_data("lpar", parent)
        yield


async def request(name, rng):
    with sentry_sdk.isolation_scope():
        with sentry_sdk.start_transaction(op="http.server", name=name, source="route"):
            await programs.run(name, rng, open_span, not args.sequential, args.forget)


async def main():
    if args.init != "early":
        init()
    rng = random.Random(args.seed)
    for name in programs.names(args.kind, rng, args.count, not args.sequential, args.forget):
        await asyncio.create_task(request(name, random.Random(rng.getrandbits(32))))


if args.init == "early":
    init()
asyncio.run(main())
with gzip.open(args.out, "wt") as out:
    for transaction in sent:
        transaction.pop("extra", None)
        transaction.pop("modules", None)
        transaction.get("contexts", {}).pop("runtime", None)
        out.write(json.dumps(transaction, default=str) + "\n")
print(f"{args.out}: {len(sent)} transactions, {sum(len(t['spans']) for t in sent)} spans")
