import { InvalidArgumentError } from 'commander';

/**
 * A whole number from 1, as an option gives it.
 *
 * @param most the greatest that is taken
 * @throws InvalidArgumentError for anything else
 */
export function parseWholeNumber(text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  }
  return value;
}
