import { type ServiceName, serviceName, serviceParts } from '../model/service.ts';

/** A service as people and URLs write it: `name`, `namespace/name` or `environment/namespace/name`, parts escaped. */
export const readService = (text: string): ServiceName => serviceName(serviceParts(text as ServiceName));
