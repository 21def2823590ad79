import { useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { Field } from '../components/field.tsx';
import { useKeys } from '../keys.ts';
import { keepSourcePlace, type SourceFrame, type SourcePlace, sourceHref, sourcePlace } from './source.ts';

/** The frame's file as a link to its source, which `o` opens too; where it is read is asked for once. */
export function SourceLink({ service, frame }: { service: string; frame: SourceFrame }) {
  const [place, setPlace] = useState(() => sourcePlace(service));
  const [asks, setAsks] = useState(false);
  const link = place && sourceHref(place, frame);
  const ask = () => setAsks(true);
  useKeys({ o: () => (link ? void window.open(link, '_blank', 'noopener') : ask()) });
  const text = `${frame.file}${frame.line > 0 ? `:${frame.line}` : ''}`;
  return (
    <>
      {link ? (
        <a class="mono small" href={link} target="_blank" rel="noreferrer">
          {text}
        </a>
      ) : (
        <span class="note">{text}</span>
      )}
      <button type="button" class="btn bare only-l" onClick={ask}>
        {link ? 'Source at…' : 'Link to its source…'}
      </button>
      {asks && (
        <AskPlace
          place={place}
          frame={frame}
          close={() => setAsks(false)}
          done={(next) => {
            keepSourcePlace(service, next);
            setPlace(next);
            setAsks(false);
          }}
        />
      )}
    </>
  );
}

function AskPlace({
  place,
  frame,
  close,
  done,
}: {
  place: SourcePlace | undefined;
  frame: SourceFrame;
  close: () => void;
  done: (place: SourcePlace) => void;
}) {
  const [address, setAddress] = useState(place?.address ?? '');
  const [prefix, setPrefix] = useState(place?.prefix ?? '');
  const link = sourceHref({ address, prefix }, frame);
  return (
    <Dialog label="Where the source is" className="help settings" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (link) done({ address: address.trim(), prefix });
        }}
      >
        <h2>Where the source is</h2>
        <Field
          label="Address, with {file}, {line} and {version}"
          data-first
          required
          value={address}
          placeholder="https://git.example.com/shop/cart/blob/{version}/{file}#L{line}"
          set={setAddress}
        />
        <Field label="Left out at the start of paths" value={prefix} placeholder="/app/" set={setPrefix} />
        <p class="note" aria-live="polite">
          {link ? `Opens ${link}` : 'An address begins with https://, http://, vscode:// or idea://.'} Kept in
          this browser alone.
        </p>
        <div class="row">
          <button type="submit" class="btn primary" disabled={!link}>
            Keep
          </button>
          <button type="button" class="btn bare" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
