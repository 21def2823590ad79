import { useState } from 'preact/hooks';
import { ApiError, post } from '../api.ts';

/** Sets something aside at the server, and takes it back; says so, and says what went wrong. */
export function AsideButton({
  path,
  body,
  flag,
  aside,
  words,
  changed,
}: {
  path: string;
  body: Readonly<Record<string, unknown>>;
  /** The field of the body that says which way. */
  flag: 'dismissed' | 'ignored';
  aside: boolean;
  words: { readonly set: string; readonly back: string; readonly about: string };
  changed: () => void;
}) {
  const [trouble, setTrouble] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      await post(path, { ...body, [flag]: !aside });
      setTrouble('');
      changed();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setTrouble(error.message);
    } finally {
      setBusy(false);
    }
  };
  const word = aside ? words.back : words.set;
  return (
    <>
      <button
        type="button"
        class="btn"
        disabled={busy}
        aria-label={`${word}: ${words.about}`}
        onClick={() => void send()}
      >
        {word}
      </button>
      {trouble && (
        <span class="small c-growth wrap" role="alert">
          {trouble}
        </span>
      )}
    </>
  );
}
