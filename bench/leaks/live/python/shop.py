"""A small shop on FastAPI with one well-known mistake, or its repair: python shop.py KIND leak|fixed

Knows nothing of Tidemark. leaks.py holds the mistakes; the rest of the shop is healthy, and busy with garbage.
"""

import asyncio
import contextlib
import gc
import os
import sys
import threading
import tracemalloc

import leaks
import uvicorn
from fastapi import FastAPI, Request
from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.system_metrics import SystemMetricsInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

kind, variant = sys.argv[1:3]

# Endpoint, service name and interval come from the standard OTEL_* variables.
metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
SystemMetricsInstrumentor().instrument()


@contextlib.asynccontextmanager
async def lifespan(_app):
    print("listening", flush=True)
    yield


app = FastAPI(lifespan=lifespan)
mistake = leaks.KINDS[kind](variant == "leak")
reports = {}


async def at(route, request):
    act = mistake.get(route)
    return await act(request) if act else None


@app.get("/products/{number}")
async def product(number: int, request: Request):
    await at("product", request)
    return leaks.rows_of(1)[0]


@app.get("/search")
async def search(request: Request):
    await at("search", request)
    return leaks.rows_of(100)[:10]


@app.post("/cart", status_code=201)
async def cart(request: Request):
    await at("cart", request)
    return {"productIds": (await request.json()).get("productIds", [])}


@app.get("/orders/{number}")
async def order(number: int, request: Request):
    await at("order", request)
    return {"id": number, "rows": leaks.rows_of(3)}


@app.post("/checkout", status_code=201)
async def checkout(request: Request):
    await at("checkout", request)
    await asyncio.sleep(0.005)  # the bank thinks
    return {"paid": True}


@app.get("/report")
async def report():
    """Healthy, and the heaviest: keeps each report for two seconds, as a short cache does."""
    number = len(reports) and max(reports) + 1
    reports[number] = leaks.rows_of(400)
    asyncio.get_running_loop().call_later(2, reports.pop, number)
    return {"number": number}


@app.get("/events")
async def events(request: Request):
    return await at("events", request)


@app.get("/__memory")
async def memory():
    """For who wants to know the truth afterwards: live bytes that were allocated since the first call."""
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    gc.collect()
    return {"heap": tracemalloc.get_traced_memory()[0]}


def end_with_parent():
    sys.stdin.read()
    os._exit(0)  # whoever started it is gone


threading.Thread(target=end_with_parent, daemon=True).start()
FastAPIInstrumentor.instrument_app(app)
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", timeout_keep_alive=60)
