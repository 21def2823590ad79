import { Fault } from '../model/fault.ts';
import { STATUS_OF } from './problem.ts';

/** https://connectrpc.com/docs/protocol: errors are JSON whatever the request was. */
export function connectRefusal(error: unknown): Response {
  const fault =
    error instanceof Fault ? error : new Fault('unavailable', 'Cannot take request: try again in a moment');
  const code = CONNECT_CODES[fault.code] ?? 'internal';
  return Response.json({ code, message: fault.message }, { status: STATUS_OF[fault.code] });
}

const CONNECT_CODES: Readonly<Partial<Record<Fault['code'], string>>> = {
  'invalid-input': 'invalid_argument',
  unauthorized: 'unauthenticated',
  forbidden: 'permission_denied',
  'not-found': 'not_found',
  conflict: 'already_exists',
  'too-large': 'resource_exhausted',
  unsupported: 'invalid_argument',
  overloaded: 'resource_exhausted',
  unavailable: 'unavailable',
};
