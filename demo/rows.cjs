// Plain objects of known size, as a cache of query results would hold them.
//
// What a row and a result keep alive is measured, not computed: `node bench/demo/calibrate.ts` fills a heap of the same
// flags, collects twice and divides; a test repeats it. Node 24.21 (V8 without pointer compression), x64.
const BYTES_PER_ROW = 136;
const BYTES_PER_RESULT = 150; // the array's header, the key and its share of the Map

let sequence = 0;

/** One row. Strings stay under 13 characters, so that V8 makes them flat and no two rows share a piece of one. */
function makeRow() {
  sequence = (sequence % 9_999_999) + 1;
  const number = 10_000_000 + sequence;
  return {
    id: sequence,
    sku: `sku-${number}`,
    title: `no. ${number}`,
    cents: sequence % 5000,
    stock: sequence % 90,
  };
}

/** As many rows as retain `bytes`, give or take half a row, when they are put into a Map under a fresh key. */
function makeRows(bytes) {
  const rows = new Array(rowsFor(bytes));
  for (let i = 0; i < rows.length; i++) rows[i] = makeRow();
  return rows;
}

const rowsFor = (bytes) => Math.max(1, Math.round((bytes - BYTES_PER_RESULT) / BYTES_PER_ROW));

module.exports = { makeRow, makeRows, rowsFor, BYTES_PER_ROW, BYTES_PER_RESULT };
