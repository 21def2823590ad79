// Every weight of the repair does something: the sum is written out by hand, and a feature may be forgotten in it.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSet } from '../../bench/traces/labelled.ts';
import { factsOf } from '../../lib/traces/nesting/deployments.ts';
import { emptyVector, scoreOf, WEIGHTS } from '../../lib/traces/nesting/features.ts';
import { repairEndpoint } from '../../lib/traces/nesting/repair.ts';
import { DEFAULTS } from '../../lib/traces/nesting/settings.ts';
import { Keys, tableOf } from '../../lib/traces/nesting/span-table.ts';

const path = fileURLToPath(
  new URL('../fixtures/nesting/sentry-random-early-forget.jsonl.gz', import.meta.url),
);
const keys = new Keys();
const facts = factsOf(
  readSet(path)
    .slice(0, 20)
    .map(({ trace }) => tableOf(trace, keys)),
  DEFAULTS,
);
const certaintiesWith = (weights: typeof WEIGHTS) =>
  repairEndpoint(facts, DEFAULTS, weights).flatMap(({ certainty }) => [...certainty]);
const before = certaintiesWith(WEIGHTS);

describe('weights of the repair', () => {
  it.each(Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[])('%s moves the score, and repairs', (name) => {
    const moved = { ...WEIGHTS, [name]: WEIGHTS[name] + 1 } as typeof WEIGHTS;
    const vector = { ...emptyVector(), [name]: 1 };
    expect(scoreOf(vector, WEIGHTS)).toBe(WEIGHTS[name]);
    expect(scoreOf(vector, moved)).toBe(WEIGHTS[name] + 1);
    expect(certaintiesWith(moved)).not.toEqual(before);
  });
});
