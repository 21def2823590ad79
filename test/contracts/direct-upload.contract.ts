import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignedPut } from '../../lib/ports/upload-signer.ts';

export interface OpenDirect {
  readonly now: () => number;
  /** A request to the door, with a good key. */
  post(path: string, body: unknown): Promise<Response>;
  /** Sends the PUT to wherever it is signed for. */
  put(signed: SignedPut, body: Uint8Array<ArrayBuffer>): Promise<Response>;
  /** Has everything analysed that events speak of. */
  settle(): Promise<void>;
  /** What `GET /api/v1/uploads` says. */
  uploads(): Promise<{
    balance: { readonly done: number; readonly pending: number };
    refused: readonly { readonly reason: string; readonly count: number }[];
  }>;
  /** Ends the key that `post` uses. */
  revokeKey(): Promise<void>;
  close(): Promise<void>;
}

interface Answer extends SignedPut {
  readonly id: string;
  readonly expiresAt: number;
}

const sha256 = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');

/** One upload that a parser takes: different `count`s are different uploads. */
export function metricsAt(at: number, count: number): Uint8Array<ArrayBuffer> {
  const point = { timeUnixNano: `${at - 1000}000000`, asInt: String(count) };
  const metrics = [
    { name: 'process.memory.usage', unit: 'By', sum: { aggregationTemporality: 2, dataPoints: [point] } },
  ];
  const attributes = [{ key: 'service.name', value: { stringValue: 'direct' } }];
  const body = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] };
  return new TextEncoder().encode(JSON.stringify(body));
}

/** What every way to hand in a large body must do: S3's presigned PUTs, and the embedded server's own. */
export const directUploadContract = (name: string, open: () => Promise<OpenDirect>) =>
  describe(`Direct upload contract: ${name}`, () => {
    let one: OpenDirect;
    let bodies = 0;
    beforeAll(async () => {
      one = await open();
    });
    afterAll(() => one.close());
    const fresh = () => {
      bodies += 1;
      return metricsAt(one.now(), 1000 + bodies);
    };
    const ask = async (body: Uint8Array, changes: object = {}) => {
      const facts = {
        path: '/v1/metrics',
        contentType: 'application/json',
        bytes: body.length,
        sha256: sha256(body),
      };
      const response = await one.post('/v1/uploads', { ...facts, ...changes });
      expect(response.status).toBe(201);
      return (await response.json()) as Answer;
    };
    const statusOf = async (signed: SignedPut, body: Uint8Array<ArrayBuffer>) =>
      (await one.put(signed, body)).status;
    const without = (signed: SignedPut, header: string) => {
      const { [header]: _, ...headers } = signed.headers;
      return { ...signed, headers };
    };

    it('takes the body that was signed for, has it analysed, and takes it once', async () => {
      const body = fresh();
      const before = (await one.uploads()).balance;
      const signed = await ask(body);
      expect(signed.expiresAt - one.now()).toBe(15 * 60_000);
      expect(await statusOf(signed, body)).toBe(200);
      expect(await statusOf(signed, body)).toBe(412);
      await one.settle();
      const { balance } = await one.uploads();
      expect(balance).toMatchObject({ done: before.done + 1, pending: 0 });
      // The same body by another URL, and by a POST, is the same upload: its object is there, and counts once.
      expect(await statusOf(await ask(body), body)).toBe(200);
      await one.settle();
      expect((await one.uploads()).balance).toMatchObject({ done: before.done + 1, pending: 0 });
    });

    it.each([
      ['other bytes of that length', (body: Uint8Array) => new Uint8Array(body).fill(32), 400],
      ['a longer body', (body: Uint8Array) => new Uint8Array([...body, 32]), 403],
      ['a shorter body', (body: Uint8Array) => new Uint8Array(body.subarray(1)), 403],
    ])('refuses %s', async (_, change, status) => {
      const body = fresh();
      const signed = await ask(body);
      const sent = change(body) as Uint8Array<ArrayBuffer>;
      const headers = { ...signed.headers, 'content-length': String(sent.length) };
      expect(await statusOf({ ...signed, headers }, sent)).toBe(status);
    });
    it.each(['if-none-match', 'x-amz-checksum-sha256', 'content-type'])(
      'refuses a PUT without %s',
      async (header) => {
        const body = fresh();
        expect(await statusOf(without(await ask(body), header), body)).toBe(403);
      },
    );
    it.each([
      ['type', { 'content-type': 'application/x-protobuf' }],
      ['encoding', { 'content-encoding': 'gzip' }],
    ])('refuses another %s', async (_, changed) => {
      const body = fresh();
      const signed = await ask(body, { contentEncoding: 'zstd' });
      expect(await statusOf({ ...signed, headers: { ...signed.headers, ...changed } }, body)).toBe(403);
    });
    it('refuses another key than the one signed', async () => {
      const body = fresh();
      const signed = await ask(body);
      expect(await statusOf({ ...signed, url: signed.url.replace(signed.id, 'f'.repeat(32)) }, body)).toBe(
        403,
      );
    });
    it('refuses a tampered signature', async () => {
      const body = fresh();
      const signed = await ask(body);
      const url = signed.url.replace(/(signature=)..../i, '$1abcd');
      expect(await statusOf({ ...signed, url }, body)).toBe(403);
    });
    it.each([
      ['a body over 64 MiB', { bytes: 64 * 1024 * 1024 + 1 }],
      ['no digest', { sha256: 'abc' }],
      ['a path that takes no uploads', { path: '/v1/logs' }],
      ['an encoding that nobody unpacks', { contentEncoding: 'br' }],
    ])('signs nothing for %s', async (_, changed) => {
      const body = fresh();
      const facts = {
        path: '/v1/metrics',
        contentType: 'application/json',
        bytes: body.length,
        sha256: sha256(body),
      };
      const response = await one.post('/v1/uploads', { ...facts, ...changed });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ type: '/problems/invalid-input' });
    });
    it('refuses, when it is analysed, what a key signed that was revoked since', async () => {
      const body = fresh();
      const signed = await ask(body);
      const before = (await one.uploads()).balance;
      expect(await statusOf(signed, body)).toBe(200);
      await one.revokeKey();
      await one.settle();
      const { balance, refused } = await one.uploads();
      expect(balance).toMatchObject({ done: before.done, pending: 0 });
      const forbidden = refused.filter(({ reason }) => reason === 'forbidden');
      // Again where a busy store gave no answer to its removal, and the event came a second time.
      expect(forbidden).toMatchObject([{ count: expect.toSatisfy((count: number) => count >= 1) }]);
    });
  });
