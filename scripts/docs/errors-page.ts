import { exitCodeOf } from '../../src/cli/error-report';
import { errorCodes, type ErrorCode } from '../../src/errors';
import { detailsInWords } from './error-details';

/** What the code says of an error, as lines of its section. */
function linesOf(code: ErrorCode): { consequence: string; after: string } {
  const { stage, consequence } = errorCodes[code];
  const details = detailsInWords.get(code);
  return {
    consequence: `- Consequence: ${consequence}`,
    after: `${details === undefined ? '' : `- Details: ${details}\n`}- Exit code: ${exitCodeOf(stage)}`,
  };
}

/**
 * docs/errors.md as it is to be, before it is formatted. Of each code, when it comes up and how it is fixed is written by
 * hand and stays; its consequence, its details and its exit code are the code's.
 */
export function errorsPage(current: string): string {
  return current.replaceAll(
    /^### ([A-Z][A-Z0-9_]+)\n\n(- When: [^]*?)\n(?:- Consequence: [^]*?\n)?(- Fix: [^]*?)\n(?:- Details: [^]*?\n)?- Exit code: \d+$/gm,
    (section, name: string, when: string, fix: string) => {
      if (!Object.hasOwn(errorCodes, name)) return section;
      const { consequence, after } = linesOf(name as ErrorCode);
      return `### ${name}\n\n${when}\n${consequence}\n${fix}\n${after}`;
    },
  );
}
