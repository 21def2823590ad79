import { median, type Points, slicePoints } from './statistics.ts';

/** Minimum of each `size` neighbours, at the time of the minimum; an incomplete last bucket is dropped. */
export function bucketMinima({ times, values }: Points, size: number): Points {
  const n = Math.floor(times.length / size);
  const outTimes = new Float64Array(n);
  const outValues = new Float64Array(n);
  for (let b = 0; b < n; b++) {
    let best = b * size;
    for (let i = best + 1; i < (b + 1) * size; i++) if (values[i]! < values[best]!) best = i;
    outTimes[b] = times[best]!;
    outValues[b] = values[best]!;
  }
  return { times: outTimes, values: outValues };
}

/** At most `limit` buckets: minima (floors, where garbage only adds) or medians. */
export function decimate(points: Points, limit: number, kind: 'minima' | 'medians'): Points {
  const n = points.times.length;
  if (n <= limit) return points;
  const times = new Float64Array(limit);
  const values = new Float64Array(limit);
  for (let b = 0; b < limit; b++) {
    const from = Math.floor((b * n) / limit);
    const to = Math.floor(((b + 1) * n) / limit);
    const bucket = slicePoints(points, from, to);
    if (kind === 'medians') {
      times[b] = median(bucket.times);
      values[b] = median(bucket.values);
      continue;
    }
    let best = 0;
    for (let i = 1; i < to - from; i++) if (bucket.values[i]! < bucket.values[best]!) best = i;
    times[b] = bucket.times[best]!;
    values[b] = bucket.values[best]!;
  }
  return { times, values };
}
