import { Fragment } from 'preact';
import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { unbroken } from '../format.ts';
import { href, RANGE_KEYS, servicePath } from '../router.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';

type Part = ApiFinding['sentence'][number];

// Intervals are read second: `± 40`, `(20:20–22:00)`.
const INTERVAL = /(±\s?[\d.,]+|\([^()]*[–][^()]*\))/;

const Dimmed = ({ text: raw }: { text: string }) => (
  <>
    {unbroken(raw)
      .split(INTERVAL)
      .map((piece, i) =>
        i % 2 === 1 ? (
          <span key={`${i}${piece}`} class="iv">
            {piece}
          </span>
        ) : (
          piece
        ),
      )}
  </>
);

/** The server's sentence. Bold marks only what changes; `linked` is off inside rows that are links themselves. */
export function Sentence({
  parts,
  service,
  linked = true,
}: {
  parts: readonly Part[];
  service: string;
  linked?: boolean;
}) {
  const { zone } = useView();
  const show = (part: Part) => {
    switch (part.kind) {
      case 'unit': {
        const code = <code>{part.text}</code>;
        if (!linked) return code;
        const to = servicePath(service, `t/${part.unit.kind}/${encodeURIComponent(part.unit.name)}`);
        return (
          <a class="quiet" href={href(to, {}, RANGE_KEYS)}>
            {code}
          </a>
        );
      }
      case 'number':
        return (
          <b class="nb">
            <Dimmed text={part.text} />
          </b>
        );
      case 'time':
        return (
          <b class="nb" title={dayTime(part.at, zone)}>
            <Dimmed text={part.text} />
          </b>
        );
      case 'service':
        return <b class="nb">{unbroken(part.text)}</b>;
      case 'text':
        return <Dimmed text={part.text} />;
    }
  };
  return (
    <>
      {parts.map((part, i) => (
        <Fragment key={`${i}${part.text}`}>{show(part)}</Fragment>
      ))}
    </>
  );
}
