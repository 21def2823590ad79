import { basename } from 'node:path';
import { packPprof } from '../formats/pprof/merge.ts';
import { decodeProfile, type EncodeFormat, encodeProfile } from '../formats/profiles/index.ts';
import { unpackProfile } from '../formats/profiles/unpack.ts';
import type { Profile } from '../model/profile.ts';
import type { Io } from './command.ts';
import { diffJson, diffProfiles, diffView } from './profile-diff.ts';
import { readBytes, readProfile } from './profile-input.ts';
import { checkOutput, documentLine, KEEPS_ALL, type ProfileOptions, UsageError } from './profile-options.ts';
import { outputFormat, write } from './profile-output.ts';
import { type Progress, progressOf, sayOf } from './profile-progress.ts';
import { byTotal, profileTotals } from './profile-totals.ts';
import { summaryJson, summaryView, topJson, topView } from './profile-view.ts';

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
  const changes = diffProfiles(a, b, options.type, sort, files as readonly [string, string]);
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
    const type = typeIndex(read, options.type);
    const same = read.format === 'pprof' ? asPprof(source, format) : undefined;
    if (same !== undefined && options.type !== undefined) throw new UsageError(KEEPS_ALL);
    sayOf(progress, source.length, `Writing ${to}`);
    return same ?? encodeProfile({ ...read, defaultType: type }, format, { type, name: basename(from) });
  };
  const bytes = await run().finally(progress.end);
  write({ files: 1, to, format }, bytes, options, io);
}

/** pprof that stays pprof keeps what the model has no place for: mappings, addresses, every label. */
function asPprof(source: Uint8Array, format: EncodeFormat): Uint8Array | undefined {
  if (format !== 'pprof' && format !== 'pprof-plain') return undefined;
  const plain = unpackProfile(source);
  return format === 'pprof' ? packPprof(plain) : plain;
}

function oneOf<T extends string>(value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageError(`Bad order "${value}", need ${allowed.join(' or ')}`);
  return found;
}

/** The one asked for by name, else the profile's own. */
export function typeIndex(read: Profile, wanted: string | undefined): number {
  if (wanted === undefined) return read.defaultType;
  const index = read.sampleTypes.findIndex(({ type }) => type === wanted);
  if (index >= 0) return index;
  const known = read.sampleTypes.map(({ type }) => type).join(', ');
  throw new UsageError(`There is no sample type "${wanted}", it has ${known}`);
}

async function readOne(files: readonly string[], io: Io, progress: Progress): Promise<Profile> {
  if (files.length !== 1) throw new UsageError('Need one file');
  return readProfile(files[0]!, io, progress);
}
