// Rows as a database driver would hand them out: objects of numbers and flat strings, some 140 bytes each.
let sequence = 0;

function rowsOf(count) {
  return Array.from({ length: count }, () => {
    sequence = (sequence % 9_999_999) + 1;
    const number = 10_000_000 + sequence;
    return {
      id: sequence,
      sku: `sku-${number}`,
      title: `no. ${number}`,
      cents: sequence % 5000,
      stock: sequence % 90,
    };
  });
}

module.exports = { rowsOf };
