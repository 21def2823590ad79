import { useState } from 'preact/hooks';
import { keysAreOn, switchKeys } from '../keys.ts';
import { Dialog } from './dialog.tsx';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'search'],
  ['?', 'this list'],
  ['g s', 'services'],
  ['g f', 'findings'],
  ['g m', 'memory of the service'],
  ['g p', 'flame graph of the service'],
  ['g t', 'transactions of the service'],
  ['g h', 'data health of the service'],
  ['j k', 'next and previous row'],
  ['enter', 'open the row'],
  ['[ ]', 'range earlier, later'],
  ['z', 'undo zoom'],
  ['u', 'UTC or local time'],
  ['e', 'evidence of a finding'],
  ['s', 'snooze a finding; callers and callees of a function of a flame graph'],
  ['n', 'nesting of a trace: repaired, as reported'],
  ['f', 'flame graph of a trace: gap, span, with children, all'],
  ['b', 'callers of a flame graph below their functions'],
  ['i', 'ignore a function of a flame graph'],
  ['o', 'source of a frame that was zoomed to'],
  ['y', 'copy a link with fixed times'],
  ['← →', 'a point of a chart in focus, with shift ten'],
];

export function Help({ close }: { close: () => void }) {
  const [on, setOn] = useState(keysAreOn());
  const flip = () => {
    switchKeys(!on);
    setOn(!on);
  };
  return (
    <Dialog label="Keys" className="help" close={close}>
      <div class="head">
        <h2>Keys</h2>
        <span class="grow" />
        <button type="button" class="btn bare" onClick={close}>
          Close <kbd>esc</kbd>
        </button>
      </div>
      <dl class="facts left">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={on} onChange={flip} /> Single keys are on
      </label>
    </Dialog>
  );
}
