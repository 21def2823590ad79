import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { startChild } from '../../../test/server/child-server.ts';
import type { Said, SaidCohort } from './judge.ts';
import type { Kind } from './kinds.ts';
import { startLoad } from './load.ts';
import { measureTruth, type Program, pause, startProgram } from './program.ts';
import { commandOf } from './tools.ts';

/** Everything else of the server is as in production. */
const SCAN_INTERVAL_S = 10;
/** Go's collector tells its live heap at collections alone, which come with what is allocated: busier, in smaller units. */
const GO_FACTOR = 4;
const POLL_FROM_MS = 60_000;
const POLL_MS = 5000;
/** After the traffic: for the last export to be taken in, and one more scan. */
const LAST_SCAN_MS = SCAN_INTERVAL_S * 1000 + 3000;

export interface Plan {
  readonly kind: Kind;
  readonly variant: 'leak' | 'fixed';
  readonly seed: number;
}

export interface Ended {
  readonly plan: Plan;
  readonly said: Said;
  /** Bytes per unit; of the clock per second; NaN of a fixed program. */
  readonly truth: number;
  readonly sent: number;
  readonly failed: number;
}

export interface Settings {
  readonly tools: string;
  readonly seconds: number;
  readonly perSecond: number;
  /** Where the server's data folder is copied to in the end, for `replay.ts`. */
  readonly keep?: string | undefined;
  /** Ends the run early once it holds of every leaking program; asked from `POLL_FROM_MS` on. */
  readonly isEnough?: (plan: Plan, said: Said) => boolean;
}

/** Runs some programs at once against one fresh server, and asks it of each by its API in the end. */
export async function runBatch(plans: readonly Plan[], settings: Settings): Promise<readonly Ended[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-live-data-'));
  const server = await startChild({ dataDir, env: { TIDEMARK_SCAN_INTERVAL_S: String(SCAN_INTERVAL_S) } });
  const programs: Program[] = [];
  const orphan = () => server.process.kill(); // the programs end by themselves when we are gone
  process.once('exit', orphan);
  try {
    // All are up before the first request: on few cores a start takes the others' time.
    for (const { kind, variant } of plans)
      programs.push(
        await startProgram(commandOf(settings.tools, kind, variant), `${kind.name}-${variant}`, server.url),
      );
    const enough = pollEnough(plans, programs, server.url, settings);
    return await Promise.all(
      plans.map((plan, i) => runOne(plan, programs[i] as Program, { ...settings, url: server.url, enough })),
    );
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await server.end('SIGTERM');
    process.off('exit', orphan);
    if (settings.keep) await cp(dataDir, join(settings.keep, plans[0]?.kind.name ?? ''), { recursive: true });
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Resolves when the server has said enough of every leaking program, or the time is up. */
async function pollEnough(
  plans: readonly Plan[],
  programs: readonly Program[],
  url: string,
  { seconds, isEnough }: Settings,
): Promise<undefined> {
  const began = Date.now();
  const left = () => seconds * 1000 - (Date.now() - began);
  await pause(isEnough ? Math.min(POLL_FROM_MS, left()) : left());
  while (isEnough && left() > 0) {
    const leaking = plans.flatMap((plan, i) =>
      plan.variant === 'leak' ? [[plan, programs[i]!] as const] : [],
    );
    const said = await Promise.all(leaking.map(([, { service }]) => ask(url, service)));
    if (leaking.every(([plan], i) => isEnough(plan, said[i]!))) return undefined;
    await pause(POLL_MS);
  }
  return undefined;
}

interface Scene {
  readonly url: string;
  readonly perSecond: number;
  readonly enough: Promise<undefined>;
}

async function runOne(plan: Plan, program: Program, { url, perSecond, enough }: Scene): Promise<Ended> {
  const { kind, variant, seed } = plan;
  const rate = perSecond * (kind.language === 'go' ? GO_FACTOR : 1);
  const load = startLoad({ kind, port: program.port, perSecond: rate, seed });
  const died = await Promise.race([enough, program.ended]);
  await pause(LAST_SCAN_MS);
  const said = await ask(url, program.service);
  load.stop();
  const truth = variant === 'leak' ? await measured(program, plan) : Number.NaN;
  if (died !== undefined) process.stderr.write(`${died}\n`);
  await program.stop();
  return { plan, said, truth, sent: load.sent, failed: load.failed };
}

/** NaN of a program that is gone, which its last words explain. */
const measured = (program: Program, { kind }: Plan): Promise<number> =>
  measureTruth(program, kind).catch(async (error: Error) => {
    const words = await Promise.race([program.ended, pause(500)]);
    process.stderr.write(`${program.service}: ${error.message} ${words ?? 'while it runs'}\n`);
    return Number.NaN;
  });

async function ask(url: string, service: string): Promise<Said> {
  const items = async <T>(path: string) => {
    const response = await fetch(`${url}/api/v1${path}`, { headers: { connection: 'close' } });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
    return ((await response.json()) as { items: T[] }).items;
  };
  const findings = await items<ApiFinding>('/findings');
  return {
    findings: findings.filter((finding) => finding.service === service),
    cohorts: await items<SaidCohort>(`/services/${service}/leaks`),
  };
}
