import { isPprof } from '../formats/pprof/detect.ts';
import { addToMerge, createMerge, finishMerge, packPprof } from '../formats/pprof/merge.ts';
import { unpackProfile } from '../formats/profiles/unpack.ts';
import { Fault } from '../model/fault.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { readBytes } from './profile-input.ts';
import { KEEPS_ALL, type ProfileOptions, UsageError } from './profile-options.ts';
import { outputFormat, write } from './profile-output.ts';
import { type Progress, progressOf, sayOf } from './profile-progress.ts';

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
  const progress = progressOf(io);
  const staysPprof = format === 'pprof' || format === 'pprof-plain';
  const run = async () => {
    const raw = staysPprof ? await mergeRaw(files, progress, io) : undefined;
    if (raw === undefined) return mergeDecoded(files, to, options.type, progress, io);
    if (options.type !== undefined) throw new UsageError(KEEPS_ALL);
    return format === 'pprof' ? packPprof(raw) : raw;
  };
  const bytes = await run().finally(progress.end);
  write({ files: files.length, to, format }, bytes, options, io);
}

/** Every so many files, and where one of them is large. */
function sayFile(progress: Progress, done: number, count: number, bytes: number) {
  if (count >= PROGRESS_EVERY && done % PROGRESS_EVERY === 0) progress.say(`${done} of ${count} files`);
  else sayOf(progress, bytes, `${done} of ${count} files`);
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
    sayFile(progress, i + 1, files.length, packed.length);
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
    const bytes = await readBytes(file, io);
    profiles.push(decodeProfile(bytes, { name: file }));
    sayFile(progress, i + 1, files.length, bytes.length);
  }
  const merged = combineProfiles(profiles);
  const defaultType = typeIndex(merged, type);
  return encodeProfile({ ...merged, defaultType }, outputFormat(to)!, {
    type: defaultType,
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
