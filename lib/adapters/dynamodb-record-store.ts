import { randomBytes } from 'node:crypto';
import { Fault, invalidInput } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import { MAX_PAGE, type PutOutcome, type RecordStore, type StoredRecord } from '../ports/record-store.ts';
import { type AwsClient, type JsonAnswer, jsonCall, refused } from './aws-client.ts';

const MAX_KEY_BYTES = 1024;
const MAX_BODY_BYTES = 300 * 1024;
// A page ends early rather than hold 1,000 records of 300 KB; its cursor says that more follow.
const MAX_PAGE_CHARS = 8 * 1024 * 1024;

/** An item as DynamoDB's JSON writes it. `ttl` is in seconds, for DynamoDB alone, which removes it hours or days later. */
interface Item {
  readonly pk: { readonly S: string };
  readonly sk: { readonly S: string };
  readonly version: { readonly N: string };
  /** The record's body as JSON text: numbers and empty strings stay as they are, and one attribute is cheap. */
  readonly body: { readonly S: string };
  /** Whose write it was. */
  readonly token: { readonly S: string };
  readonly expiresAt?: { readonly N: string };
  readonly ttl?: { readonly N: string };
}

export interface DynamoRecordStoreOptions {
  readonly client: AwsClient;
  readonly table: string;
  readonly clock: Clock;
  /** Told of the units that each request took, as the bill counts them; a refused condition tells none. */
  readonly onUnits?: ((kind: 'read' | 'write', units: number) => void) | undefined;
}

interface Consumed {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}
const READS: ReadonlySet<string> = new Set(['GetItem', 'Query']);

/**
 * Records in one table of DynamoDB, or of an engine that speaks as it does. Reads are consistent.
 *
 * Every write carries a token of its own. A conditional write whose first try had no answer meets itself when it is tried
 * again: the token tells that it had won. Versions begin at the time of the first write, so that a record that was deleted
 * and made again does not repeat them.
 *
 * Cost: a write unit per KB of the record, a read unit per 4 KB.
 */
export function dynamoRecordStore({ client, table, clock, onUnits }: DynamoRecordStoreOptions): RecordStore {
  const versions = growingVersions(clock);
  const call = async <T>(operation: string, input: object) => {
    const answer = await jsonCall<T & Consumed>(client, `DynamoDB_20120810.${operation}`, {
      TableName: table,
      ReturnConsumedCapacity: 'TOTAL',
      ...input,
    });
    const units = answer.ok ? (answer.value.ConsumedCapacity?.CapacityUnits ?? 0) : 0;
    if (units > 0) onUnits?.(READS.has(operation) ? 'read' : 'write', units);
    return answer;
  };
  const isLive = (item: Item) => item.expiresAt === undefined || Number(item.expiresAt.N) > clock.now();

  async function read(pk: string, sk: string): Promise<Item | undefined> {
    const answer = await call<{ Item?: Item }>('GetItem', { Key: keyOf(pk, sk), ConsistentRead: true });
    return valueIn('GetItem', answer).Item;
  }

  async function putIf(item: Item, condition: Condition): Promise<PutOutcome> {
    const answer = await call('PutItem', { Item: item, ...condition });
    if (answer.ok) return { outcome: 'stored', version: Number(item.version.N) };
    if (answer.code !== CONDITION_FAILED) throw problem('PutItem', answer);
    if (answer.attempts > 1) {
      const present = await read(item.pk.S, item.sk.S);
      if (present?.token.S === item.token.S) return { outcome: 'stored', version: Number(item.version.N) };
    }
    return { outcome: 'conflict' };
  }

  /** Grows the version in the store itself: nobody has told us the one that is there. */
  async function putAlways(item: Item): Promise<PutOutcome> {
    const { pk, sk, version, ...rest } = item;
    const absent = ['expiresAt', 'ttl'].filter((name) => !(name in rest));
    const set = Object.keys(rest).map((name) => `#${name} = :${name}`);
    const answer = await call<{ Attributes: Pick<Item, 'version'> }>('UpdateItem', {
      Key: { pk, sk },
      UpdateExpression: `SET ${[...set, '#version = if_not_exists(#version, :version) + :one'].join(', ')}${
        absent.length === 0 ? '' : ` REMOVE ${absent.map((name) => `#${name}`).join(', ')}`
      }`,
      ExpressionAttributeNames: namesOf(['version', ...Object.keys(rest), ...absent]),
      ExpressionAttributeValues: {
        ':one': { N: '1' },
        ':version': version,
        ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [`:${name}`, value])),
      },
      ReturnValues: 'UPDATED_NEW',
    });
    return { outcome: 'stored', version: Number(valueIn('UpdateItem', answer).Attributes.version.N) };
  }

  return {
    async get(pk, sk) {
      if (!isKey(pk) || !isKey(sk)) return undefined;
      const item = await read(pk, sk);
      return item !== undefined && isLive(item) ? toRecord(item) : undefined;
    },

    async query(pk, { from = '', to, limit = MAX_PAGE, reverse = false, cursor } = {}) {
      const most = Math.max(0, Math.min(limit, MAX_PAGE));
      const range = rangeOf(from, to);
      if (range === undefined || !isKey(pk)) return { records: [], cursor: undefined };
      const found: Item[] = [];
      let chars = 0;
      let start = cursor === undefined ? undefined : keyOf(pk, cursor);
      // DynamoDB's last page may be empty, and ours never is: it is read on until one record more is seen.
      do {
        const answer = await call<{ Items: Item[]; LastEvaluatedKey?: ReturnType<typeof keyOf> }>('Query', {
          ...queryOf(pk, range, clock.now()),
          ConsistentRead: true,
          ScanIndexForward: !reverse,
          Limit: most + 1 - found.length + (to === undefined ? 0 : 1),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        });
        const page = valueIn('Query', answer);
        for (const item of page.Items) {
          if (item.sk.S === to) continue; // BETWEEN holds its end
          const isFull = found.length === most || (found.length > 0 && chars > MAX_PAGE_CHARS);
          if (isFull) return { records: found.map(toRecord), cursor: found.at(-1)?.sk.S };
          found.push(item);
          chars += item.body.S.length;
        }
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return { records: found.map(toRecord), cursor: undefined };
    },

    async put({ pk, sk, body, expiresAt }, condition) {
      checkKey(pk);
      checkKey(sk);
      const base = {
        ...keyOf(pk, sk),
        body: { S: bodyText(body) },
        token: { S: randomBytes(9).toString('base64url') },
        ...(expiresAt === undefined
          ? {}
          : { expiresAt: { N: String(expiresAt) }, ttl: { N: String(Math.ceil(expiresAt / 1000)) } }),
      };
      const fresh = { N: String(versions()) };
      if (condition === undefined) return putAlways({ ...base, version: fresh });
      const now = clock.now();
      if ('ifAbsent' in condition) return putIf({ ...base, version: fresh }, whereAbsent(now));
      const next = { N: String(condition.ifVersion + 1) };
      return putIf({ ...base, version: next }, whereVersion(condition.ifVersion, now));
    },

    async delete(pk, sk, { ifVersion } = {}) {
      if (!isKey(pk) || !isKey(sk)) return 'deleted';
      const condition = ifVersion === undefined ? {} : whereVersionOrGone(ifVersion, clock.now());
      const answer = await call('DeleteItem', { Key: keyOf(pk, sk), ...condition });
      if (!answer.ok && answer.code === CONDITION_FAILED) return 'conflict';
      valueIn('DeleteItem', answer);
      return 'deleted';
    },
  };
}

const CONDITION_FAILED = 'ConditionalCheckFailedException';

interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Readonly<Record<string, { readonly N: string }>>;
}

const EXPIRED = '(attribute_exists(#expiresAt) AND #expiresAt <= :now)';
const LIVE = '(attribute_not_exists(#expiresAt) OR #expiresAt > :now)';
const namesOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [`#${name}`, name]));

const whereAbsent = (now: number): Condition => ({
  ConditionExpression: `attribute_not_exists(#pk) OR ${EXPIRED}`,
  ExpressionAttributeNames: namesOf(['pk', 'expiresAt']),
  ExpressionAttributeValues: { ':now': { N: String(now) } },
});
const whereVersion = (version: number, now: number): Condition => ({
  ConditionExpression: `#version = :version AND ${LIVE}`,
  ExpressionAttributeNames: namesOf(['version', 'expiresAt']),
  ExpressionAttributeValues: { ':version': { N: String(version) }, ':now': { N: String(now) } },
});
const whereVersionOrGone = (version: number, now: number): Condition => ({
  ConditionExpression: `attribute_not_exists(#pk) OR #version = :version OR ${EXPIRED}`,
  ExpressionAttributeNames: namesOf(['pk', 'version', 'expiresAt']),
  ExpressionAttributeValues: { ':version': { N: String(version) }, ':now': { N: String(now) } },
});

/** Undefined: no key lies in it, and DynamoDB would refuse to be asked. */
function rangeOf(from: string, to: string | undefined): { expression: string; values: object } | undefined {
  if (to !== undefined && (to === '' || Buffer.compare(Buffer.from(from), Buffer.from(to)) >= 0))
    return undefined;
  if (from === '' && to === undefined) return { expression: '', values: {} };
  if (to === undefined) return { expression: ' AND #sk >= :from', values: { ':from': { S: from } } };
  if (from === '') return { expression: ' AND #sk < :to', values: { ':to': { S: to } } };
  return { expression: ' AND #sk BETWEEN :from AND :to', values: { ':from': { S: from }, ':to': { S: to } } };
}

const queryOf = (pk: string, range: { expression: string; values: object }, now: number) => ({
  KeyConditionExpression: `#pk = :pk${range.expression}`,
  FilterExpression: LIVE,
  ExpressionAttributeNames: namesOf(['pk', 'expiresAt', ...(range.expression === '' ? [] : ['sk'])]),
  ExpressionAttributeValues: { ':pk': { S: pk }, ':now': { N: String(now) }, ...range.values },
});

const keyOf = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });

function toRecord({ pk, sk, version, body, expiresAt }: Item): StoredRecord {
  const record = { pk: pk.S, sk: sk.S, version: Number(version.N), body: JSON.parse(body.S) as unknown };
  return expiresAt === undefined ? record : { ...record, expiresAt: Number(expiresAt.N) };
}

/** Milliseconds and a counter of this process in one safe integer: later ones are greater, and two processes rarely meet. */
function growingVersions(clock: Clock): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, clock.now() * 1024 + (randomBytes(1)[0] as number));
    return last;
  };
}

function valueIn<T>(operation: string, answer: JsonAnswer<T>): T {
  if (answer.ok) return answer.value;
  throw problem(operation, answer);
}

function problem(operation: string, answer: Exclude<JsonAnswer<unknown>, { ok: true }>): Error {
  const { code, message } = answer;
  // Ours to mend: an expression, a key, a size that the checks below let through.
  if (code === 'ValidationException') return new Error(`DynamoDB refused ${operation}: ${message}`);
  return refused('dynamodb', operation, code, message);
}

function isKey(key: string): boolean {
  const bytes = Buffer.byteLength(key);
  return bytes >= 1 && bytes <= MAX_KEY_BYTES && key.isWellFormed();
}

function checkKey(key: string): void {
  if (isKey(key)) return;
  const bytes = Buffer.byteLength(key);
  throw invalidInput(`Cannot use record key of ${bytes} bytes: 1 to ${MAX_KEY_BYTES} of UTF-8 are allowed`);
}

function bodyText(body: unknown): string {
  const text: string | undefined = JSON.stringify(body);
  if (text === undefined) throw invalidInput('Cannot store a record: its body is no JSON value');
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BODY_BYTES) return text;
  throw new Fault(
    'too-large',
    `Cannot store a record of ${bytes} bytes: at most ${MAX_BODY_BYTES} are allowed`,
  );
}
