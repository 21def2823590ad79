import { describe, expect, it } from 'vitest';
import { decodeMetrics, metricsFacts } from '../../../lib/formats/otlp/index.ts';
import { livesOf } from '../../../lib/jobs/lives/index.ts';
import type { MachineFact } from '../../../lib/model/telemetry.ts';
import { jsonBytes } from '../../formats/otlp-fixtures.ts';
import { at, levels, machines, story } from './story.ts';

describe('ends of livesOf(), of three lives and what was sent of them', () => {
  const POD = { joins: { podUid: 'uid-1' } };
  /** The second begins at step 5, the third at the given one. */
  const three = (third: number) =>
    story(
      levels('11111', {}, { ...POD, pid: 1 }),
      levels(`${'.'.repeat(5)}${'2'.repeat(third - 5)}`, {}, { ...POD, pid: 2 }),
      levels(`${'.'.repeat(third)}${'3'.repeat(20)}`, {}, { ...POD, pid: 3 }),
    );
  const attributes = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  /** What a collector sent, one character for each scrape, as it is read. */
  const sent = (name: string, picture: string, labels: Readonly<Record<string, string>> = {}) => {
    const dataPoints = [...picture].flatMap((char, step) =>
      char === '.'
        ? []
        : [{ timeUnixNano: `${at(step)}000000`, asInt: char, attributes: attributes(labels) }],
    );
    const scopeMetrics = [
      {
        metrics: [
          { name, sum: { dataPoints, aggregationTemporality: 2, isMonotonic: name.endsWith('_total') } },
        ],
      },
    ];
    const resource = { attributes: attributes({ 'k8s.pod.uid': 'uid-1' }) };
    return metricsFacts(decodeMetrics(jsonBytes({ resourceMetrics: [{ resource, scopeMetrics }] }), 'json'))
      .machines;
  };
  const state = (picture: string) =>
    sent('k8s.container.status.reason', picture, { 'k8s.container.status.reason': 'OOMKilled' });
  const last = (picture: string) =>
    sent('kube_pod_container_status_last_terminated_reason', picture, { reason: 'OOMKilled' });
  const restarts = (picture: string) => sent('k8s.container.restarts', picture);
  const events = (picture: string) => sent('container_oom_events_total', picture);
  const endsOf = (third: number, facts: readonly MachineFact[]) =>
    livesOf(
      {
        key: 'pod-1',
        instance: three(third),
        facts: machines(...facts),
        limitSetting: null,
        now: at(third + 21),
      },
      'heap_used',
    ).map(({ end }) => end?.reason ?? 'runs');
  const zeros = (n: number) => '0'.repeat(n);

  it('give one kill to one life, the newest that had ended when it was told', () => {
    expect(endsOf(11, events(`${zeros(12)}11111`))).toEqual(['restart', 'oom', 'runs']);
    expect(endsOf(11, events(`${zeros(6)}11111`))).toEqual(['oom', 'restart', 'runs']);
  });

  it('tell each kill of a state that holds until the restart, before it is counted', () => {
    const counted = restarts(`${zeros(11)}${'1'.repeat(26)}2222`);
    const told = state(`${zeros(5)}1${zeros(25)}1${zeros(5)}`);
    expect(endsOf(31, [...told, ...counted])).toEqual(['oom', 'oom', 'runs']);
    expect(endsOf(31, told)).toEqual(['oom', 'oom', 'runs']);
  });

  it('tell kills of a state that follow each other within the time of telling', () => {
    const counted = restarts(`${zeros(7)}${'1'.repeat(11)}2222`);
    expect(endsOf(16, [...state(`${zeros(5)}1${zeros(10)}1${zeros(5)}`), ...counted])).toEqual([
      'oom',
      'oom',
      'runs',
    ]);
  });

  it('tell each kill of a count that begins anew with each container', () => {
    expect(endsOf(31, events(`${zeros(4)}11${zeros(24)}11${zeros(3)}`))).toEqual(['oom', 'oom', 'runs']);
  });

  it('take what was said last, before a restart or after a silence, for no news', () => {
    const once = last(`${zeros(5)}${'1'.repeat(11)}${zeros(9)}`);
    const counted = restarts(`${zeros(5)}${'1'.repeat(11)}2222`);
    expect(endsOf(16, [...once, ...counted])).toEqual(['oom', 'restart', 'runs']);
    expect(endsOf(31, last(`${zeros(5)}1111${'.'.repeat(22)}1111`))).toEqual(['oom', 'restart', 'runs']);
  });
});
