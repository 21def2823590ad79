import type { Profile, SampleType } from '../model/profile.ts';
import { isSdkCode } from './sdk-code.ts';
import { addExact } from './values.ts';

/** A line of code, as far as the profile tells it. */
export interface CodeLine {
  readonly name: string;
  readonly file: string;
  /** 0: not told. */
  readonly line: number;
}

/**
 * Where something that is still alive was allocated: the innermost frame of its stack, and the innermost frame of the
 * team's own code that led there, which is the same line when they allocate themselves; or that of an SDK, where it
 * calls a builtin of the runtime, which has no file. (Of what goes through a wrapper of an SDK, it is not the cause.)
 */
export interface Site extends CodeLine {
  /** 1: the team's own code, 0: a library or the runtime, −1: not told. */
  readonly inApp: number;
  /** Undefined when no frame of the stack is known to be the team's own, or the site itself is. */
  readonly calledFrom?: CodeLine;
}

export interface SiteBytes {
  readonly site: Site;
  /** Exact up to 2^53, which is eight petabytes. */
  readonly bytes: number;
}

/** What one snapshot says about a measure: its largest sites, and all of them together. */
export interface LiveSites {
  readonly type: string;
  readonly unit: string;
  readonly total: number;
  /** The largest first, at most SITES_MAX. */
  readonly sites: readonly SiteBytes[];
}

/** Sites of a snapshot that are kept: what grows for long is among the largest at last. */
export const SITES_MAX = 200;

/** Live bytes, and goroutines: both name the line that makes more and more of them. */
const isLive = ({ temporality, unit, type }: SampleType) =>
  temporality === 'level' && (unit === 'bytes' || /^goroutines?$/.test(type));

/**
 * The allocation sites of one heap profile, by what is live there now. "Allocated at", never "held by": a profile does
 * not know who keeps a thing alive. Linear in samples × depth up to the team's own frame.
 */
export function liveSites(profile: Profile): LiveSites[] {
  return profile.sampleTypes.flatMap((type, column) =>
    isLive(type) ? [sitesOfColumn(profile, type, column)] : [],
  );
}

function sitesOfColumn(profile: Profile, { type, unit }: SampleType, column: number): LiveSites {
  const values = profile.samples.values[column]!;
  const ownAbove = nearestOwner(profile);
  const byPlace = new Map<string, { leaf: number; own: number; bytes: number | bigint }>();
  let total: number | bigint = 0;
  for (const [sample, node] of profile.samples.stack.entries()) {
    const value = values[sample]!;
    if (Number(value) === 0) continue;
    total = addExact(total, value);
    if (node === 0) continue; // a sample without a frame has no place
    const leaf = profile.stacks.frame[node]!;
    const own = ownAbove[node]!;
    const key = `${leaf} ${own}`;
    const place = byPlace.get(key) ?? { leaf, own, bytes: 0 };
    place.bytes = addExact(place.bytes, value);
    byPlace.set(key, place);
  }
  const sites = [...byPlace.values()].map(({ leaf, own, bytes }) => ({
    site: siteOf(profile, leaf, own),
    bytes: Number(bytes),
  }));
  return { type, unit, total: Number(total), sites: largestOf(sites) };
}

const NO_FRAME = -1;

/** For each node the innermost own frame of its stack; for a builtin of the runtime an SDK's, if that called it. */
function nearestOwner({ stacks, frames }: Profile): Int32Array {
  const { strings, name, file, inApp } = frames;
  const fileOf = (frame: number) => strings[file[frame]!] ?? '';
  const isSdk = Array.from(inApp, (own, frame) =>
    isSdkCode({ name: strings[name[frame]!] ?? '', file: fileOf(frame) }, own),
  );
  const own = new Int32Array(stacks.parent.length).fill(NO_FRAME);
  const [inFile, owner] = [own.slice(), own.slice()];
  for (let node = 1; node < own.length; node += 1) {
    const [frame, parent] = [stacks.frame[node]!, stacks.parent[node]!];
    const isBuiltin = fileOf(frame) === '';
    own[node] = inApp[frame] === 1 ? frame : own[parent]!;
    inFile[node] = isBuiltin ? inFile[parent]! : frame;
    owner[node] = isBuiltin && isSdk[inFile[node]!] ? inFile[node]! : own[node]!;
  }
  return owner;
}

function siteOf({ frames }: Profile, leaf: number, own: number): Site {
  const lineAt = (frame: number): CodeLine => ({
    name: frames.strings[frames.name[frame]!] ?? '',
    file: frames.strings[frames.file[frame]!] ?? '',
    line: Math.max(0, frames.line[frame]!),
  });
  const site = { ...lineAt(leaf), inApp: frames.inApp[leaf]! };
  return own === NO_FRAME || own === leaf ? site : { ...site, calledFrom: lineAt(own) };
}

/** By size, equal ones by name, so that equal snapshots keep equal sites. */
const largestOf = (sites: readonly SiteBytes[]): SiteBytes[] =>
  sites
    .map((one) => ({ one, key: siteKey(one.site) }))
    .sort((a, b) => b.one.bytes - a.one.bytes || (a.key < b.key ? -1 : 1))
    .slice(0, SITES_MAX)
    .map(({ one }) => one);

/** A site as a key of series; `siteOfKey` reads it. */
export const siteKey = ({ name, file, line, inApp, calledFrom }: Site): string =>
  JSON.stringify([
    name,
    file,
    line,
    inApp,
    ...(calledFrom === undefined ? [] : [calledFrom.name, calledFrom.file, calledFrom.line]),
  ]);

export function siteOfKey(key: string): Site {
  const [name, file, line, inApp, ownName, ownFile, ownLine] = JSON.parse(key) as [
    string,
    string,
    number,
    number,
    string?,
    string?,
    number?,
  ];
  const site = { name, file, line, inApp };
  if (ownName === undefined) return site;
  return { ...site, calledFrom: { name: ownName, file: ownFile ?? '', line: ownLine ?? 0 } };
}
