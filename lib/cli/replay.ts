import { parseArgs } from 'node:util';
import { readConfig } from '../compose/config.ts';
import { openStores } from '../compose/open.ts';
import type { JobContext } from '../jobs/context.ts';
import { abandonReplay, givenUp, oldestRawHour, openReplay, replayStep } from '../jobs/replay.ts';
import { Fault } from '../model/fault.ts';
import { END_OF_TIME } from '../model/partition.ts';
import { SECOND_MS } from '../model/units.ts';
import { ensureProject, listProjects } from '../records/api-keys.ts';
import type { Building } from '../records/generations.ts';
import { EXIT, type Io } from './command.ts';
import { timeOf } from './time-argument.ts';

const HELP = `Usage: tidemark replay --project P [--from T] [--to T] [--data DIR] [--json]
       tidemark replay --project P --abandon [--data DIR]

Computes everything again from the raw uploads with the present analyzer, beside live traffic: answers stay as they are until
all is done, and change at once. Goes on with a replay that was interrupted. Works beside a running server.

  --from T, --to T   data time to compute again, widened to whole days (UTC): RFC 3339 or epoch ms; default: all
  --abandon          give up the one that is under way: answers stay as they are, what it has computed is removed
  --data DIR         the server's folder (default ./.tidemark, or TIDEMARK_DATA)
  --json             one JSON document on stdout
`;

export async function replay(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      project: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      abandon: { type: 'boolean' },
      data: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.stdout(HELP);
    return EXIT.done;
  }
  const { project } = values;
  if (project === undefined) {
    io.stderr('tidemark replay: --project is missing\n');
    return EXIT.usage;
  }
  const range = { from: timeOf('--from', values.from), to: timeOf('--to', values.to) };
  const local = await openStores(
    readConfig(process.env, values.data === undefined ? {} : { dataDir: values.data }),
  );
  try {
    const known = (await listProjects(local.context.records)).some(({ name }) => name === project);
    if (!known) {
      // Its table may be lost, with the raw uploads still there: then they are the project.
      if ((await oldestRawHour(local.context, project)) === undefined)
        throw new Fault('not-found', `Cannot replay: there is no project "${project}"`);
      await ensureProject(local.context.records, project);
    }
    if (values.abandon) {
      if (!(await abandonReplay(local.context, project)))
        throw new Fault('not-found', `Cannot abandon: there is no replay of "${project}" under way`);
      io.stdout(`The replay of ${project} is given up: answers stay as they are.\n`);
      return EXIT.done;
    }
    const told = await runReplay(local.context, project, range, {
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      tell: (line) => {
        if (io.isTerminal) io.stderr(`${line}\n`);
      },
    });
    if (values.json) io.stdout(`${JSON.stringify(told)}\n`);
    else io.stdout(toText(told));
    return EXIT.done;
  } finally {
    await local.close();
  }
}

export interface Replayed {
  readonly project: string;
  readonly generation: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly uploads: number;
  readonly refused: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Opens a generation, or goes on with the one that is being built, and folds until it is read. */
export async function runReplay(
  context: JobContext,
  project: string,
  range: { readonly from: number | undefined; readonly to: number | undefined },
  { sleep, tell }: { sleep(ms: number): Promise<unknown>; tell(line: string): void | Promise<void> },
): Promise<Replayed> {
  let { building } = await context.generations.read(project);
  if (building === null) building = (await openReplay(context, project, range)).building;
  let last = building as Building;
  for (;;) {
    const step = await replayStep(context, project);
    const { building: current, eras } = await context.generations.read(project);
    if (step === 'given up') throw givenUp(project);
    // Where the server ended it, either way.
    if (step === 'idle' && !eras.some((era) => era.generation === last.generation))
      throw new Fault('conflict', `Cannot replay ${project}: it was given up, and answers stay as they are`);
    if (step === 'flipped' || step === 'idle') return replayed(project, last);
    last = current ?? last;
    if (step === 'waiting' || step === 'busy') {
      await tell(WAITS[step]);
      await sleep(5 * SECOND_MS);
    } else
      await tell(`${last.uploads} uploads, up to ${new Date(last.foldedTo).toISOString().slice(0, 13)}h`);
  }
}

const WAITS = {
  waiting: 'Every writer has to learn of the new generation first: up to a minute',
  busy: 'The server is at it, or a worker that has ended was: up to five minutes',
};

const replayed = (project: string, building: Building): Replayed => ({
  project,
  generation: building.generation,
  from: building.from === 0 ? null : building.from,
  to: building.to >= END_OF_TIME ? null : building.to,
  uploads: building.uploads,
  refused: building.refused,
  reasons: building.reasons,
});

function toText({ generation, uploads, refused, reasons }: Replayed): string {
  const lines = Object.entries(reasons).map(([reason, count]) => `  ${count} × ${reason}\n`);
  return `${uploads} uploads are in generation ${generation}, which is read from now on; ${refused} were refused.\n${lines.join('')}`;
}
