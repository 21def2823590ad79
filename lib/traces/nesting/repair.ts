import { candidateFinder } from './candidates.ts';
import { FEATURES, type Feature, featuresOf, WEIGHTS, type Weights } from './features.ts';
import type { LayerTest } from './learned-layers.ts';
import { Prior } from './prior.ts';
import { begin, copyOf, emptyReading, finish, type Reading } from './reading.ts';
import type { Settings } from './settings.ts';
import { ROOT, type SpanTable } from './span-table.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** A misnested trace read anew. */
export interface Repair {
  /** Index of the parent of each span of the table, or ROOT. Parents start no later than their children: no cycles. */
  readonly parent: Int32Array;
  /** Probability of that parent among the possible ones, 0..1. */
  readonly certainty: Float64Array;
  /** Parents with a probability of 5 % or more, of each span below `minCertainty`. */
  readonly rivals: ReadonlyMap<number, readonly number[]>;
}

/** A trace to repair, with which of its leaves may hold another span. */
export interface Misnested {
  readonly table: SpanTable;
  readonly isLayer: LayerTest;
}

/**
 * Finds the likeliest parents of the spans of one endpoint's misnested traces. The reported parents are not used: they
 * follow from the times (`replay.ts`). Each pass over the traces teaches the next which spans call which.
 * O(spans × spans alive at once), the latter bounded by `maxCandidates`.
 */
export function repairEndpoint(
  traces: readonly Misnested[],
  settings: Settings,
  weights: Weights = WEIGHTS,
): Repair[] {
  const timelines = traces.map(({ table }) => timelineOf(table));
  let prior: Prior | undefined;
  let parents: Int32Array[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    const next = new Prior();
    parents = traces.map(({ isLayer }, t) => {
      const reader = new Reader(timelines[t]!, isLayer, prior, settings, weights);
      const reading = reader.best();
      if (round < settings.rounds - 1) reader.teach(next, reading);
      return reading;
    });
    if (round < settings.rounds - 1) prior = next;
  }
  return traces.map(({ isLayer }, t) =>
    new Reader(timelines[t]!, isLayer, prior, settings, weights).certainties(parents[t]!),
  );
}

/** Beyond this many spans one reading is kept: copies of readings cost the square of the spans. */
const LONGEST_FORKED = 2000;
/** A reading that is e^10 less likely than the best one is given up. */
const HOPELESS = 10;
const PLAUSIBLE = 0.05;

interface Extension {
  readonly from: Reading;
  readonly parent: number;
  readonly score: number;
}

/** Reads one trace from start to end. */
export class Reader {
  readonly #timeline: Timeline;
  readonly #isLayer: LayerTest;
  readonly #prior: Prior | undefined;
  readonly #settings: Settings;
  readonly #weights: Weights;
  readonly #vector = Object.fromEntries(FEATURES.map((f) => [f, 0])) as Record<Feature, number>;

  constructor(
    timeline: Timeline,
    isLayer: LayerTest,
    prior: Prior | undefined,
    settings: Settings,
    weights: Weights,
  ) {
    this.#timeline = timeline;
    this.#isLayer = isLayer;
    this.#prior = prior;
    this.#settings = settings;
    this.#weights = weights;
  }

  /** Parents of the best reading, by beam search. */
  best(): Int32Array {
    const { table, tightMs } = this.#timeline;
    const width = table.spans.length > LONGEST_FORKED ? 1 : this.#settings.beam;
    let readings = [emptyReading(table)];
    this.#walk(
      (child, candidates) => {
        const chosen = this.#extend(readings, child, candidates, width);
        readings = chosen.map(({ reading, parent }) => {
          begin(reading, table, child, parent, tightMs);
          return reading;
        });
      },
      (child) => {
        for (const reading of readings) finish(reading, table, child);
      },
    );
    return readings[0]!.parent;
  }

  /** Walks the given reading; `see` gets the scores of all candidates of each span. */
  follow(
    parents: Int32Array,
    see: (child: number, candidates: readonly number[], reading: Reading) => void,
  ): void {
    const { table, tightMs } = this.#timeline;
    const reading = emptyReading(table);
    this.#walk(
      (child, candidates) => {
        see(child, candidates, reading);
        begin(reading, table, child, parents[child]!, tightMs);
      },
      (child) => finish(reading, table, child),
    );
  }

  /** Counts, for the next round, who was and who could have been whose parent. */
  teach(prior: Prior, parents: Int32Array): void {
    const { key } = this.#timeline.table;
    const keyOf = (span: number) => (span === ROOT ? ROOT : key[span]!);
    this.#walk(
      (child, candidates) => {
        const chosen = keyOf(parents[child]!);
        for (const parent of new Set(candidates.map(keyOf)))
          prior.offer(parent, key[child]!, parent === chosen);
      },
      () => {},
    );
  }

  certainties(parents: Int32Array): Repair {
    const certainty = new Float64Array(parents.length);
    const rivals = new Map<number, readonly number[]>();
    this.follow(parents, (child, candidates, reading) => {
      const scores = candidates.map((p) => this.#score(reading, child, p));
      const top = Math.max(...scores);
      const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
      const share = scores.map((s) => Math.exp(s - top) / total);
      certainty[child] = share[candidates.indexOf(parents[child]!)]!;
      if (certainty[child]! < this.#settings.minCertainty)
        rivals.set(
          child,
          candidates.filter((_, k) => share[k]! >= PLAUSIBLE),
        );
    });
    return { parent: parents, certainty, rivals };
  }

  #walk(
    onStart: (child: number, candidates: readonly number[]) => void,
    onEnd: (child: number) => void,
  ): void {
    const { table, events } = this.#timeline;
    const finder = candidateFinder(table, this.#isLayer, this.#settings);
    for (const event of events) {
      const span = event >> 1;
      if ((event & 1) === 1) {
        onEnd(span);
        finder.close(span);
      } else {
        onStart(span, finder.of(span));
        finder.open(span);
      }
    }
  }

  #extend(readings: readonly Reading[], child: number, candidates: readonly number[], width: number) {
    const extensions: Extension[] = [];
    for (const from of readings)
      for (const parent of candidates)
        extensions.push({ from, parent, score: from.score + this.#score(from, child, parent) });
    extensions.sort((a, b) => b.score - a.score);
    const hopeless = extensions[0]!.score - HOPELESS;
    const kept = extensions.slice(0, width).filter(({ score }) => score > hopeless);
    // A reading goes on in place once; before that, each further way out of it gets a copy.
    const lastUse = new Map(kept.map(({ from }, k) => [from, k]));
    return kept.map(({ from, parent, score }, k) => {
      const reading = lastUse.get(from) === k ? from : copyOf(from);
      reading.score = score;
      return { reading, parent };
    });
  }

  #score(reading: Reading, child: number, candidate: number): number {
    featuresOf(this.#timeline, reading, child, candidate, this.#prior, this.#vector);
    let score = 0;
    for (const feature of FEATURES) score += this.#weights[feature] * this.#vector[feature];
    return score;
  }
}
