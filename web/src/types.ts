import type { RuleSchema } from '../../lib/http/rule-routes.ts';
import type {
  ApiDeploy,
  ApiFinding,
  ApiService,
  ApiTransaction,
  ApiUnit,
  KeySchema,
} from '../../lib/http/schemas.ts';
import type { AliasesSchema } from '../../lib/http/store-routes.ts';

interface List<T> {
  items: T[];
  cursor: string | null;
}
export type ServiceList = List<ApiService>;
export type FindingList = List<ApiFinding>;
export type UnitList = List<ApiUnit>;
export type TransactionList = List<ApiTransaction>;
export type DeployList = List<ApiDeploy>;
export type ApiRule = (typeof RuleSchema)['_zod']['output'];
export type RuleList = List<ApiRule>;
export type AliasList = (typeof AliasesSchema)['_zod']['output'];
export type KeyList = List<(typeof KeySchema)['_zod']['output']>;
