import { parseArgs } from 'node:util';
import { readConfig } from '../compose/config.ts';
import { openStores } from '../compose/open.ts';
import { aliasesAnswer } from '../jobs/answers/aliases.ts';
import type { JobContext } from '../jobs/context.ts';
import type { ServiceName } from '../model/service.ts';
import { addAlias, removeAlias } from '../records/aliases.ts';
import { EXIT, type Io } from './command.ts';
import { table } from './table.ts';

const HELP = `Usage: tidemark aliases list [--project P]
       tidemark aliases add FROM TO [--project P]    what comes as FROM is shown as part of TO, what came before too
       tidemark aliases remove FROM [--project P]

One service may have another name in each protocol: memory by OpenTelemetry, transactions by Sentry, profiles by Pyroscope.
list also shows pairs that were seen on one pod, container, process or host. Works beside a running server.

  --project P  default: default
  --data DIR   the server's folder (default ./.tidemark, or TIDEMARK_DATA)
  --json       one JSON document on stdout
`;

const OPTIONS = {
  project: { type: 'string', default: 'default' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export async function aliases(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [action, from, to] = positionals as [string?, ServiceName?, ServiceName?];
  if (values.help || action === undefined) {
    io.stdout(HELP);
    return values.help ? EXIT.done : EXIT.usage;
  }
  const { project } = values;
  const local = await openStores(
    readConfig(process.env, values.data === undefined ? {} : { dataDir: values.data }),
  );
  try {
    const { records, clock } = local.context;
    if (action === 'list' && from === undefined) return await print(local.context, values, io);
    if (action === 'add' && from !== undefined && to !== undefined) {
      await addAlias(records, project, { from, to, at: clock.now() });
      return await print(local.context, values, io);
    }
    if (action === 'remove' && from !== undefined && to === undefined) {
      if (await removeAlias(records, project, from)) return await print(local.context, values, io);
      io.stderr(`tidemark aliases: Cannot remove "${from}": there is no such alias\n`);
      return EXIT.failed;
    }
    io.stderr(
      `tidemark aliases: Cannot read "${positionals.join(' ')}"; tidemark aliases --help shows the forms\n`,
    );
    return EXIT.usage;
  } finally {
    await local.close();
  }
}

async function print(
  context: JobContext,
  { project, json }: { readonly project: string; readonly json?: boolean | undefined },
  io: Io,
): Promise<number> {
  const answer = await aliasesAnswer(context, project);
  if (json) {
    io.stdout(`${JSON.stringify(answer)}\n`);
    return EXIT.done;
  }
  const { items, proposals, notLookedAt } = answer;
  io.stdout(
    items.length === 0
      ? 'No aliases.\n'
      : table([['name', 'is part of'], ...items.map((one) => [one.from, one.to])]),
  );
  for (const { from, to, by, id } of proposals)
    io.stdout(`Perhaps "${from}" is "${to}": both on ${by} ${id}. tidemark aliases add ${from} ${to}\n`);
  if (notLookedAt > 0)
    io.stdout(`${notLookedAt} services, silent for longer than the others, were not looked at.\n`);
  return EXIT.done;
}
