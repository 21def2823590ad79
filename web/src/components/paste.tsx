import { useState } from 'preact/hooks';

const THANKS_MS = 1500;

/** Lines to paste, with one button. What stands for the reader's own values is marked. */
export function Paste({ lines, label = 'lines' }: { lines: string; label?: string }) {
  return (
    <div class="paste-box">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls sideways must be reachable by keyboard */}
      <pre class="paste" tabIndex={0}>
        {lines.split('\n').map((line, i) => (
          <Line key={`${i}${line}`} text={`${i ? '\n' : ''}${line}`} />
        ))}
      </pre>
      <Copy text={lines} label={`Copy ${label}`} className="btn copy" />
    </div>
  );
}

// Comments are context; values after `=` and in quotes that hold a URL or a name are what the reader looks at first.
const VALUE =
  /((?<==)https?:\/\/\S+|(?<==)"[^"]*"|(?<=SERVICE_NAME=)[^\s"]+|(?<=["'])https?:\/\/[^"']+(?=["']))/;

function Line({ text }: { text: string }) {
  if (/^\s*(#|\/\/)/.test(text)) return <span class="rem">{text}</span>;
  const pieces = text.split(VALUE);
  return <>{pieces.map((piece, i) => (i % 2 ? <mark key={piece}>{piece}</mark> : piece))}</>;
}

/** A fix as the server words it: where it goes, an empty line, and what to paste. */
export function Fix({ text, label }: { text: string; label: string }) {
  const at = text.indexOf('\n\n');
  const [where, lines] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 2)];
  return (
    <>
      {where && <p class="lede between">{where}</p>}
      <Paste lines={lines} label={label} />
    </>
  );
}

export function Copy({
  text,
  label,
  className = 'btn',
  children = 'Copy',
}: {
  text: string;
  label?: string;
  className?: string;
  children?: string;
}) {
  const [done, setDone] = useState<'' | 'Copied' | 'Press Ctrl C'>('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('Copied');
    } catch {
      setDone('Press Ctrl C'); // no clipboard on plain http; the lines can still be selected
    }
    setTimeout(() => setDone(''), THANKS_MS);
  };
  return (
    <button
      type="button"
      class={className}
      aria-label={done || (label ?? children)}
      onClick={() => void copy()}
    >
      {done || children}
    </button>
  );
}
