import { Fault } from '../model/fault.ts';
import { OBJECT_KEY, type ObjectInfo, type ObjectStore } from '../ports/object-store.ts';
import { MAX_PAGE } from '../ports/record-store.ts';
import { type AwsClient, type AwsResponse, errorCode, refused } from './aws-client.ts';
import { listedObjects } from './s3-listing.ts';

const MAX_KEY_BYTES = 900;
/** Tries of a conditional write that another one disturbs: S3 asks for them by 409. */
const CONFLICT_TRIES = 8;
const CONFLICT_PAUSE_MS = 30;

/**
 * Objects in a bucket of S3 or of a store that speaks as it does, versitygw among them. The store has to keep its promise
 * about `If-None-Match: *`: `tidemark doctor --stores` races it.
 *
 * 412 is "exists", 409 a race that is tried again, 503 a wait. Needs s3:ListBucket, else a missing key reads as refused.
 * An 'exists' after a try whose answer was lost may be our own object: keys that are ours alone are safe from that.
 */
export function s3ObjectStore(client: AwsClient, bucket: string): ObjectStore {
  const pathOf = (key: string) => objectPath(bucket, key);

  async function putOnce(key: string, body: Uint8Array, ifAbsent: boolean): Promise<AwsResponse> {
    return client.request({
      operation: 'PutObject',
      method: 'PUT',
      path: pathOf(key),
      headers: ifAbsent ? { 'if-none-match': '*' } : {},
      body,
    });
  }

  return {
    async put(key, body, { ifAbsent = false } = {}) {
      checkKey(key);
      // The caller may use its buffer again while a try is under way.
      const own = body.slice();
      for (let tries = 1; ; tries += 1) {
        const answer = await putOnce(key, own, ifAbsent);
        if (answer.status === 200) return 'stored';
        if (answer.status === 412 && ifAbsent) return 'exists';
        const isRace = answer.status === 409 && RACES.has(errorCode(answer.body));
        if (!isRace || tries === CONFLICT_TRIES) throw refusal('PutObject', key, answer);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * CONFLICT_PAUSE_MS * tries));
      }
    },

    async get(key, range) {
      checkKey(key);
      const start = Math.max(0, range?.start ?? 0);
      const isEmpty = range !== undefined && range.end <= start;
      const answer = await client.request({
        operation: isEmpty ? 'HeadObject' : 'GetObject',
        method: isEmpty ? 'HEAD' : 'GET',
        path: pathOf(key),
        headers: range === undefined || isEmpty ? {} : { range: `bytes=${start}-${range.end - 1}` },
      });
      if (answer.status === 404) return undefined;
      // The range begins behind the object's end.
      if (answer.status === 416) return new Uint8Array();
      if (answer.status !== 200 && answer.status !== 206) throw refusal('GetObject', key, answer);
      // A store that knows no ranges sends the whole.
      const isWhole = answer.status === 200 && range !== undefined;
      return isWhole ? answer.body.slice(start, range.end) : answer.body;
    },

    async delete(key) {
      checkKey(key);
      const answer = await client.request({
        operation: 'DeleteObject',
        method: 'DELETE',
        path: pathOf(key),
      });
      if (answer.status >= 300 && answer.status !== 404) throw refusal('DeleteObject', key, answer);
    },

    async list(prefix, { after = '', limit = MAX_PAGE } = {}) {
      const most = Math.max(0, Math.min(limit, MAX_PAGE));
      // What no key can begin with must not become a path on a store that keeps files.
      if (most === 0 || !isPrefix(prefix)) return [];
      const found: ObjectInfo[] = [];
      for (;;) {
        const startAfter = found.at(-1)?.key ?? after;
        const query = { 'list-type': '2', prefix, 'max-keys': String(most - found.length) };
        const answer = await client.request({
          operation: 'ListObjectsV2',
          method: 'GET',
          path: bucketPath(bucket),
          query: startAfter === '' ? query : { ...query, 'start-after': startAfter },
        });
        if (answer.status !== 200) throw refusal('ListObjectsV2', prefix, answer);
        const page = listedObjects(answer.body);
        found.push(...page.objects);
        if (!page.isTruncated || page.objects.length === 0 || found.length >= most) return found;
      }
    },
  };
}

/** S3's and versitygw's names for "somebody writes this key right now". */
const RACES: ReadonlySet<string> = new Set(['ConditionalRequestConflict', 'OperationAborted']);

const bucketPath = (bucket: string) => `/${bucket}`;
/** The characters of a key need no encoding but these. */
export const objectPath = (bucket: string, key: string) =>
  `/${bucket}/${key.replaceAll(/[=,@+]/g, encodeURIComponent)}`;

const isPrefix = (prefix: string) => OBJECT_KEY.test(`${prefix}x`);

function refusal(operation: string, key: string, { status, body }: AwsResponse): Fault {
  const code = errorCode(body);
  if (status === 409 && !RACES.has(code)) {
    return new Fault(
      'invalid-input',
      `Cannot store object "${key}": the store says ${code || 'conflict'}; is it a folder of another key?`,
    );
  }
  return refused('s3', operation, code || String(status), `key "${key}"`);
}

function checkKey(key: string): void {
  if (key.length <= MAX_KEY_BYTES && OBJECT_KEY.test(key)) return;
  throw new Fault('invalid-input', `Cannot use object key ${JSON.stringify(key.slice(0, MAX_KEY_BYTES))}`);
}
