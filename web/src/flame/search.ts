import type { FlameModel } from './model.ts';

/** Names that hold the text, whatever its case; undefined when nothing is searched for. */
export function hitsOf({ names, files }: FlameModel, text: string): ReadonlySet<number> | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return undefined;
  const isHit = (i: number) => `${names[i]} ${files[i]}`.toLowerCase().includes(wanted);
  return new Set([...names.keys()].filter((i) => i > 0 && isHit(i)));
}

/** Share of the whole under frames that are found, each sample once. */
export function shareText(model: FlameModel, hits: ReadonlySet<number>): string {
  const within = new Uint8Array(model.count);
  let sum = 0;
  for (let node = 1; node < model.count; node += 1) {
    const up = model.parent[node] as number;
    const isHit = hits.has(model.name[node] as number);
    if (isHit && !within[up]) sum += model.whole.total[node] as number;
    if (isHit || within[up]) within[node] = 1;
  }
  const whole = model.whole.total[0] as number;
  return hits.size === 0 ? 'not found' : `${whole > 0 ? ((100 * sum) / whole).toFixed(1) : 0}\u2009%`;
}

/** The next found frame after the one that is shown, round and round. */
export function nextHit(model: FlameModel, hits: ReadonlySet<number>, zoom: number): number {
  for (let i = 1; i <= model.count; i += 1) {
    const node = (zoom + i) % model.count;
    if (hits.has(model.name[node] as number) && (model.whole.total[node] as number) > 0) return node;
  }
  return zoom;
}
