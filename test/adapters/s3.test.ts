import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3ObjectStore } from '../../lib/adapters/s3-object-store.ts';
import { objectStoreContract } from '../contracts/object-store.contract.ts';
import { testClient } from '../support/aws/engines.ts';
import { answer, type Listening, listen } from '../support/aws/listen.ts';
import { type S3Engine, startS3 } from '../support/aws/s3-engine.ts';

let engine: S3Engine;
beforeAll(async () => {
  engine = await startS3();
});
afterAll(() => engine.close());

objectStoreContract('s3, engine of the tests', async () => {
  engine.objects.clear();
  const open = () => s3ObjectStore(testClient('s3', engine.url), 'bucket');
  return { store: open(), reopen: async () => open(), close: async () => undefined };
});

const body = new TextEncoder().encode('body');

describe('s3ObjectStore', () => {
  let peer: Listening;
  const requests: string[] = [];
  let answers: [number, string][] = [];
  beforeAll(async () => {
    peer = await listen((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => {
        const [status, code] = answers.shift() ?? [200, ''];
        if (status === 0) response.destroy();
        else answer(response, status, code && `<Error><Code>${code}</Code></Error>`);
      });
    });
  });
  afterAll(() => peer.close());
  const store = () => s3ObjectStore(testClient('s3', peer.url), 'bucket');
  const asked = (next: [number, string][]) => {
    answers = next;
    requests.length = 0;
  };

  it.each([
    ['a 503 that passes', [[503, 'SlowDown']], 'stored', 2],
    ['a connection that breaks', [[0, '']], 'stored', 2],
    ['a race that S3 gives up', [[409, 'ConditionalRequestConflict']], 'stored', 2],
    ['a race that versitygw gives up', [[409, 'OperationAborted']], 'stored', 2],
    ['an object that is there', [[412, 'PreconditionFailed']], 'exists', 1],
  ] as [string, [number, string][], string, number][])('put() meets %s', async (_, next, outcome, sent) => {
    asked(next);
    expect(await store().put('k', body, { ifAbsent: true })).toBe(outcome);
    expect(requests).toHaveLength(sent);
  });

  it.each([
    ['that stays busy', Array(20).fill([503, 'SlowDown']), 'unavailable'],
    ['that never answers', Array(20).fill([0, '']), 'unavailable'],
    ['whose races never end', Array(20).fill([409, 'ConditionalRequestConflict']), 'unavailable'],
    ['that refuses us', [[403, 'AccessDenied']], 'unavailable'],
    ['that is not there', [[404, 'NoSuchBucket']], 'unavailable'],
    ['that has a folder there', [[409, 'ExistingObjectIsDirectory']], 'invalid-input'],
  ] as [string, [number, string][], string][])('put() to a store %s is a Fault', async (_, next, code) => {
    asked(next);
    await expect(store().put('k', body, { ifAbsent: true })).rejects.toMatchObject({ name: 'Fault', code });
    asked([]);
  });

  it('encodes what a URL would read otherwise', async () => {
    asked([]);
    await store().put('raw/00/p=1,2@3+4/x', body);
    expect(requests).toEqual(['PUT /bucket/raw/00/p%3D1%2C2%403%2B4/x']);
  });

  it('a refusal with a wrong secret is a Fault, and nothing is stored', async () => {
    engine.objects.clear();
    const { awsClient } = await import('../../lib/adapters/aws-client.ts');
    const credentials = () => Promise.resolve({ accessKeyId: 'tidemark', secretAccessKey: 'wrong' });
    const client = awsClient({ service: 's3', region: 'us-east-1', endpoint: engine.url, credentials });
    await expect(s3ObjectStore(client, 'bucket').put('k', body)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(engine.objects.size).toBe(0);
  });
});
