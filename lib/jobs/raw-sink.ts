import { Fault } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Queue } from '../ports/queue.ts';
import { objectCreated } from './events.ts';
import { encodeRaw, rawKey, type Upload } from './raw-segment.ts';

/** Where accepted uploads go. Resolves when the bytes survive a power loss: only then may the client be told 2xx. */
export interface RawSink {
  store(upload: Upload): Promise<void>;
  /** Writes what is waiting and takes no more. */
  close(): Promise<void>;
}

interface SinkContext {
  readonly objects: ObjectStore;
  /** Only sent to. */
  readonly uploads: Pick<Queue, 'send'>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly bucket: string;
}

const GROUP_MS = 5;
/** So long a group waits where uploads come faster than one in that time. */
const COMPANY_MS = 100;
/** Who comes within so long of each other came together, not in a row. */
const TOGETHER_MS = 20;
/** So long after a wait in vain none is made to wait again. */
const ALONE_MS = 1000;
const GROUP_BYTES = 8 * 1024 * 1024;
/** Bodies that wait for the disk. Above it uploads are refused for now rather than filling the memory. */
const WAITING_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Group commit: uploads that arrive while the disk is busy, or within GROUP_MS of each other, share one object, one
 * durable write and one queue message per project; so do those of COMPANY_MS where they come in a row, because what an
 * object costs, from its sync to the commit that lists it, is a fifth of what a profile costs at 20 a second.
 *
 * The queue message is not made durable on its own: if the power goes before it is, the sweep finds the upload in the
 * raw hour and sends the message again.
 */
export function groupingSink(context: SinkContext, options: GroupingOptions = {}): RawSink {
  const { groupMs = GROUP_MS } = options;
  const company = companyOf(options.companyMs ?? COMPANY_MS);
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  let closed = false;

  const writeGroup = async () => {
    const group = takeGroup(waiting);
    waiting = waiting.slice(group.length);
    waitingBytes -= bytesOf(group);
    company.left();
    for (const uploads of byProject(group)) {
      try {
        await putGroup(
          context,
          uploads.map(({ upload }) => upload),
        );
        for (const { done } of uploads) done();
      } catch (error) {
        for (const { failed } of uploads) failed(error);
      }
    }
  };
  const run = () => {
    clearTimeout(timer);
    timer = undefined;
    if (writing !== undefined || waiting.length === 0) return;
    writing = (async () => {
      await writeGroup();
      // In the same turn as the look at `waiting`: who comes now sets a timer of its own.
      writing = undefined;
      if (company.waitMs() > 0) schedule();
      else run();
    })();
  };
  const schedule = () => {
    if (closed || waitingBytes >= GROUP_BYTES) run();
    else timer ??= setTimeout(run, Math.max(groupMs, company.waitMs()));
  };

  return {
    store(upload) {
      if (closed)
        return Promise.reject(new Fault('unavailable', 'Cannot store upload: the server is stopping'));
      if (waitingBytes + upload.body.length > WAITING_BYTES_MAX) {
        return Promise.reject(new Fault('unavailable', 'Cannot store upload: too many wait for the disk'));
      }
      return new Promise((resolve, reject) => {
        waiting.push({ upload, done: resolve, failed: reject });
        waitingBytes += upload.body.length;
        company.came();
        if (writing === undefined) schedule(); // else what writes now takes it next
      });
    },
    async close() {
      closed = true;
      while (waiting.length > 0 || writing !== undefined) {
        run();
        await writing;
      }
    },
  };
}

interface GroupingOptions {
  readonly groupMs?: number;
  /** 0: a group never waits longer than groupMs. */
  readonly companyMs?: number;
}

/**
 * Whether a group should wait for more: told of each upload that comes, and when a group is written. Where nobody came
 * later than TOGETHER_MS, who was there waits for its answer before it sends again, and a wait costs all and gives nothing.
 */
function companyOf(companyMs: number) {
  let first = Number.NaN;
  let before = Number.NEGATIVE_INFINITY;
  let aloneUntil = Number.NEGATIVE_INFINITY;
  let isExpected = false;
  return {
    came() {
      const now = performance.now();
      isExpected ||= now - before < companyMs && now >= aloneUntil;
      if (Number.isNaN(first)) first = now;
      before = now;
    },
    /** From now on; 0 when nobody is expected. */
    waitMs: () => (isExpected ? Math.max(0, first + companyMs - performance.now()) : 0),
    left() {
      if (isExpected && before - first < TOGETHER_MS) aloneUntil = performance.now() + ALONE_MS;
      isExpected = false;
      first = Number.NaN;
    },
  };
}

/** As many of the first as fit into one object, at least one. */
function takeGroup(waiting: readonly Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const end = waiting.findIndex(({ upload }, i) => {
    bytes += upload.body.length;
    return i > 0 && bytes > GROUP_BYTES;
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}
const bytesOf = (group: readonly Waiting[]) => group.reduce((sum, { upload }) => sum + upload.body.length, 0);

interface Waiting {
  readonly upload: Upload;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

function byProject(group: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const projects = new Map<string, Waiting[]>();
  for (const entry of group) {
    const same = projects.get(entry.upload.project) ?? [];
    same.push(entry);
    projects.set(entry.upload.project, same);
  }
  return [...projects.values()];
}

async function putGroup(context: SinkContext, uploads: readonly Upload[]) {
  const [first] = uploads;
  if (first === undefined) return;
  const bytes = encodeRaw(uploads);
  const key = rawKey(first.project, first.receivedAt, context.newId());
  await context.objects.put(key, bytes, { ifAbsent: true });
  await context.uploads.send([objectCreated(context.bucket, key, bytes.length)]);
}
