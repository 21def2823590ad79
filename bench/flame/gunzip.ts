import { readFileSync } from 'node:fs';
import { decompress } from '../../lib/formats/decompress.ts';

// The limit of a merge: reading and unpacking alone. Run: node bench/flame/gunzip.ts FILE…

let bytes = 0;
for (const file of process.argv.slice(2)) {
  bytes += decompress(readFileSync(file), '', { maxBytes: 2 ** 28, maxRatio: 1000 }).length;
}
console.log(`${bytes} bytes`);
