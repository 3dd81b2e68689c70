/** A line that says whether a goal was met, and by how much it was missed. */
export function verdict(met: boolean, what: string, missedBy: string): string {
  return `${met ? 'met' : 'MISSED'}: ${what}${met ? '' : `, missed by ${missedBy}`}`;
}
