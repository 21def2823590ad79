import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../compose/config.ts';
import type { Local } from '../compose/local.ts';
import { openStores, usesAws } from '../compose/open.ts';
import { healthAnswer } from '../jobs/answers/health.ts';
import { checkStores } from '../jobs/check-stores.ts';
import { Fault } from '../model/fault.ts';
import { listServices } from '../records/services.ts';
import { EXIT, type Io } from './command.ts';
import { table } from './table.ts';

const HELP = `Usage: tidemark doctor [--service S] [--project P] [--data DIR] [--json]
       tidemark doctor --stores [--data DIR] [--json]

Says of each service what arrives, what is missing for a verdict, and the line to add. Works beside a running server.

  --stores   race conditional writes against the configured stores instead; exit code 1 when more than one of them wins
`;

export async function doctor(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      service: { type: 'string' },
      project: { type: 'string', default: 'default' },
      data: { type: 'string' },
      stores: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.stdout(HELP);
    return EXIT.done;
  }
  const config = readConfig(process.env, values.data === undefined ? {} : { dataDir: values.data });
  if (!usesAws(process.env) && !existsSync(join(config.dataDir, 'tidemark.db'))) {
    throw new Fault(
      'not-found',
      `Cannot find data in "${config.dataDir}": name the server's folder by --data, or start it first`,
    );
  }
  const local = await openStores(config);
  try {
    return values.stores ? await stores(local, values.json, io) : await services(local, values, io);
  } finally {
    await local.close();
  }
}

async function stores({ context }: Local, json: boolean | undefined, io: Io): Promise<number> {
  const checks = await checkStores(context, () => randomBytes(8).toString('hex'));
  const ok = checks.every((check) => check.ok);
  if (json) io.stdout(`${JSON.stringify({ ok, checks })}\n`);
  else {
    io.stdout(
      table(checks.map((one) => [one.ok ? 'ok' : 'REFUSED', one.store, one.check, one.detail])) +
        (ok ? '' : '\nThese stores would count uploads twice: use others, see docs/operations\n'),
    );
  }
  return ok ? EXIT.done : EXIT.failed;
}

interface Values {
  readonly service?: string | undefined;
  readonly project: string;
  readonly json?: boolean | undefined;
}

async function services({ context }: Local, { service, project, json }: Values, io: Io): Promise<number> {
  const known = (await listServices(context.records, project)).map((one) => one.service);
  const asked = service === undefined ? known : known.filter((one) => one === service);
  if (service !== undefined && asked.length === 0) {
    throw new Fault('not-found', `Cannot find service "${service}" in project "${project}"`);
  }
  const answers = await Promise.all(asked.map((one) => healthAnswer(context, project, one)));
  if (json) io.stdout(`${JSON.stringify({ services: answers })}\n`);
  else if (answers.length > 0) io.stdout(answers.map(toText).join('\n'));
  else io.stdout('Nothing has arrived yet; see /setup for the lines to paste.\n');
  return EXIT.done;
}

function toText({
  sentence,
  arrives,
  missing,
  unusedMetrics,
}: Awaited<ReturnType<typeof healthAnswer>>): string {
  const rows = arrives.map(({ signal, from, points, intervalS, goodFor }) => [
    `  ${signal}`,
    from,
    `${points} points`,
    `every ${Math.round(intervalS)} s`,
    goodFor,
  ]);
  const lacks = missing.map(
    ({ what, why, lines }) => `  missing: ${what}: ${why}\n${lines.replaceAll(/^/gm, '    ')}\n`,
  );
  const unused =
    unusedMetrics.length === 0 ? '' : `  not used: ${unusedMetrics.map(({ name }) => name).join(', ')}\n`;
  return `${sentence}\n${rows.length === 0 ? '' : table(rows)}${lacks.join('')}${unused}`;
}
