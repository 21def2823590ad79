import { describe, expect, it } from 'vitest';
import { environmentCredentials } from '../../lib/adapters/aws-credentials.ts';
import { presignedUrl, signedHeaders } from '../../lib/adapters/aws-signature.ts';
import { answer, listen } from '../support/aws/listen.ts';

// The worked examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
// sigv4-query-string-auth.html; versitygw checks all other requests in the tier `engines`.
const scope = {
  service: 's3',
  region: 'us-east-1',
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  now: new Date('2013-05-24T00:00:00Z'),
};
const host = 'https://examplebucket.s3.amazonaws.com';

describe('signedHeaders', () => {
  it.each([
    [
      'GET with a range',
      { method: 'GET', url: `${host}/test.txt`, headers: { range: 'bytes=0-9' }, body: '' },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT with an encoded key',
      {
        method: 'PUT',
        url: `${host}/test%24file.text`,
        headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        body: 'Welcome to Amazon S3.',
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET with a parameter without value',
      { method: 'GET', url: `${host}/?lifecycle`, headers: {}, body: '' },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET of a list',
      { method: 'GET', url: `${host}/?max-keys=2&prefix=J`, headers: {}, body: '' },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('signs %s as the documentation does', (_, { method, url, headers, body }, signature) => {
    const request = { method, url: new URL(url), headers, body: new TextEncoder().encode(body) };
    expect(
      signedHeaders(request as typeof request & { headers: Record<string, string> }, scope),
    ).toMatchObject({
      authorization: expect.stringContaining(`Signature=${signature}`),
    });
  });
  it('sends the token of temporary credentials, signed', () => {
    const credentials = { ...scope.credentials, sessionToken: 'token' };
    const request = { method: 'GET', url: new URL(`${host}/k`), headers: {}, body: new Uint8Array() };
    expect(signedHeaders(request, { ...scope, credentials })).toMatchObject({
      'x-amz-security-token': 'token',
      authorization: expect.stringContaining('x-amz-security-token'),
    });
  });
});

describe('presignedUrl', () => {
  it('signs as the documentation does', () => {
    const url = presignedUrl({ method: 'GET', url: new URL(`${host}/test.txt`), headers: {} }, 86_400, scope);
    expect(url).toContain('X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
  });
});

describe('environmentCredentials', () => {
  it('takes the variables first', async () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'x',
    };
    expect(await environmentCredentials(env)()).toMatchObject({ accessKeyId: 'a', secretAccessKey: 's' });
  });
  it('asks the endpoint of a container, once for many, and again before they end', async () => {
    let asked = 0;
    const lives: number[] = [60 * 60_000, 60_000, 60 * 60_000];
    const endpoint = await listen((request, response) => {
      expect(request.headers.authorization).toBe('secret');
      const Expiration = new Date(Date.now() + (lives[asked] ?? 0)).toISOString();
      asked += 1;
      answer(
        response,
        200,
        JSON.stringify({ AccessKeyId: `a${asked}`, SecretAccessKey: 's', Token: 't', Expiration }),
      );
    });
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'secret',
    };
    const source = environmentCredentials(env);
    await Promise.all([source(), source(), source()]);
    expect([(await source()).accessKeyId, asked]).toEqual(['a1', 1]);
    const short = environmentCredentials(env);
    await short(); // ends within five minutes
    expect((await short()).accessKeyId).toBe('a3');
    await endpoint.close();
  });
  it('says what to set where there are none', async () => {
    await expect(environmentCredentials({})()).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
  });
});
