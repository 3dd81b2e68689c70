import type { MigrateResult } from '../../engine/migrate/results';
import { findingsMarkdown, findingsText } from './findings';
import { heading, keysMarkdown, namesMarkdown } from './markdown';
import { keysTable } from './table';
import { counted, countedAll, textAbout, type Output } from './words';
import { labelled } from './wrap';

/** What a migrate did: the migrations that it applied, every key, the findings, and how it stands now. */
export const migrateOutput: Output<MigrateResult> = {
  text: (result, style) => {
    const { ok, applied, keys, findings } = result;
    return textAbout(
      result,
      applied.length === 0
        ? ['No migration was applied.']
        : [
            style.bold(`Applied ${counted(applied.length, 'migration')}`),
            ...applied.flatMap((name) => labelled('', name)),
          ],
      keysTable(keys, style),
      findingsText(findings, style),
      labelled('', conclusion(result), 0).map(ok ? style.green : style.red),
    );
  },
  markdown: (result) => {
    const { applied, keys, findings } = result;
    const migrations = applied.length > 0 ? [`${counted(applied.length, 'migration')} applied`] : [];
    const added = keys.filter(({ status }) => status === 'added').length;
    const done = [...migrations, ...(added > 0 ? [`${counted(added, 'key')} added`] : [])];
    return [
      ...heading(result, `migrate: ${done.join(', ') || 'nothing to do'}`),
      ...namesMarkdown(applied),
      ...keysMarkdown(keys),
      ...findingsMarkdown(findings),
    ];
  },
};

function conclusion({ ok, applied, keys, findings }: MigrateResult): string {
  const count = (wanted: string): number => keys.filter(({ status }) => status === wanted).length;
  if (!ok) {
    const blocking = findings.filter(({ effect }) => effect === 'blocking').length;
    const reasons = countedAll([blocking, 'finding'], [count('refused'), 'refused key']);
    return `Not done: ${reasons || 'something is left to do'}. Apply the fixes and migrate again.`;
  }
  if (count('deferred') > 0) {
    return `Done, but for ${counted(count('deferred'), 'deferred key')}: migrate again once the parent table is there.`;
  }
  return applied.length > 0 || count('added') > 0 ? 'Done.' : 'Nothing to do: the schema is up to date.';
}
