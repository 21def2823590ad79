import { useState } from 'preact/hooks';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
} from '../../../lib/model/format-number.ts';
import { MINUTE_MS } from '../../../lib/model/units.ts';
import { ApiError, request, useApi } from '../api.ts';
import { Dialog } from '../components/dialog.tsx';
import { Field } from '../components/field.tsx';
import { Page } from '../components/page.tsx';
import { Part } from '../components/states.tsx';
import { Tag } from '../components/tag.tsx';
import { href, servicePath } from '../router.ts';
import { dayTime } from '../time.ts';
import type { ApiRule, RuleList } from '../types.ts';
import { useView } from '../view.ts';
import { numberWord, plural, serviceWords } from '../words.ts';

/** The alert rules of each service, those that speak first, and a form that changes one for one service. */
export function RulesPage() {
  const { zone } = useView();
  const rules = useApi<RuleList>('/rules');
  const [changing, setChanging] = useState<ApiRule>();
  return (
    <Page title="Rules">
      <Part of={rules} what="the rules" chart={false}>
        {({ items }) => {
          const firing = items.filter(({ state }) => state === 'firing').length;
          return (
            <section>
              <h1 class="say">
                {numberWord(firing)} {plural(firing, 'rule is', 'rules are')} firing.
              </h1>
              <p class="lede">
                They mean what Prometheus means by the same words. Leaks are found without them: a rule that
                nobody changed waits four hours for the analysis, and sends no message about memory that it
                finds calm, unless a limit is nearly reached. A rule that you keep for a service speaks at
                once. One message tells of one instance.
              </p>
              {items.length > 0 && (
                <div class="scroll after-say">
                  <table class="stack">
                    <thead>
                      <tr>
                        <th scope="col">Service</th>
                        <th scope="col">Rule</th>
                        <th scope="col">State</th>
                        <th scope="col">Fires when</th>
                        <th scope="col">For</th>
                        <th scope="col">
                          <span class="sr">Change</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.toSorted(byState).map((rule) => (
                        <tr key={`${rule.service} ${rule.rule}`}>
                          <td>
                            <a href={href(servicePath(rule.service, 'memory'))}>
                              {serviceWords(rule.service).name}
                            </a>
                          </td>
                          <td>{rule.rule}</td>
                          <td>
                            <State rule={rule} />
                            {rule.since !== null && (
                              <span class="note"> since {dayTime(rule.since, zone)}</span>
                            )}
                          </td>
                          <td class="full small">{condition(rule)}</td>
                          <td class="mid">{formatDuration(rule.forMs)}</td>
                          <td>
                            <button
                              type="button"
                              class="btn bare"
                              aria-label={`Change ${rule.rule} of ${rule.service}`}
                              onClick={() => setChanging(rule)}
                            >
                              Change
                            </button>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </section>
          );
        }}
      </Part>
      {changing && (
        <ChangeRule
          rule={changing}
          close={() => setChanging(undefined)}
          done={() => {
            setChanging(undefined);
            rules.reload();
          }}
        />
      )}
    </Page>
  );
}

const ORDER = ['firing', 'pending', 'inactive'];
const byState = (a: ApiRule, b: ApiRule) =>
  ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.service.localeCompare(b.service);

function State({ rule: { off, state, instances } }: { rule: ApiRule }) {
  if (off) return <Tag kind="none">Off</Tag>;
  if (state === 'inactive') return <Tag kind="ok">Quiet</Tag>;
  const many = `${instances.length} ${plural(instances.length, 'instance')}`;
  return state === 'firing' ? (
    <Tag kind="growth">Firing, {many}</Tag>
  ) : (
    <Tag kind="maybe">Pending, {many}</Tag>
  );
}

const isBytes = ({ metric }: ApiRule): boolean => metric.includes('bytes');

function condition(rule: ApiRule) {
  const { kind, metric, threshold, rangeMs } = rule;
  const name = <code>{metric}</code>;
  if (kind === 'deriv') {
    const rate = formatRate(threshold, isBytes(rule) ? 'bytes' : 'count', 's');
    return (
      <>
        {name} grows by more than {rate}, over {formatDuration(rangeMs ?? 0)}
      </>
    );
  }
  const level = isBytes(rule) ? formatBytes(threshold) : formatCount(threshold);
  const amount = kind === 'quotient' ? formatPercent(threshold) : level;
  return (
    <>
      {name} is above {amount}
    </>
  );
}

const unitOf = (rule: ApiRule): string => {
  if (rule.kind === 'quotient') return 'a share of 1';
  return `${isBytes(rule) ? 'bytes' : 'a number'}${rule.kind === 'deriv' ? ' per second' : ''}`;
};

interface Settings {
  readonly rules: Readonly<Record<string, { threshold?: number; forMs?: number; off?: boolean }>>;
}

/** Other rules of the service stay as they are: what people set is read again before it is written. */
async function keep({ service, rule }: ApiRule, change: Settings['rules'][string] | undefined) {
  const path = `/services/${encodeURIComponent(service)}/settings`;
  const { [rule]: _, ...others } = (await request<Settings>(path)).rules;
  const rules = change === undefined ? others : { ...others, [rule]: change };
  const headers = { 'Content-Type': 'application/json' };
  await request(path, { method: 'PUT', headers, body: JSON.stringify({ rules }) });
}

function ChangeRule({ rule, close, done }: { rule: ApiRule; close: () => void; done: () => void }) {
  const [threshold, setThreshold] = useState(`${rule.threshold}`);
  const [minutes, setMinutes] = useState(`${rule.forMs / MINUTE_MS}`);
  const [off, setOff] = useState(rule.off);
  const [trouble, setTrouble] = useState<string>();
  const send = async (change: Settings['rules'][string] | undefined) => {
    try {
      await keep(rule, change);
      done();
    } catch (error) {
      setTrouble(error instanceof ApiError ? error.message : String(error));
    }
  };
  const label = `${rule.rule} of ${serviceWords(rule.service).name}`;
  return (
    <Dialog label={`Change ${label}`} className="help settings" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send({ threshold: Number(threshold), forMs: Number(minutes) * MINUTE_MS, off });
        }}
      >
        <h2>{label}</h2>
        <Field
          label={`Threshold, ${unitOf(rule)}`}
          type="number"
          step="any"
          required
          data-first
          value={threshold}
          set={setThreshold}
        />
        <Field
          label="For so many minutes before it fires"
          type="number"
          step="any"
          min={0}
          max={10_080}
          required
          value={minutes}
          set={setMinutes}
        />
        <label class="check">
          <input type="checkbox" checked={off} onChange={(event) => setOff(event.currentTarget.checked)} />
          Off for this service
        </label>
        {trouble && (
          <p class="small c-growth" role="alert">
            {trouble}
          </p>
        )}
        <div class="row">
          <button type="submit" class="btn primary">
            Keep
          </button>
          <button type="button" class="btn" onClick={() => void send(undefined)}>
            As the rule has it
          </button>
          <button type="button" class="btn bare" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
