/**
 * `shop@1.4.3` → `1.4.3`: Sentry's releases carry a package, versions of other protocols and of deploys do not. See
 * https://docs.sentry.io/product/releases/naming-releases/
 */
export function versionOf(release: string): string {
  const at = release.lastIndexOf('@');
  return at > 0 && at < release.length - 1 ? release.slice(at + 1) : release;
}

/** `shop@1.4.3` → `shop`; '' for a release without a package. */
export function packageOf(release: string): string {
  const at = release.lastIndexOf('@');
  return at > 0 && at < release.length - 1 ? release.slice(0, at) : '';
}
