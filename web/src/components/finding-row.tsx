import type { ApiFinding, ApiService } from '../../../lib/http/schemas.ts';
import { seconds } from '../format.ts';
import { href } from '../router.ts';
import { when } from '../time.ts';
import { leftMs } from '../urgency.ts';
import { useView } from '../view.ts';
import { findingTag, roleWord, STATE_WORDS, serviceWords } from '../words.ts';
import { Sentence } from './sentence.tsx';
import { Spark } from './spark.tsx';
import { Tag } from './tag.tsx';

/** A finding as one link: tag, sentence, where, the floor it speaks of, and how much time is left. */
export function FindingRow({ finding, service }: { finding: ApiFinding; service: ApiService | undefined }) {
  const { zone, now } = useView();
  const [kind, word] = findingTag(finding);
  const { evidence } = finding;
  const { before } = serviceWords(finding.service);
  const meta = [
    before,
    `${evidence.instances.length} ${evidence.instances.length === 1 ? 'instance' : 'instances'}`,
    roleWord(evidence.role).toLowerCase(),
  ];
  const left = leftMs(finding, now);
  const quiet = finding.state !== 'firing';
  const drawn = service && service.role === evidence.role && service.floor.length > 1 && !quiet;
  return (
    <a
      class={`find${quiet ? ' quiet-row' : ''}`}
      href={href(`/findings/${encodeURIComponent(finding.id)}`)}
      data-row
    >
      <Tag kind={quiet ? 'none' : kind}>{word}</Tag>
      <div class="body">
        <p>
          <Sentence parts={finding.sentence} service={finding.service} linked={false} />
        </p>
        <p class="meta">{meta.filter(Boolean).join(' · ')}</p>
      </div>
      <div class="sp">
        {drawn && (
          <Spark
            points={service.floor}
            height={42}
            limit={evidence.limitBytes}
            onset={evidence.onset?.t ?? null}
            releases={evidence.deploys.slice(-1).map((deploy) => deploy.at)}
            label={`Floor of memory of ${serviceWords(finding.service).name}, growing since the onset`}
          />
        )}
      </div>
      <div class="when">
        {quiet ? (
          <b>{STATE_WORDS[finding.state]}</b>
        ) : (
          left !== undefined && <b>{left > 0 ? `${seconds(left / 1000)} left` : 'limit reached'}</b>
        )}{' '}
        since {when(evidence.onset?.t ?? finding.since, now, zone)}
      </div>
    </a>
  );
}
