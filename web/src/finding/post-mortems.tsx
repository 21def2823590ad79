import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { bytes, count, percent, seconds, shortInstance } from '../format.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';
import { LineName } from './where-it-grew.tsx';

type Death = NonNullable<ApiFinding['evidence']['deaths']>[number];

/** Each death one by one: its reason, the growth before it, what was in flight, and its last heap beside a flat one. */
export function PostMortems({ deaths }: { deaths: readonly Death[] }) {
  if (deaths.length === 0) return null;
  return (
    <section id="deaths">
      <div class="head">
        <h2>Post-mortems</h2>
        <span class="note">what is known of each death, the last first</span>
      </div>
      {deaths.map((death) => (
        <PostMortem key={`${death.instance} ${death.at}`} death={death} />
      ))}
    </section>
  );
}

function PostMortem({ death }: { death: Death }) {
  const { zone } = useView();
  const { growth, heap, lastWork, inFlight } = death;
  const unknown = <span class="dim">– not sent</span>;
  return (
    <article class="near">
      <h3>
        {shortInstance(death.instance)}
        {death.version && `, ${death.version}`}, {dayTime(death.at, zone)}
      </h3>
      <dl class="facts left">
        <dt>Reason</dt>
        <dd>{death.cause === 'oom' ? 'killed for memory' : 'ended near its limit; nobody said why'}</dd>
        <dt>Last reading</dt>
        <dd>
          {death.lastBytes === null ? unknown : bytes(death.lastBytes)}
          {death.shareOfLimit !== null && `, ${percent(death.shareOfLimit)} of its limit`}
        </dd>
        <dt>Grown</dt>
        <dd>
          {growth
            ? `${bytes(growth.bytes)} since ${dayTime(growth.since, zone)}${growth.isFloor ? '' : ', its least reading'}`
            : 'not at all'}
        </dd>
        <dt>Lived</dt>
        <dd>
          {seconds(death.lifeMs / 1000)}, {count(death.unitsServed)} units
        </dd>
        <dt>In flight</dt>
        <dd>{inFlight === null ? unknown : count(inFlight)}</dd>
        <dt>Last work</dt>
        <dd>
          {lastWork.length === 0
            ? unknown
            : lastWork.map(({ unit, count: n }) => (
                <div key={`${unit.kind} ${unit.name}`}>
                  <span class="mono">{unit.name}</span> {count(n)}
                </div>
              ))}
        </dd>
        <dt>Last heap profile</dt>
        <dd>
          {heap ? (
            <>
              {bytes(heap.grewBytes, true)} since the flat one of {dayTime(heap.baselineAt, zone)}
              {heap.lines.map((line) => (
                <div key={`${line.name} ${line.file} ${line.line} ${line.calledFrom?.name}`}>
                  {bytes(line.grewBytes, true)} at <LineName line={line} />
                </div>
              ))}
            </>
          ) : (
            unknown
          )}
        </dd>
      </dl>
    </article>
  );
}
