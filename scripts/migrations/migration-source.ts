import type { Change } from './change';
import type { MigrationName } from './migration-name';
import { breakingText } from './older-programs';
import { Imports } from './print-declaration';
import { describeChange, printConstants, printStep } from './print-step';

const stepFiles: Readonly<Record<string, string>> = {
  addColumn: 'add-column',
  addForeignKey: 'add-foreign-key',
  addIndex: 'add-index',
  appendEnumValues: 'append-enum-values',
  changeColumn: 'change-column',
  createTable: 'create-table',
  dropIndex: 'drop-index',
  replaceIndex: 'replace-index',
};

const lineWidth = 110;

/** Text in lines of a docblock. */
function docblock(text: string): string {
  const line = `/** ${text} */`;
  if (line.length <= lineWidth) return line;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= lineWidth - 3)
      lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return ['/**', ...lines.map((one) => ` * ${one}`), ' */'].join('\n');
}

/** What the changes do, as a sentence, and the request to say what for. */
function summary(changes: readonly Change[]): string {
  const text = changes.map(describeChange).join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}. TODO: say what for.`.replaceAll('*/', '* /');
}

/** The source of a migration that makes the changes, not yet formatted. */
export function migrationSource(name: MigrationName, changes: readonly Change[]): string {
  const imports = new Imports();
  const constants = printConstants(changes, imports);
  const steps = changes.map((change) => `${printStep(change, imports)},\n`).join('');
  const lines = [
    ...(imports.declarations.size === 0
      ? []
      : [`import { ${[...imports.declarations].sort().join(', ')} } from '../schema/declare';`]),
    ...[...imports.steps]
      .map((step) => `import { ${step} } from '../schema/steps/${stepFiles[step] ?? ''}';`)
      .sort(),
    `import { StepMigration } from './step-migration';`,
  ];
  return `${lines.join('\n')}

${constants}${docblock(summary(changes))}
export class ${name.className} extends StepMigration {
  readonly name = '${name.className}';
  readonly breaking = ${JSON.stringify(breakingText(changes))};
  readonly steps = [
${steps}];
}
`;
}
