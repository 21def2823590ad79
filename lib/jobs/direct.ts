import { Fault, invalidInput } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import { MINUTE_MS } from '../model/units.ts';
import { keyById } from '../records/api-keys.ts';
import type { JobContext } from './context.ts';
import { eachInTurn } from './each-project.ts';
import { objectCreated } from './events.ts';
import { encodeRaw, rawHourPrefix, rawKey, type Upload } from './raw-segment.ts';
import { uploadIdOf } from './receive.ts';

// An upload that its sender puts into the store itself, by a signed PUT. The object is the body alone; all that else is to
// be known of it stands in its key, which is signed: `direct/{00..63}/{project}/{yyyy/mm/dd/hh}/{upload id}/{facts}`, the
// facts as base64url of JSON. So nothing has to be kept for PUTs that never come. The prefix is an inbox: its objects are
// moved to the raw ones when their event comes.

export type DirectFacts = Omit<Upload, 'body' | 'project'> & { readonly project: string };

const PREFIX = 'direct/';
const VERSION = 1;
/** File systems take names of at most 255 bytes. */
const NAME_CHARS = 240;

export const isDirectKey = (key: string): boolean => key.startsWith(PREFIX);

/** By the time at which the PUT was signed. */
const directHourPrefix = (shard: string, project: string, at: number): string =>
  rawHourPrefix(shard, project, at).replace(/^raw\//, PREFIX);

/** @throws Fault('invalid-input') when the facts are too long for a key */
export function directKey({ id, project, receivedAt, ...rest }: DirectFacts): string {
  const shard = (Number.parseInt(id.slice(0, 2), 16) & 63).toString().padStart(2, '0');
  const json = JSON.stringify([VERSION, receivedAt, rest]);
  const text = base64Url(new TextEncoder().encode(json));
  const names = text.match(new RegExp(`.{1,${NAME_CHARS}}`, 'g')) ?? [];
  const key = `${directHourPrefix(shard, project, receivedAt)}${id}/${names.join('/')}`;
  if (key.length > 900) throw invalidInput('Cannot sign upload: its type and sender are too long for a key');
  return key;
}

/** @throws Fault('invalid-input') when the key was not made by `directKey` */
export function directFacts(key: string): DirectFacts {
  const [, , project = '', , , , , id = '', ...names] = key.split('/');
  try {
    const json = new TextDecoder().decode(fromBase64Url(names.join('')));
    const [version, receivedAt, rest] = JSON.parse(json) as [
      number,
      number,
      Omit<DirectFacts, 'id' | 'project'>,
    ];
    if (version !== VERSION) throw new Error(`version ${version}`);
    return { ...rest, id: id as UploadId, project, receivedAt };
  } catch (cause) {
    throw invalidInput('Cannot read direct upload: its key tells no facts', { cause });
  }
}

/** The id of an upload whose body only its sender has seen: from the digest that the store will check. */
export const directId = (facts: Pick<Upload, 'project' | 'route'>, sha256: Uint8Array): Promise<UploadId> =>
  uploadIdOf({ ...facts, naming: '', identity: sha256 });

/**
 * Moves a direct upload that has arrived to where all uploads lie, and sends its event: nothing else has to know that there
 * are two ways in. Doing it twice changes nothing: the raw object's key is made from the upload's id.
 *
 * Refused, and counted as such, is an upload whose key was revoked since it signed (a URL outlives the moment in which it was
 * given, and the store knows nothing of keys), or whose bytes are not those that were signed for.
 *
 * Cost: one GET and one PUT of its bytes. @throws Fault('unavailable') when a store does not answer
 */
export async function adopt(context: DirectContext, key: string): Promise<'adopted' | 'refused' | 'gone'> {
  const body = await context.objects.get(key);
  if (body === undefined) return 'gone';
  try {
    const upload = await directUpload(key, body);
    await checkSigner(context, upload.keyId);
    const place = rawKey(upload.project, upload.receivedAt, upload.id);
    const bytes = encodeRaw([upload]);
    await context.objects.put(place, bytes, { ifAbsent: true });
    await context.uploads.send([objectCreated(context.settings.bucket, place, bytes.length)]);
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'unavailable') throw error;
    refuse(context, key, body, error);
    await context.objects.delete(key);
    return 'refused';
  }
  await context.objects.delete(key);
  return 'adopted';
}

type DirectContext = Pick<
  JobContext,
  'objects' | 'records' | 'uploads' | 'rejections' | 'settings' | 'clock'
>;

async function directUpload(key: string, body: Uint8Array): Promise<Upload> {
  const facts = directFacts(key);
  const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', body as Uint8Array<ArrayBuffer>));
  if ((await directId(facts, sha256)) !== facts.id)
    throw invalidInput('Cannot take direct upload: its bytes are not those that were signed');
  return { ...facts, body };
}

async function checkSigner({ records }: DirectContext, keyId: string): Promise<void> {
  if (keyId === OPEN_KEY) return;
  const key = await keyById(records, keyId);
  if (key?.status !== 'active')
    throw new Fault('forbidden', `Cannot take direct upload: key ${keyId} was revoked after it had signed`);
}
/** Callers of the embedded server on its own machine have none. */
const OPEN_KEY = 'open';

function refuse({ rejections, clock }: DirectContext, key: string, body: Uint8Array, error: Fault) {
  const [, , project = 'default'] = key.split('/');
  rejections.add(project, {
    reason: error.code,
    status: error.code === 'forbidden' ? 403 : 400,
    sender: 'direct upload',
    at: clock.now(),
    route: '/v1/uploads',
    detail: error.message,
    firstBytes: 'unknown',
    bytes: body.length,
  });
}

/**
 * Adopts what lies in the inbox for longer than any event should take: those whose event was lost, or whose store can send
 * none. Returns how many.
 */
export async function sweepDirect(context: DirectContext, olderThanMs = 15 * MINUTE_MS): Promise<number> {
  const now = context.clock.now();
  let adopted = 0;
  let after = '';
  for (;;) {
    const page = await context.objects.list(PREFIX, { after });
    const old = page.filter(({ modified }) => Math.abs(now - modified) >= olderThanMs);
    await eachInTurn(old, async ({ key }) => {
      if ((await adopt(context, key)) === 'adopted') adopted += 1;
    });
    const last = page.at(-1)?.key;
    if (last === undefined) return adopted;
    after = last;
  }
}

function base64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const fromBase64Url = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
