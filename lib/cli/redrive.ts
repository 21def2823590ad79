import { parseArgs } from 'node:util';
import { readConfig } from '../compose/config.ts';
import { openStores } from '../compose/open.ts';
import { redrive as redriveUploads } from '../jobs/redrive.ts';
import { DAY_MS } from '../model/units.ts';
import { EXIT, type Io } from './command.ts';
import { timeOf } from './time-argument.ts';

const HELP = `Usage: tidemark redrive [--project P] [--from T] [--to T] [--data DIR] [--json]

Gives dead letters of the queue, and uploads that were set aside after they had failed again and again, another try: for after
what made them fail was repaired. What is done stays done. Works beside a running server, which then takes them.

  --project P        default: default
  --from T, --to T   when the uploads came: RFC 3339 or epoch ms; default: the last 30 days
  --data DIR         the server's folder (default ./.tidemark, or TIDEMARK_DATA)
  --json             one JSON document on stdout
`;

export async function redrive(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      project: { type: 'string', default: 'default' },
      from: { type: 'string' },
      to: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.stdout(HELP);
    return EXIT.done;
  }
  const local = await openStores(
    readConfig(process.env, values.data === undefined ? {} : { dataDir: values.data }),
  );
  try {
    const to = timeOf('--to', values.to) ?? local.context.clock.now();
    const from = timeOf('--from', values.from) ?? to - 30 * DAY_MS;
    const { dead, poison } = await redriveUploads(local.context, { project: values.project, from, to });
    if (values.json) io.stdout(`${JSON.stringify({ dead, poison })}\n`);
    else io.stdout(`On their way again: ${dead} dead letters, ${poison} uploads that were set aside.\n`);
    return EXIT.done;
  } finally {
    await local.close();
  }
}
