import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ApiFinding, ApiService } from '../../http/schemas.ts';
import { isCountRole } from '../../model/memory.ts';
import { type Api, apiAt } from './api.ts';
import {
  bugOf,
  type Child,
  type ShopReport,
  serverCommand,
  shopCommand,
  shopPort,
  startChild,
  stopChild,
} from './children.ts';
import { type Guard, startGuard } from './guard.ts';
import { type Load, startLoad } from './load.ts';
import { type Plan, RUN_S } from './plan.ts';
import { choosePort, HOST } from './ports.ts';
import type { Outcome } from './report.ts';

const POLL_MS = 1000;
/** A busy machine may keep an answer waiting, and the next poll asks again; this long without one is a failure. */
const SILENT_MAX_MS = 30_000;

export interface DemoOptions {
  readonly plan: Plan;
  readonly noLeak: boolean;
}

/** What is shown while it runs. Nothing in it comes from the plan. */
export interface Progress {
  readonly seconds: number;
  readonly requests: number;
  readonly majorCollections: number;
  readonly floorBytes: number | undefined;
  readonly verdict: string | undefined;
}

export interface Watcher {
  said(line: string): void;
  progressed(progress: Progress): void;
}

/** A demo that has been started: a server, a shop and traffic. */
export interface Demo {
  readonly url: string;
  /** Resolves at the first leak finding, or two minutes after the first request. Rejects if something breaks. */
  outcome(): Promise<Outcome>;
  /** Keeps going, restarts the shop once as a supervisor would, and resolves when `signal` aborts. */
  keepRunning(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDemo(
  options: DemoOptions,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Demo | undefined> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-demo-'));
  const parts = new Parts(options, watcher, signal, startGuard(dataDir));
  try {
    const ready = await parts.start(dataDir);
    if (ready) return parts;
  } catch (error) {
    await parts.stop();
    throw error;
  }
  await parts.stop();
  return undefined;
}

class Parts implements Demo {
  readonly #options: DemoOptions;
  readonly #watcher: Watcher;
  readonly #signal: AbortSignal;
  readonly #guard: Guard;
  #url = '';
  #api: Api = apiAt('');
  #server: Child | undefined;
  #serverEnded: string | undefined;
  #shop: Child | undefined;
  #shopPort = 0;
  #load: Load | undefined;
  #answeredAt = Date.now();
  #firstRequestAt: number | undefined;
  #collections = 0;
  #collectionsAtOnset: number | undefined;
  #restarts = 0;
  #stopping = false;

  constructor(options: DemoOptions, watcher: Watcher, signal: AbortSignal, guard: Guard) {
    this.#options = options;
    this.#watcher = watcher;
    this.#signal = signal;
    this.#guard = guard;
  }

  get url(): string {
    return this.#url;
  }

  /** Resolves with false when it was told to stop before it was up. */
  async start(dataDir: string): Promise<boolean> {
    const port = await choosePort();
    this.#url = `http://${HOST}:${port}`;
    this.#api = apiAt(this.#url);
    const server = startChild(serverCommand(dataDir, port, process.env), false);
    this.#server = server;
    this.#guard.watch(server);
    void server.ended.then((how) => {
      this.#serverEnded = how;
    });
    const up = await Promise.race([this.#api.ready(this.#signal), server.ended]);
    if (this.#signal.aborted) return false;
    if (up !== true) throw new Error(`The server did not come up: ${server.lastWords().trim() || up}`);
    this.#watcher.said(`Tidemark listens at ${this.#url}`);

    await this.#startShop(this.#options.plan.leak.onsetS);
    if (this.#signal.aborted) return false;
    this.#load = startLoad(this.#options.plan, () => this.#shopPort);
    return true;
  }

  async #startShop(onsetS: number): Promise<void> {
    const bug = bugOf(this.#options.plan, this.#options.noLeak, onsetS);
    const shop = startChild(shopCommand(bug, this.#url, process.env), true);
    this.#shop = shop;
    this.#guard.watch(shop);
    const collectionsBefore = this.#collections;
    shop.process.on('message', (report: ShopReport) => this.#hear(report, collectionsBefore));
    this.#shopPort = await shopPort(shop);
    void shop.ended.then((how) => this.#onShopEnd(how));
  }

  /** A restarted shop counts from zero again; the run's clock and count go on. */
  #hear({ firstRequestAt, majorCollections }: ShopReport, collectionsBefore: number): void {
    this.#firstRequestAt ??= firstRequestAt;
    this.#collections = collectionsBefore + majorCollections;
    if (this.#seconds() >= this.#options.plan.leak.onsetS) this.#collectionsAtOnset ??= this.#collections;
  }

  /** A leaking service is killed by its limit in the end. Somebody would restart it, and the bug would still be there. */
  #onShopEnd(how: string): void {
    if (this.#signal.aborted || this.#stopping) return;
    if (this.#restarts > 0) {
      this.#watcher.said(`The shop ${how} again. It stays down; the server keeps running.`);
      this.#load?.stop();
      return;
    }
    this.#restarts++;
    this.#watcher.said(`The shop ${how}, out of memory most likely. Restarting it once, bug and all.`);
    this.#startShop(0).catch((error: Error) => this.#watcher.said(error.message));
  }

  async outcome(): Promise<Outcome> {
    for (;;) {
      const seconds = this.#seconds();
      const finding = await this.#poll();
      if (finding !== undefined || seconds >= RUN_S || this.#signal.aborted)
        return this.#outcomeOf(finding, seconds);
      await setTimeout(POLL_MS, undefined, { signal: this.#signal }).catch(() => {}); // told to stop
    }
  }

  async #poll(): Promise<ApiFinding | undefined> {
    if (this.#serverEnded !== undefined)
      throw new Error(`The server ${this.#serverEnded}: ${this.#server?.lastWords().trim()}`);
    const [finding, shop] = await this.#ask();
    this.#watcher.progressed({
      seconds: this.#seconds(),
      requests: Object.values(this.#load?.sent ?? {}).reduce((sum, n) => sum + n, 0),
      majorCollections: this.#collections,
      // The server shows the role that most needs a look, which may be a count of handles.
      floorBytes: shop?.role && !isCountRole(shop.role) ? shop.floor.at(-1)?.[1] : undefined,
      verdict: shop?.verdict ?? undefined,
    });
    return finding;
  }

  async #ask(): Promise<[ApiFinding | undefined, ApiService | undefined]> {
    try {
      const answers = await Promise.all([this.#api.leakFinding(), this.#api.shop()]);
      this.#answeredAt = Date.now();
      return answers;
    } catch (error) {
      if (Date.now() - this.#answeredAt > SILENT_MAX_MS) throw error;
      return [undefined, undefined];
    }
  }

  /** Since the first request. */
  #seconds(): number {
    const now = Date.now();
    return (now - (this.#firstRequestAt ?? this.#load?.startedAt ?? now)) / 1000;
  }

  #outcomeOf(finding: ApiFinding | undefined, seconds: number): Outcome {
    return {
      finding,
      url: finding ? `${this.#url}/findings/${finding.id}` : this.#url,
      seconds,
      plan: this.#options.plan,
      noLeak: this.#options.noLeak,
      firstRequestAt: this.#firstRequestAt ?? Date.now(),
      majorCollectionsAfterOnset: this.#collections - (this.#collectionsAtOnset ?? this.#collections),
    };
  }

  async keepRunning(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      this.#signal.addEventListener('abort', () => resolve());
    });
    const ended = await Promise.race([stopped, this.#server?.ended]);
    if (ended !== undefined) this.#watcher.said(`The server ${ended}.`);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#load?.stop();
    if (this.#shop) await stopChild(this.#shop);
    if (this.#server) await stopChild(this.#server);
    await this.#guard.close();
  }
}
