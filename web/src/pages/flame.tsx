import '../flame/flame.css';
import { useCallback } from 'preact/hooks';
import type { ApiFlamegraph, ApiFunction, ApiProfileType } from '../../../lib/http/flame-schemas.ts';
import { type Loaded, useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { ServiceBar } from '../components/service-bar.tsx';
import { Part } from '../components/states.tsx';
import { profileAmount, typeWord } from '../flame/amount.ts';
import { FILTER_KEYS, PICKS, pickedOf } from '../flame/filters.tsx';
import { FlameView, useFlameModel } from '../flame/flame-view.tsx';
import { FramePanel } from '../flame/frame-panel.tsx';
import { type FlameModel, IDLE } from '../flame/model.ts';
import { OpenSpeedscope } from '../flame/open-speedscope.tsx';
import { Picks } from '../flame/picks.tsx';
import { WorkFunctions } from '../flame/work-functions.tsx';
import { count, percent } from '../format.ts';
import { useKeys } from '../keys.ts';
import { go, href, hrefWith, RANGE_KEYS, servicePath, usePlace, useWasZoomed } from '../router.ts';
import { dayTime, isoTime, type Range, rangeQuery } from '../time.ts';
import { useView } from '../view.ts';
import { plural, serviceWords } from '../words.ts';

export type ProfileTypeList = { items: ApiProfileType[]; cursor: string | null };

/** Where it goes: one type of profile of a service as a flame graph, by unit of work and release. */
export function FlamePage({ service }: { service: string }) {
  const { range } = useView();
  const { query } = usePlace();
  const { name } = serviceWords(service);
  const base = `/services/${encodeURIComponent(service)}`;
  const span = [range.from, range.to].join('|');
  const types = useApi<ProfileTypeList>(`${base}/profiles`, span, (now) => rangeQuery(range, now));
  const some = (types.data?.items.length ?? 0) > 0;
  const { graph, details, file } = useGraph(some ? base : undefined, query, range);
  const functions = useFunctions(some ? base : undefined, query, range);
  return (
    <>
      <ServiceBar service={service} tab="flame" />
      <Page title={`Flame graph of ${name}`} service={service}>
        <Part of={types} what={`the profiles of ${name}`}>
          {({ items }) =>
            items.length === 0 ? (
              <NoProfiles name={name} service={service} />
            ) : (
              <>
                <Picks types={items}>
                  <a class="btn" href={hrefToDiff(service, graph.data)}>
                    Compare with before
                  </a>
                  <Views />
                  <OpenSpeedscope title={name} file={(nodes) => file('speedscope', nodes)} />
                  <a class="btn bare only-l" href={file('speedscope')} download>
                    speedscope file
                  </a>
                  <a class="btn bare only-l" href={file('pprof')} download>
                    pprof
                  </a>
                </Picks>
                <Part of={graph} what={`the flame graph of ${name}`}>
                  {(data) => (
                    <Graph
                      {...{ data, name, service, details }}
                      functions={functions.data?.items ?? NO_FUNCTIONS}
                    />
                  )}
                </Part>
                <Part of={functions} what={`the functions of ${name}`} chart={false}>
                  {(data) => <WorkFunctions rows={data.items} service={service} />}
                </Part>
              </>
            )
          }
        </Part>
      </Page>
    </>
  );
}

/** The graph as it is picked; what is known of a frame, once one was zoomed to; and the graph's files, which are never turned. */
function useGraph(base: string | undefined, query: URLSearchParams, range: Range) {
  const path = base && `${base}/flamegraph`;
  const picks = pickedOf(query);
  const asked = (now: number, more: Readonly<Record<string, string>>) =>
    `?${new URLSearchParams([...new URLSearchParams(rangeQuery(range, now)), ...picks, ...Object.entries(more)])}`;
  const turned: Record<string, string> = query.get('view') === 'callers' ? { inverted: 'true' } : {};
  const key = [range.from, range.to, picks, turned.inverted].join('|');
  const isZoomed = useWasZoomed();
  return {
    graph: useApi<ApiFlamegraph>(path, key, (now) => asked(now, turned)),
    details: useApi<ApiFlamegraph>(isZoomed ? path : undefined, `${key}|details`, (now) =>
      asked(now, { ...turned, details: 'true' }),
    ),
    file: (format: string, nodes?: number) =>
      `/api/v1${path}${asked(Date.now(), { format, ...(nodes !== undefined && { maxNodes: String(nodes) }) })}`,
  };
}

interface FunctionList {
  readonly items: readonly ApiFunction[];
}
const NO_FUNCTIONS: readonly ApiFunction[] = [];

/** Percentiles by function, of the unit and release that are picked. */
function useFunctions(base: string | undefined, query: URLSearchParams, range: Range): Loaded<FunctionList> {
  const picks = new URLSearchParams();
  for (const name of ['unit', 'version']) if (query.get(name)) picks.set(name, query.get(name) as string);
  if (query.get('libraries') === 'shown') picks.set('all', 'true');
  return useApi<FunctionList>(
    base && `${base}/functions`,
    [range.from, range.to, picks].join('|'),
    (now) => `${rangeQuery(range, now) || '?'}&${picks}`,
  );
}

const VIEWS = [
  [null, 'Graph', 'Roots on top, what they call below'],
  ['sandwich', 'Sandwich', 'Callers of one function over what it calls'],
  ['callers', 'Callers', 'Functions that took the time on top, their callers below'],
] as const;

/** Which way the graph is looked at; `b` turns it around. */
function Views() {
  const shown = usePlace().query.get('view');
  // What is zoomed to in the graph has a sandwich; other views name frames by other paths.
  const turn = (view: string | null) =>
    go(hrefWith({ view, frame: shown === null && view === 'sandwich' ? undefined : null }));
  useKeys({ b: () => turn(shown === 'callers' ? null : 'callers') });
  return (
    <fieldset class="seg" aria-label="View">
      {VIEWS.map(([view, word, title]) => (
        <button
          key={word}
          type="button"
          title={title}
          aria-pressed={shown === view}
          onClick={() => turn(view)}
        >
          {word}
        </button>
      ))}
    </fieldset>
  );
}

/** The range that is shown, beside the same length of time before it. */
function hrefToDiff(service: string, data: ApiFlamegraph | undefined): string {
  const path = servicePath(service, 'flame/diff');
  if (!data) return href(path, {}, RANGE_KEYS);
  const { from, to } = data;
  const sides = {
    left: `${isoTime(from - (to - from))}..${isoTime(from)}`,
    right: `${isoTime(from)}..${isoTime(to)}`,
  };
  return href(path, sides, ['tz', ...PICKS, ...FILTER_KEYS]);
}

function Graph({
  data,
  name,
  service,
  details,
  functions,
}: {
  data: ApiFlamegraph;
  name: string;
  service: string;
  details: Loaded<ApiFlamegraph>;
  functions: readonly ApiFunction[];
}) {
  const { zone } = useView();
  const { type, from, to, profiles, instances, shownInstances, newInstances } = data;
  const model = useFlameModel(data);
  const shown = model.whole.total[0] as number;
  const amount = useCallback((value: number) => profileAmount(value, type.unit), [type.unit]);
  const about = useCallback(
    (model: FlameModel, node: number) => (
      <FramePanel type={type.type} {...{ model, node, service, details, functions, amount }} />
    ),
    [type.type, service, details.data, details.problem, functions, amount],
  );
  return (
    <>
      <Answer data={data} name={name} shown={shown} />
      <section class="near">
        <div class="head">
          <h2 class="h">
            {dayTime(from, zone)} – {dayTime(to, zone)}
          </h2>
          <span class="note">
            {amount(shown)} of {typeWord(type.type)} from {count(profiles)} {plural(profiles, 'profile')}
            {instances > 0 && ` of ${count(instances)} ${plural(instances, 'instance')}`}
            {shownInstances < instances && `; stacks of ${count(shownInstances)}, scaled to all`}
            {newInstances > 0 &&
              `; ${count(newInstances)} new, counted since ${plural(newInstances, 'it', 'they')} began`}
          </span>
        </div>
        <FlameView
          model={model}
          unit={type.unit}
          label={`Flame graph of ${name}, ${typeWord(type.type)}, roots on top.`}
          filtered
          about={about}
        />
        {type.temporality === 'level' && (
          <p class="note under">
            Sizes are what was live when each profile was taken. A line is where memory was allocated, not
            what holds it.
          </p>
        )}
      </section>
    </>
  );
}

/**
 * The function that takes most by itself, the team's own before others'.
 *
 * @param shown the whole that shares are of, in the graph and its table too: without idle time where that is hidden
 */
function Answer({ data, name, shown }: { data: ApiFlamegraph; name: string; shown: number }) {
  const { query } = usePlace();
  const unit = query.get('unit')?.replace(/^\S+ /, '');
  const busy = data.top.filter(({ name: one }) => !IDLE.test(one));
  const own = busy.find(({ inApp }) => inApp === 1);
  const first = own && Number(own.self) > 0.05 * shown ? own : busy[0];
  return (
    <h1 class="say">
      {unit ? <code>{unit}</code> : <b>{name}</b>}
      {first && shown > 0 ? (
        <>
          {data.type.temporality === 'level' ? ' holds ' : ' spends '}
          <b class="nb">{percent(Number(first.self) / shown)}</b> of{' '}
          {FILTER_KEYS.some((key) => query.has(key)) ? 'what is shown of ' : ''}its {typeWord(data.type.type)}
          {data.type.temporality === 'level' ? ' allocated at ' : ' in '}
          <code>{first.name}</code>.
        </>
      ) : (
        <> has nothing in this range.</>
      )}
    </h1>
  );
}

export const NoProfiles = ({ name, service }: { name: string; service: string }) => (
  <>
    <h1 class="say">
      <b>{name}</b> sent no profiles in this range.
    </h1>
    <p class="lede after-say">
      Profiles come from Pyroscope's SDKs, Sentry's, pprof files and V8's.{' '}
      <a href={href(servicePath(service, 'health'))}>Lines that send them</a>, or{' '}
      <a href={hrefWith({ from: null, to: null, type: null, unit: null, version: null })}>
        show all there is
      </a>
      .
    </p>
  </>
);
