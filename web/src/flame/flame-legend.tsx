import { hrefWith } from '../router.ts';

const KINDS = [
  ['your code', '--f-app'],
  ['libraries', '--f-lib'],
  ['runtime', '--f-run'],
  ['garbage collection', '--f-gc'],
] as const;

/** What colours mean, what is hidden, and the keys. */
export function FlameLegend({
  sides,
  keepIdle,
  filtered,
  idle,
}: {
  sides: boolean;
  keepIdle: boolean;
  filtered: boolean;
  /** Amount that is hidden. */
  idle: string | undefined;
}) {
  const keys = [
    ['←↑↓→', 'move'],
    ['↵', 'zoom'],
    ['s', 'callers and callees'],
    ...(filtered ? [['i', 'ignore']] : []),
    ['c', 'copy frame'],
  ] as const;
  return (
    <div class="row between under">
      {sides ? (
        <p class="note">Colour is the change of a frame against itself; under 5 % is grey.</p>
      ) : (
        <div class="keys">
          {KINDS.map(([word, token]) => (
            <span key={word}>
              <i class={token === '--f-gc' ? 'striped' : ''} style={{ backgroundColor: `var(${token})` }} />
              {word}
            </span>
          ))}
          {(idle !== undefined || keepIdle) && (
            <span class="dim">
              {keepIdle ? 'idle time is shown' : `${idle} idle is hidden`}{' '}
              <a href={hrefWith({ idle: keepIdle ? null : 'shown' })}>{keepIdle ? 'hide' : 'show'}</a>
            </span>
          )}
        </div>
      )}
      <div class="keys only-l dim">
        {keys.map(([key, what]) => (
          <span key={key}>
            <kbd>{key}</kbd> {what}
          </span>
        ))}
      </div>
    </div>
  );
}
