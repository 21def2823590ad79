import * as z from 'zod';
import { aliasesAnswer } from '../jobs/answers/aliases.ts';
import { rawUpload } from '../jobs/answers/raw-upload.ts';
import type { JobContext } from '../jobs/context.ts';
import { Fault } from '../model/fault.ts';
import { addAlias, removeAlias } from '../records/aliases.ts';
import { changeRetention, readRetention } from '../records/retention.ts';
import { type ApiRoute, route } from './api-routes.ts';
import { readService } from './service-path.ts';

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

const AliasSchema = z.object({ from: z.string(), to: z.string(), at: z.number() });
export const AliasesSchema = z.object({
  items: z.array(AliasSchema),
  proposals: z.array(z.object({ from: z.string(), to: z.string(), by: z.string(), id: z.string() })),
  notLookedAt: z.int().min(0),
});
const Name = z.string().min(1).max(2000);

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
    ...aliasRoutes(jobs),
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

/** One service under several names. */
function aliasRoutes(jobs: JobContext): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/aliases',
      summary: 'Names that stand for another service, and pairs that look as if they should',
      scope: 'read',
      answer: AliasesSchema,
      run: ({ caller }) => aliasesAnswer(jobs, caller.project),
    }),
    route({
      method: 'put',
      path: '/aliases',
      summary: 'Reads what is stored under one name as part of another service, now and before',
      scope: 'admin',
      body: z.object({ from: Name, to: Name }),
      answer: AliasesSchema,
      run: async ({ caller, body }) => {
        const alias = { from: readService(body.from), to: readService(body.to), at: jobs.clock.now() };
        await addAlias(jobs.records, caller.project, alias);
        return aliasesAnswer(jobs, caller.project);
      },
    }),
    route({
      method: 'delete',
      path: '/aliases/{service}',
      summary: 'Takes an alias back: its name is a service of its own again',
      scope: 'admin',
      answer: AliasesSchema,
      run: async ({ caller, params }) => {
        const from = readService(params.service ?? '');
        if (!(await removeAlias(jobs.records, caller.project, from)))
          throw new Fault('not-found', `Cannot remove alias "${from}": there is none`);
        return aliasesAnswer(jobs, caller.project);
      },
    }),
  ];
}
