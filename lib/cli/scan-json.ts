import type { Releases } from '../model/finding.ts';
import { SECOND_MS } from '../model/units.ts';
import type { Scanned } from './scan-view.ts';

/** The shape of `docs/cli.md`: times in seconds on the file's own clock. */
export function toJson({ file, service, version, instance, role, result, rules, releases }: Scanned) {
  return {
    file,
    series: { service, version, instance, role },
    verdict: result.verdict,
    confidence: result.confidence,
    onset: result.onset && {
      t: seconds(result.onset.t),
      low: seconds(result.onset.low),
      high: seconds(result.onset.high),
    },
    slopeBytesPerHour: result.slopeBytesPerHour,
    timeToLimitS: result.timeToLimitS?.value ?? null,
    floor: result.floor,
    segments: result.segments.map((s) => ({
      from: seconds(s.from),
      to: seconds(s.to),
      startValue: s.startValue,
      slopePerS: s.slopePerMs * SECOND_MS,
    })),
    reason: result.reason,
    suspects: result.suspects.map((s) => ({
      units: s.units.map((u) => u.name),
      kind: s.units[0]?.kind ?? s.cause,
      bytesPerUnit: s.bytesPerUnit,
      weight: s.weight,
    })),
    rules: rules.map(({ rule, state, since }) => ({
      rule,
      state,
      since: since === null ? null : seconds(since),
    })),
    releases: releases && releasesJson(releases),
  };
}

const seconds = (ms: number) => ms / SECOND_MS;

function releasesJson({ by, items, firstBad, fix }: Releases) {
  const inSeconds = ({ from, to, ...item }: Releases['items'][number]) => ({
    ...item,
    from: seconds(from),
    to: seconds(to),
  });
  return { by, items: items.map(inSeconds), firstBad, fix };
}
