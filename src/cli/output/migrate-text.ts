import type { KeyResult, MigrateResult } from '../../engine/migrate/results';
import { counted, databaseLine } from './counted';
import { findingsText } from './findings-text';
import { markStatus, type Style } from './style';
import { table } from './table';
import { labelled } from './wrap';

/** What a migrate did: the migrations that it applied, every key, the findings, and how it stands now. */
export function migrateText(result: MigrateResult, style: Style): string[] {
  const { applied, keys, findings } = result;
  const blocks = [
    databaseLine(result),
    applied.length === 0
      ? ['No migration was applied.']
      : [
          style.bold(`Applied ${counted(applied.length, 'migration')}`),
          ...applied.flatMap((name) => labelled('', name)),
        ],
    keysText(keys, style),
    findingsText(findings, style),
    labelled('', conclusion(result), 0).map(result.ok ? style.green : style.red),
  ];
  return separated(blocks);
}

/** Blocks of lines with an empty line between them; empty blocks are left out. */
export function separated(blocks: readonly (readonly string[])[]): string[] {
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function keysText(keys: readonly KeyResult[], style: Style): string[] {
  if (keys.length === 0) return [];
  return table(
    [
      { title: 'FOREIGN KEY', elastic: true },
      { title: 'STATUS', mark: (text) => markStatus(text, style) },
      { title: 'MS', align: 'right' },
    ],
    keys.map((key) => [key.name, key.status, String(Math.round(key.ms))]),
    style,
  );
}

function conclusion({ ok, applied, keys, findings }: MigrateResult): string {
  const deferred = keys.filter((key) => key.status === 'deferred').length;
  if (!ok) {
    const blocking = findings.filter((finding) => finding.effect === 'blocking').length;
    const refused = keys.filter((key) => key.status === 'refused').length;
    const reasons = [
      ...(blocking > 0 ? [counted(blocking, 'finding')] : []),
      ...(refused > 0 ? [counted(refused, 'refused key')] : []),
    ];
    return `Not done: ${reasons.join(', ') || 'something is left to do'}. Apply the fixes and migrate again.`;
  }
  if (deferred > 0) {
    return `Done, but for ${counted(deferred, 'deferred key')}: migrate again once the parent table is there.`;
  }
  const changed = applied.length > 0 || keys.some((key) => key.status === 'added');
  return changed ? 'Done.' : 'Nothing to do: the schema is up to date.';
}
