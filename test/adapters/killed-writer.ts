// Run by kill.test.ts as a process of its own: writes until it is killed, and prints what was promised.

import { filesObjectStore } from '../../lib/adapters/files-object-store.ts';
import { openDatabase } from '../../lib/adapters/sqlite.ts';
import { sqliteQueue } from '../../lib/adapters/sqlite-queue.ts';
import { sqliteRecordStore } from '../../lib/adapters/sqlite-record-store.ts';

const [folder = '', first = '0'] = process.argv.slice(2);
const clock = { now: () => Date.now() };
const objects = filesObjectStore(`${folder}/objects`);
const db = openDatabase(`${folder}/tidemark.db`);
const records = sqliteRecordStore(db, { clock });
const queue = sqliteQueue(db, 'q', { clock, maxReceives: 3 });

for (let at = Number(first); ; at += 1) {
  await objects.put(`k/${at % 10}/${at}`, new Uint8Array(50_000).fill(at), { ifAbsent: true });
  await records.put({ pk: 'p', sk: String(at), body: 'x'.repeat(5000) }, { ifAbsent: true });
  await queue.send([String(at)]);
  process.stdout.write(`${at}\n`);
}
