export {
  checkNesting,
  type DeploymentNesting,
  type NestedTrace,
  type NestingReport,
} from './check.ts';
export type { Fragmented } from './fragments.ts';
