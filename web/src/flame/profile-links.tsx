import type { ApiFunction } from '../../../lib/http/flame-schemas.ts';
import { milliseconds } from '../format.ts';
import { traceHref } from '../trace/link.ts';

const SHOWN = 3;

/** Profiles behind a number, each by the time it tells: as the trace it belongs to, else as the file that was sent. */
export function ProfileLinks({
  service,
  examples,
  about,
}: {
  service: string;
  examples: ApiFunction['examples'];
  about: string;
}) {
  if (examples.length === 0) return <span class="dim">none kept</span>;
  return (
    <span class="links">
      {examples.slice(0, SHOWN).map(({ upload, traceId, at, ms, ofMs }, i) => (
        <span key={`${upload} ${traceId} ${at}`}>
          {i > 0 && ' · '}
          <a
            href={traceId === null ? uploadHref(upload) : traceHref(service, traceId, at)}
            title={`${milliseconds(ms)} of ${milliseconds(ofMs)}`}
            aria-label={`${traceId === null ? 'Profile' : 'Trace'} with ${about} of ${milliseconds(ms)}`}
          >
            {milliseconds(ms)}
          </a>
        </span>
      ))}
    </span>
  );
}

/** What was sent, byte for byte. */
export const uploadHref = (upload: string): string => `/api/v1/uploads/${upload}/raw`;
