import type { Change } from './change';
import type { MigrationName } from './migration-name';
import { breakingText } from './older-programs';
import { Imports } from './print-declaration';
import { describeChange, printConstants, printStep } from './print-step';

/** The file of src/engine/steps that has each step. */
const stepFiles: Readonly<Record<string, string>> = {
  addColumn: 'columns',
  addForeignKey: 'add-foreign-key',
  addIndex: 'indexes',
  appendEnumValues: 'columns',
  changeColumn: 'columns',
  createTable: 'create-table',
  dropIndex: 'indexes',
  replaceIndex: 'indexes',
};

/** One line for each file from which the steps come. */
function stepImports(steps: ReadonlySet<string>): string[] {
  const files = [...new Set([...steps].map((step) => stepFiles[step] ?? ''))].sort();
  return files.map((file) => {
    const names = [...steps].filter((step) => stepFiles[step] === file).sort();
    return `import { ${names.join(', ')} } from '../engine/steps/${file}';`;
  });
}

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

/** The changes as a sentence, and the request to say what they are for. */
function summary(changes: readonly Change[]): string {
  const text = changes.map(describeChange).join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}. TODO: say what for.`.replaceAll('*/', '* /');
}

/** The source of a migration that makes the changes, still unformatted. */
export function migrationSource(name: MigrationName, changes: readonly Change[]): string {
  const imports = new Imports();
  const constants = printConstants(changes, imports);
  const steps = changes.map((change) => `${printStep(change, imports)},\n`).join('');
  const lines = [
    ...(imports.declarations.size === 0
      ? []
      : [`import { ${[...imports.declarations].sort().join(', ')} } from '../engine/schema/declare';`]),
    ...stepImports(imports.steps),
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
