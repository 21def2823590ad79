import type { Site } from '../flame/sites.ts';
import type { FindingLine } from '../model/finding.ts';

const SDK = /sentry|opentelemetry|pyroscope|datadog|dd-trace|ddtrace|newrelic|elastic-apm|tidemark/i;

/** Whose code a line is, and the team's own line that led there. */
export const ownedLine = ({ name, file, line, inApp, calledFrom }: Site) => ({
  ...{ name, file, line },
  calledFrom: calledFrom ?? null,
  owner: ownerOf(`${file} ${name}`, inApp),
});

function ownerOf(place: string, inApp: number): FindingLine['owner'] {
  if (SDK.test(place)) return 'sdk';
  if (inApp === 1) return 'own';
  return inApp === 0 ? 'library' : 'unknown';
}
