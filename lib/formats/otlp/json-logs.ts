import { JsonReader } from './json-reader.ts';
import { Budget } from './limits.ts';

/** Logs are accepted and counted, not kept: their records are not looked at. */
export function countJsonLogs(bytes: Uint8Array): number {
  const json = new JsonReader('logs');
  const budget = new Budget('logs');
  json.each(json.parse(bytes), 'resourceLogs', (resource) => {
    json.each(resource, 'scopeLogs', (scope) => {
      json.each(scope, 'logRecords', () => budget.spendItem());
    });
  });
  return budget.items;
}
