import type { ApiFinding } from '../../../lib/http/schemas.ts';
import type { Kind } from './kinds.ts';

// What counts as right. Pure, and tested: a table that marks itself too kindly is worth nothing.

export const BYTES_ERROR_MAX = 0.15;
const SHARE_RIGHT = 0.9;

/** What the server said of one service in the end. */
export interface Said {
  readonly findings: readonly ApiFinding[];
  readonly cohorts: readonly SaidCohort[];
}

export interface SaidCohort {
  readonly role: string;
  readonly verdict: string;
  readonly reason: string;
  readonly suspects: ApiFinding['suspects'];
}

/** A goroutine, a timer: of what is counted, each unit of work leaves one. */
const ONE_EACH = 1;

export interface Mark {
  /** What was answered, in few words; of a fixed program why it is no leak. */
  readonly answer: string;
  readonly role: string;
  /** The right answer of its kind; of a fixed program: no leak named. */
  readonly right: boolean;
  /** Relative error of the bytes per unit, where one unit of work is the answer. */
  readonly bytesError: number | undefined;
}

/** The managed heap says most of an object that is kept; then the process; then buffers; counts of things come last. */
const ROLES = ['heap_after_gc', 'heap_used', 'rss', 'external'];
const rank = (role: string) => (ROLES.includes(role) ? ROLES.indexOf(role) : ROLES.length);

export function markLeak(kind: Kind, said: Said, truth: number): Mark {
  const leaks = said.findings
    .filter((finding) => finding.kind === 'leak' && finding.state === 'firing')
    .sort((a, b) => rank(a.evidence.role ?? '') - rank(b.evidence.role ?? ''));
  const finding = kind.outside ? leaks.find(({ evidence }) => isOutside(evidence.role)) : leaks[0];
  if (finding !== undefined) return markFinding(kind, finding, truth);
  // Memory that open connections hold is no leak: the verdict says so, and no finding is owed.
  const held = said.cohorts.find(({ verdict }) => verdict === 'load-proportional');
  if (kind.cause === 'connections' && held !== undefined) {
    const [suspect] = held.suspects;
    return {
      answer: `held by ${nameOf(suspect)}`,
      role: held.role,
      right: suspect?.cause === 'connections',
      bytesError: errorOf(suspect, truth),
    };
  }
  return { answer: `no finding (${verdictsOf(said)})`, role: '', right: false, bytesError: undefined };
}

const isOutside = (role: string | null) => role === 'rss' || role === 'external';

function markFinding(kind: Kind, { suspects, evidence }: ApiFinding, truth: number): Mark {
  const [suspect] = suspects;
  const place = evidence.explained?.where?.place;
  const placed =
    kind.outside === undefined ||
    place === kind.outside ||
    (kind.outside === 'external' && evidence.role === 'external');
  const right = placed && isRight(kind, suspect);
  return {
    answer: `${nameOf(suspect)}${kind.outside ? `, ${place ?? evidence.role}` : ''}`,
    role: evidence.role ?? '',
    right,
    bytesError: right ? errorOf(suspect, evidence.role?.endsWith('_count') ? ONE_EACH : truth) : undefined,
  };
}

type Suspect = ApiFinding['suspects'][number];

function isRight({ cause, routes }: Kind, suspect: Suspect | undefined): boolean {
  if (suspect === undefined) return false;
  if (cause !== 'unit' && cause !== 'group') return suspect.cause === cause;
  const units = suspect.units.map(({ name }) => plain(name));
  // Of two that always go together the one that leaks must be among those named, and nobody else.
  return (
    suspect.cause === 'unit' &&
    units.includes(routes[0]!) &&
    units.every((unit) => routes.some((route) => route === unit))
  );
}

/** Frameworks write the variable part of a route each in its own way. */
const plain = (unit: string) => unit.replace(/:\w+|\{\w+\}|<[\w:]+>/g, '{}');

function nameOf(suspect: Suspect | undefined): string {
  if (suspect === undefined) return 'nobody';
  return suspect.units.map(({ name }) => name).join(' or ') || suspect.cause;
}

const errorOf = (suspect: Suspect | undefined, truth: number) =>
  suspect?.bytesPerUnit ? suspect.bytesPerUnit.value / truth - 1 : undefined;

const verdictsOf = ({ cohorts }: Said) =>
  cohorts
    .filter(({ verdict }) => verdict !== 'stable')
    .map(({ role, verdict }) => `${role} ${verdict}`)
    .join(', ') || 'all stable';

export function markFixed(said: Said): Mark {
  const leaks = said.findings.filter(({ kind }) => kind === 'leak');
  const [first] = leaks;
  return {
    answer: first ? `LEAK NAMED: ${nameOf(first.suspects[0])}` : verdictsOf(said),
    role: first?.evidence.role ?? '',
    right: leaks.length === 0,
    bytesError: undefined,
  };
}

export interface PassMark {
  readonly name: string;
  readonly passed: number;
  readonly of: number;
  readonly needed: number;
}

export function judge(leaks: readonly Mark[], fixed: readonly Mark[]): readonly PassMark[] {
  const errors = leaks.flatMap(({ bytesError }) => (bytesError === undefined ? [] : [bytesError]));
  return [
    {
      name: 'the right answer of its kind',
      passed: leaks.filter(({ right }) => right).length,
      of: leaks.length,
      needed: Math.ceil(leaks.length * SHARE_RIGHT),
    },
    {
      name: 'of those with bytes per unit: within 15 %',
      passed: errors.filter((error) => Math.abs(error) <= BYTES_ERROR_MAX).length,
      of: errors.length,
      needed: errors.length,
    },
    {
      name: 'no leak named in the fixed twin',
      passed: fixed.filter(({ right }) => right).length,
      of: fixed.length,
      needed: fixed.length,
    },
  ];
}
