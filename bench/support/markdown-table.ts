import Table from 'cli-table3';

/** A Markdown table, aligned for a terminal; the first column to the left, the others to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const table = new Table({
    style: { head: [], border: [] },
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    chars: {
      ...none,
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      mid: '',
      'left-mid': '',
      'mid-mid': '',
      'right-mid': '',
      left: '|',
      middle: '|',
      right: '|',
    },
  });
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  table.push([...head], rule, ...rows.map((row) => [...row]));
  return table.toString();
}
