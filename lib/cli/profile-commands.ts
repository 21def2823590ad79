import { basename } from 'node:path';
import { addToMerge, createMerge, packPprof } from '../formats/pprof/merge.ts';
import { decodeProfile, type EncodeFormat } from '../formats/profiles/index.ts';
import { unpackProfile } from '../formats/profiles/unpack.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { diffJson, diffProfiles, diffView } from './profile-diff.ts';
import { encodedAs } from './profile-encode.ts';
import { readProfile, typeIndex } from './profile-input.ts';
import { finishedAs } from './profile-merge.ts';
import { checkOutput, documentLine, type ProfileOptions, UsageError } from './profile-options.ts';
import { isPprofFormat, outputFormat, write } from './profile-output.ts';
import { type Progress, progressOf, sayOf } from './profile-progress.ts';
import { byTotal, profileTotals } from './profile-totals.ts';
import { summaryJson, summaryView, topJson, topView } from './profile-view.ts';
import { readBytes } from './read-file.ts';

type Subcommand = (
  files: readonly string[],
  options: ProfileOptions,
  io: Io,
  progress: Progress,
) => Promise<string>;

/** Prints what the command has made, after the last line of its progress. */
const printing =
  (run: Subcommand) =>
  async (files: readonly string[], options: ProfileOptions, io: Io): Promise<void> => {
    const progress = progressOf(io);
    io.stdout(await run(files, options, io, progress).finally(progress.end));
  };

export const summary = printing(async (files, options, io, progress) => {
  const read = await readOne(files, io, progress);
  const type = typeIndex(read, options.type);
  return options.json ? documentLine(summaryJson(read, type)) : summaryView(read, type);
});

export const top = printing(async (files, options, io, progress) => {
  const sort = oneOf(options.sort ?? 'self', ['self', 'total']);
  const read = await readOne(files, io, progress);
  const type = typeIndex(read, options.type);
  const totals = profileTotals(read, type);
  const functions = sort === 'total' ? totals.functions.toSorted(byTotal) : totals.functions;
  const shown = { ...totals, functions: functions.slice(0, options.limit) };
  return options.json ? documentLine(topJson(read, type, shown)) : topView(read, type, shown);
});

export const diff = printing(async (files, options, io, progress) => {
  const sort = oneOf(options.sort ?? 'share', ['share', 'value']);
  if (files.length !== 2) throw new UsageError('Need two files to compare');
  const [a, b] = [await readProfile(files[0]!, io, progress), await readProfile(files[1]!, io, progress)];
  const changes = diffProfiles([a, b], options.type, sort, files as readonly [string, string]);
  return options.json ? documentLine(diffJson(changes, options.limit)) : diffView(changes, options.limit);
});

export async function convert(files: readonly string[], options: ProfileOptions, io: Io): Promise<void> {
  const [from, to] = files;
  if (files.length !== 2 || from === undefined || to === undefined) throw new UsageError('Need IN and OUT');
  checkOutput(to);
  const format = outputFormat(to)!;
  const progress = progressOf(io);
  const run = async () => {
    const source = await readBytes(from, io);
    sayOf(progress, source.length, `Reading ${from}`);
    const read = decodeProfile(source, { name: from });
    sayOf(progress, source.length, `Writing ${to}`);
    return read.format === 'pprof' && isPprofFormat(format)
      ? [asPprof(unpackProfile(source), format, options.type)]
      : encodedAs(read, format, options.type, basename(from));
  };
  try {
    write({ files: 1, to, format }, await run(), options, io, progress);
  } finally {
    progress.end();
  }
}

/** pprof that stays pprof keeps what the model has no place for: mappings, addresses, every label. */
function asPprof(plain: Uint8Array, format: EncodeFormat, wanted: string | undefined): Uint8Array {
  if (wanted === undefined) return format === 'pprof' ? packPprof(plain) : plain;
  const merge = createMerge();
  addToMerge(merge, plain);
  return finishedAs(merge, format, wanted);
}

function oneOf<T extends string>(value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageError(`Bad order "${value}", need ${allowed.join(' or ')}`);
  return found;
}

async function readOne(files: readonly string[], io: Io, progress: Progress): Promise<Profile> {
  if (files.length !== 1) throw new UsageError('Need one file');
  return readProfile(files[0]!, io, progress);
}
