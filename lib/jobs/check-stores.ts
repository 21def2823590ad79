import type { ObjectStore } from '../ports/object-store.ts';
import type { PutOutcome, RecordStore } from '../ports/record-store.ts';

/** Writers that race in each round. A store that lets two of them win counts uploads twice, or loses what one wrote. */
const RACERS = 40;
const ROUNDS = 5;

export interface StoreCheck {
  readonly store: 'objects' | 'records';
  readonly check: string;
  readonly ok: boolean;
  /** What was seen, for whoever has to mend it. */
  readonly detail: string;
}

/**
 * Whether the stores keep the promises on which counting once is built: of RACERS that write under the same condition exactly
 * one wins, everybody reads at once what it wrote, and nobody overwrites it. Writes under keys of its own and removes them.
 *
 * @throws Fault('unavailable') when a store does not answer. Cost: some 1,000 requests
 */
export async function checkStores(
  { objects, records }: { readonly objects: ObjectStore; readonly records: RecordStore },
  newId: () => string,
): Promise<readonly StoreCheck[]> {
  return [
    await rounds('objects', 'racing PUTs where nothing is stored', () => racePuts(objects, newId())),
    await rounds('records', 'racing writes where no record is', () => raceNewRecords(records, newId())),
    await rounds('records', 'racing writes over one version', () => raceSwaps(records, newId())),
  ];
}

/** What a round saw that must not be, or undefined. */
type Complaint = string | undefined;

async function rounds(
  store: StoreCheck['store'],
  check: string,
  race: () => Promise<Complaint>,
): Promise<StoreCheck> {
  const complaints: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const complaint = await race();
    if (complaint !== undefined) complaints.push(complaint);
  }
  const ok = complaints.length === 0;
  const detail = ok
    ? `one winner of ${RACERS} in ${ROUNDS} of ${ROUNDS} rounds`
    : `${complaints[0]} in ${complaints.length} of ${ROUNDS} rounds`;
  return { store, check, ok, detail };
}

const racers = () => Array.from({ length: RACERS }, (_, racer) => racer);

async function racePuts(objects: ObjectStore, id: string): Promise<Complaint> {
  const key = `time/doctor-${id}`;
  const bodyOf = (racer: number) => new TextEncoder().encode(`racer ${racer}`);
  try {
    const outcomes = await Promise.all(
      racers().map((racer) => objects.put(key, bodyOf(racer), { ifAbsent: true })),
    );
    const winners = racers().filter((racer) => outcomes[racer] === 'stored');
    const stored = await objects.get(key);
    return complaintOf(winners, stored === undefined ? 'nothing' : new TextDecoder().decode(stored));
  } finally {
    await objects.delete(key);
  }
}

async function raceNewRecords(records: RecordStore, id: string): Promise<Complaint> {
  const key = { pk: 'DOCTOR', sk: id };
  return raceRecord(records, key, (racer) =>
    records.put({ ...key, body: `racer ${racer}` }, { ifAbsent: true }),
  );
}

async function raceSwaps(records: RecordStore, id: string): Promise<Complaint> {
  const key = { pk: 'DOCTOR', sk: id };
  const first = await records.put({ ...key, body: 'nobody' }, { ifAbsent: true });
  if (first.outcome !== 'stored') return 'a new key was taken for a known one';
  return raceRecord(records, key, (racer) =>
    records.put({ ...key, body: `racer ${racer}` }, { ifVersion: first.version }),
  );
}

async function raceRecord(
  records: RecordStore,
  { pk, sk }: { readonly pk: string; readonly sk: string },
  write: (racer: number) => Promise<PutOutcome>,
): Promise<Complaint> {
  try {
    const outcomes = await Promise.all(racers().map(write));
    const winners = racers().filter((racer) => outcomes[racer]?.outcome === 'stored');
    return complaintOf(winners, String((await records.get(pk, sk))?.body ?? 'nothing'));
  } finally {
    await records.delete(pk, sk);
  }
}

function complaintOf(winners: readonly number[], stored: string): Complaint {
  if (winners.length !== 1) return `${winners.length} winners of ${RACERS}`;
  return stored === `racer ${winners[0]}` ? undefined : `racer ${winners[0]} won and "${stored}" was read`;
}
