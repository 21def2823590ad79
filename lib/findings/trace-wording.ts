import type { ServiceName } from '../model/service.ts';
import type { UnitOfWork } from '../model/unit-of-work.ts';
import { number, service, serviceTitle, text, unit } from './sentence.ts';
import { type Wording, worded } from './wording.ts';

const PERCENT = 100;
const share = (part: number, whole: number) => `${whole === 0 ? 0 : Math.round((part / whole) * PERCENT)} %`;
const msText = (ms: number) =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** Spans of `shop` hang off one another: 43 % of 1,200 traces are nested wrongly. … */
export const nestingWording = (facts: {
  readonly service: ServiceName;
  readonly traces: number;
  readonly misnested: number;
  readonly reason: string;
}): Wording =>
  worded(`${serviceTitle(facts.service)}: spans hang off the wrong parents`, [
    number(share(facts.misnested, facts.traces)),
    text(' of the traces of '),
    service(facts.service),
    text(` are nested wrongly. ${facts.reason}.`),
  ]);

export const fragmentedWording = (facts: {
  readonly service: ServiceName;
  readonly endpoint: string;
  readonly units: number;
  readonly fragmentedUnits: number;
  readonly fragments: number;
}): Wording =>
  worded(`${serviceTitle(facts.service)}: requests come apart into traces of their own`, [
    number(`${facts.fragmentedUnits} of ${facts.units}`),
    text(` requests of ${facts.endpoint} of `),
    service(facts.service),
    text(' come apart: '),
    number(String(facts.fragments)),
    text(' spans without a parent lie inside of them, so their context was lost on the way.'),
  ]);

/** `GET /busy` holds the event loop of `shop`: … */
export const blockedWording = (facts: {
  readonly service: ServiceName;
  readonly blocking: UnitOfWork;
  readonly blocked: UnitOfWork;
  readonly ms: number;
  readonly ofMs: number;
  readonly frame: string;
}): Wording =>
  worded(`${serviceTitle(facts.service)}: ${facts.blocking.name} holds the event loop`, [
    unit(facts.blocking),
    text(' holds the event loop of '),
    service(facts.service),
    text(': '),
    unit(facts.blocked),
    text(' waited '),
    number(msText(facts.ms)),
    text(' of its '),
    number(msText(facts.ofMs)),
    text(` for it (${facts.frame}).`),
  ]);

export interface ShiftFacts {
  readonly service: ServiceName;
  readonly unit: UnitOfWork;
  /** `p95 fell by 48 % with release 1.4.3: …` */
  readonly sentence: string;
  readonly isSlower: boolean;
}
export const latencyWording = (facts: ShiftFacts): Wording =>
  worded(
    `${serviceTitle(facts.service)}: ${facts.unit.name} became ${facts.isSlower ? 'slower' : 'faster'}`,
    [unit(facts.unit), text(' of '), service(facts.service), text(`: ${facts.sentence}.`)],
  );

export const failuresWording = (facts: {
  readonly service: ServiceName;
  readonly unit: UnitOfWork;
  readonly before: { readonly version: string; readonly rate: number };
  readonly after: { readonly version: string; readonly rate: number };
}): Wording =>
  worded(`${serviceTitle(facts.service)}: ${facts.unit.name} fails more often`, [
    unit(facts.unit),
    text(' of '),
    service(facts.service),
    text(' fails in '),
    number(rateText(facts.after.rate)),
    text(` of its requests since release ${facts.after.version}, `),
    number(rateText(facts.before.rate)),
    text(' before.'),
  ]);
const rateText = (rate: number) => `${(rate * PERCENT).toFixed(rate < 0.1 ? 1 : 0)} %`;

const PATTERNS: Readonly<Record<string, string>> = {
  'n-plus-one-db': 'one query for each row',
  'n-plus-one-http': 'one call for each item',
  'consecutive-db': 'queries one after the other that could run together',
  'consecutive-http': 'calls one after the other that could run together',
  'slow-db': 'a slow query',
  'blocked-loop': 'work that holds the event loop',
};

export const patternWording = (facts: {
  readonly service: ServiceName;
  readonly unit: UnitOfWork;
  readonly kind: string;
  readonly subject: string;
  readonly evidence: string;
  readonly share: number;
}): Wording =>
  worded(`${serviceTitle(facts.service)}: ${PATTERNS[facts.kind] ?? facts.kind} in ${facts.unit.name}`, [
    number(`${Math.round(facts.share * PERCENT)} %`),
    text(' of the requests of '),
    unit(facts.unit),
    text(` show ${PATTERNS[facts.kind] ?? facts.kind}: ${facts.subject} (${facts.evidence}).`),
  ]);

/** What a finding about traces says once it does not hold any more. */
export const overWording = (name: ServiceName, what: string): Wording =>
  worded(`${serviceTitle(name)}: ${what}`, [
    text(`${what} in the latest traces of `),
    service(name),
    text('.'),
  ]);
