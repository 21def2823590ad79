import type { ApiSetup } from '../../../lib/http/schemas.ts';
import { go, hrefWith, usePlace } from '../router.ts';
import { Paste } from './paste.tsx';

/** Paste blocks per SDK; the choice is in the URL, so that a colleague gets the same lines. */
export function Guides({ setup, title }: { setup: ApiSetup; title: string }) {
  const chosen = usePlace().query.get('sdk');
  const guide = setup.guides.find((one) => one.id === chosen) ?? setup.guides[0];
  if (!guide) return null;
  return (
    <section>
      <div class="head">
        <h2>{title}</h2>
        <span class="grow" />
        <fieldset class="seg wrap-s" aria-label="SDK">
          {setup.guides.map((one) => (
            <button
              key={one.id}
              type="button"
              aria-pressed={one.id === guide.id}
              onClick={() => go(hrefWith({ sdk: one.id }), 'replace')}
            >
              {one.title}
            </button>
          ))}
        </fieldset>
      </div>
      <ol class={guide.steps.length > 1 ? 'need' : 'need single'}>
        {guide.steps.map((step, i) => (
          <li key={step.text}>
            {step.text && <p class="lede">{step.text}</p>}
            {step.lines && <Paste lines={step.lines} label={`${guide.title}, step ${i + 1}`} />}
          </li>
        ))}
      </ol>
    </section>
  );
}
