import type { MigrationName } from './migration-name';

const importLine = /^import \{ \w+ \} from '\.\/\d{13}-[\w-]+';$/gm;
const list = /(export const migrations\b.* = \[\n)([^\]]*)(\];)/;

/**
 * The source of src/migrations/index.ts with one more migration, imported and last in the list.
 *
 * @throws Error if the file does not have its current form
 */
export function withMigration(source: string, { className, fileName }: MigrationName): string {
  const last = [...source.matchAll(importLine)].at(-1)?.[0];
  if (last === undefined || !list.test(source)) {
    throw new Error(
      'src/migrations/index.ts has no list `export const migrations … = [` with its imports: add the migration by hand',
    );
  }
  return source
    .replace(last, `${last}\nimport { ${className} } from './${fileName}';`)
    .replace(list, (_match, head: string, entries: string, tail: string) => {
      const comma = /,\s*$/.test(entries) ? '' : ',\n';
      return `${head}${entries}${comma}  ${className},\n${tail}`;
    });
}
