import { useState } from 'preact/hooks';
import { ApiError, post } from '../api.ts';
import { Page } from '../components/page.tsx';
import { Paste } from '../components/paste.tsx';
import { lookNow } from '../status.ts';

/** Asked for in place of every page where the server wants a key; the page that was opened comes after it. */
export function SignInPage() {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const signIn = async () => {
    setBusy(true);
    try {
      await post('/session', { token: token.trim() });
      setToken('');
      await lookNow();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, title, detail } = error.problem;
      setWrong(status === 401 ? 'Tidemark does not know this key, or it was revoked.' : (detail ?? title));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title="Sign in">
      <h1 class="say">This Tidemark asks for a key.</h1>
      <form
        class="row after-say"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        <input
          class="field wide"
          type="password"
          name="token"
          autocomplete="current-password"
          placeholder="tm_…"
          aria-label="Key with the scope read"
          aria-invalid={wrong !== ''}
          aria-describedby="sign-in-wrong"
          required
          value={token}
          onInput={(event) => {
            setToken(event.currentTarget.value);
            setWrong('');
          }}
        />
        <button type="submit" class="btn" disabled={busy}>
          Sign in
        </button>
      </form>
      <p id="sign-in-wrong" class="c-growth under" role="alert">
        {wrong}
      </p>
      <p class="lede between">
        One with the scope <code>read</code> lets you look; make it on the machine where Tidemark runs. It is
        not kept in this browser: a session is, for seven days.
      </p>
      <div class="narrow">
        <Paste
          lines="npx tidemark keys create --project default --scopes read"
          label="make a key for looking"
        />
      </div>
    </Page>
  );
}
