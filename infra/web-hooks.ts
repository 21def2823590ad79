import type { ICommandHooks } from 'aws-cdk-lib/aws-lambda-nodejs';

/** Puts the built UI beside a bundle, by a command that runs on every system. */
export function copyWeb(built: string): ICommandHooks {
  const copy = (to: string) =>
    `node -e "fs.cpSync(process.argv[1], process.argv[2], { recursive: true })" "${built}" "${to}/web"`;
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (_from, to) => [copy(to)],
  };
}
