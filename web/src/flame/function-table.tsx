import { useMemo, useState } from 'preact/hooks';
import { type FunctionRow, functionsOf } from './functions.ts';
import { share } from './labels.ts';
import { type FlameModel, KINDS } from './model.ts';
import { type Shared, useIsShared } from './shared.ts';

const SHOWN = 12;
const MORE = 60;
const SWATCH = ['--f-app', '--f-lib', '--f-run', '--f-gc', '--f-idle', '--d-eq'];

/** The graph's equal: functions by self or total; of a comparison, those that changed most. */
export function FunctionTable({
  model,
  amount,
  lit,
  find,
}: {
  model: FlameModel;
  amount: (value: number) => string;
  /** The name that is pointed at, here or in the graph. */
  lit: Shared<number | undefined>;
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
  const shown = useMemo(
    () => ranked.slice(0, all ? MORE : SHOWN).map((row) => worded(model, row, amount)),
    [model, ranked, all, amount],
  );
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
          {shown.map(({ row, figures }) => (
            <Row key={row.name} {...{ model, name: row.name, figures, lit, find }} />
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

function Row({
  model,
  name,
  figures,
  lit,
  find,
}: {
  model: FlameModel;
  name: number;
  figures: readonly Figure[];
  lit: Shared<number | undefined>;
  find: (name: string) => void;
}) {
  const isLit = useIsShared(lit, name);
  return (
    <tr
      data-row
      class={isLit ? 'pick' : ''}
      onPointerEnter={() => lit.set(name)}
      onPointerLeave={() => lit.set(undefined)}
    >
      <FunctionName model={model} name={name} find={find} />
      {figures.map(({ key, text, title, looks }) => (
        <td key={key} class={`num ${looks}`} title={title}>
          {text}
        </td>
      ))}
    </tr>
  );
}

function FunctionName({
  model,
  name,
  find,
}: {
  model: FlameModel;
  name: number;
  find: (name: string) => void;
}) {
  const kind = model.kinds[name] as number;
  return (
    <td>
      <button
        type="button"
        class="quiet fn"
        title={`Find ${model.names[name]}`}
        onClick={() => find(model.names[name] as string)}
      >
        <i class="sw" aria-hidden="true" style={{ background: `var(${SWATCH[kind]})` }} />
        {model.names[name]}
        <span class="sr">, {KINDS[kind]}</span>
      </button>
      {model.files[name] && <span class="at">{model.files[name]}</span>}
    </td>
  );
}

/** A row with its figures as texts: made once, since numbers are slow to write. */
function worded(model: FlameModel, row: FunctionRow, amount: (value: number) => string) {
  const { self, total, before, after } = row;
  const whole = model.whole.total[0] as number;
  const grew = after > before;
  const change = `${grew ? '+' : '−'}${amount(Math.abs(after - before))}`;
  const figures = model.sides
    ? [
        { key: 'before', text: amount(before), looks: 'mid' },
        { key: 'after', text: amount(after), looks: 'mid' },
        { key: 'change', text: change, looks: `strong ${grew ? 'c-growth' : 'c-floor'}` },
      ]
    : [
        { key: 'self', text: share(self, whole), title: amount(self), looks: '' },
        { key: 'total', text: share(total, whole), title: amount(total), looks: 'mid' },
      ];
  return { row, figures: figures as readonly Figure[] };
}

interface Figure {
  readonly key: string;
  readonly text: string;
  readonly title?: string;
  readonly looks: string;
}
