import { isPprof } from '../formats/pprof/detect.ts';
import { addToMerge, createMerge, finishMerge, packPprof } from '../formats/pprof/merge.ts';
import { unpackProfile } from '../formats/profiles/unpack.ts';
import { Fault } from '../model/fault.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { readBytes } from './profile-input.ts';
import type { ProfileOptions } from './profile-options.ts';
import { outputFormat, write } from './profile-output.ts';

const PROGRESS_EVERY = 50;

/**
 * Merges files into one. pprof that stays pprof is merged as google/pprof does, with mappings, addresses and every
 * label; all else goes through the model.
 */
export async function mergeFiles(
  files: readonly string[],
  to: string,
  options: ProfileOptions,
  io: Io,
): Promise<void> {
  const format = outputFormat(to)!;
  const progress = progressOf(files.length, io);
  const staysPprof = format === 'pprof' || format === 'pprof-plain';
  const raw = staysPprof ? await mergeRaw(files, progress, io) : undefined;
  const bytes =
    raw === undefined
      ? await mergeDecoded(files, to, options.type, progress, io)
      : format === 'pprof'
        ? packPprof(raw)
        : raw;
  progress.end();
  write({ files: files.length, to, format }, bytes, options, io);
}

interface Progress {
  step(done: number): void;
  end(): void;
}

function progressOf(count: number, io: Io): Progress {
  const isShown = io.isTerminal && count >= PROGRESS_EVERY;
  return {
    step(done) {
      if (isShown && done % PROGRESS_EVERY === 0) io.stderr(`\r${done} of ${count} files`);
    },
    end() {
      if (isShown) io.stderr('\r\u001b[K');
    },
  };
}

/** undefined when one of the files is no pprof. */
async function mergeRaw(
  files: readonly string[],
  progress: Progress,
  io: Io,
): Promise<Uint8Array | undefined> {
  // stdin cannot be read twice, should it turn out to be something else.
  if (files.includes('-')) return undefined;
  const merge = createMerge();
  for (const [i, file] of files.entries()) {
    const packed = await readBytes(file, io);
    const isMine = naming(file, () => {
      const bytes = unpackProfile(packed);
      if (!isPprof(bytes)) return false;
      addToMerge(merge, bytes);
      return true;
    });
    if (!isMine) return undefined;
    progress.step(i + 1);
  }
  return finishMerge(merge);
}

async function mergeDecoded(
  files: readonly string[],
  to: string,
  type: string | undefined,
  progress: Progress,
  io: Io,
): Promise<Uint8Array> {
  // Only now: the way of pprof needs none of it, and loading it takes longer than merging some files.
  const { typeIndex } = await import('./profile-commands.ts');
  const { combineProfiles, decodeProfile, encodeProfile } = await import('../formats/profiles/index.ts');
  const profiles: Profile[] = [];
  for (const [i, file] of files.entries()) {
    profiles.push(decodeProfile(await readBytes(file, io), { name: file }));
    progress.step(i + 1);
  }
  const merged = combineProfiles(profiles);
  return encodeProfile(merged, outputFormat(to)!, {
    type: typeIndex(merged, type),
    name: `${files.length} profiles`,
  });
}

function naming<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.code, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}
