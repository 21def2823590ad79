// The mistakes, each as people make it, beside its usual repair. A kind gives handlers that the shop calls in the middle
// of its own, by the name of the route.
const { EventEmitter } = require('node:events');
const { createRequire } = require('node:module');
const { rowsOf } = require('./rows.cjs');

const ROWS = 400; // about 54 kB

/** A cache by the whole URL, of which there are as many as there are visitors. */
function map(leaks) {
  const byUrl = new Map();
  return {
    search(req) {
      if (byUrl.has(req.originalUrl)) return;
      byUrl.set(req.originalUrl, rowsOf(ROWS));
      if (!leaks && byUrl.size > 50) byUrl.delete(byUrl.keys().next().value);
    },
  };
}

/** Every request listens for a change of prices, and none ever stops. */
function listener(leaks) {
  const prices = new EventEmitter().setMaxListeners(0); // "to get rid of that warning"
  setInterval(() => prices.emit('changed'), 500);
  return {
    cart(_req, res) {
      const quoted = rowsOf(ROWS);
      const onChange = () => {
        quoted[0].cents += 1;
      };
      prices.on('changed', onChange);
      if (!leaks) res.on('finish', () => prices.off('changed', onChange));
    },
  };
}

/** Asks the bank every second whether the money came; nobody tells it to stop. */
function timer(leaks) {
  return {
    checkout() {
      const basket = rowsOf(ROWS);
      let asked = 0;
      const poll = setInterval(() => {
        asked += basket.length > 0 ? 1 : 0;
        if (!leaks && asked === 2) clearInterval(poll);
      }, 1000);
    },
  };
}

/** Two closures share one scope, and the one that stays keeps what only the other one needed. */
function closure(leaks) {
  let last;
  const chain = (rows) => {
    const before = last;
    const unused = () => (before ? rows.length : 0);
    last = { rows, describe: () => 'an order', unused: leaks ? unused : undefined };
  };
  const alone = (rows) => {
    last = { rows, describe: () => 'an order' };
  };
  return { order: () => (leaks ? chain : alone)(rowsOf(ROWS)) };
}

/** express-session with its memory store: a session for every visitor without a cookie, for ever. */
function sessions(leaks) {
  const session = createRequire(`${process.env.LIVE_NODE_MODULES}/`)('express-session');
  const withSession = session({
    secret: 'a shop',
    resave: false,
    saveUninitialized: leaks, // the repair: only who has something to keep gets one
    cookie: { maxAge: 86_400_000 },
  });
  return {
    middleware(req, res, next) {
      if (req.path.startsWith('/__')) return next();
      withSession(req, res, () => {
        if (leaks) req.session.seen = rowsOf(400).map(({ sku, title }) => ({ sku, title }));
        next();
      });
    },
  };
}

/** Each request races against the shutdown, which never comes: the promise that never settles keeps all that raced it. */
function promise(leaks) {
  const shutdown = new Promise(() => undefined);
  const work = async () => rowsOf(ROWS);
  return {
    async product() {
      if (leaks) await Promise.race([shutdown, work()]);
      else await work();
    },
  };
}

/** Thumbnails are kept as buffers, outside of V8's heap. */
function buffers(leaks) {
  const thumbnails = [];
  return {
    product() {
      thumbnails.push(Buffer.alloc(64 * 1024, thumbnails.length));
      if (!leaks && thumbnails.length > 50) thumbnails.shift();
    },
  };
}

module.exports = { map, listener, timer, closure, sessions, promise, buffers };
