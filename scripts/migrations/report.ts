import type { CheckResult } from './check-migrations';
import type { Generated } from './generate-migration';
import { breakingText } from './older-programs';
import { describeChange } from './print-step';

function group(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

/** The result of a check as text; a single line if it found nothing. */
export function checkReport(result: CheckResult): string[] {
  const { typeorm, entities, declared } = result;
  if (typeorm.length + entities.length + declared.length === 0) {
    return ['Entities and migrations agree.'];
  }
  const mend = [
    ...(typeorm.length + entities.length > 0
      ? ['Undo the change of the entities, or generate its migration: npm run migration:generate -- Name']
      : []),
    ...(declared.length > 0 ? ['Correct the step whose declaration differs from what it does.'] : []),
  ];
  return [
    'Entities and migrations disagree.',
    ...group('To make the migrated database fit the entities:', entities),
    ...group("TypeORM's own statements for that (they can lose data: don't execute them):", typeorm),
    ...group('The migrated database is not what the migrations declare:', declared),
    '',
    ...mend,
  ];
}

/** The result of a generation as text. */
export function generateReport(generated: Generated, file: string | null): string[] {
  if (generated.outcome === 'nothing') {
    return ['Nothing to generate: entities and migrations agree.'];
  }
  if (generated.outcome === 'refused') {
    return [
      'REFUSED: nothing was written.',
      ...generated.refusals.flatMap(({ object, because, instead }) => [
        '',
        object,
        `  because ${because}`,
        `  instead: ${instead}`,
      ]),
    ];
  }
  const { changes, hints } = generated;
  const breaking =
    breakingText(changes) === false
      ? []
      : ['It may break programs of the previous release: complete its text `breaking`.', ''];
  return [
    `Wrote ${file ?? ''}, and added it to the list of src/migrations/index.ts.`,
    ...group('It', changes.map(describeChange)),
    ...group('Look at', hints),
    '',
    ...breaking,
    'Explain its purpose in its docblock, then: npm run migration:check && npm test',
  ];
}
