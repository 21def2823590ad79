import type { ComponentChildren } from 'preact';
import type { ApiProfileType } from '../../../lib/http/flame-schemas.ts';
import { go, hrefWith, usePlace } from '../router.ts';
import { typeWord } from './amount.ts';

const AS_BUTTONS = 4;

/** Which profile, of which unit of work and release. */
export function Picks({
  types,
  children,
}: {
  types: readonly ApiProfileType[];
  children: ComponentChildren;
}) {
  const { query } = usePlace();
  const chosen = query.get('type');
  const current = types.find((one) => keyOf(one) === chosen || one.type === chosen) ?? types[0];
  const pick = (type: string) =>
    go(hrefWith({ type, unit: null, version: null, instance: null, frame: null }));
  return (
    <div class="row wide picks">
      {types.length <= AS_BUTTONS ? (
        <fieldset class="seg" aria-label="Profile type">
          {types.map((one) => (
            <button
              key={keyOf(one)}
              type="button"
              aria-pressed={one === current}
              onClick={() => pick(keyOf(one))}
            >
              {typeWord(one.type)}
            </button>
          ))}
        </fieldset>
      ) : (
        <Choice
          label="Type"
          value={current ? keyOf(current) : ''}
          options={types.map((one) => [keyOf(one), typeWord(one.type)])}
          choose={pick}
        />
      )}
      {current && current.units.length > 0 && (
        <Choice
          label="Unit"
          value={query.get('unit') ?? ''}
          options={[
            ['', 'all'],
            ...current.units.map(({ kind, name }) => [`${kind} ${name}`, name] as const),
          ]}
          choose={(unit) => go(hrefWith({ unit: unit || null, frame: null }))}
        />
      )}
      {current && current.versions.filter((version) => version !== '').length > 0 && (
        <Choice
          label="Release"
          value={query.get('version') ?? ''}
          options={[
            ['', 'all'],
            ...current.versions.filter(Boolean).map((version) => [version, version] as const),
          ]}
          choose={(version) => go(hrefWith({ version: version || null, frame: null }))}
        />
      )}
      {current && (current.instances.length > 1 || query.get('instance') !== null) && (
        <Choice
          label="Instance"
          value={query.get('instance') ?? ''}
          options={[
            ['', 'all'],
            ...[...new Set([...current.instances, query.get('instance') ?? ''])]
              .filter(Boolean)
              .map((instance) => [instance, instance] as const),
          ]}
          choose={(instance) => go(hrefWith({ instance: instance || null, frame: null }))}
        />
      )}
      {current && current.temporality !== 'delta' && current.instances.length === 0 && (
        <span class="note">Instances are told apart in ranges of at most a day.</span>
      )}
      <span class="grow only-l" />
      {children}
    </div>
  );
}

/** `cpu:nanoseconds`: two units of one type are two graphs. */
const keyOf = ({ type, unit }: ApiProfileType): string => `${type}:${unit}`;

export function Choice({
  label,
  name = label,
  value,
  options,
  choose,
}: {
  label: string;
  /** What a screen reader says, where two choices have one label. */
  name?: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  choose: (value: string) => void;
}) {
  return (
    <label class="choice">
      <span class="dim">{label}</span>
      <select
        class="field"
        aria-label={name}
        value={value}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
