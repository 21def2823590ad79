"""The mistakes, each as people make it, beside its usual repair: handlers that the shop calls in the middle of its own."""

import asyncio
import functools
import threading
import time
from collections import deque

from starlette.responses import StreamingResponse


def rows_of(count):
    return [{"id": i, "sku": f"sku-{i:08}", "cents": i * 37 % 9000, "stock": i % 90} for i in range(count)]


def lru(leaks):
    """functools.lru_cache without a bound, by a page that is another one for each visitor."""

    @functools.lru_cache(maxsize=None if leaks else 50)
    def page(query):
        return "".join(f"<li>{query} {i}</li>" for i in range(1900))

    async def search(request):
        page(str(request.url))

    return {"search": search}


def globallist(leaks):
    """What was put into carts, for a report that somebody meant to write."""
    seen = [] if leaks else deque(maxlen=100)

    async def cart(_request):
        seen.append(rows_of(400))

    return {"cart": cart}


def clock(leaks):
    """A thread of a metrics agent that keeps every sample which it took, ten times a second."""
    samples = deque(maxlen=None if leaks else 50)

    def sample():
        while True:
            samples.append((time.time(), "".join(f"sample {i} " for i in range(8000))))
            time.sleep(0.1)

    threading.Thread(target=sample, daemon=True).start()
    return {}


def sse(leaks):
    """Event streams that nobody ends: each holds the events that its reader may still ask for again."""

    async def events(_request):
        async def stream():
            begun = time.monotonic()
            history = [f"event {i}: " + "x" * 4000 for i in range(60)]
            while leaks or time.monotonic() - begun < 8:
                yield f"data: {len(history)}\n\n"
                await asyncio.sleep(2)

        return StreamingResponse(stream(), media_type="text/event-stream")

    return {"events": events}


KINDS = {"lru": lru, "global-list": globallist, "clock": clock, "sse": sse}
