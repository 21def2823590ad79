import { Fragment } from 'preact';
import type { ApiFinding } from '../../../lib/http/schemas.ts';
import { unbroken } from '../format.ts';
import { href, RANGE_KEYS, servicePath } from '../router.ts';
import { dayTime } from '../time.ts';
import { useView } from '../view.ts';
import { Dimmed } from './estimate.tsx';

type Part = ApiFinding['sentence'][number];

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
