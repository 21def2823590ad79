// A small shop on Express with one well-known mistake, or its repair: node shop.cjs KIND leak|fixed
// Knows nothing of Tidemark. `leaks.cjs` holds the mistakes; the rest of the shop is healthy, and busy with garbage.
const express = require('express');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const kinds = require('./leaks.cjs');
const { rowsOf } = require('./rows.cjs');

const [kind, variant] = process.argv.slice(2);
const mistake = kinds[kind](variant === 'leak');

const app = express();
app.disable('x-powered-by');
app.use(express.json());
if (mistake.middleware) app.use(mistake.middleware);

// --- the shop -------------------------------------------------------------------------------------------------------

const nothing = () => undefined;
const at = (route) => mistake[route] ?? nothing;

app.get('/products/:id', async (req, res) => {
  await at('product')(req, res);
  res.json(rowsOf(2)[0]);
});

app.get('/search', async (req, res) => {
  await at('search')(req, res);
  res.json(rowsOf(500).filter(({ stock }) => stock > 80));
});

app.post('/cart', async (req, res) => {
  await at('cart')(req, res);
  res.status(201).json({ productIds: req.body.productIds ?? [] });
});

app.get('/orders/:id', async (req, res) => {
  await at('order')(req, res);
  res.json({ id: req.params.id, rows: rowsOf(3) });
});

app.post('/checkout', async (req, res) => {
  await at('checkout')(req, res);
  setTimeout(() => res.status(201).json({ paid: true }), 5); // the bank thinks
});

// Healthy, and the heaviest: keeps each report for two seconds, as a short cache does.
const reports = new Map();
let reportNumber = 0;
app.get('/report', (_req, res) => {
  const number = ++reportNumber;
  reports.set(number, rowsOf(1800));
  setTimeout(() => reports.delete(number), 2000);
  res.json({ number, lines: 1800 });
});

// --- for who wants to know the truth afterwards -----------------------------------------------------------------------

// Full collections on demand, without a flag that the service would not have.
let collect;
app.get('/__memory', async (_req, res) => {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc');
  }
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  res.json({ heap: heapUsed, external: arrayBuffers });
});

const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => {
  server.keepAliveTimeout = 60_000;
  process.stdout.write('listening\n');
});
process.stdin.on('end', () => process.exit(0)).resume(); // whoever started it is gone
