import type { Trace } from '../../model/trace.ts';
import { type DeploymentId, isPython } from './deployments.ts';
import { type Cause, fixFor } from './fix.ts';

export interface Advice {
  readonly cause: Cause | undefined;
  readonly reason: string;
  readonly fix: string;
}

/** What is known of a deployment when its cause is looked for. */
export interface Case {
  readonly id: DeploymentId;
  readonly misnested: number;
  readonly detached: number;
  /** A misnested trace, if any. */
  readonly trace: Trace;
  /** Spans around asyncio tasks in this deployment, and in other loops of the same process. */
  readonly taskSpansHere: boolean;
  readonly taskSpansElsewhere: boolean;
}

const NOTHING: Advice = { cause: undefined, reason: '', fix: '' };

export function adviceFor(kase: Case): Advice {
  const cause = causeOf(kase);
  return cause ? { cause, reason: REASONS[cause], fix: fixFor(cause, kase.trace) } : NOTHING;
}

function causeOf({
  id,
  misnested,
  detached,
  trace,
  taskSpansHere,
  taskSpansElsewhere,
}: Case): Cause | undefined {
  if (misnested === 0) return detached > 0 ? 'late-binding' : undefined;
  if (trace.source === 'otlp' || !isPython(id.platform)) return 'shared-context';
  if (!trace.sdk.integrations?.includes('asyncio')) return 'integration-absent';
  if (taskSpansHere || taskSpansElsewhere) return 'second-loop';
  return isOtherThread(trace) ? 'loop-out-of-reach' : 'integration-inactive';
}

/** `init()` runs on the main thread; a loop elsewhere was started by something else. */
const isOtherThread = ({ root }: Trace) => root.threadName !== '' && root.threadName !== 'MainThread';

const REASONS: Readonly<Record<Cause, string>> = {
  'integration-absent':
    "Spans of concurrent asyncio tasks hang off one another: without Sentry's AsyncioIntegration all tasks of a request share one scope",
  'integration-inactive':
    'Spans of concurrent asyncio tasks hang off one another: AsyncioIntegration is listed, but sentry_sdk.init() ran before the event loop, so it patched nothing',
  'loop-out-of-reach':
    'Spans of concurrent asyncio tasks hang off one another: the event loop runs in a thread that another library started, and sentry_sdk.init() could not patch it',
  'second-loop':
    'Spans of concurrent asyncio tasks hang off one another: AsyncioIntegration patched one event loop of the process, and these requests run on another',
  'shared-context':
    'Spans of concurrent tasks hang off one another: the tasks of a request share one OpenTelemetry context',
  'late-binding':
    'Some work ends after the span it hangs off, or begins after it: tasks that nobody awaits take the span that is current at their first step',
};
