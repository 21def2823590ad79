import { useRef, useState } from 'preact/hooks';
import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { ApiError, post } from '../api.ts';
import { Copy } from '../components/paste.tsx';
import { useKeys } from '../keys.ts';
import { serverNow } from '../status.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';

const HOUR_MS = 3_600_000;
const SNOOZES: readonly (readonly [string, number])[] = [
  ['4 h', 4 * HOUR_MS],
  ['1 day', 24 * HOUR_MS],
  ['3 days', 72 * HOUR_MS],
  ['1 week', 168 * HOUR_MS],
];

const NOTICE: Record<ApiFinding['notice']['firing'], string> = {
  sent: 'sent',
  due: 'not delivered yet',
  off: 'no channel is set up',
};

/** Where the finding stands, whom it was told to, and how to say that it can wait or is wrong. */
export function Standing({ finding, changed }: { finding: ApiFinding; changed: () => void }) {
  const { zone } = useView();
  const [form, setForm] = useState<'' | 'snooze' | 'dismiss'>('');
  const [trouble, setTrouble] = useState('');
  const reason = useRef<HTMLTextAreaElement>(null);
  const open = finding.state === 'firing' || finding.state === 'snoozed';
  const { notice } = finding;

  const send = async (action: 'snooze' | 'dismiss', body: unknown) => {
    try {
      await post(`/findings/${encodeURIComponent(finding.id)}/${action}`, body);
      setForm('');
      setTrouble('');
      changed();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setTrouble(`Could not ${action}: ${error.message}`);
    }
  };
  const toggle = (which: 'snooze' | 'dismiss') => setForm((old) => (old === which ? '' : which));
  useKeys(open ? { s: () => toggle('snooze') } : {});

  return (
    <section>
      <div class="head">
        <h2>Where it stands</h2>
      </div>
      <dl class="facts">
        <dt>Since</dt>
        <dd>{dayTime(finding.since, zone)}</dd>
        {finding.resolvedAt !== null && (
          <>
            <dt>Resolved</dt>
            <dd>{dayTime(finding.resolvedAt, zone)}</dd>
          </>
        )}
        <dt>Notice</dt>
        <dd class={notice.firing === 'due' ? 'c-gap' : ''}>{NOTICE[notice.firing]}</dd>
        {(notice.resolved === 'sent' || notice.resolved === 'due') && (
          <>
            <dt>Notice of the end</dt>
            <dd class={notice.resolved === 'due' ? 'c-gap' : ''}>{NOTICE[notice.resolved]}</dd>
          </>
        )}
      </dl>
      {notice.lastError && <p class="small under c-gap">Last try failed: {notice.lastError}</p>}
      <div class="row actions">
        {open && (
          <>
            <button
              type="button"
              class="btn"
              aria-expanded={form === 'snooze'}
              onClick={() => toggle('snooze')}
            >
              {finding.state === 'snoozed' ? 'Snooze longer' : 'Snooze'}
            </button>
            <button
              type="button"
              class="btn"
              aria-expanded={form === 'dismiss'}
              onClick={() => toggle('dismiss')}
            >
              Dismiss…
            </button>
          </>
        )}
        <Copy text={`${finding.title}\n\n${finding.summary}\n\n${location.origin}/findings/${finding.id}`}>
          Copy for the PR
        </Copy>
      </div>
      {form === 'snooze' && (
        <fieldset class="row choices" aria-label="Snooze for">
          {SNOOZES.map(([word, ms]) => (
            <button
              key={word}
              type="button"
              class="btn"
              onClick={() => void send('snooze', { untilMs: Math.round(serverNow() + ms) })}
            >
              {word}
            </button>
          ))}
          <p class="note">It comes back by itself when the time is over.</p>
        </fieldset>
      )}
      {form === 'dismiss' && (
        <form
          class="choices"
          onSubmit={(event) => {
            event.preventDefault();
            void send('dismiss', { reason: reason.current?.value.trim() ?? '' });
          }}
        >
          <label>
            Why is this no finding?
            <textarea class="field" rows={2} required maxLength={500} ref={reason} />
          </label>
          <button type="submit" class="btn primary">
            Dismiss
          </button>
        </form>
      )}
      {trouble && (
        <p class="small under c-growth" role="alert">
          {trouble}
        </p>
      )}
    </section>
  );
}
