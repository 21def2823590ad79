import type { Seen } from '../../segments/kinds/columns.ts';
import type { InstanceState } from '../../segments/kinds/instance.ts';

/** Every value that one fact of an instance had, with when it was seen. */
export function valuesOfFact(instance: InstanceState, name: string): { value: string; seen: Seen }[] {
  const found: { value: string; seen: Seen }[] = [];
  for (const [key, seen] of instance.facts) {
    const [factName, value] = JSON.parse(key) as [string, string];
    if (factName === name) found.push({ value, seen });
  }
  return found;
}

/** The value of a fact in [from, to]: the one seen last, if several were. */
export function factIn(instance: InstanceState, name: string, from: number, to: number): string | undefined {
  const during = valuesOfFact(instance, name).filter(({ seen }) => seen.first <= to && seen.last >= from);
  return during.sort((a, b) => b.seen.last - a.seen.last)[0]?.value;
}
