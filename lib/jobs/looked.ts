import type { Decision, LookState } from '../leaks/index.ts';
import type { Cohort } from './load-service.ts';

/** A cohort as this scan saw it, with what that means after the scans before. */
export interface Looked {
  readonly cohort: Cohort;
  readonly decision: Decision;
  readonly look: LookState;
}

/** The life that speaks for the cohort: its floor is the one that the cohort's result holds. */
export function speakerOf({ lives, result }: Cohort) {
  const at = result.perLife.findIndex(({ floorPoints }) => floorPoints === result.floorPoints);
  return at === -1 ? undefined : lives[at];
}
