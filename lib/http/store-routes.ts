import * as z from 'zod';
import { rawUpload } from '../jobs/answers/raw-upload.ts';
import type { JobContext } from '../jobs/context.ts';
import { changeRetention, readRetention } from '../records/retention.ts';
import { type ApiRoute, route } from './api-routes.ts';

const Days = z.int().min(1).max(3650).nullable();
const RetentionSchema = z.object({ retentionDays: Days, rollUpDays: Days });

const RawUploadSchema = z.object({
  id: z.string(),
  route: z.string(),
  contentType: z.string(),
  contentEncoding: z.string(),
  receivedAt: z.number(),
  sender: z.string(),
  body: z.string(),
});

const CHUNK = 3 * 4096;
/** Web APIs alone: `btoa` takes text, and arguments are limited. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  }
  return text;
}

/** What is kept, for how long, and as it came. */
export function storeRoutes(jobs: JobContext): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/uploads/{upload}/raw',
      summary: 'One upload as it came, its body as base64: names in it are not scrubbed',
      scope: 'admin',
      answer: RawUploadSchema,
      run: async ({ caller, params }) => {
        const { entry, body } = await rawUpload(jobs, caller.project, params.upload ?? '');
        const { id, route: door, contentType, contentEncoding, receivedAt, sender } = entry;
        const facts = { id, route: door, contentType, contentEncoding, receivedAt, sender };
        return { ...facts, body: base64(body) };
      },
    }),
    route({
      method: 'get',
      path: '/retention',
      summary: 'How many days the project keeps uploads and roll-ups; null: as the installation says',
      scope: 'read',
      answer: RetentionSchema,
      run: ({ caller }) => readRetention(jobs.records, caller.project),
    }),
    route({
      method: 'put',
      path: '/retention',
      summary: 'Sets for how long the project keeps uploads and roll-ups; never less than roll-ups need',
      scope: 'admin',
      body: RetentionSchema.partial(),
      answer: RetentionSchema,
      run: ({ caller, body }) => changeRetention(jobs.records, caller.project, body),
    }),
  ];
}
