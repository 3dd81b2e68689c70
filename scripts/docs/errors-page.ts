import { exitCodeOf } from '../../src/cli/error-report';
import { errorCodes, type ErrorCode } from '../../src/errors';
import { detailsInWords } from './error-details';

/** The generated lines of an error's section. */
function linesOf(code: ErrorCode): { consequence: string; after: string } {
  const { stage, consequence } = errorCodes[code];
  const details = detailsInWords.get(code);
  return {
    consequence: `- Consequence: ${consequence}`,
    after: `${details === undefined ? '' : `- Details: ${details}\n`}- Exit code: ${exitCodeOf(stage)}`,
  };
}

/**
 * Writes docs/errors.md, still unformatted. Each error's cause and fix are written by hand and stay; its consequence,
 * details and exit code come from the sources.
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
