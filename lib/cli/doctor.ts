import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../compose/config.ts';
import { openLocal } from '../compose/local.ts';
import { healthAnswer } from '../jobs/answers/health.ts';
import { Fault } from '../model/fault.ts';
import type { ServiceName } from '../model/service.ts';
import { listServices } from '../records/services.ts';
import { EXIT, type Io } from './command.ts';
import { table } from './table.ts';

const HELP = `Usage: tidemark doctor [--service S] [--project P] [--data DIR] [--json]

Says of each service what arrives, what is missing for a verdict, and the line to add. Works beside a running server.
`;

export async function doctor(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      service: { type: 'string' },
      project: { type: 'string', default: 'default' },
      data: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.stdout(HELP);
    return EXIT.done;
  }
  const config = readConfig(process.env, values.data === undefined ? {} : { dataDir: values.data });
  if (!existsSync(join(config.dataDir, 'tidemark.db'))) {
    throw new Fault(
      'not-found',
      `Cannot find data in "${config.dataDir}": name the server's folder by --data, or start it first`,
    );
  }
  const local = await openLocal(config);
  try {
    const known = (await listServices(local.context.records, values.project)).map(({ service }) => service);
    const asked =
      values.service === undefined ? known : known.filter((service) => service === values.service);
    if (values.service !== undefined && asked.length === 0) {
      throw new Fault('not-found', `Cannot find service "${values.service}" in project "${values.project}"`);
    }
    const answers = await Promise.all(
      asked.map((service: ServiceName) => healthAnswer(local.context, values.project, service)),
    );
    if (values.json) io.stdout(`${JSON.stringify({ services: answers })}\n`);
    else
      io.stdout(
        answers.length === 0
          ? 'Nothing has arrived yet; see /setup for the lines to paste.\n'
          : answers.map(toText).join('\n'),
      );
    return EXIT.done;
  } finally {
    await local.close();
  }
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
