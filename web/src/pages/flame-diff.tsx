import '../flame/flame.css';
import { useCallback } from 'preact/hooks';
import type { ApiFlamegraphDiff, ApiProfileType } from '../../../lib/http/flame-schemas.ts';
import { useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Part } from '../components/states.tsx';
import { isTime, profileAmount, typeWord } from '../flame/amount.ts';
import { FILTER_KEYS, PICKS, pickedOf } from '../flame/filters.tsx';
import { FlameView, useFlameModel } from '../flame/flame-view.tsx';
import { IDLE } from '../flame/model.ts';
import { Choice, Picks } from '../flame/picks.tsx';
import { type RegressionList, RegressionsTable } from '../flame/regressions-table.tsx';
import { count, percent } from '../format.ts';
import { go, href, hrefWith, RANGE_KEYS, servicePath, usePlace } from '../router.ts';
import { dayTime, isoTime, resolveTime } from '../time.ts';
import { useView } from '../view.ts';
import { plural, serviceWords } from '../words.ts';
import type { ProfileTypeList } from './flame.tsx';

interface SideChoice {
  readonly from: number;
  readonly to: number;
  readonly version: string | undefined;
}

/** `from..to,version`; the version may be left out. */
function readSide(text: string | null, now: number): SideChoice | undefined {
  const [range = '', version] = (text ?? '').split(',');
  const [from, to] = range.split('..').map((part) => resolveTime(part, now));
  return from === undefined ? undefined : { from, to: to ?? now, version: version || undefined };
}

/** What changed between two ranges, or releases: before is left, after is right. */
export function FlameDiffPage({ service }: { service: string }) {
  const { query } = usePlace();
  const { now } = useView();
  const { name } = serviceWords(service);
  const base = `/services/${encodeURIComponent(service)}`;
  const right = readSide(query.get('right'), now);
  const both = right !== undefined && readSide(query.get('left'), now) !== undefined;
  // Asked by the words of the URL: `-1h` is another time at every look, but the same question.
  const key = ['left', 'right', ...PICKS, ...FILTER_KEYS].map((name) => query.get(name)).join('|');
  const types = useApi<ProfileTypeList>(both ? `${base}/profiles` : undefined, key, (at) => {
    const asked = diffQuery(query, at);
    const ends = (end: string) => ['left', 'right'].map((side) => Number(asked.get(side + end)));
    return `?from=${Math.min(...ends('From'))}&to=${Math.max(...ends('To'))}`;
  });
  const diff = useApi<ApiFlamegraphDiff>(
    both ? `${base}/flamegraph/diff` : undefined,
    key,
    (at) => `?${diffQuery(query, at)}`,
  );
  // What grew is told by time: beside a comparison of memory it would answer another question.
  const ofTime = diff.data !== undefined && isTime(diff.data.right.type);
  const grown = useApi<RegressionList>(ofTime ? `${base}/regressions` : undefined, key, (at) => {
    const asked = diffQuery(query, at);
    for (const name of ['type', 'instance', ...FILTER_KEYS]) asked.delete(name);
    return `?${asked}`;
  });
  return (
    <>
      <ServiceBar service={service} tab="flame" ranged={false} />
      <Page title={`What changed in ${name}`} service={service}>
        {both ? (
          <>
            <Picks types={types.data?.items ?? []}>
              <a class="btn" href={oneSide(service, right)}>
                After only
              </a>
            </Picks>
            <Part of={diff} what={`the comparison of ${name}`}>
              {(data) => <Diff data={data} name={name} types={types.data?.items ?? []} />}
            </Part>
            {ofTime && (
              <Part of={grown} what={`what grew in ${name}`} chart={false}>
                {(list) => <RegressionsTable list={list} />}
              </Part>
            )}
          </>
        ) : (
          <>
            <h1 class="say">A comparison needs two ranges.</h1>
            <p class="lede after-say">
              <a href={href(servicePath(service, 'flame'), {}, RANGE_KEYS)}>Choose one</a>, then “Compare with
              before”.
            </p>
          </>
        )}
      </Page>
    </>
  );
}

function diffQuery(query: URLSearchParams, now: number): URLSearchParams {
  const asked = pickedOf(query);
  for (const key of ['left', 'right']) {
    const side = readSide(query.get(key), now);
    if (!side) continue;
    asked.set(`${key}From`, String(side.from));
    asked.set(`${key}To`, String(side.to));
    if (side.version) asked.set(`${key}Version`, side.version);
  }
  return asked;
}

const oneSide = (service: string, side: SideChoice): string =>
  href(
    servicePath(service, 'flame'),
    { from: isoTime(side.from), to: isoTime(side.to), version: side.version },
    ['tz', 'type', 'unit', 'instance', ...FILTER_KEYS],
  );

function Diff({
  data,
  name,
  types,
}: {
  data: ApiFlamegraphDiff;
  name: string;
  types: readonly ApiProfileType[];
}) {
  const { left, right } = data;
  const shown = types.find(({ type, unit }) => type === right.type.type && unit === right.type.unit);
  const versions = shown?.versions.filter(Boolean) ?? [];
  const isLevel = right.type.temporality === 'level';
  const amount = useCallback((value: number) => profileAmount(value, right.type.unit), [right.type.unit]);
  // Two ranges of different lengths, or loads, are compared by share: sums would only say that one was longer.
  const scale = isLevel || Number(left.total) === 0 ? 1 : Number(right.total) / Number(left.total);
  const model = useFlameModel(data, scale);
  return (
    <>
      <Answer data={data} name={name} isLevel={isLevel} amount={amount} />
      <section class="near">
        <div class="sides">
          <SideHead word="before" side={left} amount={amount} versions={versions} />
          <div class="ramp" aria-hidden="true">
            <span>shrank</span>
            {['--d-dn-3', '--d-dn-2', '--d-dn-1', '--d-eq', '--d-up-1', '--d-up-2', '--d-up-3'].map(
              (token) => (
                <i key={token} style={{ background: `var(${token})` }} />
              ),
            )}
            <span>grew</span>
          </div>
          <SideHead word="after" side={right} amount={amount} versions={versions} />
        </div>
        <FlameView
          model={model}
          unit={right.type.unit}
          sides
          filtered
          label={`Difference of two flame graphs of ${name}, ${typeWord(right.type.type)}.`}
        />
        {scale !== 1 && (
          <p class="note under">
            Before is scaled to the total of after, so that shares are compared: the two ranges hold different
            amounts.
          </p>
        )}
      </section>
    </>
  );
}

function SideHead({
  word,
  side,
  amount,
  versions,
}: {
  word: 'before' | 'after';
  side: ApiFlamegraphDiff['left'];
  amount: (value: number) => string;
  versions: readonly string[];
}) {
  const { zone } = useView();
  const { query } = usePlace();
  const key = word === 'before' ? 'left' : 'right';
  const [range = '', version = ''] = (query.get(key) ?? '').split(',');
  const known = version === '' || versions.includes(version) ? versions : [version, ...versions];
  return (
    <div class={`side${word === 'after' ? ' r' : ''}`}>
      <div class="row">
        <span class="lab">{word}</span>
        {known.length > 1 && (
          <Choice
            label="Release"
            name={`Release ${word}`}
            value={version}
            options={[['', 'all'], ...known.map((one) => [one, one] as const)]}
            choose={(one) => go(hrefWith({ [key]: one === '' ? range : `${range},${one}`, frame: null }))}
          />
        )}
      </div>
      <b>
        {dayTime(side.from, zone)} – {dayTime(side.to, zone)}
      </b>{' '}
      <span class="dim">
        · {amount(Number(side.total))} · {count(side.profiles)} {plural(side.profiles, 'profile')}
      </span>
    </div>
  );
}

/** The function whose share, or amount, changed most. */
function Answer({
  data,
  name,
  isLevel,
  amount,
}: {
  data: ApiFlamegraphDiff;
  name: string;
  isLevel: boolean;
  amount: (value: number) => string;
}) {
  const [before, after] = [Number(data.left.total), Number(data.right.total)];
  const first = data.changed.find(({ name: one }) => !IDLE.test(one));
  if (before === 0 || after === 0) {
    return (
      <h1 class="say">
        <b>{name}</b> has no {typeWord(data.right.type.type)} {before === 0 ? 'before' : 'after'}: there is
        nothing to compare with.
      </h1>
    );
  }
  return (
    <h1 class="say">
      {isLevel ? (
        <>
          The {typeWord(data.right.type.type)} of <b>{name}</b> {after >= before ? 'grew' : 'fell'} by{' '}
          <b class="nb">{amount(Math.abs(after - before))}</b> to {amount(after)}
          {first && (
            <>
              ; <code>{first.name}</code> changed most
            </>
          )}
          .
        </>
      ) : first && Math.abs(first.selfShare) > 0.001 ? (
        <>
          <code>{first.name}</code> {first.selfShare > 0 ? 'takes' : 'lost'}{' '}
          <b class="nb">{percent(Math.abs(first.selfShare))}</b> {first.selfShare > 0 ? 'more' : ''} of the{' '}
          {typeWord(data.right.type.type)} of <b>{name}</b> {first.selfShare > 0 ? 'than before' : ''}.
        </>
      ) : (
        <>
          Nothing of the {typeWord(data.right.type.type)} of <b>{name}</b> changed its share by more than 0.1
          %.
        </>
      )}
    </h1>
  );
}
