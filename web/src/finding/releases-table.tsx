import type { ApiFinding } from '../../../lib/http/schemas.ts';
import type { Measure } from '../../../lib/model/format-number.ts';
import { Tag } from '../components/tag.tsx';
import { count, digits, keptEstimate, slopeEstimate } from '../format.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';

type Explained = NonNullable<ApiFinding['evidence']['explained']>;
type Releases = NonNullable<Explained['releases']>;

const nameOf = (version: string) => version || 'without a name';

/** What each release kept, which was the first bad one, and how far the proof of a fix is. */
export function ReleasesTable({ releases, measure }: { releases: Releases; measure: Measure }) {
  const { zone } = useView();
  const { items, firstBad, fix, by } = releases;
  const bad = new Set(firstBad?.versions ?? []);
  return (
    <section id="releases">
      <div class="head">
        <h2>By release</h2>
        <span class="note">all processes of a release after their start-up, with 95 % intervals</span>
      </div>
      <p class="small between">
        {verdictOf(releases)} {fix && fixText(fix)}
      </p>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Release</th>
              <th scope="col">First seen</th>
              <th scope="col" class="num">
                Processes
              </th>
              <th scope="col" class="num">
                Hours
              </th>
              <th scope="col" class="num">
                Units served
              </th>
              <th scope="col" class="num">
                Kept per unit
              </th>
              <th scope="col" class="num">
                Slope
              </th>
              <th scope="col">
                <span class="sr">What it is</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.version} data-row>
                <td class="mono strong">{nameOf(item.version)}</td>
                <td class="mid" data-l="since">
                  {dayTime(item.from, zone)}
                </td>
                <td class="num mid" data-l="processes">
                  {count(item.lives)}
                </td>
                <td class="num mid" data-l="hours">
                  {digits(item.hours)}
                </td>
                <td class="num mid" data-l="units">
                  {count(item.units)}
                </td>
                <td class={`num${by === 'unit' ? ' key' : ' mid'}`} data-l="per unit">
                  {item.bytesPerUnit ? keptEstimate(item.bytesPerUnit, measure) : <span class="dim">–</span>}
                </td>
                <td class={`num${by === 'clock' ? ' key' : ' mid'}`} data-l="slope">
                  {item.slopeBytesPerHour ? (
                    slopeEstimate(item.slopeBytesPerHour, measure)
                  ) : (
                    <span class="dim">–</span>
                  )}
                </td>
                <td>
                  {bad.has(item.version) && (
                    <Tag kind="growth">{bad.size > 1 ? 'may be the first bad one' : 'first bad one'}</Tag>
                  )}
                  {fix?.version === item.version && fix.state === 'fixed' && <Tag kind="ok">fixed</Tag>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function verdictOf({ items, firstBad }: Releases): string {
  if (items.length < 2) return 'Only one release was seen: whether older ones keep memory too is not known.';
  if (!firstBad) return 'The first bad release cannot be told.';
  const names = firstBad.versions.map(nameOf);
  const first = names.length > 1 ? `one of ${names.join(', ')}` : names[0];
  return firstBad.lastGood === null
    ? `The first bad release that was seen is ${first}; none was seen before it that keeps nothing, so that older ones may be bad too.`
    : `The first bad release is ${first}; ${nameOf(firstBad.lastGood)} kept nothing.`;
}

function fixText({ version, state, by, served, needed }: NonNullable<Releases['fix']>): string {
  const name = nameOf(version);
  const what = by === 'unit' ? 'units' : 'hours of processes';
  if (state === 'fixed')
    return `${name} is proved to have fixed it, by ${count(Math.round(served))} ${what}.`;
  if (state === 'keeps') return `${name} does the same.`;
  if (state === 'less' || needed === null) return `${name} keeps less, but not nothing.`;
  const missing = count(Math.ceil(needed - served));
  return `${name} has served ${count(Math.round(served))} of about ${count(Math.ceil(needed))} ${what} that would prove it fixed: ${missing} are missing.`;
}
