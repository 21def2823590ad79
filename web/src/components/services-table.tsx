import type { ApiFinding, ApiService } from '../../../lib/http/schemas.ts';
import { amount, digits, measureOf, milliseconds, percent, seconds, UNKNOWN } from '../format.ts';
import { go, href, hrefWith, servicePath } from '../router.ts';
import { useView } from '../view.ts';
import { serviceWords } from '../words.ts';
import { Spark } from './spark.tsx';
import { Share, Signals, Tag, VerdictTag } from './tag.tsx';

const FULL = 0.75;

export function ServicesTable({
  findings,
  services,
  filter,
}: {
  services: readonly ApiService[];
  findings: readonly ApiFinding[];
  filter: string;
}) {
  const wanted = filter.toLowerCase();
  const shown = services.filter(({ service }) => service.toLowerCase().includes(wanted));
  return (
    <>
      <div class="head">
        <h2>Services</h2>
        <span class="note">the floor is what memory comes back to after garbage collection</span>
        <span class="grow" />
        {services.length > 6 && (
          <input
            class="field only-l"
            placeholder="Filter"
            aria-label="Filter services"
            value={filter}
            onInput={(event) => go(hrefWith({ q: event.currentTarget.value || null }), 'replace')}
          />
        )}
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Memory</th>
              <th scope="col" class="spk">
                Floor
              </th>
              <th scope="col" class="num">
                Floor now
              </th>
              <th scope="col" class="num only-xl">
                Limit
              </th>
              <th scope="col">Of limit</th>
              <th scope="col" class="num only-xl">
                Instances
              </th>
              <th scope="col" class="num">
                Units/s
              </th>
              <th scope="col" class="num">
                p95
              </th>
              <th scope="col" class="only-xl">
                What arrives
              </th>
              <th scope="col" class="num">
                Last
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((service) => (
              <Row key={service.service} of={service} onset={onsetOf(service, findings)} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && (
        <p class="note under" role="status">
          No service is called “{filter}”.{' '}
          <button type="button" class="link" onClick={() => go(hrefWith({ q: null }), 'replace')}>
            Show all {services.length}
          </button>
        </p>
      )}
      <p class="note under">
        <b>M</b> memory, <b>C</b> counts per unit of work, <b>T</b> traces, <b>P</b> profiles, <b>D</b>{' '}
        releases. An outline is missing.
      </p>
    </>
  );
}

/** The onset that an open finding gives for the series that is drawn. */
const onsetOf = (service: ApiService, findings: readonly ApiFinding[]): number | null =>
  findings.find((finding) => finding.service === service.service && finding.evidence.role === service.role)
    ?.evidence.onset?.t ?? null;

function Row({ of, onset }: { of: ApiService; onset: number | null }) {
  const { now } = useView();
  const { before, name } = serviceWords(of.service);
  const floor = of.floor.at(-1)?.[1];
  const share = floor !== undefined && of.limitBytes ? floor / of.limitBytes : undefined;
  const unit = measureOf(of.role);
  const health = href(servicePath(of.service, 'health'));
  return (
    <tr data-row>
      <td>
        <a class="quiet" href={href(servicePath(of.service, 'memory'))}>
          {before && <span class="dim">{before} / </span>}
          <b class="strong">{name}</b>
        </a>
      </td>
      <td title={of.verdictReason ?? ''}>
        {of.verdict ? <VerdictTag verdict={of.verdict} /> : <Tag kind="none">Needs memory</Tag>}
      </td>
      <td class="spk">
        {of.floor.length > 1 ? (
          <Spark
            points={of.floor}
            limit={of.limitBytes}
            colour={of.verdict === 'mixed-writers' ? '--gap-mark' : '--floor-mark'}
            onset={onset}
          />
        ) : (
          <a class="small" href={health}>
            {of.signals.includes('memory') ? 'why not yet' : 'what to add'}
          </a>
        )}
      </td>
      <td class="num" data-l="floor">
        {floor === undefined ? UNKNOWN : amount(floor, unit)}
      </td>
      <td class="num only-xl">{of.limitBytes === null ? UNKNOWN : amount(of.limitBytes, unit)}</td>
      <td class="only-l">
        {share === undefined ? (
          <span class="dim">{UNKNOWN}</span>
        ) : (
          <Share of={share} colour={share > FULL ? '--growth-mark' : '--floor-mark'} text={percent(share)} />
        )}
      </td>
      <td class="num only-xl">{of.instances}</td>
      <td class="num only-l">{of.unitsPerSecond === null ? UNKNOWN : digits(of.unitsPerSecond)}</td>
      <td class="num" data-l="p95">
        {of.p95Ms === null ? UNKNOWN : milliseconds(of.p95Ms)}
      </td>
      <td class="only-xl">
        <Signals seen={of.signals} />
      </td>
      <td class="num dim only-l">{seconds(Math.max(1, (now - of.lastSeen) / 1000))}</td>
    </tr>
  );
}
