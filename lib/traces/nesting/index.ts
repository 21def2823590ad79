export {
  checkNesting,
  type DeploymentNesting,
  type NestedTrace,
  type NestingReport,
} from './check.ts';
export type { Parentless } from './fragments.ts';
