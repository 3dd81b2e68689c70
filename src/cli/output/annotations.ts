import type { Finding } from '../../engine/preflight/finding';

const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/**
 * The findings of a result as commands to GitHub's runner, which shows them beside the changes; none where it has none.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotations(result: object): string[] {
  const { findings = [] } = result as { readonly findings?: readonly Finding[] };
  return findings.map(({ code, effect, message, remedy }) => {
    const level = effect === 'blocking' || effect === 'key-refused' ? 'error' : 'notice';
    return `::${level} title=${code}::${escaped(`${message}\n${remedy}`)}`;
  });
}
