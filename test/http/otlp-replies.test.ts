import { describe, expect, it } from 'vitest';
import { otlpPartialSuccess, otlpStatus, otlpSuccess } from '../../lib/http/otlp-replies.ts';
import { metricsResponse, statusMessage } from '../formats/otlp-fixtures.ts';

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const typeOf = (response: Response) => response.headers.get('content-type');

describe('otlpSuccess', () => {
  it('leaves partial_success unset: nothing in protobuf, {} in JSON', async () => {
    expect(await bytesOf(otlpSuccess('protobuf'))).toHaveLength(0);
    expect(typeOf(otlpSuccess('protobuf'))).toBe('application/x-protobuf');
    expect(await otlpSuccess('json').text()).toBe('{}');
    expect(typeOf(otlpSuccess('json'))).toBe('application/json');
  });
});

describe('otlpPartialSuccess', () => {
  it.each([0, 1, 127, 128, 300_000, 2 ** 40])(
    'tells %d rejected points as protobufjs reads them',
    async (rejected) => {
      const body = await bytesOf(otlpPartialSuccess('protobuf', 'metrics', rejected, 'too old: ärger'));
      const { partialSuccess } = metricsResponse.toObject(metricsResponse.decode(body), {
        longs: Number,
        defaults: true,
      }) as { partialSuccess: object };
      expect(partialSuccess).toEqual({ rejectedDataPoints: rejected, errorMessage: 'too old: ärger' });
    },
  );

  it('names the signal in JSON', async () => {
    expect(await otlpPartialSuccess('json', 'traces', 2, 'late').json()).toEqual({
      partialSuccess: { rejectedSpans: '2', errorMessage: 'late' },
    });
  });
});

describe('otlpStatus', () => {
  it.each([
    [400, 3],
    [401, 16],
    [413, 8],
    [503, 14],
    [418, 2],
  ])('HTTP %d carries code %d in both encodings', async (status, code) => {
    const protobuf = otlpStatus('protobuf', status, 'Cannot take it');
    expect(protobuf.status).toBe(status);
    expect(statusMessage.toObject(statusMessage.decode(await bytesOf(protobuf)))).toEqual({
      code,
      message: 'Cannot take it',
    });
    expect(await otlpStatus('json', status, 'Cannot take it').json()).toEqual({
      code,
      message: 'Cannot take it',
    });
  });

  it('keeps messages short', async () => {
    const { message } = (await otlpStatus('json', 400, 'x'.repeat(5_000)).json()) as { message: string };
    expect(message).toHaveLength(1_000);
  });
});
