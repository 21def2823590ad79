import { useState } from 'preact/hooks';

const VIEWER = 'https://www.speedscope.app/';
/** Characters of a link that browsers open: Firefox ends at 1 MiB, Chromium at 2. */
const LINK_MAX = 1_000_000;
const NODES = [8192, 2048, 512, 128];

/**
 * Opens the graph in speedscope, whose page comes from the network. The profile goes with the link, behind its `#`, which
 * browsers send to nobody: it need not be fetched from here, where that page has no key.
 */
export function OpenSpeedscope({ title, file }: { title: string; file: (maxNodes: number) => string }) {
  const [failed, setFailed] = useState(false);
  const open = async () => {
    const tab = window.open('', '_blank'); // now: a tab that is opened after waiting is blocked
    setFailed(false);
    try {
      const link = await linkTo(title, file);
      if (!tab) throw new Error('no tab');
      tab.opener = null;
      tab.location.href = link;
    } catch {
      tab?.close();
      setFailed(true);
    }
  };
  return (
    <>
      {failed && <span class="note">speedscope could not be opened; take the file.</span>}
      <button
        type="button"
        class="btn bare only-l"
        title="Loads www.speedscope.app from the network. The profile stays in your browser; of very large ones the largest frames."
        onClick={() => void open()}
      >
        Open in speedscope.app <span class="dim">(network)</span>
      </button>
    </>
  );
}

/** With as many nodes as a link can hold. */
async function linkTo(title: string, file: (maxNodes: number) => string): Promise<string> {
  for (const nodes of NODES) {
    const answer = await fetch(file(nodes));
    if (!answer.ok) throw new Error(String(answer.status));
    const profile = encodeURIComponent(await dataUrl(await answer.blob()));
    const link = `${VIEWER}#title=${encodeURIComponent(title)}&profileURL=${profile}`;
    if (link.length <= LINK_MAX) return link;
  }
  throw new Error('too large');
}

const dataUrl = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
