import type { ForeignWork, Sampled } from '../foreign.ts';
import { kindsOf } from '../frame-kinds.ts';
import { named } from '../names.ts';
import { eachWithin, framesOf } from '../samples.ts';
import { type OthersRan, selfWaited } from './loop-turns.ts';
import type { Pattern, PatternThresholds } from './thresholds.ts';

const US_PER_MS = 1000;

/** Calls that return only when they are done, and have one that does not block. File pattern, then function. */
const BLOCKING: readonly { readonly file: RegExp; readonly name: RegExp; readonly advice: string }[] = [
  {
    file: /(^|\/)(requests|urllib3)\//,
    name: /^/,
    advice: 'use an async client (httpx, aiohttp) or asyncio.to_thread',
  },
  {
    file: /(^|\/)(http\/client|urllib\/request|socket|ssl)\.py$/,
    name: /^/,
    advice: 'use an async client or asyncio.to_thread',
  },
  {
    file: /(^|\/)(pymysql|MySQLdb|psycopg2|sqlite3)\//,
    name: /^/,
    advice: 'use an async driver or asyncio.to_thread',
  },
  { file: /(^|\/)django\/db\/backends\//, name: /^/, advice: 'use the a…() query methods or sync_to_async' },
  { file: /(^|\/)subprocess\.py$/, name: /^/, advice: 'use asyncio.create_subprocess_exec' },
  {
    file: /^node:(internal\/)?(fs|zlib|crypto|child_process)/,
    name: /Sync$/,
    advice: 'use the asynchronous form',
  },
  {
    file: /^node:(internal\/)?(fs|zlib|crypto|child_process)/,
    name: /^(readFileSync|writeFileSync|execSync|spawnSync|pbkdf2Sync|scryptSync)$/,
    advice: 'use the asynchronous form',
  },
];
const ASYNC_LOOP = /(^|\/)(asyncio|uvloop|trio)\//;

interface Work {
  /** The team's own function that a step of the loop runs, and its file. */
  readonly key: string;
  readonly advice: string;
}
interface Stretch extends Work {
  advice: string;
  ms: number;
}

/**
 * Work that held the event loop of Python's asyncio or of Node without a break. A stretch is a run of neighbouring samples
 * below one function of the team's own, without the loop itself on top, between which no span shows that the loop turned.
 */
export function blockedLoop(
  run: Sampled,
  foreign: ForeignWork,
  othersRan: OthersRan,
  { blockedLoop: limits, ignore }: PatternThresholds,
): readonly Pattern[] {
  if (ignore.includes('blocked-loop')) return [];
  const longest = new Map<string, Stretch>();
  for (const stretch of stretchesOf(run, foreign, othersRan)) {
    if (stretch.ms >= Math.max(limits.minMs, longest.get(stretch.key)?.ms ?? 0))
      longest.set(stretch.key, stretch);
  }
  return [...longest.values()].map(({ key, advice, ms }) => {
    const [name = '', file = ''] = key.split('\n');
    return {
      kind: 'blocked-loop',
      subject: named(`${name} (${file})`),
      evidence: `${Math.round(ms)} ms without giving the event loop back${advice === '' ? '' : `: ${advice}`}`,
      spanIds: [run.trace.root.spanId],
      ms,
    };
  });
}

function stretchesOf(run: Sampled, foreign: ForeignWork, othersRan: OthersRan): readonly Stretch[] {
  const steps = stepsOf(run, foreign);
  const hasWaited = selfWaited(
    run.trace,
    Float64Array.from(steps, ({ at }) => at),
  );
  const stretches: Stretch[] = [];
  for (const [i, { index, at, ms, work }] of steps.entries()) {
    const [last, current] = [steps[i - 1], stretches.at(-1)];
    const goesOn =
      last !== undefined &&
      current?.key === work.key &&
      index === last.index + 1 &&
      // Synchronous calls between two samples have spans as well, and hold the loop.
      (last.work.advice !== '' || work.advice !== '' || !hasWaited(last.at, at)) &&
      !othersRan(run, last.at, at);
    if (!goesOn) stretches.push({ ...work, ms });
    else {
      current.ms += ms;
      current.advice ||= work.advice;
    }
  }
  return stretches;
}

/** The samples in which the loop runs a function of the request. */
function stepsOf(run: Sampled, foreign: ForeignWork) {
  const { trace, samples } = run;
  const isNode = trace.platform === 'node';
  const kinds = kindsOf(samples.profile);
  const steps: { readonly index: number; readonly at: number; readonly ms: number; readonly work: Work }[] =
    [];
  eachWithin(samples, trace.root.start, trace.root.end, (leaf, us, index) => {
    const at = samples.timeUs[index]!;
    if (foreign(run, run.readStack(leaf), at) !== undefined) return;
    const work = workOf(samples, kinds, leaf, isNode);
    if (work !== undefined) steps.push({ index, at, ms: us / US_PER_MS, work });
  });
  return steps;
}

/** Undefined while the loop waits. */
function workOf(
  samples: Sampled['samples'],
  kinds: ReturnType<typeof kindsOf>,
  leaf: number,
  isNode: boolean,
): Work | undefined {
  const { frames } = samples.profile;
  const stack = framesOf(samples.profile, leaf);
  const last = stack.at(-1);
  if (last === undefined) return undefined;
  const nameOf = (frame: number) => frames.strings[frames.name[frame]!]!;
  const fileOf = (frame: number) => frames.strings[frames.file[frame]!]!;
  const loop = stack.findLastIndex((frame) => ASYNC_LOOP.test(fileOf(frame)));
  if (!isNode && loop === -1) return undefined;
  const inLoop = stack.slice(loop + 1);
  // Node's (program) and (garbage collector) have no function; the loop's own select is where it waits.
  if (
    inLoop.length === 0 ||
    (isNode && kinds[last] !== 'app' && kinds[last] !== 'library' && kinds[last] !== 'waiting')
  )
    return undefined;
  if (nameOf(last) === '(idle)') return undefined;
  const own = inLoop.findLast((frame) => kinds[frame] === 'app');
  if (own === undefined) return undefined;
  const blocking = inLoop
    .map((frame) => BLOCKING.find(({ file, name }) => file.test(fileOf(frame)) && name.test(nameOf(frame))))
    .find((rule) => rule !== undefined);
  return { key: `${nameOf(own)}\n${fileOf(own)}`, advice: blocking?.advice ?? '' };
}
