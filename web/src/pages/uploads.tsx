import type { ApiUploads } from '../../../lib/http/schemas.ts';
import { useApi } from '../api.ts';
import { Page } from '../components/page.tsx';
import { Empty, Part } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { bytes, count } from '../format.ts';
import { href } from '../router.ts';
import { dayTime, hourMinuteSecond, when } from '../time.ts';
import { useView } from '../view.ts';
import { plural, type TagKind } from '../words.ts';

type Item = ApiUploads['items'][number];

const STATES: Record<Item['state'], readonly [TagKind, string]> = {
  pending: ['none', 'Waiting'],
  done: ['ok', 'Analysed'],
  rejected: ['gap', 'Rejected'],
  poison: ['gap', 'Could not be read'],
};

/** What was received and what became of it; and what was refused at the door, with what it looked like. */
export function UploadsPage() {
  const uploads = useApi<ApiUploads>('/uploads');
  return (
    <Page title="Uploads">
      <Part of={uploads} what="the uploads" chart={false}>
        {(data) => (
          <>
            <Answer uploads={data} />
            <Refused refused={data.refused} />
            <LeftOut rows={data.leftOut ?? []} />
            <Items items={data.items} />
          </>
        )}
      </Part>
    </Page>
  );
}

function Answer({ uploads: { balance, refused, from } }: { uploads: ApiUploads }) {
  const { zone } = useView();
  const missing = balance.received - balance.done - balance.rejected - balance.poison - balance.pending;
  const atDoor = refused.reduce((sum, row) => sum + row.count, 0);
  const figures: [string, number][] = [
    ['Received', balance.received],
    ['Analysed', balance.done],
    ['Rejected', balance.rejected],
    ['Unreadable', balance.poison],
    ['Waiting', balance.pending],
    ['Unaccounted for', missing],
  ];
  return (
    <section>
      <h1 class="say">
        {balance.received === 0 ? (
          'No upload was received yet'
        ) : missing === 0 ? (
          <>
            All <b class="nb">{balance.received.toLocaleString('en')}</b> uploads are accounted for
          </>
        ) : (
          <>
            <b class="nb">{count(missing)}</b> of {balance.received.toLocaleString('en')} uploads are
            unaccounted for
          </>
        )}
        {atDoor > 0 ? (
          <>
            ; <b class="nb">{count(atDoor)}</b> {plural(atDoor, 'was', 'were')} refused at the door.
          </>
        ) : (
          '; none was refused.'
        )}
      </h1>
      <dl class="kpi">
        {figures.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value.toLocaleString('en')}</dd>
          </div>
        ))}
      </dl>
      <p class="note under">
        Since {dayTime(from, zone)}. received = analysed + rejected + unreadable + waiting
      </p>
    </section>
  );
}

/** What came and was not kept, and what SDKs say that they threw away. */
function LeftOut({ rows }: { rows: NonNullable<ApiUploads['leftOut']> }) {
  if (rows.length === 0) return null;
  return (
    <section id="left-out">
      <div class="head">
        <h2>Left out</h2>
        <span class="note">of analysed uploads, and by SDKs as their client reports say</span>
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" class="num">
                Count
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.reason}>
                <td class="wrap">{row.reason}</td>
                <td class="num key">{count(row.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Refused({ refused }: { refused: ApiUploads['refused'] }) {
  const { zone, now } = useView();
  if (refused.length === 0) return null;
  return (
    <section>
      <div class="head">
        <h2>Refused at the door</h2>
        <span class="note">answered with an error and not stored; the sender was told why</span>
      </div>
      <div class="scroll">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col">Sender</th>
              <th scope="col">Hour</th>
              <th scope="col" class="num">
                Count
              </th>
              <th scope="col">Examples</th>
            </tr>
          </thead>
          <tbody>
            {refused.map((row) => (
              <tr key={`${row.hour} ${row.reason} ${row.status} ${row.sender}`} class="top-row">
                <td>
                  <span class="strong">{row.reason}</span> <span class="dim">{row.status}</span>
                </td>
                <td class="mono small mid">{row.sender}</td>
                <td class="mid">{when(row.hour, now, zone)}</td>
                <td class="num key">{count(row.count)}</td>
                <td class="full small">
                  {row.examples.map((example) => (
                    <details key={`${example.at} ${example.route}`} class="example">
                      <summary>
                        <span class="mono">{example.route}</span> {example.detail}
                      </summary>
                      <p class="dim">
                        {dayTime(example.at, zone)}, {bytes(example.bytes)}, begins with{' '}
                        <code class="wrap">{example.firstBytes || '(nothing)'}</code>
                      </p>
                    </details>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Items({ items }: { items: readonly Item[] }) {
  const { zone } = useView();
  return (
    <section>
      <div class="head">
        <h2>Latest uploads</h2>
      </div>
      {items.length === 0 ? (
        <Empty>
          Nothing was received between these times. <a href={href('/setup')}>Lines to paste</a>
        </Empty>
      ) : (
        <div class="scroll">
          <table class="stack">
            <thead>
              <tr>
                <th scope="col">Received</th>
                <th scope="col">State</th>
                <th scope="col">Route</th>
                <th scope="col">Sender</th>
                <th scope="col" class="num">
                  Size
                </th>
                <th scope="col">Reason</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.id} id={item.id}>
                  <td class="nb">
                    {dayTime(item.receivedAt, zone).slice(0, -5)}
                    {hourMinuteSecond(item.receivedAt, zone)}
                  </td>
                  <td class="key">
                    <Tag kind={STATES[item.state][0]}>{STATES[item.state][1]}</Tag>
                  </td>
                  <td class="mono small">{item.route}</td>
                  <td class="mono small mid">{item.sender}</td>
                  <td class="num">{bytes(item.bytes)}</td>
                  <td class="why full small">{item.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
