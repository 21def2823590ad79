import type { ServiceName } from '../model/service.ts';
import type { UnitOfWork } from '../model/unit-of-work.ts';
import { number, service, serviceTitle, text, unit } from './sentence.ts';
import { type Wording, worded } from './wording.ts';

export interface RegressionFacts {
  readonly service: ServiceName;
  readonly version: string;
  /** The function that grew most. */
  readonly name: string;
  readonly unit: UnitOfWork | null;
  readonly measure: 'share' | 'cost';
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
  /** Functions that grew besides. */
  readonly others: number;
}

const PERCENT = 100;
const points = (share: number) => `${(share * PERCENT).toFixed(1)} %`;
const ms = (value: number) => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);

/** `zerofill` of `GET /series` takes 157 ms per request since release 1.4.3, 3 ms before (by 98 to 190 ms more). */
export function regressionWording(facts: RegressionFacts): Wording {
  const { measure, left, right, low, high, others } = facts;
  const said = measure === 'share' ? points : ms;
  return worded(`${serviceTitle(facts.service)}: ${facts.name} takes more since ${facts.version}`, [
    text(`${facts.name} `),
    ...(facts.unit === null ? [] : [text('in '), unit(facts.unit), text(' ')]),
    text('of '),
    service(facts.service),
    text(' takes '),
    number(said(right)),
    text(measure === 'share' ? ' of the time' : ' per transaction'),
    text(` since release ${facts.version}, `),
    number(said(left)),
    text(` before (${said(low)} to ${said(high)} more)`),
    text(others === 0 ? '.' : `; ${others} ${others === 1 ? 'function' : 'functions'} beside it grew too.`),
  ]);
}
