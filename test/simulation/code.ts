// The code under test. `main.ts` loads this module twice, the second time as a later version of the analyzers: hooks.ts
// gives that one its own lib/jobs, lib/segments and lib/records.
export { jobContext } from '../../lib/compose/job-context.ts';
export { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
export { sweepDirect } from '../../lib/jobs/direct.ts';
export { expire } from '../../lib/jobs/expire.ts';
export { foldJoined } from '../../lib/jobs/fold-joined.ts';
export { joinDue } from '../../lib/jobs/join-due.ts';
export { redrive } from '../../lib/jobs/redrive.ts';
export { openReplay, replayStep } from '../../lib/jobs/replay.ts';
export { rollUp } from '../../lib/jobs/roll-up.ts';
export { scanService } from '../../lib/jobs/scan.ts';
export { ORPHAN_AFTER_MS, sweepOrphans } from '../../lib/jobs/sweep.ts';
export { sweepUploads } from '../../lib/jobs/sweep-uploads.ts';
export { takeEvents } from '../../lib/jobs/take-events.ts';
export { ensureProject } from '../../lib/records/api-keys.ts';
export { listServices } from '../../lib/records/services.ts';
export { changeSettings } from '../../lib/records/settings.ts';
export { compact } from '../../lib/segments/compact.ts';
export { KIND_NAMES, KINDS } from '../../lib/segments/kinds/index.ts';
export { readFooter } from '../../lib/segments/segment.ts';
