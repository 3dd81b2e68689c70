/** Tests that cannot hold on a server by its nature. */
export interface EngineDifference {
  /** As in `PROTECTION_FLOWS_TEST_SERVER`; without a version, all versions. */
  readonly engine: 'galera' | 'mariadb' | 'mysql' | `${'mariadb' | 'mysql'}-${string}`;
  /** The test file, from the package's folder. */
  readonly file: string;
  /** What the tests' full names (with those of their `describe`) match. Default: all of the file. */
  readonly tests?: RegExp;
  /** Why, by the manual or by what was measured. */
  readonly reason: string;
}

/** The only place where a test is left out on a server. An entry that matches no test fails its file. */
export const engineDifferences: readonly EngineDifference[] = [];

/** The differences that concern the test file on the server wanted. */
export function differencesOf(file: string, wantedServer: string): readonly EngineDifference[] {
  return engineDifferences.filter((it) => it.file === file && `${wantedServer}-`.startsWith(`${it.engine}-`));
}
