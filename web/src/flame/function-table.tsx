import { useMemo, useState } from 'preact/hooks';
import { type FlameModel, type FunctionRow, functionsOf, KINDS } from './model.ts';

const SHOWN = 12;
const MORE = 60;
const SWATCH = ['--f-app', '--f-lib', '--f-run', '--f-gc', '--f-idle', '--d-eq'];

/** The graph's equal: functions by self or total; of a comparison, those that changed most. */
export function FunctionTable({
  model,
  amount,
  lit,
  setLit,
  find,
}: {
  model: FlameModel;
  amount: (value: number) => string;
  lit: number | undefined;
  setLit: (name: number | undefined) => void;
  find: (name: string) => void;
}) {
  const [by, setBy] = useState<'self' | 'total'>('self');
  const [all, setAll] = useState(false);
  const ranked = useMemo(() => {
    const key = (row: FunctionRow) => (model.sides ? Math.abs(row.after - row.before) : row[by]);
    return functionsOf(model)
      .filter((row) => key(row) > 0)
      .sort((a, b) => key(b) - key(a));
  }, [model, by]);
  const whole = model.whole.total[0] as number;
  const share = (value: number) => (whole > 0 ? `${((100 * value) / whole).toFixed(1)}\u2009%` : '–');
  return (
    <div class="functions">
      <div class="row between">
        <h2 class="h">{model.sides ? 'Changed most' : 'Functions'}</h2>
        {!model.sides && (
          <fieldset class="seg" aria-label="Rank by">
            {(['self', 'total'] as const).map((one) => (
              <button key={one} type="button" aria-pressed={by === one} onClick={() => setBy(one)}>
                {one === 'self' ? 'Self' : 'Total'}
              </button>
            ))}
          </fieldset>
        )}
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Function</th>
            {(model.sides ? ['Before', 'After', 'Change'] : ['Self', 'Total']).map((head) => (
              <th key={head} scope="col" class="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ranked.slice(0, all ? MORE : SHOWN).map((row) => (
            <tr
              key={row.name}
              data-row
              class={lit === row.name ? 'pick' : ''}
              onPointerEnter={() => setLit(row.name)}
              onPointerLeave={() => setLit(undefined)}
            >
              <td>
                <button
                  type="button"
                  class="quiet fn"
                  title={`Find ${model.names[row.name]}`}
                  onClick={() => find(model.names[row.name] as string)}
                >
                  <i
                    class="sw"
                    aria-hidden="true"
                    style={{ background: `var(${SWATCH[model.kinds[row.name] as number]})` }}
                  />
                  {model.names[row.name]}
                  <span class="sr">, {KINDS[model.kinds[row.name] as number]}</span>
                </button>
                {model.files[row.name] && <span class="at">{model.files[row.name]}</span>}
              </td>
              {model.sides ? (
                <>
                  <td class="num mid">{amount(row.before)}</td>
                  <td class="num mid">{amount(row.after)}</td>
                  <td class={`num strong ${row.after > row.before ? 'c-growth' : 'c-floor'}`}>
                    {row.after > row.before ? '+' : '−'}
                    {amount(Math.abs(row.after - row.before))}
                  </td>
                </>
              ) : (
                <>
                  <td class="num" title={amount(row.self)}>
                    {share(row.self)}
                  </td>
                  <td class="num mid" title={amount(row.total)}>
                    {share(row.total)}
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {ranked.length > SHOWN && (
        <button type="button" class="btn bare" onClick={() => setAll(!all)}>
          {all ? `Show ${SHOWN}` : `Show ${Math.min(MORE, ranked.length)} of ${ranked.length}`}
        </button>
      )}
    </div>
  );
}
