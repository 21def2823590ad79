// Our verdict beside the guide's rules, linear backward regression and Mann-Kendall, on labelled series and all scored alike:
//   node bench/leaks/compare.ts DIR
// DIR holds the sets as `compare-data.ts` reads them. A detector sees what a scan of the running service would have seen.
import type { ParsedSeries } from '../../lib/formats/series/index.ts';
import { analyzeLife, DEFAULTS } from '../../lib/leaks/index.ts';
import type { MemoryRole } from '../../lib/model/memory.ts';
import { liveAt, liveScrapes, readSeries, readTruth, type Truth } from './compare-data.ts';
import {
  backwardRegression,
  type Flag,
  guideAlerts,
  guideWindow,
  type LeakRule,
  mannKendall,
} from './compare-rules.ts';

interface Case {
  readonly truth: Truth;
  readonly series: ParsedSeries;
  readonly intervalS: number;
}
type Detector = (one: Case) => Flag;

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('Usage: node bench/leaks/compare.ts DIR\n');
  process.exit(2);
}

const ROLES: Readonly<Record<string, MemoryRole>> = { heap_used: 'heap_used' };

function tidemark({ truth, series }: Case): Flag {
  const isPercent = truth.unit === 'percent';
  const { verdict, onset } = analyzeLife(
    {
      instance: '',
      version: undefined,
      role: ROLES[truth.metric] ?? 'rss',
      startedAt: undefined,
      times: series.times,
      values: series.values,
      majorCollections: series.majorCollections,
      afterGc: series.afterGc,
      limit: limitOf({ truth, series }),
      work: [],
      load: series.load,
      mixedWriters: false,
      end: undefined,
    },
    isPercent ? { ...DEFAULTS, minRiseBytes: 1 } : DEFAULTS,
  );
  return { flagged: verdict === 'leak' || verdict === 'exhausted', onset: onset?.t };
}

const limitOf = ({ truth, series }: Pick<Case, 'truth' | 'series'>) => truth.limit_bytes ?? series.limit;
const plain =
  (rule: LeakRule): Detector =>
  (one) => {
    const { times, values } = one.series;
    const isReading = (_: number, i: number) => !Number.isNaN(values[i]);
    return rule({ times: times.filter(isReading), values: values.filter(isReading) }, limitOf(one));
  };

const DETECTORS: Readonly<Record<string, Detector>> = {
  Tidemark: tidemark,
  'guide, window of 12': plain(guideWindow),
  'guide, alerts': plain(guideAlerts),
  'backward regression': plain(backwardRegression),
  'Mann-Kendall': plain(mannKendall),
};

const truth = readTruth(folder);
const asStored = (entries: readonly Truth[]): Case[] =>
  entries.map((entry) => ({
    truth: entry,
    series: readSeries(folder, entry),
    intervalS: entry.scrape_interval_s,
  }));
const stored = asStored(truth.filter(({ set }) => set === 'A'));
const hpcAt = (intervalS: number): Case[] =>
  stored.map((one) => ({ ...one, series: liveAt(one.series, one.truth, intervalS), intervalS }));
const logs = asStored(liveScrapes(truth).filter(({ disputed }) => !disputed));
const collected = asStored(
  truth.filter(({ set, kind, disputed }) => set === 'B' && kind === 'gc' && !disputed),
);
const processes = asStored(
  truth.filter(({ set, label, disputed }) => set === 'F' && label !== 'unlabelled' && !disputed),
);

const INTERVALS_S = [1, 5, 15, 60];
const groups: [string, readonly Case[]][] = [
  ...INTERVALS_S.map((s): [string, Case[]] => [
    `HPC runs and GC logs, live, runs at ${s} s`,
    [...hpcAt(s), ...logs, ...processes],
  ]),
  ['the same at 15 s without the SW4lite runs', [...hpcAt(15).filter(isNoSw4), ...logs, ...processes]],
  ['HPC runs alone, live, at 15 s', hpcAt(15)],
  ['GC logs as scraped, live', logs],
  ['GC logs, collections known', collected],
];
/** Samples that somebody has drawn are no machines: they stand apart. */
const isDrawn = ({ tags }: Truth) => tags.includes('synthetic');
const unlabelled: [string, readonly Case[]][] = (
  [
    ['pods and machines', (one: Truth) => 'CE'.includes(one.set) && !isDrawn(one)],
    ['drawn samples', (one: Truth) => one.set === 'E' && isDrawn(one)],
    ['language-model hosts', (one: Truth) => one.set === 'G'],
  ] as const
).map(([name, isOf]) => [name, asStored(truth.filter((one) => one.label === 'unlabelled' && isOf(one)))]);

function isNoSw4({ truth: { tags } }: Case): boolean {
  return !tags.includes('sw4lite');
}

const percent = (share: number) => (Number.isNaN(share) ? '-' : share.toFixed(3).replace(/^0/, ''));
const line = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const heading = (cells: readonly string[]) => {
  process.stdout.write('\n');
  line(cells);
  line(cells.map(() => '---'));
};

heading(['set', 'detector', 'leaks flagged', 'others flagged', 'precision', 'recall', 'F1']);
for (const [name, cases] of groups) {
  if (cases.length === 0) continue;
  for (const [detector, run] of Object.entries(DETECTORS)) line([name, detector, ...scoreOf(cases, run)]);
}

function scoreOf(cases: readonly Case[], run: Detector): string[] {
  const isLeak = ({ truth: { label } }: Case) => label === 'leak';
  const [leaks, others] = [cases.filter(isLeak), cases.filter((one) => !isLeak(one))];
  const flagged = (some: readonly Case[]) => some.filter((one) => run(one).flagged).length;
  const [right, wrong] = [flagged(leaks), flagged(others)];
  return [
    `${right}/${leaks.length}`,
    `${wrong}/${others.length}`,
    percent(right / (right + wrong)),
    percent(right / leaks.length),
    percent((2 * right) / (right + wrong + leaks.length)),
  ];
}

heading(['unlabelled', ...Object.keys(DETECTORS)]);
for (const [name, cases] of unlabelled) {
  if (cases.length === 0) continue;
  line([
    name,
    ...Object.values(DETECTORS).map(
      (run) => `${cases.filter((one) => run(one).flagged).length}/${cases.length}`,
    ),
  ]);
}

/** Median distance of the onset from the nearest true one, over leaks that were flagged. */
heading(['onset, HPC runs, live: median error in s (given)', ...Object.keys(DETECTORS)]);
for (const intervalS of INTERVALS_S) {
  const known = hpcAt(intervalS).filter(({ truth: { onsets_s } }) => onsets_s.length > 0);
  line([`at ${intervalS} s`, ...Object.values(DETECTORS).map((run) => onsetOf(known, run))]);
}

function onsetOf(cases: readonly Case[], run: Detector): string {
  const errors = cases.flatMap((one) => {
    const { flagged, onset } = run(one);
    if (!flagged || onset === undefined) return [];
    return [Math.min(...one.truth.onsets_s.map((s) => Math.abs(s - onset / 1000)))];
  });
  errors.sort((a, b) => a - b);
  const middle = errors[Math.floor(errors.length / 2)];
  return middle === undefined ? '-' : `${middle.toFixed(1)} (${errors.length}/${cases.length})`;
}
