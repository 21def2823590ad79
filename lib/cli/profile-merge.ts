import { isPprof } from '../formats/pprof/detect.ts';
import { addToMerge, createMerge, finishMerge, packPprof } from '../formats/pprof/merge.ts';
import type { Merge } from '../formats/pprof/merge-state.ts';
import { keepType, typesOfMerge } from '../formats/pprof/merge-types.ts';
import type { EncodeFormat } from '../formats/profiles/index.ts';
import { unpackProfile } from '../formats/profiles/unpack.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { indexOfType, type ProfileOptions } from './profile-options.ts';
import { isPprofFormat, outputFormat, write } from './profile-output.ts';
import { type Progress, progressOf, sayOf } from './profile-progress.ts';
import { naming, readBytes } from './read-file.ts';

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
  const run = async () => {
    const raw = isPprofFormat(format) ? await mergeRaw(files, progress, io) : undefined;
    return raw
      ? [finishedAs(raw, format, options.type)]
      : mergeDecoded(files, format, options.type, progress, io);
  };
  try {
    write({ files: files.length, to, format }, await run(), options, io, progress);
  } finally {
    progress.end();
  }
}

/** The merge as a file; of the wanted type alone, where one is. */
export function finishedAs(merge: Merge, format: EncodeFormat, wanted: string | undefined): Uint8Array {
  if (wanted !== undefined) keepType(merge, indexOfType(typesOfMerge(merge), wanted));
  const bytes = finishMerge(merge);
  return format === 'pprof' ? packPprof(bytes) : bytes;
}

/** Every so many files, and where one of them is large. */
function sayFile(progress: Progress, done: number, count: number, bytes: number) {
  if (count >= PROGRESS_EVERY && done % PROGRESS_EVERY === 0) progress.say(`${done} of ${count} files`);
  else sayOf(progress, bytes, `${done} of ${count} files`);
}

/** undefined when one of the files is no pprof. */
async function mergeRaw(files: readonly string[], progress: Progress, io: Io): Promise<Merge | undefined> {
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
  return merge;
}

async function mergeDecoded(
  files: readonly string[],
  format: EncodeFormat,
  wanted: string | undefined,
  progress: Progress,
  io: Io,
): Promise<Iterable<Uint8Array>> {
  // Only now: the way of pprof needs none of it, and loading it takes longer than merging some files.
  const { combineProfiles, decodeProfile } = await import('../formats/profiles/index.ts');
  const { encodedAs } = await import('./profile-encode.ts');
  const profiles: Profile[] = [];
  for (const [i, file] of files.entries()) {
    const bytes = await readBytes(file, io);
    profiles.push(decodeProfile(bytes, { name: file }));
    sayFile(progress, i + 1, files.length, bytes.length);
  }
  return encodedAs(combineProfiles(profiles), format, wanted, `${files.length} profiles`);
}
