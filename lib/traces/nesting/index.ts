export type { Ambiguity } from './ambiguities.ts';
export {
  type CheckedEdge,
  checkNesting,
  type DeploymentNesting,
  type EndpointNesting,
  type NestedTrace,
  type NestingReport,
  type NestingVerdict,
} from './check.ts';
export type { DeploymentId } from './deployments.ts';
export type { Cause } from './fix.ts';
export type { Fragmented, Parentless } from './fragments.ts';
export { NESTING_VERSION } from './settings.ts';
export type { Signal } from './signals.ts';
