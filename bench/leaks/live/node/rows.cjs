// Rows as a database driver would hand them out: objects of numbers and flat strings, some 140 bytes each.
const { makeRow } = require('../../../../demo/rows.cjs');

const rowsOf = (count) => Array.from({ length: count }, makeRow);

module.exports = { rowsOf };
