// A small shop: six routes, and a bug. Run by `npm run demo`; knows nothing of Tidemark.
//
// DEMO_SHOP_BUG says, as JSON, what is wrong with it:
//   leak:  null, or { unit, bytesPerUnit, onsetS }: from that second after the first request on, the unit's handler puts
//          its result into a cache that nothing ever empties
//   decoy: { unit, bytesPerUnit, holdMs }: the unit's handler caches far more, but lets go of it again
// It comes by the environment because the SDK reports a process's arguments with every export, and not its environment.
const express = require('express');
const { constants, PerformanceObserver } = require('node:perf_hooks');
const { makeRows } = require('./rows.cjs');

const bug = JSON.parse(process.env.DEMO_SHOP_BUG ?? '{"leak":null,"decoy":null}');

// --- the shop -------------------------------------------------------------------------------------------------------

const products = Array.from({ length: 500 }, (_, id) => ({
  id,
  name: `product ${id}`,
  cents: 100 + ((id * 37) % 9000),
}));
const orders = Array.from({ length: 200 }, (_, id) => ({
  id,
  productIds: [id % 500, (id * 7) % 500],
  paid: id % 3 > 0,
}));
const productOf = (id) => products[Number(id) % products.length];
const totalCents = (productIds) => productIds.reduce((sum, id) => sum + productOf(id).cents, 0);

const app = express();
app.disable('x-powered-by');
app.use(express.json());

app.get('/products/:id', (req, res) => {
  cacheResult('GET /products/:id');
  res.json(productOf(req.params.id));
});

app.get('/search', (req, res) => {
  cacheResult('GET /search');
  const wanted = String(req.query.q ?? '');
  res.json(products.filter((product) => product.name.includes(wanted)).slice(0, 10));
});

app.post('/cart', (req, res) => {
  cacheResult('POST /cart');
  const productIds = req.body.productIds ?? [];
  res.status(201).json({ productIds, cents: totalCents(productIds) });
});

app.get('/orders/:id', (req, res) => {
  cacheResult('GET /orders/:id');
  const order = orders[Number(req.params.id) % orders.length];
  res.json({ ...order, cents: totalCents(order.productIds) });
});

app.post('/checkout', (req, res) => {
  cacheResult('POST /checkout');
  const productIds = req.body.productIds ?? [];
  setTimeout(() => res.status(201).json({ cents: totalCents(productIds), paid: true }), 5); // the bank thinks
});

app.get('/recommendations', (_req, res) => {
  cacheResult('GET /recommendations');
  const ranked = products.map((product) => ({ product, score: Math.random() }));
  ranked.sort((a, b) => b.score - a.score);
  res.json(ranked.slice(0, 5).map(({ product }) => product));
});

// --- the bug --------------------------------------------------------------------------------------------------------

const results = new Map(); // what a handler remembers, by visit
let visits = 0;
let leaked = 0;
let firstRequestAt;

function cacheResult(unit) {
  firstRequestAt ??= Date.now();
  const visit = `visit-${++visits}`;
  const { leak, decoy } = bug;
  if (unit === leak?.unit && Date.now() >= firstRequestAt + leak.onsetS * 1000) {
    results.set(visit, makeRows(leak.bytesPerUnit));
    leaked++;
  }
  if (unit === decoy?.unit) {
    results.set(visit, makeRows(decoy.bytesPerUnit));
    setTimeout(() => results.delete(visit), decoy.holdMs);
  }
}

// --- what the demo tells its user after the finding -----------------------------------------------------------------

if (process.send) {
  let majorCollections = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majorCollections++;
  }).observe({ entryTypes: ['gc'] });
  const tell = (extra) => {
    const { heapUsed, rss } = process.memoryUsage();
    process.send({ firstRequestAt, visits, leaked, majorCollections, heapUsed, rss, ...extra });
  };
  setInterval(tell, 500).unref();
  process.on('disconnect', () => process.exit(0)); // whoever started it is gone

  const server = app.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));
} else {
  app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
}
