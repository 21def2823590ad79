// Run by kill.test.ts, several at a time: opens a database that may not exist yet and adds to one counter.
import { openDatabase } from '../../lib/adapters/sqlite.ts';
import { sqliteRecordStore } from '../../lib/adapters/sqlite-record-store.ts';

const [file = '', times = '0'] = process.argv.slice(2);
const store = sqliteRecordStore(openDatabase(file), { clock: { now: () => Date.now() } });
for (let done = 0; done < Number(times); ) {
  const seen = await store.get('p', 'n');
  const next = { pk: 'p', sk: 'n', body: Number(seen?.body ?? 0) + 1 };
  const put = await store.put(next, seen ? { ifVersion: seen.version } : { ifAbsent: true });
  if (put.outcome === 'stored') done += 1;
}
