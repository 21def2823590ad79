import { isSdkCode } from '../flame/sdk-code.ts';
import type { Site } from '../flame/sites.ts';
import { guessInApp } from '../formats/index.ts';
import type { FindingLine } from '../model/finding.ts';

/** Whose code a line is, and the line that led there. What a builtin allocates for an SDK is the SDK's. */
export const ownedLine = (site: Site) => {
  const { name, file, line, calledFrom } = site;
  return { ...{ name, file, line }, calledFrom: calledFrom ?? null, owner: ownerOf(site) };
};

function ownerOf(site: Site): FindingLine['owner'] {
  const { inApp, calledFrom } = site;
  const isOfSdk = calledFrom && isSdkCode(calledFrom, guessInApp(calledFrom.name, calledFrom.file));
  if (isSdkCode(site, inApp) || isOfSdk) return 'sdk';
  if (inApp === 1) return 'own';
  return inApp === 0 ? 'library' : 'unknown';
}
