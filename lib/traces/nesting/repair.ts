import { candidateFinder } from './candidates.ts';
import { END_WEIGHTS, emptyVector, featuresOf, scoreOf, WEIGHTS, type Weights } from './features.ts';
import type { LayerTest } from './learned-layers.ts';
import { Prior } from './prior.ts';
import { begin, copyOf, emptyReading, finish, type Reading } from './reading.ts';
import type { Settings } from './settings.ts';
import { ROOT, type SpanTable } from './span-table.ts';
import { NEAR_MS, type Timeline, timelineOf } from './timeline.ts';

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
  const readers = (prior: Prior | undefined) =>
    traces.map(({ isLayer }, t) => new Reader(timelines[t]!, isLayer, prior, settings, weights));
  const prior = learnPrior(readers, settings.rounds - 1);
  return readers(prior).map((reader) => reader.certainties(reader.best()));
}

/** What an endpoint's traces tell one another about which spans call which. Long ones learn, and teach if none else can. */
function learnPrior(
  readers: (prior: Prior | undefined) => readonly Reader[],
  rounds: number,
): Prior | undefined {
  let prior: Prior | undefined;
  for (let round = 0; round < rounds; round++) {
    const all = readers(prior);
    const short = all.filter((reader) => !reader.isLong());
    const teachers = short.length > 0 ? short : all;
    const next = new Prior();
    for (const reader of teachers) reader.teach(next, reader.best());
    prior = next;
    if (short.length === 0 || (round >= FEWEST_LESSONS - 1 && !prior.isRegular())) break;
  }
  return prior;
}

/** An endpoint whose requests all differ has no more to teach after this many. */
const FEWEST_LESSONS = 2;

/** Beyond this many spans one reading is kept, since copies of readings cost the square of the spans. */
const LONG = 500;
/** A reading that is e^10 less likely than the best one is given up. */
const HOPELESS = 10;
const PLAUSIBLE = 0.05;

interface Extension {
  readonly from: Reading;
  readonly parent: number;
  readonly score: number;
}

/** Reads one trace from start to end. */
class Reader {
  readonly #timeline: Timeline;
  readonly #isLayer: LayerTest;
  readonly #prior: Prior | undefined;
  readonly #settings: Settings;
  readonly #weights: Weights;
  readonly #vector = emptyVector();

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

  isLong(): boolean {
    return this.#timeline.table.spans.length > LONG;
  }

  /** Parents of the best reading, by beam search. */
  best(): Int32Array {
    const { table, tightMs } = this.#timeline;
    const width = this.isLong() ? 1 : this.#settings.beam;
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
        for (const reading of readings) {
          finish(reading, table, child);
          reading.score += this.#endScore(reading, child);
        }
      },
    );
    return readings.reduce((best, one) => (one.score > best.score ? one : best)).parent;
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

  /** Tells the next round who was and who could have been whose parent. */
  teach(prior: Prior, parents: Int32Array): void {
    const { key } = this.#timeline.table;
    this.follow(parents, (child, candidates, reading) => {
      const shares = this.#shares(reading, child, candidates);
      const byKey = new Map<number, number>();
      for (const [k, p] of candidates.entries()) {
        const parentKey = p === ROOT ? ROOT : key[p]!;
        byKey.set(parentKey, (byKey.get(parentKey) ?? 0) + shares[k]!);
      }
      for (const [parentKey, share] of byKey) prior.offer(parentKey, key[child]!, share);
    });
  }

  certainties(parents: Int32Array): Repair {
    const certainty = new Float64Array(parents.length);
    const rivals = new Map<number, readonly number[]>();
    this.follow(parents, (child, candidates, reading) => {
      const shares = this.#shares(reading, child, candidates);
      certainty[child] = shares[candidates.indexOf(parents[child]!)]!;
      if (certainty[child]! < this.#settings.minCertainty)
        rivals.set(
          child,
          candidates.filter((_, k) => shares[k]! >= PLAUSIBLE),
        );
    });
    return { parent: parents, certainty, rivals };
  }

  /** Probabilities of the candidates: softmax of their scores. */
  #shares(reading: Reading, child: number, candidates: readonly number[]): number[] {
    const scores = candidates.map((p) => this.#score(reading, child, p));
    const top = Math.max(...scores);
    const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
    return scores.map((s) => Math.exp(s - top) / total);
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
    let kept: Extension[] = [];
    for (const from of readings)
      for (const parent of candidates) {
        const score = from.score + this.#score(from, child, parent);
        if (kept.length === width && score <= kept.at(-1)!.score) continue;
        const place = kept.findIndex((other) => score > other.score);
        kept.splice(place < 0 ? kept.length : place, 0, { from, parent, score });
        if (kept.length > width) kept.pop();
      }
    const hopeless = kept[0]!.score - HOPELESS;
    kept = kept.filter(({ score }) => score > hopeless);
    // A reading goes on in place once; before that, each further way out of it gets a copy.
    const lastUse = new Map(kept.map(({ from }, k) => [from, k]));
    return kept.map(({ from, parent, score }, k) => {
      const reading = lastUse.get(from) === k ? from : copyOf(from);
      reading.score = score;
      return { reading, parent };
    });
  }

  #endScore({ parent, live, peak, lastEnd }: Reading, child: number): number {
    const { table, isAlone } = this.#timeline;
    const slot = child + 1;
    const isCaller = peak[slot]! > 0;
    let score = 0;
    if (isAlone[child] === 1 && live[parent[child]! + 1] === 0) score += END_WEIGHTS.lonely;
    if (table.leaf[child] === 0 && !isCaller) score += END_WEIGHTS.empty;
    if (isCaller && live[slot] === 0 && table.end[child]! - lastEnd[slot]! >= NEAR_MS)
      score += END_WEIGHTS.uncaused;
    return score;
  }

  #score(reading: Reading, child: number, candidate: number): number {
    featuresOf(this.#timeline, reading, child, candidate, this.#prior, this.#vector);
    return scoreOf(this.#vector, this.#weights);
  }
}
