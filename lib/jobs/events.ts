import { invalidInput } from '../model/fault.ts';

// Events have one form everywhere: an S3 notification inside a queue message. The embedded server writes what AWS would.

/** The body of a message that says that `key` was stored. */
export const objectCreated = (bucket: string, key: string, size: number): string =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: {
          bucket: { name: bucket },
          object: { key: encodeURIComponent(key).replaceAll('%20', '+'), size },
        },
      },
    ],
  });

/** Size of the objects that a message names, as far as it tells. Never throws. */
export function bytesOfEvent(body: string): number {
  try {
    const { Records } = JSON.parse(body) as { Records: { s3: { object: { size: number } } }[] };
    return Records.reduce((sum, { s3 }) => sum + s3.object.size, 0) || 0;
  } catch {
    return 0; // the analyzer says what is wrong with it
  }
}

/** Keys of the objects that a message names. AWS's `s3:TestEvent` names none. */
export function keysOfEvent(body: string): readonly string[] {
  let event: { Event?: unknown; Records?: { s3?: { object?: { key?: unknown } } }[] };
  try {
    event = JSON.parse(body) as typeof event;
  } catch (cause) {
    throw invalidInput('Cannot read event: it is not JSON', { cause });
  }
  if (event?.Event === 's3:TestEvent') return [];
  if (!Array.isArray(event?.Records)) throw invalidInput('Cannot read event: it has no Records');
  return event.Records.map((record) => {
    const key = record?.s3?.object?.key;
    if (typeof key !== 'string') throw invalidInput('Cannot read event: a record names no object');
    return decodedKey(key);
  });
}

function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch (cause) {
    throw invalidInput('Cannot read event: the key of an object is not URL-encoded', { cause });
  }
}
