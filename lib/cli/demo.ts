import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { messageOf } from '../model/fault.ts';
import { formatBytes } from '../model/format-number.ts';
import { planOf } from './demo/plan.ts';
import { type Outcome, toJson, toText } from './demo/report.ts';
import { type Progress, startDemo, type Watcher } from './demo/run.ts';

const HELP = `Usage: tidemark demo [--no-leak] [--seed N] [--once] [--json]

Starts the server, a small shop that begins to leak on one of six routes, and traffic. Within two minutes of the first
request it prints what the server found and the link to it, and only then what was planted. Ctrl-C stops everything.

  --no-leak   the same shop and traffic without the leak: nothing should be found
  --seed N    repeat a run: the seed draws the route, the bytes, the onset, the decoys and the traffic
  --once      end after the finding, or after two minutes without one
  --json      one JSON document on stdout instead of text
  --help      this text
`;

const SEED_MAX = 2 ** 31 - 1;
/** How often progress makes a new line where lines cannot be overwritten. */
const LINE_EVERY_S = 10;

interface Writer {
  write(text: string): unknown;
}
export interface DemoIo {
  readonly stdout: Writer;
  readonly stderr: Writer & { readonly isTTY?: boolean };
}

export async function demo(args: string[], io: DemoIo): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    io.stderr.write(`tidemark demo: ${options}\n`);
    return 2;
  }
  if (options.help) {
    io.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  // One Ctrl-C may arrive twice, from the terminal and from the program that started this one.
  const onSignal = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await run(options, io, stop.signal);
  } catch (error) {
    io.stderr.write(`tidemark demo: ${messageOf(error)}\n`);
    return 1;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

interface Options {
  readonly help: boolean;
  readonly noLeak: boolean;
  readonly once: boolean;
  readonly json: boolean;
  readonly seed: number;
}

/** The options, or what is wrong with them. */
function parse(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        'no-leak': { type: 'boolean', default: false },
        seed: { type: 'string' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
    if (!Number.isInteger(seed) || seed < 0 || seed > SEED_MAX)
      return `--seed must be a whole number from 0 to ${SEED_MAX}, got "${values.seed}"`;
    return { help: values.help, noLeak: values['no-leak'], once: values.once, json: values.json, seed };
  } catch (error) {
    // parseArgs explains itself over several lines.
    return (error as Error).message.split('\n')[0] ?? 'Bad arguments';
  }
}

async function run({ noLeak, once, json, seed }: Options, io: DemoIo, signal: AbortSignal): Promise<number> {
  const plan = planOf(seed);
  const watcher = watcherOn(io);
  watcher.said(`Seed ${seed}. Ctrl-C stops everything.`);
  const started = await startDemo({ plan, noLeak }, watcher, signal);
  if (started === undefined) return 1;
  try {
    const outcome = await started.outcome();
    watcher.done();
    if (signal.aborted && outcome.finding === undefined) {
      watcher.said('Stopped before there was a finding.');
      return 1;
    }
    io.stdout.write(json ? `${JSON.stringify(toJson(outcome))}\n` : toText(outcome));
    if (!once) {
      watcher.said(keptLine(outcome));
      await started.keepRunning();
    }
    return 0;
  } finally {
    await started.stop();
  }
}

const keptLine = ({ noLeak }: Outcome) =>
  `Everything keeps running for you to look at${noLeak ? '' : ', until the leak kills the shop'}. Ctrl-C stops it.`;

/** One line that is rewritten on a terminal; elsewhere a line now and then. */
function watcherOn(io: DemoIo): Watcher & { done(): void } {
  const overwrite = io.stderr.isTTY === true;
  let lastLineS = -LINE_EVERY_S;
  let open = false;
  const done = () => {
    if (open) io.stderr.write('\n');
    open = false;
  };
  return {
    done,
    said(line) {
      done();
      io.stderr.write(`${line}\n`);
    },
    progressed(progress) {
      if (overwrite) {
        io.stderr.write(`\r\x1b[2K${progressLine(progress)}`);
        open = true;
      } else if (progress.seconds - lastLineS >= LINE_EVERY_S) {
        io.stderr.write(`${progressLine(progress)}\n`);
        lastLineS = progress.seconds;
      }
    },
  };
}

export function progressLine({ seconds, requests, majorCollections, floorBytes, verdict }: Progress): string {
  const floor = floorBytes === undefined ? '' : `floor ${formatBytes(floorBytes)}  `;
  return (
    `${seconds.toFixed(0).padStart(4)} s  ${requests} requests  ${majorCollections} major collections  ${floor}` +
    (verdict ?? 'no verdict yet')
  );
}
