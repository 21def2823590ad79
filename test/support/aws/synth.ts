import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is data of CloudFormation, read by tests alone
  readonly Properties: Record<string, any>;
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** What `cdk deploy` would upload: templates, and the folder of each function's bundle. */
export interface Assembly {
  readonly data: Template;
  readonly service: Template;
  /** By the name of the file in functions/. */
  bundle(entry: string): string;
  /** The function's resource. */
  lambda(entry: string): Resource;
  close(): Promise<void>;
}

export const ENTRIES = ['ingest', 'api', 'analyze', 'schedule', 'work', 'notify'] as const;

/** Has templates say where their assets lie. */
const OF_THE_CLI = { 'aws:cdk:enable-asset-metadata': true };

/** Runs the CDK app as its CLI would, with an empty environment: no account, no region, no network. */
export async function synth(context: Readonly<Record<string, string>> = {}): Promise<Assembly> {
  const out = await mkdtemp(join(tmpdir(), 'tidemark-synth-'));
  const defaults = (JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8')) as { context: object })
    .context;
  await run({
    CDK_OUTDIR: out,
    CDK_CONTEXT_JSON: JSON.stringify({ ...defaults, ...OF_THE_CLI, ...context }),
  });
  const template = async (stack: string) =>
    JSON.parse(await readFile(join(out, `${stack}.template.json`), 'utf8')) as Template;
  const name = context['tidemark:name'] ?? 'tidemark';
  const [data, service] = await Promise.all([template(`${name}-data`), template(`${name}-service`)]);
  const lambda = (entry: string) => {
    const wanted = `Tidemark: ${DESCRIPTIONS[entry]}`;
    const found = Object.values(service.Resources).find(
      ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Description === wanted,
    );
    if (found === undefined) throw new Error(`The template has no function "${wanted}"`);
    return found;
  };
  return {
    data,
    service,
    lambda,
    bundle: (entry) => join(out, lambda(entry).Metadata?.['aws:asset:path'] ?? ''),
    close: () => rm(out, { recursive: true, force: true }),
  };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  ingest: 'takes uploads',
  api: 'read API and UI',
  analyze: 'analyses stored uploads',
  work: 'scans, sweeps, rolls up',
  notify: 'sends messages about findings',
  schedule: 'enqueues tasks',
};

async function run(environment: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, ['infra/app.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: tmpdir(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`The CDK app ended with ${code}:\n${said}`);
}
