"""Asyncio programs that open spans, and know the true parent of each.

`span(op, description)` is what a tracer supplies: a context manager that opens a span. The program keeps its own record of
who called whom in a context variable that no tracer sees.
"""
import asyncio
import contextvars
import random
from contextlib import contextmanager

_caller = contextvars.ContextVar("caller", default="ROOT")


class Program:
    """One run of one request. `open_span` is the tracer's; it gets (op, description, own id, id of the true parent)."""

    def __init__(self, rng, open_span):
        self.rng = rng
        self.open_span = open_span

    @contextmanager
    def span(self, op, description):
        own = f"{self.rng.getrandbits(48):012x}"
        parent = _caller.get()
        token = _caller.set(own)
        try:
            with self.open_span(op, description, own, parent):
                yield
        finally:
            _caller.reset(token)

    async def wait(self, mean_ms):
        await asyncio.sleep(min(self.rng.expovariate(1 / mean_ms), 4 * mean_ms) / 1000)

    async def call(self, op, description, mean_ms=6):
        with self.span(op, description):
            await self.wait(mean_ms)

    def together(self, *coroutines):
        return asyncio.gather(*coroutines)


LEAVES = [
    ("db", "SELECT * FROM t{} WHERE id = %s"),
    ("db.redis", "GET k{}"),
    ("cache.get", "get k{}"),
    ("http.client", "GET https://api/x{}"),
]
INNER = [("function", "app.svc.f{}"), ("serialize", "to_json {}"), ("template.render", "page{}.html"), ("subprocess", "step {}")]


def start(tracer_task):
    """A task in a fresh copy of the context, as create_task does it."""
    return asyncio.ensure_future(tracer_task)


# --- random programs: a new one for every request -------------------------------------------------------------------


async def random_program(p, concurrent=True, forget=False):
    await _block(p, 0, concurrent, forget, budget=[p.rng.randint(4, 22)])


async def _block(p, depth, concurrent, forget, budget):
    for _ in range(p.rng.randint(1, 3) if depth else p.rng.randint(2, 5)):
        if budget[0] <= 0:
            return
        if p.rng.random() < 0.3:
            await p.wait(2)
        shape = p.rng.random()
        if concurrent and shape < 0.25:
            jobs = [_step(p, depth, concurrent, forget, budget) for _ in range(p.rng.randint(2, 4))]
            await _concurrently(p, jobs)
        elif forget and 0.25 <= shape < 0.35:
            start(_step(p, depth, concurrent, forget, budget))
        else:
            await _step(p, depth, concurrent, forget, budget)


async def _concurrently(p, jobs):
    if p.rng.random() < 0.3:
        slots = asyncio.Semaphore(2)

        async def limited(job):
            async with slots:
                await job

        jobs = [limited(job) for job in jobs]
    await asyncio.gather(*jobs)


async def _step(p, depth, concurrent, forget, budget):
    budget[0] -= 1
    if depth >= 2 or p.rng.random() < 0.6:
        op, description = p.rng.choice(LEAVES)
        with p.span(op, description.format(p.rng.randint(0, 5))):
            if p.rng.random() < 0.9:
                await p.wait(8)
        return
    op, description = p.rng.choice(INNER)
    with p.span(op, description.format(p.rng.randint(0, 6))):
        if p.rng.random() < 0.3:
            await p.wait(1)
        await _block(p, depth + 1, concurrent, forget, budget)


# --- programs like those of web services: endpoints that do the same every time ----------------------------------------


async def _load(p, table):
    with p.span("cache.get", f"get {table}:{p.rng.randint(1, 99999)}"):
        await p.wait(0.8)
    if p.rng.random() < 0.6:
        await p.call("db", f"SELECT * FROM {table} WHERE id = %s", 4)
        await p.call("cache.put", f"set {table}:{p.rng.randint(1, 99999)}", 0.8)


async def _fetch(p, name):
    with p.span("function", f"shop.clients.{name}"):
        await p.call("http.client", f"GET https://{name}.internal/v1/items/{p.rng.randint(1, 999)}", 9)
        if p.rng.random() < 0.2:
            await p.call("http.client", f"GET https://{name}.internal/v1/items/{p.rng.randint(1, 999)}", 9)


async def product(p):
    with p.span("function", "shop.auth.check"):
        await _load(p, "users")
    await p.together(_fetch(p, "price"), _fetch(p, "stock"), _fetch(p, "reviews"))
    with p.span("template.render", "product.html"):
        await p.wait(1)


async def cart(p):
    await p.call("db", "SELECT * FROM carts WHERE user_id = %s", 4)
    slots = asyncio.Semaphore(3)

    async def item(i):
        async with slots:
            with p.span("function", "shop.cart.price_item"):
                await p.call("db.redis", f"GET price:{i}", 1)
                await p.call("db", "SELECT * FROM discounts WHERE item = %s", 3)

    await p.together(*[item(i) for i in range(p.rng.randint(2, 7))])
    await p.call("db", "UPDATE carts SET total = %s", 3)


async def search(p):
    async def query():
        with p.span("function", "shop.search.query"):
            await p.call("http.client", "POST https://search.internal/q", 14)
            with p.span("serialize", "hits"):
                await p.wait(0.5)

    await p.together(p.call("db", "SELECT * FROM facets", 12), query())
    await p.together(*[p.call("cache.get", f"get thumb:{i}", 1.5) for i in range(p.rng.randint(2, 8))])


async def checkout(p):
    with p.span("function", "shop.checkout.validate"):
        await p.together(p.call("db", "SELECT * FROM stock WHERE id = %s", 4), p.call("http.client", "POST https://fraud.internal/score", 10))
    with p.span("function", "shop.checkout.pay"):
        await p.call("http.client", "POST https://pay.internal/charge", 15)
        await p.call("db", "INSERT INTO orders VALUES (%s)", 4)
    await p.together(p.call("queue.publish", "orders", 2), p.call("http.client", "POST https://mail.internal/send", 8), p.call("db.redis", "DEL cart:1", 1))


async def dashboard(p):
    async def widget(name):
        with p.span("function", f"shop.dashboard.{name}"):
            await p.call("db", f"SELECT count(*) FROM {name}", 6)
            await p.together(p.call("db.redis", f"GET {name}:day", 1.5), p.call("db.redis", f"GET {name}:week", 1.5))

    await p.together(widget("orders"), widget("visits"), widget("returns"), widget("revenue"))


async def profile(p):
    await p.call("db", "SELECT * FROM users WHERE id = %s", 3)
    await p.call("db", "SELECT * FROM addresses WHERE user_id = %s", 3)
    with p.span("function", "shop.profile.render"):
        await p.call("cache.get", "get avatar:7", 1)


async def feed(p):
    pages = asyncio.Queue(2)

    async def producer():
        with p.span("function", "shop.feed.read"):
            for i in range(4):
                await p.call("db", "SELECT * FROM posts LIMIT 20 OFFSET %s", 4)
                await pages.put(i)
        await pages.put(None)

    async def consumer():
        with p.span("function", "shop.feed.decorate"):
            while (await pages.get()) is not None:
                await p.together(p.call("http.client", "GET https://users.internal/batch", 5), p.call("db.redis", "MGET likes", 2))

    await asyncio.gather(producer(), consumer())


# --- endpoints that start work and never wait for it, one step after the other ---------------------------------------------


async def _tell(p, step, what, waits):
    """A step that tells another service on its way: the task begins in the next pause of whoever has one."""
    with p.span("function", f"shop.{step}"):
        await p.wait(2)
        start(p.call("http.client", f"POST https://{what}.internal/events", 16))
        if waits:
            await p.wait(4)
        else:
            await p.call("db", f"INSERT INTO {what} VALUES (%s)", 4)


async def signup(p):
    await _tell(p, "signup.store", "crm", waits=True)
    await p.wait(2)
    await _tell(p, "signup.welcome", "mail", waits=True)
    await p.wait(12)


async def upload(p):
    await p.call("db", "SELECT * FROM quotas WHERE user_id = %s", 3)
    await _tell(p, "upload.scan", "scanner", waits=True)
    await _tell(p, "upload.index", "index", waits=False)
    await p.call("db", "UPDATE files SET state = %s", 14)


async def logout(p):
    await _tell(p, "logout.session", "audit", waits=False)
    await _tell(p, "logout.devices", "push", waits=False)
    await p.wait(20)


FORGETTING = {f.__name__: f for f in (signup, upload, logout)}

ENDPOINTS = {f.__name__: f for f in (product, cart, search, checkout, dashboard, profile, feed)}
"""Endpoint names with what they do; `profile` has nothing concurrent in it."""


async def run(name, rng, open_span, concurrent=True, forget=False):
    """`/r` is a random program, else an endpoint; sequential runs await each coroutine before the next."""
    _caller.set("ROOT")
    p = Program(rng, open_span)
    if name == "/r":
        await random_program(p, concurrent, forget)
        return
    if not concurrent:

        async def one_by_one(*coroutines):
            for coroutine in coroutines:
                await coroutine

        p.together = one_by_one
    await (ENDPOINTS | FORGETTING)[name](p)


def names(kind, rng, count, concurrent=True, forget=False):
    """Of web services that forget, sequential ones do nothing else: two tasks of one parent never live together."""
    if kind == "random":
        return ["/r"] * count
    served = list(ENDPOINTS) if concurrent or not forget else ["profile"]
    return [rng.choice(served + list(FORGETTING) if forget else served) for _ in range(count)]
