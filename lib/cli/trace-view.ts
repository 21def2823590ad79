import type { TracesResult, TransactionResult } from '../traces/analyze.ts';
import type { GapGroup } from '../traces/gap-groups.ts';
import type { DeploymentNesting } from '../traces/nesting/index.ts';
import { table } from './table.ts';

const MAX_ROWS = 5;
const MAX_TEXT = 90;
const LOW_COVERAGE = 0.6;

/** For people: what is wrong with the nesting and how to mend it, then each transaction's time. */
export function traceView({ nesting, traces, transactions }: TracesResult, limit: number): string {
  if (traces.length === 0) return 'No transaction in these files.\n';
  const nested = nesting.deployments.filter(({ verdict }) => verdict !== 'ok').map(deploymentView);
  const fragments = nesting.fragmented.length;
  const parts = [
    `${traces.length} traces of ${transactions.length} transactions\n`,
    nested.length === 0 ? 'Nesting: no wrong parent was found.\n' : nested.join('\n'),
    ...(fragments === 0
      ? []
      : [`${fragments} traces are in pieces: spans without a parent within one request.\n`]),
    summary(transactions, limit),
    ...transactions.slice(0, limit).flatMap((one) => transactionView(one)),
  ];
  return parts.join('\n');
}

function deploymentView({
  id,
  verdict,
  misnested,
  detached,
  tally,
  cause,
  reason,
  fix,
  endpoints,
}: DeploymentNesting): string {
  const { service, release, host } = id;
  const where = [service, release, host].filter((part) => part !== '').join(' · ');
  const worst = endpoints
    .filter((endpoint) => endpoint.misnested > 0)
    .slice(0, MAX_ROWS)
    .map(({ name, misnested: wrong, traces }) => `${name} (${wrong} of ${traces})`);
  const lines = [
    `Nesting: ${verdict}${where === '' ? '' : ` in ${where}`}: ${misnested || detached} of ${tally.traces} traces`,
    ...(worst.length === 0 ? [] : [`  ${worst.join(', ')}`]),
    ...(reason === '' ? [] : [`  ${cause ?? ''}${cause === undefined ? '' : ': '}${reason}`]),
    ...(fix === '' ? [] : ['', ...fix.split('\n').map((line) => `    ${line}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function summary(transactions: readonly TransactionResult[], limit: number): string {
  const rows = transactions
    .slice(0, limit)
    .map(({ unit, count, failures, misnested, duration }) => [
      cut(unit.name, 60),
      String(count),
      failures === 0 ? '' : String(failures),
      misnested === 0 ? '' : String(misnested),
      ...[duration.p50, duration.p75, duration.p95, duration.p99].map(ms),
    ]);
  const more = transactions.length - rows.length;
  const rest = more > 0 ? `… and ${more} more (--limit ${transactions.length})\n` : '';
  return table([['transaction', 'count', 'failed', 'misnested', 'p50', 'p75', 'p95', 'p99'], ...rows]) + rest;
}

function transactionView(one: TransactionResult): string[] {
  const sections = [
    ...shiftLines(one),
    ...suspectLines(one),
    ...one.gaps.slice(0, MAX_ROWS).flatMap(gapLines),
    ...one.functions
      .filter(({ spread }) => spread !== 'steady')
      .slice(0, MAX_ROWS)
      .map(
        ({ name, file, total, spread }) =>
          `  ${name} (${file}) is ${spread}: p50 ${ms(total.p50)}, p95 ${ms(total.p95)} a request`,
      ),
    ...one.patterns
      .slice(0, MAX_ROWS)
      .map(
        ({ kind, subject, evidence, requests }) =>
          `  ${kind} in ${requests} of ${one.count}: ${cut(subject, MAX_TEXT)}: ${evidence}`,
      ),
  ];
  return sections.length === 0 ? [] : [`${one.unit.name}\n${sections.join('\n')}\n`];
}

function shiftLines({ versions, shift }: TransactionResult): string[] {
  if (shift === undefined) return [];
  const to = versions.at(-1)?.version ?? '';
  const from = versions.at(-2)?.version ?? '';
  return [['p95', shift.p95] as const, ['p50', shift.p50] as const]
    .filter(([, { verdict }]) => verdict === 'regression' || verdict === 'improvement')
    .map(([name, { change, beforeMs, afterMs, pValue }]) => {
      const way = change < 0 ? 'fell' : 'rose';
      const chance = pValue < 0.001 ? 'p < 0.001' : `p = ${pValue.toFixed(3)}`;
      return `  ${name} ${way} by ${Math.round(Math.abs(change) * 100)} % with ${to} (after ${from}): ${ms(beforeMs)} → ${ms(afterMs)}, ${chance}`;
    });
}

function suspectLines({ suspects }: TransactionResult): string[] {
  const rows = suspects
    .slice(0, MAX_ROWS)
    .map(({ op, group, count, self, total, share }) => [
      `  ${op}`,
      cut(group, MAX_TEXT),
      String(count),
      `${Math.round(share * 100)} %`,
      `${ms(self.p50)} / ${ms(self.p95)}`,
      `${ms(total.p50)} / ${ms(total.p95)}`,
    ]);
  if (rows.length === 0) return [];
  const head = ['  span', '', 'count', 'own share', 'own p50 / p95', 'total p50 / p95'];
  return [table([head, ...rows]).trimEnd()];
}

function gapLines({ within, after, before, count, totalMs, share, coverage, causes }: GapGroup): string[] {
  const place = [
    `in ${cut(within, 60)}`,
    after === null ? '' : `after ${cut(after, 60)}`,
    before === null ? '' : `before ${cut(before, 60)}`,
  ];
  const seen = coverage < LOW_COVERAGE ? `, sampled for ${Math.round(coverage * 100)} % of it` : '';
  return [
    `  gap ${ms(totalMs)} in ${count} requests (${Math.round(share * 100)} %): ${place.filter((part) => part !== '').join(', ')}${causes.length === 0 ? ', without a profile' : seen}`,
    ...causes
      .slice(0, 3)
      .map(({ kind, frame, ms: causeMs }) => `    ${ms(causeMs).padStart(8)}  ${kind}: ${frame}`),
  ];
}

const cut = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;
const ms = (value: number) =>
  value >= 10_000
    ? `${(value / 1000).toFixed(1)} s`
    : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
